// Where the following begins, and reading files that are not written any more.
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "intake/log_follower.h"

namespace leumund::intake {
namespace {

// Packed files are unpacked whole for what stands at their end; larger ones are not worth it.
constexpr std::uint64_t packed_context_bytes_max = 8ULL << 20;
constexpr std::uint64_t packed_ratio = 8;  // about what a mail log packs to
// With fewer first bytes in common two files are not taken for one.
constexpr std::uint32_t head_bytes_min = 32;

// The first bytes of a file, unpacked, at most as many as the room holds.
std::string_view read_head(const std::string& path, std::span<char> room) {
  auto file = CompressedFile::open(path);
  std::size_t have = 0;
  while (file.ok() && have < room.size()) {
    const auto got = (*file)->read(room.subspan(have));
    if (!got || *got == 0) break;
    have += *got;
  }
  return {room.data(), have};
}

bool has_head(const std::string& path, const LogPosition& position) {
  std::array<char, LogPosition::head_bytes_max> room{};
  const auto head = read_head(path, std::span(room).first(position.head_bytes));
  return head.size() == position.head_bytes &&
         (head.empty() || hash_of_head(head) == position.head_hash);
}

LogPosition head_of(const RotatedFile& file) {
  LogPosition out;
  out.device = file.device;
  out.inode = file.inode;
  std::array<char, LogPosition::head_bytes_max> room{};
  const auto head = read_head(file.path, room);
  out.head_bytes = static_cast<std::uint32_t>(head.size());
  out.head_hash = head.empty() ? 0 : hash_of_head(head);
  return out;
}

}  // namespace

// True if `file` is the one that the position was made in.
bool LogFollower::is_at(const RotatedFile& file, const LogPosition& position) const {
  const bool same_inode = file.device == position.device && file.inode == position.inode;
  if (!same_inode && position.head_bytes < head_bytes_min) return false;
  return has_head(file.path, position);
}

// The number of the file that the position was made in, or of its copy; files.size() if none is.
std::size_t LogFollower::find_position(const std::vector<RotatedFile>& files,
                                       const LogPosition& position) const {
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].inode == position.inode && is_at(files[i], position)) return i;
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (is_at(files[i], position)) return i;
  }
  return files.size();
}

void LogFollower::begin() {
  if (resume_) {
    begin_at_position();
  } else {
    begin_without_position();
  }
  if (stopping()) return;
  resume_.reset();
  begun_ = true;
}

void LogFollower::begin_without_position() {
  const auto older = rotated_files(settings_.path, counts_.files_skipped);
  set_telling(true);
  if (settings_.start == LogStart::everything) return tell_files(older, 0);
  struct stat about{};
  if (::fstat(fd_, &about) != 0) return;
  remember_before(older, static_cast<std::uint64_t>(about.st_size));
  set_telling(true);
  tell_position();
}

void LogFollower::begin_at_position() {
  const auto files = rotated_files(settings_.path, counts_.files_skipped);
  struct stat about{};
  RotatedFile current;
  current.path = settings_.path;
  current.device = here_.device;
  current.inode = here_.inode;
  const bool here = here_.device == resume_->device && here_.inode == resume_->inode &&
                    ::fstat(fd_, &about) == 0 &&
                    static_cast<std::uint64_t>(about.st_size) >= resume_->offset &&
                    is_at(current, *resume_);
  if (here) {
    remember_before(files, resume_->offset);
    lines_.reset(resume_->offset);
    here_.settled_at = resume_->settled_at;
    return;
  }
  const std::size_t found = find_position(files, *resume_);
  if (found == files.size()) return begin_after_loss();
  set_telling(false);
  const std::uint64_t wanted = settings_.context_bytes;
  const std::uint64_t offset = resume_->offset;
  remember_older(std::span(files).first(found), offset);
  const std::uint64_t from = offset > wanted ? offset - wanted : 0;
  const std::uint64_t settled_at = std::max(resume_->settled_at.value_or(from), from);
  remember_file(files[found], from, settled_at);
  if (resume_->settled_at) pipeline_.settle(now_);
  remember_file(files[found], settled_at, offset);
  set_telling(true);
  tell_file(files[found], offset, resume_->settled_at);
  tell_files(files, found + 1);
}

