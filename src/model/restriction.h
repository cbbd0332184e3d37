// A measure against a subject as sender, with a reason and an end. Receiving is never touched.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/subject.h"

namespace leumund::model {

// From mild to hard. The helpdesk's addresses stay reachable at every level.
enum class Level : std::uint8_t {
  throttle,       // a few recipients an hour; the rest is deferred
  hold,           // mail is accepted and held for review
  external_only,  // as people call it "internal mail only is fine": external mail is refused
  no_sending,     // all mail is refused
};

[[nodiscard]] std::string_view level_name(Level level);
[[nodiscard]] std::optional<Level> parse_level(std::string_view text);

// A detector or measure counts and says what it would do (observe), or does it (enforce).
enum class Mode : std::uint8_t { observe, enforce };

[[nodiscard]] std::string_view mode_name(Mode mode);

struct Restriction {
  Subject subject;
  Level level = Level::no_sending;
  Mode mode = Mode::enforce;
  std::string reason;
  std::string by;  // "burst" (a detector), "admin", "file", "api"
  base::TimePoint since;
  std::optional<base::TimePoint> until;  // nothing: until released
  std::uint64_t decision = 0;            // number of the decision that made it; handle for `undo`
  bool automatic = false;                // made by a detector, so it can be undone
  std::string rests_on = {};             // "campaign:ID" without which it would not have been made

  bool operator==(const Restriction&) const = default;
};

}  // namespace leumund::model
