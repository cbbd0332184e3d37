#include "intake/journal_reader.h"

#include <fmt/core.h>
#include <poll.h>
#include <systemd/sd-journal.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace leumund::intake {
namespace {

constexpr std::size_t field_bytes_max = 64 * 1024;
constexpr std::size_t entries_between_positions = 2000;
constexpr std::string_view mark = "journal1 ";

template <typename T>
T number_of(std::optional<std::string_view> text) {
  T value = 0;
  if (text) (void)std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

}  // namespace

base::Result<std::unique_ptr<JournalReader>> JournalReader::open(JournalReaderSettings settings,
                                                                 std::string_view position) {
  std::string_view rest = position;
  std::string_view settled;
  if (!position.empty()) {
    const bool marked = rest.starts_with(mark);
    if (marked) rest.remove_prefix(mark.size());
    const std::size_t space = rest.find(' ');
    if (!marked || space == 0 || space == std::string_view::npos || space + 1 == rest.size()) {
      return base::Error{
          base::ErrorCode::malformed,
          fmt::format("'{}' is no position in the journal", position.substr(0, 120))};
    }
    settled = rest.substr(0, space);
    rest.remove_prefix(space + 1);
  }
  sd_journal* journal = nullptr;
  const int error = settings.folder.empty()
                        ? ::sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY)
                        : ::sd_journal_open_directory(&journal, settings.folder.c_str(), 0);
  if (error < 0) {
    return base::Error{
        base::ErrorCode::unavailable,
        fmt::format("cannot open the journal {}: {}", settings.folder, std::strerror(-error))};
  }
  std::unique_ptr<JournalReader> out(new JournalReader(std::move(settings), journal));
  if (!out->settings_.match.empty()) {
    const int bad =
        ::sd_journal_add_match(journal, out->settings_.match.data(), out->settings_.match.size());
    if (bad < 0) {
      return base::Error{base::ErrorCode::malformed,
                         fmt::format("'{}' is no match for journal entries: {}",
                                     out->settings_.match, std::strerror(-bad))};
    }
  }
  (void)::sd_journal_set_data_threshold(journal, field_bytes_max);
  out->cursor_ = rest;
  if (settled != "-") out->settled_cursor_ = settled;
  return out;
}

JournalReader::JournalReader(JournalReaderSettings settings, sd_journal* journal)
    : settings_(std::move(settings)),
      journal_(journal),
      pipeline_(settings_.correlator, std::chrono::seconds(0)) {}

JournalReader::~JournalReader() { ::sd_journal_close(journal_); }

std::optional<std::string_view> JournalReader::field(const char* name) const {
  const void* data = nullptr;
  std::size_t size = 0;
  if (::sd_journal_get_data(journal_, name, &data, &size) < 0) return std::nullopt;
  const std::size_t skipped = std::strlen(name) + 1;  // "NAME="
  if (size < skipped) return std::nullopt;
  return std::string_view(static_cast<const char*>(data) + skipped, size - skipped);
}

void JournalReader::set_problem(const char* doing, int error) {
  std::string problem =
      error < 0 ? fmt::format("cannot {} the journal: {}", doing, std::strerror(-error)) : "";
  if (problem == counts_.problem) return;
  counts_.problem = std::move(problem);
  if (!counts_.problem.empty()) {
    base::log(base::LogLevel::error, "log source=journal problem=\"{}\"", counts_.problem);
  }
}

// The journal gives one field at a time and only until the next is asked for, so the message,
// which is the longest, is asked for last and the others are copied.
void JournalReader::take_entry(base::TimePoint now) {
  const std::string tag(field("SYSLOG_IDENTIFIER").value_or(""));
  const std::string host(field("_HOSTNAME").value_or(""));
  std::uint32_t pid = number_of<std::uint32_t>(field("SYSLOG_PID"));
  if (pid == 0) pid = number_of<std::uint32_t>(field("_PID"));
  auto micros = number_of<std::uint64_t>(field("_SOURCE_REALTIME_TIMESTAMP"));
  if (micros == 0) (void)::sd_journal_get_realtime_usec(journal_, &micros);
  const base::TimePoint at{base::Micros(static_cast<std::int64_t>(micros & (UINT64_MAX >> 1)))};
  pipeline_.take_entry(tag, pid, host, field("MESSAGE").value_or(""), at, now);
}

