// What the asking mail server is told about a submission.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace leumund::model {

// Mapped to Postfix access(5) actions DUNNO, DUNNO plus log line, DEFER_IF_PERMIT, HOLD, REJECT and
// to the milter replies.
enum class Disposition : std::uint8_t { pass, warn, throttle, hold, reject };

[[nodiscard]] constexpr std::string_view disposition_name(Disposition disposition) {
  switch (disposition) {
    case Disposition::pass: return "pass";
    case Disposition::warn: return "warn";
    case Disposition::throttle: return "throttle";
    case Disposition::hold: return "hold";
    case Disposition::reject: return "reject";
  }
  return "pass";
}

struct Answer {
  Disposition disposition = Disposition::pass;
  std::string text;        // reply text with its enhanced status code, "5.7.1 ..."; "" when passing
  std::string trace = {};  // our mark, to be put into the header of a mail that passes; "" for none
  // Where this one mail goes, as a transport of Postfix ("smtp:"); only by policy, at end of data,
  // and when passing.
  std::string filter = {};
};

}  // namespace leumund::model
