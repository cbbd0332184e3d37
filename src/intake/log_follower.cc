#include "intake/log_follower.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace leumund::intake {
namespace {

constexpr std::size_t buffer_bytes = 1 << 20;
// How long a writer may go on with a renamed file before it opens the new one.
constexpr std::chrono::seconds writer_moves_span{10};

}  // namespace

base::Result<std::unique_ptr<LogFollower>> LogFollower::open(LogFollowerSettings settings,
                                                             std::string_view position) {
  std::optional<LogPosition> at;
  if (!position.empty()) {
    auto parsed = LogPosition::parse(position);
    if (!parsed) return parsed.error();
    at = *parsed;
  }
  return std::unique_ptr<LogFollower>(new LogFollower(std::move(settings), at));
}

LogFollower::LogFollower(LogFollowerSettings settings, std::optional<LogPosition> position)
    : settings_(std::move(settings)),
      pipeline_(settings_.correlator, settings_.utc_offset),
      resume_(position),
      buffer_(buffer_bytes) {}

LogFollower::~LogFollower() { close_current(); }

void LogFollower::poll(LogReceiver& receiver, base::TimePoint now, const std::stop_token& stop) {
  receiver_ = &receiver;
  now_ = now;
  stop_ = stop;
  if (active_at_ > now) active_at_ = now;  // the clock was set back
  if (fd_ >= 0 || open_current()) {
    if (!begun_) begin();
    if (begun_) follow_current();
  }
  const auto quiet_span = settings_.correlator.wait + std::chrono::seconds(1);
  if (begun_ && pipeline_.waiting() && now - active_at_ >= quiet_span) {
    // The next line cannot bear a stamp within the wait any more.
    set_telling(true);
    pipeline_.settle(now);
    here_.settled_at = lines_.consumed();
    tell_position();
  }
  publish_status();
  receiver_ = nullptr;
}

void LogFollower::run(const std::stop_token& stop, LogReceiver& receiver) {
  const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const std::stop_callback on_stop(stop, [wake] {
    const std::uint64_t one = 1;
    if (::write(wake, &one, sizeof one) < 0) return;  // the poll's time-out does as well
  });
  while (!stop.stop_requested()) {
    poll(receiver, base::system_now(), stop);
    pollfd waits{wake, POLLIN, 0};
    (void)::poll(&waits, 1, static_cast<int>(settings_.poll_span.count()));
  }
  if (wake >= 0) ::close(wake);
}

LogStatus LogFollower::status() const {
  return status_.with([](const LogStatus& status) { return status; });
}

void LogFollower::publish_status() {
  pipeline_.describe(counts_);
  counts_.cut_lines = lines_.cut_lines();
  status_.with([&](LogStatus& status) { status = counts_; });
}

void LogFollower::set_problem(std::string problem) {
  if (problem == counts_.problem) return;
  counts_.problem = std::move(problem);
  if (counts_.problem.empty()) {
    base::log(base::LogLevel::info, "log path={} state=reading", settings_.path);
    return;
  }
  // A missing file comes back with the next line that is logged; anything else needs a person.
  const bool missing = counts_.problem.find(std::strerror(ENOENT)) != std::string::npos;
  base::log(missing ? base::LogLevel::warn : base::LogLevel::error,
            "log path={} state=waiting problem=\"{}\"", settings_.path, counts_.problem);
}

bool LogFollower::open_current() {
  auto fd = open_regular_file(settings_.path);
  if (!fd) {
    set_problem(fd.error().message);
    return false;
  }
  take_over(*fd);
  return true;
}

// Goes on with an open file from its start.
void LogFollower::take_over(int fd) {
  close_current();
  set_problem("");
  fd_ = fd;
  here_ = LogPosition{};
  struct stat about{};
  if (::fstat(fd_, &about) == 0) {
    here_.device = about.st_dev;
    here_.inode = about.st_ino;
  }
  read_offset_ = 0;
  seen_size_ = 0;
  rotation_seen_ = false;
  lines_.reset(0);
}

void LogFollower::close_current() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void LogFollower::follow_current() {
  set_telling(true);
  check_truncated();
  read_current(UINT64_MAX);
  if (!stopping()) check_rotated();
}

void LogFollower::set_telling(bool telling) {
  telling_ = telling;
  pipeline_.set_receiver(telling ? receiver_ : nullptr);
}

void LogFollower::take(std::string_view bytes) {
  lines_.feed(bytes, [&](std::string_view line) { pipeline_.take_line(line, now_); });
}

