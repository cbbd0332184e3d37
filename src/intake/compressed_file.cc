#include "intake/compressed_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <vector>

namespace leumund::intake {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

Error failed(const std::string& path, const char* what) {
  return Error{ErrorCode::malformed, fmt::format("cannot unpack {}: {}", path, what)};
}

// Owner: the descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(fd_); }

  [[nodiscard]] Result<std::size_t> read(const std::string& path, std::span<char> out) const {
    for (;;) {
      const ssize_t got = ::read(fd_, out.data(), out.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) {
        return Error{ErrorCode::unavailable,
                     fmt::format("cannot read {}: {}", path, std::strerror(errno))};
      }
    }
  }

  [[nodiscard]] base::Status skip(const std::string& path, std::uint64_t bytes) const {
    if (::lseek(fd_, static_cast<off_t>(bytes), SEEK_CUR) >= 0) return {};
    return Error{ErrorCode::unavailable,
                 fmt::format("cannot go on in {}: {}", path, std::strerror(errno))};
  }

 private:
  int fd_;
};

class PlainFile final : public CompressedFile {
 public:
  PlainFile(std::string path, int fd) : path_(std::move(path)), descriptor_(fd) {}
  Result<std::size_t> read(std::span<char> out) override { return descriptor_.read(path_, out); }
  base::Status skip(std::uint64_t bytes) override { return descriptor_.skip(path_, bytes); }

 private:
  std::string path_;
  Descriptor descriptor_;
};

class GzipFile final : public CompressedFile {
 public:
  GzipFile(std::string path, gzFile file) : path_(std::move(path)), file_(file) {}
  ~GzipFile() override { ::gzclose(file_); }

  Result<std::size_t> read(std::span<char> out) override {
    const auto wanted = static_cast<unsigned>(std::min<std::size_t>(out.size(), INT_MAX));
    const int got = ::gzread(file_, out.data(), wanted);
    int code = Z_OK;
    const char* what = ::gzerror(file_, &code);
    if (got < 0) return failed(path_, what);
    // A file that ends early gives what it has, and then this.
    if (got == 0 && code == Z_BUF_ERROR) return failed(path_, "it ends early");
    return static_cast<std::size_t>(got);
  }

 private:
  std::string path_;
  gzFile file_;
};

class ZstdFile final : public CompressedFile {
 public:
  ZstdFile(std::string path, int fd)
      : path_(std::move(path)), descriptor_(fd), stream_(ZSTD_createDStream()) {
    // Bounds what a made-up frame can make us reserve.
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, 27);
    input_.resize(ZSTD_DStreamInSize());
  }
  ~ZstdFile() override { ZSTD_freeDStream(stream_); }

  Result<std::size_t> read(std::span<char> out) override {
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    while (to.pos == 0) {
      if (from_.pos == from_.size && !at_end_) {
        const auto got = descriptor_.read(path_, input_);
        if (!got) return got.error();
        from_ = {input_.data(), *got, 0};
        at_end_ = *got == 0;
      }
      const std::size_t before = from_.pos;
      const std::size_t left = ZSTD_decompressStream(stream_, &to, &from_);
      if (ZSTD_isError(left) != 0) return failed(path_, ZSTD_getErrorName(left));
      if (from_.pos != before || to.pos != 0) within_frame_ = left != 0;
      if (to.pos == 0 && at_end_) {
        if (within_frame_) return failed(path_, "it ends early");
        return std::size_t{0};
      }
    }
    return to.pos;
  }

 private:
  std::string path_;
  Descriptor descriptor_;
  ZSTD_DStream* stream_;
  std::vector<char> input_;
  ZSTD_inBuffer from_{nullptr, 0, 0};
  bool at_end_ = false;
  bool within_frame_ = false;
};

}  // namespace

Packing packing_of(const std::string& path) {
  if (path.ends_with(".gz")) return Packing::gzip;
  if (path.ends_with(".zst")) return Packing::zstd;
  for (const char* end : {".xz", ".bz2", ".lz4", ".lzma", ".Z", ".zip"}) {
    if (path.ends_with(end)) return Packing::unknown;
  }
  return Packing::none;
}

Result<int> open_regular_file(const std::string& path) {
  // Not blocking: a named pipe in the file's place must not stop us.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    const ErrorCode code = errno == EACCES ? ErrorCode::refused : ErrorCode::unavailable;
    return Error{code, fmt::format("cannot open {}: {}", path, std::strerror(errno))};
  }
  struct stat about{};
  if (::fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
    const bool folder = S_ISDIR(about.st_mode);
    ::close(fd);
    return Error{ErrorCode::refused,
                 fmt::format("{} is {}, not a file", path,
                             folder ? "a directory" : "a device, pipe or socket")};
  }
  return fd;
}

base::Status CompressedFile::skip(std::uint64_t bytes) {
  std::vector<char> dropped(64 * 1024);
  while (bytes > 0) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, dropped.size()));
    const auto got = read(std::span(dropped).first(wanted));
    if (!got) return got.error();
    if (*got == 0) return {};
    bytes -= *got;
  }
  return {};
}

Result<std::unique_ptr<CompressedFile>> CompressedFile::open(const std::string& path) {
  const Packing packing = packing_of(path);
  if (packing == Packing::unknown) {
    return Error{ErrorCode::malformed,
                 fmt::format("{} is packed in a way that is not known (gzip and zstd are)", path)};
  }
  const auto fd = open_regular_file(path);
  if (!fd) return fd.error();
  if (packing == Packing::zstd) {
    return std::unique_ptr<CompressedFile>(std::make_unique<ZstdFile>(path, *fd));
  }
  if (packing == Packing::gzip) {
    const gzFile file = ::gzdopen(*fd, "rb");
    if (file == nullptr) {
      ::close(*fd);
      return Error{ErrorCode::exhausted, fmt::format("no memory to unpack {}", path)};
    }
    ::gzbuffer(file, 128 * 1024);
    return std::unique_ptr<CompressedFile>(std::make_unique<GzipFile>(path, file));
  }
  return std::unique_ptr<CompressedFile>(std::make_unique<PlainFile>(path, *fd));
}

}  // namespace leumund::intake
