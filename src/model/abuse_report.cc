#include "model/abuse_report.h"

namespace leumund::model {
namespace {

constexpr std::array<std::string_view, abuse_kinds> names = {
    "complaint", "pristine_trap", "recycled_trap", "typo_trap", "honeypot"};

}  // namespace

std::string_view abuse_kind_name(AbuseKind kind) { return names[static_cast<std::size_t>(kind)]; }

std::optional<AbuseKind> parse_abuse_kind(std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<AbuseKind>(i);
  }
  return std::nullopt;
}

}  // namespace leumund::model