// The file of the position is gone or was edited: its latest stamp tells from where to go on.
void LogFollower::begin_after_loss() {
  ++counts_.positions_lost;
  const std::int64_t latest = resume_->latest_stamp;
  const base::TimePoint after{std::chrono::seconds(latest)};
  base::log(base::LogLevel::warn, "log path={} position_lost=1 goes_on_after={}", settings_.path,
            base::format_rfc3339(after));
  if (latest == 0) return begin_without_position();
  pipeline_.skip_until(after + std::chrono::seconds(1) - base::Micros(1));
  set_telling(true);
  const auto files = rotated_files(settings_.path, counts_.files_skipped);
  std::size_t first = 0;
  while (first < files.size() && files[first].changed_at < latest) ++first;
  tell_files(files, first);
}

// Remembers what stands before `offset` of the current file, and in the one before it if that is
// not enough. The line that the context may begin in the middle of is no line to the parser.
void LogFollower::remember_before(const std::vector<RotatedFile>& older, std::uint64_t offset) {
  const std::uint64_t wanted = settings_.context_bytes;
  set_telling(false);
  remember_older(older, offset);
  read_offset_ = offset > wanted ? offset - wanted : 0;
  lines_.reset(read_offset_);
  if (resume_ && resume_->settled_at) {
    read_current(*resume_->settled_at);
    pipeline_.settle(now_);
  }
  read_current(offset);
  read_offset_ = offset;
}

// Remembers the ends of older files so that they and `have` bytes make up the context.
void LogFollower::remember_older(std::span<const RotatedFile> files, std::uint64_t have) {
  std::size_t first = files.size();
  while (first > 0 && have < settings_.context_bytes) {
    const RotatedFile& file = files[first - 1];
    const bool packed = file.packing != Packing::none;
    if (packed && file.size_bytes > packed_context_bytes_max) break;
    have += packed ? file.size_bytes * packed_ratio : file.size_bytes;
    --first;
  }
  std::uint64_t left_out = have > settings_.context_bytes ? have - settings_.context_bytes : 0;
  for (; first < files.size() && !stopping(); ++first) {
    const RotatedFile& file = files[first];
    if (file.device == here_.device && file.inode == here_.inode) continue;
    const bool packed = file.packing != Packing::none;
    remember_file(file, packed ? 0 : std::min(left_out, file.size_bytes), UINT64_MAX);
    left_out = 0;
  }
}

void LogFollower::remember_file(const RotatedFile& file, std::uint64_t offset,
                                std::uint64_t until) {
  auto opened = CompressedFile::open(file.path);
  if (!opened || !(*opened)->skip(offset).ok()) return;
  pipeline_.set_reference(base::TimePoint(std::chrono::seconds(file.changed_at)));
  lines_.reset(offset);
  for (std::uint64_t at = offset; at < until && !stopping();) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), until - at));
    const auto got = (*opened)->read(std::span(buffer_).first(wanted));
    if (!got || *got == 0) break;
    at += *got;
    take({buffer_.data(), *got});
  }
  lines_.finish([&](std::string_view line) { pipeline_.take_line(line, now_); });
  lines_.reset(0);
}

void LogFollower::tell_file(const RotatedFile& file, std::uint64_t offset,
                            std::optional<std::uint64_t> settled_at) {
  auto opened = CompressedFile::open(file.path);
  std::string problem = opened ? "" : opened.error().message;
  if (problem.empty()) {
    const auto skipped = (*opened)->skip(offset);
    if (!skipped) problem = skipped.error().message;
  }
  const LogPosition current = here_;
  in_old_file_ = true;
  here_ = head_of(file);
  here_.settled_at = settled_at;
  pipeline_.set_reference(base::TimePoint(std::chrono::seconds(file.changed_at)));
  lines_.reset(offset);
  while (problem.empty() && !stopping()) {
    const auto got = (*opened)->read(buffer_);
    if (!got) problem = got.error().message;
    if (!got || *got == 0) break;
    active_at_ = now_;
    take({buffer_.data(), *got});
    tell_position();
  }
  if (!stopping()) {
    lines_.finish([&](std::string_view line) { pipeline_.take_line(line, now_); });
    tell_position();
  }
  if (!problem.empty()) {
    ++counts_.files_skipped;
    base::log(base::LogLevel::error, "log path={} skipped=\"{}\"", settings_.path, problem);
  }
  here_ = current;
  in_old_file_ = false;
  lines_.reset(0);
}

void LogFollower::tell_files(const std::vector<RotatedFile>& files, std::size_t first) {
  for (std::size_t i = first; i < files.size() && !stopping(); ++i) {
    // Rotated since we opened it: it is read through the descriptor.
    if (files[i].device == here_.device && files[i].inode == here_.inode) continue;
    tell_file(files[i], 0, std::nullopt);
  }
}

}  // namespace leumund::intake
