// What a refusal means: who refuses what of ours, why, for how long, whose fault it is, what to do.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leumund::diagnosis {

// Why the remote refused. The names are those of `leumund diagnose --json`.
enum class Kind : std::uint8_t {
  ip_blocklist_public,
  ip_blocklist_private,
  ip_reputation_throttle,
  domain_reputation,
  content,
  auth_fail,
  policy,
  unknown_user,
  mailbox_full,
  greylist,
  other,
};
inline constexpr std::size_t kind_count = 11;

// What exactly is refused.
enum class Scope : std::uint8_t {
  address,
  range,
  asn,
  domain,
  sender,
  message,
  recipient,
  connection
};
inline constexpr std::size_t scope_count = 8;

// Who can end it. `receiver`: the receiver's own resolver, list or set-up is broken.
enum class Fault : std::uint8_t { ours, neighbour, network, receiver, content, recipient, unknown };
inline constexpr std::size_t fault_count = 7;

[[nodiscard]] std::string_view kind_name(Kind kind);
[[nodiscard]] std::string_view scope_name(Scope scope);
[[nodiscard]] std::string_view fault_name(Fault fault);
[[nodiscard]] bool kind_from_name(std::string_view name, Kind& kind);
[[nodiscard]] bool scope_from_name(std::string_view name, Scope& scope);
[[nodiscard]] bool fault_from_name(std::string_view name, Fault& fault);

// What can be advised; the explanations have a sentence for each.
[[nodiscard]] std::span<const std::string_view> advice_names();
[[nodiscard]] bool is_advice(std::string_view name);

// A list the reply names, with the pages where one can look up and ask to be taken off.
struct NamedList {
  std::string id = {};  // registry id; a private list has the id of its operator
  std::string delist_url = {};
  std::string delist_method = {};
  bool dead = false;  // the list was shut down: the receiver asks something that no longer exists

  bool operator==(const NamedList&) const = default;
};

struct Diagnosis {
  int code = 0;        // of the answer our mail got; 0 if the text holds none
  std::string status;  // enhanced status of that answer, "5.7.514"; "" if none
  bool permanent = false;
  Kind kind = Kind::other;
  std::string detail = "unspecified";
  std::string reason = "undefined";  // the same in Sisimai's vocabulary
  Scope scope = Scope::message;
  Fault fault = Fault::unknown;
  std::string listed_address;  // the address (or range) of ours that the text names; "" if none
  std::vector<NamedList> lists;
  std::string zone;               // DNS zone of the list, as the text spells it
  std::string lookup_url;         // from the text; else the registry's page for a named list
  std::string provider;           // registry id of who refused; "" if not told
  std::string remote;             // host that gave the answer; "" if not told
  std::string pool;               // the pool of outbound addresses the text speaks of; "" if none
  std::vector<std::string> hops;  // answers within answers, outer to inner
  std::string evidence;           // the words of the text that decided
  std::string advice = "read-reply";
  std::string meaning;    // registry id of the rule that decided, for `explain` and tests
  double confidence = 0;  // 0 to 1; below .5 the text said next to nothing

  bool operator==(const Diagnosis&) const = default;

  // True for refusals about our address, its range or its repute: these never count against a
  // recipient, and only these open a cell of the block matrix.
  [[nodiscard]] bool about_our_address() const {
    return kind == Kind::ip_blocklist_public || kind == Kind::ip_blocklist_private ||
           kind == Kind::ip_reputation_throttle;
  }
};

}  // namespace leumund::diagnosis
