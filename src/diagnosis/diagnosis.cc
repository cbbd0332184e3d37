#include "diagnosis/diagnosis.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace leumund::diagnosis {
namespace {

constexpr std::array<std::string_view, kind_count> kind_names = {"ip-blocklist-public",
                                                                 "ip-blocklist-private",
                                                                 "ip-reputation-throttle",
                                                                 "domain-reputation",
                                                                 "content",
                                                                 "auth-fail",
                                                                 "policy",
                                                                 "unknown-user",
                                                                 "mailbox-full",
                                                                 "greylist",
                                                                 "other"};
constexpr std::array<std::string_view, scope_count> scope_names = {
    "address", "range", "asn", "domain", "sender", "message", "recipient", "connection"};
constexpr std::array<std::string_view, fault_count> fault_names = {
    "ours", "neighbour", "network", "receiver", "content", "recipient", "unknown"};
constexpr std::string_view all_advice[] = {
    "slow-down",        "stop-and-review",   "delist-request", "delist-email",
    "delist-cloudmark", "delist-proofpoint", "check-dnsbl",    "fix-auth",
    "fix-rdns",         "fix-dns",           "fix-tls",        "fix-forwarding",
    "use-smarthost",    "use-ipv4",          "review-content", "suppress-recipient",
    "ask-recipient",    "retry-later",       "read-reply"};

template <typename Enum, std::size_t count>
bool from_name(const std::array<std::string_view, count>& names, std::string_view name, Enum& out) {
  for (std::size_t i = 0; i < count; ++i) {
    if (names[i] == name) {
      out = static_cast<Enum>(i);
      return true;
    }
  }
  return false;
}

}  // namespace

std::string_view kind_name(Kind kind) { return kind_names[static_cast<std::size_t>(kind)]; }
std::string_view scope_name(Scope scope) { return scope_names[static_cast<std::size_t>(scope)]; }
std::string_view fault_name(Fault fault) { return fault_names[static_cast<std::size_t>(fault)]; }

bool kind_from_name(std::string_view name, Kind& kind) { return from_name(kind_names, name, kind); }
bool scope_from_name(std::string_view name, Scope& scope) {
  return from_name(scope_names, name, scope);
}
bool fault_from_name(std::string_view name, Fault& fault) {
  return from_name(fault_names, name, fault);
}

std::span<const std::string_view> advice_names() { return all_advice; }
bool is_advice(std::string_view name) {
  return std::find(std::begin(all_advice), std::end(all_advice), name) != std::end(all_advice);
}

}  // namespace leumund::diagnosis
