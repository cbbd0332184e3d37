#include "action/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/core.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

namespace leumund::action {
namespace {

using base::Error;
using base::ErrorCode;

Error system_error(std::string_view what, const std::string& path, int number) {
  const auto code = number == ENOSPC || number == EDQUOT ? ErrorCode::exhausted
                    : number == EACCES || number == EPERM || number == EROFS
                        ? ErrorCode::refused
                        : ErrorCode::unavailable;
  return {code, fmt::format("cannot {} {}: {}", what, path, std::strerror(number))};
}

std::string resolved(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  return real ? std::string(real.get()) : path;
}

FileIdentity identity_of(const struct stat& info) {
  constexpr std::int64_t billion = 1'000'000'000;
  return {.device = info.st_dev,
          .inode = info.st_ino,
          .modified_ns = info.st_mtim.tv_sec * billion + info.st_mtim.tv_nsec,
          .changed_ns = info.st_ctim.tv_sec * billion + info.st_ctim.tv_nsec,
          .size = info.st_size};
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

FileIdentity told_as_written(const FileIdentity& written, const FileIdentity& now) {
  const bool edited = now.modified_ns != written.modified_ns || now.size != written.size;
  return edited ? written : now;
}

AtomicFile::AtomicFile(std::string path, std::string beside, net::Descriptor file)
    : path_(std::move(path)), beside_(std::move(beside)), file_(std::move(file)) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      beside_(std::exchange(other.beside_, {})),
      file_(std::move(other.file_)) {}

AtomicFile::~AtomicFile() {
  if (!beside_.empty()) ::unlink(beside_.c_str());
}

base::Result<AtomicFile> AtomicFile::open(const std::string& given, mode_t mode) {
  const std::string path = resolved(given);
  const auto slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  // Hidden and with a fixed ending, so that a file left by a kill can be told and removed.
  std::string beside = folder_of(path) + "/." + name + ".XXXXXX.new";
  net::Descriptor file(::mkostemps(beside.data(), 4, O_CLOEXEC));
  if (!file.open()) return system_error("create a file beside", path, errno);
  AtomicFile made(path, std::move(beside), std::move(file));
  struct stat old{};
  if (::stat(path.c_str(), &old) == 0) {
    mode = old.st_mode & 07777;
    // Not ours to give away without root: then the file becomes ours, as with most editors.
    if (old.st_uid != ::geteuid() || old.st_gid != ::getegid()) {
      [[maybe_unused]] const int ignored = ::fchown(made.fd(), old.st_uid, old.st_gid);
    }
  }
  if (::fchmod(made.fd(), mode) != 0) return system_error("set the mode of", path, errno);
  return made;
}

base::Status AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(fd(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("write", path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

base::Result<FileIdentity> AtomicFile::commit() {
  if (::fsync(fd()) != 0) return system_error("sync", path_, errno);
  struct stat written{};
  if (::fstat(fd(), &written) != 0) return system_error("look at", path_, errno);
  if (::rename(beside_.c_str(), path_.c_str()) != 0) return system_error("replace", path_, errno);
  beside_.clear();
  struct stat info{};
  if (::fstat(fd(), &info) != 0) return system_error("look at", path_, errno);
  file_.reset();
  // Without this a power cut may bring the old file back; the rename itself is done either way.
  const net::Descriptor folder(
      ::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.open() && ::fsync(folder.get()) != 0)
    return system_error("sync folder of", path_, errno);
  return told_as_written(identity_of(written), identity_of(info));
}

base::Result<FileIdentity> write_file_atomically(const std::string& path, std::string_view bytes,
                                                 mode_t mode) {
  auto file = AtomicFile::open(path, mode);
  if (!file.ok()) return file.error();
  if (auto status = file->write(bytes); !status.ok()) return status.error();
  return file->commit();
}

base::Result<FileIdentity> identify_file(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0) return identity_of(info);
  if (errno == ENOENT || errno == ENOTDIR) return FileIdentity{};
  return system_error("look at", path, errno);
}

base::Result<FileContent> read_file(const std::string& path, std::size_t bytes_max) {
  // Without O_NONBLOCK a FIFO put in its place would stop us for ever.
  const net::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.open()) return system_error("open", path, errno);
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return system_error("look at", path, errno);
  if (!S_ISREG(info.st_mode)) {
    return Error{ErrorCode::malformed, fmt::format("{} is not a regular file", path)};
  }
  const auto too_large = [&] {
    return Error{ErrorCode::too_large, fmt::format("{} has more than {} bytes", path, bytes_max)};
  };
  if (static_cast<std::uint64_t>(info.st_size) > bytes_max) return too_large();
  FileContent content{.bytes = {}, .identity = identity_of(info)};
  content.bytes.resize(static_cast<std::size_t>(info.st_size));
  std::size_t have = 0;
  while (true) {
    if (have == content.bytes.size()) {  // it may grow while it is read
      if (have >= bytes_max) break;
      content.bytes.resize(std::min(bytes_max, have + 4096));
    }
    const auto got = ::read(file.get(), content.bytes.data() + have, content.bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", path, errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  content.bytes.resize(have);
  return content;
}

}  // namespace leumund::action