void JournalReader::tell_position() {
  char* cursor = nullptr;
  if (::sd_journal_get_cursor(journal_, &cursor) >= 0 && cursor != nullptr) {
    cursor_ = cursor;
    std::free(cursor);  // malloc'ed by libsystemd
  }
  if (cursor_.empty()) return;
  std::string text =
      fmt::format("{}{} {}", mark, settled_cursor_.empty() ? "-" : settled_cursor_, cursor_);
  if (text == told_) return;
  told_ = std::move(text);
  receiver_->on_position(told_);
}

// Remembers up to context_entries before the entry that the journal stands on; it stands on the
// same entry afterwards.
void JournalReader::remember_before_here() {
  pipeline_.set_receiver(nullptr);
  int back = ::sd_journal_previous_skip(journal_, settings_.context_entries);
  for (; back > 0; --back) {
    take_entry(now_);
    settle_if_here();
    if (::sd_journal_next(journal_) <= 0) return;
  }
}

// Lines alone do not show that what waited was told because the log was silent.
void JournalReader::settle_if_here() {
  if (settled_cursor_.empty()) return;
  if (::sd_journal_test_cursor(journal_, settled_cursor_.c_str()) > 0) pipeline_.settle(now_);
}

void JournalReader::begin_at_cursor() {
  int error = ::sd_journal_seek_cursor(journal_, cursor_.c_str());
  if (error >= 0) error = ::sd_journal_next(journal_);
  if (error < 0) return set_problem("seek in", error);
  if (error == 0) {  // nothing at or behind it
    ++counts_.positions_lost;
    return;
  }
  remember_before_here();
  // Going back from the first entry leaves the journal before it.
  (void)::sd_journal_seek_cursor(journal_, cursor_.c_str());
  if (::sd_journal_next(journal_) <= 0) return;
  if (::sd_journal_test_cursor(journal_, cursor_.c_str()) > 0) {
    take_entry(now_);
    settle_if_here();
  } else {
    ++counts_.positions_lost;  // vacuumed away: this is the first entry after it
    pending_entry_ = true;
  }
}

void JournalReader::begin() {
  begun_ = true;
  if (!cursor_.empty()) return begin_at_cursor();
  if (settings_.start == LogStart::everything) {
    set_problem("seek in", ::sd_journal_seek_head(journal_));
    return;
  }
  set_problem("seek in", ::sd_journal_seek_tail(journal_));
  if (::sd_journal_previous(journal_) <= 0) return;  // empty
  remember_before_here();
  (void)::sd_journal_seek_tail(journal_);
  if (::sd_journal_previous(journal_) <= 0) return;
  take_entry(now_);
  tell_position();
}

void JournalReader::poll(LogReceiver& receiver, base::TimePoint now, const std::stop_token& stop) {
  receiver_ = &receiver;
  now_ = now;
  if (active_at_ > now) active_at_ = now;
  (void)::sd_journal_wait(journal_, 0);  // lets it notice new and rotated files
  if (!begun_) begin();
  pipeline_.set_receiver(receiver_);
  std::size_t taken = 0;
  int got = 1;
  while (!stop.stop_requested()) {
    if (!std::exchange(pending_entry_, false)) got = ::sd_journal_next(journal_);
    if (got <= 0) break;
    take_entry(now);
    active_at_ = now;
    if (++taken % entries_between_positions == 0) tell_position();
  }
  set_problem("read", got);
  if (taken > 0) tell_position();
  const auto quiet_span = settings_.correlator.wait + std::chrono::seconds(1);
  if (pipeline_.waiting() && now - active_at_ >= quiet_span) {
    pipeline_.settle(now);
    settled_cursor_ = cursor_;
    tell_position();
  }
  pipeline_.describe(counts_);
  status_.with([&](LogStatus& status) { status = counts_; });
  receiver_ = nullptr;
}

void JournalReader::run(const std::stop_token& stop, LogReceiver& receiver) {
  while (!stop.stop_requested()) {
    poll(receiver, base::system_now(), stop);
    (void)::poll(nullptr, 0, static_cast<int>(settings_.poll_span.count()));
  }
}

LogStatus JournalReader::status() const {
  return status_.with([](const LogStatus& status) { return status; });
}

}  // namespace leumund::intake
