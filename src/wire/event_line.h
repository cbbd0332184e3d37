// Mail events as JSON, one object a line: recorded streams, POST /v1/events, `leumund events`.
//
// Flow:    file or request -> EventLineReader::read() -> model::MailEvent -> engine; back by
//          write_event_line().
// Time:    `at` is Unix seconds with a fraction, or RFC 3339; it becomes occurred_at and
//          received_at.
// Limits:  a line of 1 MiB, 10,000 recipients, 1,000 headers, names of 320 bytes, replies of 64
//          KiB; beyond a limit the line is refused. Nesting costs nothing: what is not ours is
//          skipped.
// Threads: a reader is for one thread; it keeps its parser's memory.
// Errors:  malformed or too_large with the field and the reason; unknown fields are ignored.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/mail_event.h"

namespace leumund::wire {

inline constexpr std::size_t event_line_bytes_max = std::size_t{1} << 20;
inline constexpr std::size_t event_recipients_max = 10'000;

class EventLineReader {
 public:
  // With bodies left out the text of messages is skipped: replay of detectors that do not read it.
  enum class Bodies { keep, leave_out };

  explicit EventLineReader(Bodies bodies = Bodies::keep);
  ~EventLineReader();
  EventLineReader(EventLineReader&&) noexcept;
  EventLineReader& operator=(EventLineReader&&) noexcept;

  // Reads one line, with or without its line end.
  [[nodiscard]] base::Result<model::MailEvent> read(std::string_view line);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

// Appends the event as one JSON object without a line end. Bodies are never written.
void write_event_line(const model::MailEvent& event, std::string& out);

// Appends a text as a JSON string; bytes that are not UTF-8 become U+FFFD.
void write_json_string(std::string_view text, std::string& out);

}  // namespace leumund::wire
