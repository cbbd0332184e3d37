// What people hand to `leumund diagnose`: a reply, several, or lines of Postfix's log.
//
// Threads: pure functions.
#pragma once

#include <string_view>

namespace leumund::apps {

// A line of Postfix's log that holds no refusal of our mail: a delivery, the queue manager's words,
// what our own smtpd told a stranger.
[[nodiscard]] bool is_log_without_refusal(std::string_view line);

// Lines that are each a reply or a log line of their own, and not one reply in several lines.
[[nodiscard]] bool holds_several_replies(std::string_view text);

// Bytes that no mail server sends.
[[nodiscard]] bool is_binary(std::string_view text);

}  // namespace leumund::apps
