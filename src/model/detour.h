// The way that mail for one provider takes while it refuses one of our addresses.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/mail_event.h"

namespace leumund::model {

enum class DetourPhase : std::uint8_t {
  none,      // mail leaves as on usual days
  waiting,   // refused, but the cause still sends: opening now would burn the next address as well
  open,      // mail for this provider leaves by `via`, which may be the usual way, on trial
  capped,    // ... and this hour's share of it has left: the rest waits
  deferred,  // every way is refused: mail waits and nothing bounces
};

[[nodiscard]] std::string_view detour_phase_name(DetourPhase phase);
[[nodiscard]] std::optional<DetourPhase> parse_detour_phase(std::string_view text);

// One mail that tries the usual way.
struct DetourProbe {
  QueueKey queue;
  base::TimePoint at;
  // Whose mail the table lets out by the usual way meanwhile; "" where the mail was sent there by
  // the policy service's answer.
  std::string recipient = {};

  bool operator==(const DetourProbe&) const = default;
};

struct Detour {
  std::string provider;
  std::string pool;  // whose senders' mail is meant (detour.pools); "" everybody's
  DetourPhase phase = DetourPhase::none;
  std::string home;          // the way of usual days
  std::string via;           // of open and capped
  std::string reason;        // a sentence: why it is as it is
  std::string warning;       // what is wrong with the set-up of `via`; "" nothing that is known
  base::TimePoint since;     // of this phase
  base::TimePoint began_at;  // when the usual way was left, or should have been
  std::string by;            // "detour", or who set it
  bool by_hand = false;      // a person chose `via`: no gate, and no return by itself
  bool kept_off = false;     // a person ended it: not again until the usual way has opened
  bool planned = false;      // observe mode: this is what would be done

  std::string counted;              // the way whose deliveries these are; it may rest in between
  std::uint32_t cap = 0;            // deliveries in this hour
  std::uint32_t delivered = 0;      // in this hour, as the log tells
  std::uint64_t delivered_all = 0;  // by other ways than `home`
  base::TimePoint hour;             // when this hour began
  std::uint32_t warm_hours = 0;     // hours in which `via` has carried mail

  std::chrono::seconds probe_pause{0};
  base::TimePoint next_probe_at;
  std::optional<DetourProbe> probe;  // on its way
  std::uint32_t probes_accepted = 0;
  std::uint32_t probes_refused = 0;
  // Every way was refused, and then the usual one took a queued probe: a few mails more try it
  // until one is refused. Unset: none did.
  base::TimePoint home_took_at = {};

  bool operator==(const Detour&) const = default;
};

// Whether the usual way is tried by a few mails after every way was refused.
[[nodiscard]] inline bool is_on_trial(const Detour& detour) {
  const bool leaves = detour.phase == DetourPhase::open || detour.phase == DetourPhase::capped;
  return leaves && !detour.by_hand && !detour.via.empty() && detour.via == detour.home;
}

// Whether mail to the provider is kept from its usual way.
[[nodiscard]] constexpr bool routes_mail(const Detour& detour) {
  return !detour.planned && detour.phase != DetourPhase::none &&
         detour.phase != DetourPhase::waiting;
}

}  // namespace leumund::model
