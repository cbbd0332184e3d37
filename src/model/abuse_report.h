// Somebody says that a client address sent spam.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ip_address.h"
#include "base/time.h"

namespace leumund::model {

enum class AbuseKind : std::uint8_t {
  complaint,      // a person's: feedback loop, form, mail that was forwarded to the list
  pristine_trap,  // an address that never was anybody's
  recycled_trap,  // one that was given up long ago
  typo_trap,      // at a domain that people mistype
  honeypot,       // a login at a service that nobody uses
};
inline constexpr std::size_t abuse_kinds = 5;

[[nodiscard]] std::string_view abuse_kind_name(AbuseKind kind);
[[nodiscard]] std::optional<AbuseKind> parse_abuse_kind(std::string_view text);

struct AbuseReport {
  base::IpAddress client;
  AbuseKind kind = AbuseKind::complaint;
  // Keyed hash of who speaks, so that nobody can learn who it was or which trap. Whoever cannot be
  // told apart (the people of one house, the traps of one domain) has one and the same.
  std::uint64_t reporter = 0;
  base::TimePoint at;   // when the mail came, not when the report did
  double believed = 1;  // how far the way is that it came by, 0 to 1

  bool operator==(const AbuseReport&) const = default;
};

}  // namespace leumund::model
