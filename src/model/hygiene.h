// Whether our sending addresses and domains are set up as receivers expect: reverse DNS, HELO, SPF,
// DKIM, DMARC, encryption, page. Each finding is good, a fault, or not known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace leumund::model {

enum class HygieneState : std::uint8_t { good, fault, unknown };
[[nodiscard]] std::string_view hygiene_state_name(HygieneState state);

struct HygieneFinding {
  std::string check;  // "reverse_dns", "name", "helo", "spf", ...; see docs/operate/hygiene.md
  std::string about;  // the domain of "spf", "dkim", "dmarc", "alignment"; else ""
  HygieneState state = HygieneState::unknown;
  bool grave = false;  // a fault for which receivers refuse mail
  std::string text;    // a sentence in English

  bool operator==(const HygieneFinding&) const = default;
};

// One way out: an own address, or a relay host.
struct HygieneOfAddress {
  std::string address;      // "192.0.2.25"; "" of a relay host
  std::string egress;       // "out1", "relay=[host]:587"; "" of an address of no egress
  std::string helo;         // "" not known
  bool detour_way = false;  // mail may be sent here while a provider refuses another way
  std::vector<HygieneFinding> findings;
};

struct HygieneOfDomain {
  std::string domain;
  std::uint64_t seen = 0;  // mails of it since the start, where it was not configured
  std::vector<HygieneFinding> findings;
};

struct HygieneReport {
  bool on = false;
  bool looking = false;  // a look is under way or asked for
  std::string off;  // why nothing is looked at; "" where something is, or before the first look
  std::optional<base::TimePoint> checked_at;  // nothing: not yet
  base::TimePoint next_at;
  std::vector<std::string> problems;  // why something is not looked at
  std::vector<HygieneOfAddress> addresses;
  std::vector<HygieneOfDomain> domains;
};

struct HygieneCounts {
  std::uint64_t good = 0;
  std::uint64_t faults = 0;
  std::uint64_t grave = 0;  // of the faults
  std::uint64_t unknown = 0;
};
[[nodiscard]] HygieneCounts count_hygiene(const HygieneReport& report);

// The faults of an egress ("out1") or address, those for which receivers refuse first.
[[nodiscard]] std::vector<HygieneFinding> hygiene_faults(const HygieneReport& report,
                                                         std::string_view place);
// "192.0.2.25 has no reverse name; ..." of the grave ones; "" there are none.
[[nodiscard]] std::string hygiene_warning(const HygieneReport& report, std::string_view place);

}  // namespace leumund::model
