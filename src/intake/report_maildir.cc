#include "intake/report_maildir.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "intake/delivered_envelope.h"
#include "net/descriptor.h"

namespace leumund::intake {
namespace {

constexpr std::size_t names_listed = 100'000;

base::Error failed(const std::string& path) {
  return {base::ErrorCode::unavailable, path + ": " + std::strerror(errno)};
}

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

// Whoever owns the Maildir could put a link to a folder of ours in the place of one of its own.
base::Result<net::Descriptor> open_within(const net::Descriptor& maildir, const char* name,
                                          const std::string& path) {
  net::Descriptor fd(openat(maildir.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.open()) return failed(path + "/" + name);
  return fd;
}

base::Result<std::vector<std::string>> list(const net::Descriptor& folder,
                                            const std::string& path) {
  // The stream closes its own descriptor.
  const int own = openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) return failed(path);
  const std::unique_ptr<DIR, CloseFolder> stream(fdopendir(own));
  if (!stream) {
    ::close(own);
    return failed(path);
  }
  std::vector<std::string> names;
  while (names.size() < names_listed) {
    const dirent* const entry = readdir(stream.get());
    if (entry == nullptr) break;
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());  // Maildir names begin with the time
  return names;
}

// Nothing for what is no plain file, cannot be read or is over the limit.
std::optional<std::string> read_file(const net::Descriptor& folder, const std::string& name,
                                     std::size_t limit) {
  const net::Descriptor fd(
      openat(folder.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat about{};
  if (!fd.open() || fstat(fd.get(), &about) != 0 || !S_ISREG(about.st_mode)) return std::nullopt;
  if (about.st_size < 0 || static_cast<std::size_t>(about.st_size) > limit) return std::nullopt;
  std::string text(static_cast<std::size_t>(about.st_size), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = read(fd.get(), text.data() + have, text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

class Folders {
 public:
  Folders(net::Descriptor fresh, net::Descriptor seen, const MaildirSettings& settings)
      : fresh_(std::move(fresh)), seen_(std::move(seen)), settings_(settings) {}

  [[nodiscard]] const net::Descriptor& fresh() const { return fresh_; }

  // False when the file stays where it is; it would be read for ever, so that is said.
  bool put_away(const std::string& name, const char* flags, bool remove) const {
    const std::string target = name.substr(0, name.find(":2,")) + ":2," + flags;
    const int result = remove ? unlinkat(fresh_.get(), name.c_str(), 0)
                              : renameat(fresh_.get(), name.c_str(), seen_.get(), target.c_str());
    if (result == 0) return true;
    base::log(base::LogLevel::error, "event=maildir_stuck folder={} file={} what=\"{}\"",
              settings_.folder, name, std::strerror(errno));
    return false;
  }

 private:
  net::Descriptor fresh_;
  net::Descriptor seen_;
  const MaildirSettings& settings_;
};

ReportTaken take(const MaildirSettings& settings, const std::string& raw, ReportIntake& intake) {
  if (settings.first) {
    if (const auto envelope = delivered_envelope(raw)) {
      return intake.take(*envelope, raw, settings.first);
    }
  }
  return intake.take(raw);
}

}  // namespace

base::Result<MaildirPoll> poll_maildir(const MaildirSettings& settings, ReportIntake& intake) {
  const net::Descriptor maildir(open(settings.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!maildir.open()) return failed(settings.folder);
  auto fresh = open_within(maildir, "new", settings.folder);
  if (!fresh) return fresh.error();
  auto seen = open_within(maildir, "cur", settings.folder);
  if (!seen) return seen.error();
  const Folders folders(std::move(fresh).value(), std::move(seen).value(), settings);
  auto names = list(folders.fresh(), settings.folder + "/new");
  if (!names) return names.error();
  MaildirPoll out;
  std::size_t looked_at = 0;
  for (const std::string& name : *names) {
    if (looked_at++ >= settings.files_per_poll) {
      ++out.left;
      continue;
    }
    const auto raw = read_file(folders.fresh(), name, settings.message_bytes);
    if (!raw) {
      base::log(base::LogLevel::warn, "event=maildir_set_aside folder={} file={} limit_bytes={}",
                settings.folder, name, settings.message_bytes);
      ++(folders.put_away(name, "F", false) ? out.set_aside : out.left);
    } else if (take(settings, *raw, intake) == ReportTaken::try_later) {
      ++out.left;
    } else {
      ++(folders.put_away(name, "S", settings.remove) ? out.taken : out.left);
    }
  }
  return out;
}

}  // namespace leumund::intake