// Reads on up to `until` or the end, and tells how far it came.
void LogFollower::read_current(std::uint64_t until) {
  struct stat about{};
  if (::fstat(fd_, &about) == 0) {
    pipeline_.set_reference(base::TimePoint(std::chrono::seconds(about.st_mtim.tv_sec)));
  }
  while (read_offset_ < until && !stopping()) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), until - read_offset_));
    const ssize_t got = ::pread(fd_, buffer_.data(), wanted, static_cast<off_t>(read_offset_));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      set_problem(fmt::format("cannot read {}: {}", settings_.path, std::strerror(errno)));
      return;
    }
    if (got == 0) break;
    read_offset_ += static_cast<std::uint64_t>(got);
    active_at_ = now_;
    take({buffer_.data(), static_cast<std::size_t>(got)});
    tell_position();
  }
}

void LogFollower::note_head() {
  if (here_.head_bytes == LogPosition::head_bytes_max || fd_ < 0 || in_old_file_) return;
  std::array<char, LogPosition::head_bytes_max> head{};
  const ssize_t got = ::pread(fd_, head.data(), head.size(), 0);
  if (got <= 0) return;
  here_.head_bytes = static_cast<std::uint32_t>(got);
  here_.head_hash = hash_of_head({head.data(), static_cast<std::size_t>(got)});
}

void LogFollower::tell_position() {
  if (!telling_) return;
  note_head();
  here_.offset = lines_.consumed();
  here_.latest_stamp =
      std::chrono::floor<std::chrono::seconds>(pipeline_.latest()).time_since_epoch().count();
  std::string text = here_.to_string();
  if (text == told_) return;
  told_ = std::move(text);
  receiver_->on_position(told_);
}

// A file that became shorter, or holds other first bytes than before, was truncated.
void LogFollower::check_truncated() {
  struct stat about{};
  if (::fstat(fd_, &about) != 0) return;
  const auto size = static_cast<std::uint64_t>(about.st_size);
  bool truncated = size < read_offset_;
  if (!truncated && size != seen_size_ && here_.head_bytes > 0) {
    std::array<char, LogPosition::head_bytes_max> head{};
    const ssize_t got = ::pread(fd_, head.data(), here_.head_bytes, 0);
    truncated =
        got >= 0 && hash_of_head({head.data(), static_cast<std::size_t>(got)}) != here_.head_hash;
  }
  seen_size_ = size;
  if (!truncated) return;
  ++counts_.truncations;
  base::log(base::LogLevel::info, "log path={} truncated_at={}", settings_.path, read_offset_);
  read_copy_of_truncated();
  lines_.reset(0);
  read_offset_ = 0;
  here_.head_bytes = 0;
  here_.head_hash = 0;
  here_.settled_at.reset();
  tell_position();
}

// What was written between our last look and the truncation stands in the copy, if one was made.
void LogFollower::read_copy_of_truncated() {
  const LogPosition before = here_;
  LogPosition wanted = here_;
  wanted.inode = 0;  // the copy has its own
  const auto files = rotated_files(settings_.path, counts_.files_skipped);
  const std::size_t copy = find_position(files, wanted);
  if (copy < files.size()) {
    tell_file(files[copy], lines_.consumed(), before.settled_at);
  } else {
    lines_.finish([&](std::string_view line) { pipeline_.take_line(line, now_); });
  }
  here_ = before;
}

void LogFollower::check_rotated() {
  struct stat about{};
  if (::stat(settings_.path.c_str(), &about) != 0) {
    const std::string why = std::strerror(errno);
    return set_problem(
        fmt::format("{}: {}; the file that stood there is read on", settings_.path, why));
  }
  if (!S_ISREG(about.st_mode)) {
    return set_problem(fmt::format("{} is {}, not a file; the file that stood there is read on",
                                   settings_.path,
                                   S_ISDIR(about.st_mode) ? "a directory" : "no regular file"));
  }
  set_problem("");
  if (about.st_dev == here_.device && about.st_ino == here_.inode) {
    rotation_seen_ = false;
    return;
  }
  if (!rotation_seen_) {
    rotation_seen_ = true;
    rotated_since_ = now_;
  }
  // The writer goes on with the renamed file until it is told to open the new one; its first line
  // there says that it has.
  if (about.st_size > 0 || now_ - rotated_since_ >= writer_moves_span) leave_current();
}

void LogFollower::leave_current() {
  // Opened before the folder is listed: what is rotated after this is read through the descriptor,
  // what was rotated before it is in the list.
  const auto next = open_regular_file(settings_.path);
  if (!next) return;
  read_current(UINT64_MAX);
  lines_.finish([&](std::string_view line) { pipeline_.take_line(line, now_); });
  const LogPosition left = here_;
  ++counts_.rotations;
  base::log(base::LogLevel::info, "log path={} rotated=1", settings_.path);
  take_over(*next);
  const auto files = rotated_files(settings_.path, counts_.files_skipped);
  const std::size_t at = find_position(files, left);
  if (at + 1 < files.size()) tell_files(files, at + 1);  // more than one rotation since our look
  if (stopping()) return;
  read_current(UINT64_MAX);
  tell_position();
}

}  // namespace leumund::intake
