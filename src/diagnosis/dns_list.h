// A DNS list as the registry or the operator describes it: how it is asked, what its codes mean,
// whom one entry covers, and who can have it taken back.
//
// Flow:    blocklists.toml or the option `watch.lists` -> DnsList -> intake's watch, which asks,
//          and read_list_answer(), which says what an answer means.
// Limits:  texts of 4 KiB in `watch.lists`; what the registry may hold is registry.h's.
// Threads: pure values. Errors: the source, its line and what is wrong.
#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "diagnosis/registry.h"

namespace leumund::diagnosis {

enum class CodeKind : std::uint8_t { listed, policy, allow, info, test, error, ignore };

// One row of a list's table of codes.
struct ListCode {
  // Which values each octet of the answer may have; or one bit of the last octet, if `bit` is set.
  std::array<std::bitset<256>, 4> octets;
  std::uint32_t low = 0;  // and the whole of it lies in [low, high]
  std::uint32_t high = UINT32_MAX;
  std::uint8_t bit = 0;
  CodeKind kind = CodeKind::listed;
  std::string meaning;

  [[nodiscard]] bool matches(const base::IpAddress& answer) const;
  // How many answers it names: the row that names fewest decides.
  [[nodiscard]] double width() const;
};

enum class EntryScope : std::uint8_t { address, range, asn, domain };
[[nodiscard]] std::string_view entry_scope_name(EntryScope scope);

// Who can have an entry taken back.
enum class Mender : std::uint8_t {
  us,                // a form, a letter, a page fetched from the address
  network_operator,  // whoever the network belongs to must ask
  time,              // nobody is asked: it ends by itself once the cause is gone
  unknown,
};
[[nodiscard]] std::string_view mender_name(Mender mender);

struct DnsList {
  std::string id;    // "spamhaus-zen"; the zone where the operator named it
  std::string name;  // "Spamhaus ZEN"
  std::string operator_name;
  std::string zone;  // "{key}" where the account's key goes
  bool of_v4 = false;
  bool of_v6 = false;
  bool of_domains = false;
  bool by_default = false;  // alive, open to everybody, and asked by somebody who matters
  EntryScope scope = EntryScope::address;
  std::string reason_class;
  bool bits = false;            // codes are bits of the last octet
  bool any_code = false;        // without a table: whatever lies in 127/8 is a listing
  bool unused_space = false;    // lists what nobody may use: a control out of it proves nothing
  std::vector<ListCode> codes;  // the narrowest first
  std::string test_listed;      // "" none known
  std::string test_else;        // listed in place of it where the zone is one of domains
  std::string test_clean;
  std::string lookup_url;
  std::string delist_url;
  std::string delist_method;
  std::string delist_email;
  std::string delist_paid;
  bool predatory = false;
  std::uint32_t expiry_hours = 0;  // 0: none published
  std::string expiry_note;
  std::string restrictions;
  double weight = 0;
  bool low_confidence = false;  // from memory: its pages are to be checked

  [[nodiscard]] bool asks(const base::IpAddress& address) const {
    return address.is_v4() ? of_v4 : of_v6;
  }
  [[nodiscard]] Mender mender() const;
};

// Every list of one source in the form of data/registry/blocklists.toml that addresses or domains
// can be looked up in; those of hashes are left out.
[[nodiscard]] base::Result<std::vector<DnsList>> read_dns_lists(const RegistrySource& source);

// The lists of the shipped registry.
[[nodiscard]] base::Result<std::vector<DnsList>> shipped_dns_lists();

// As Postfix's postscreen_dnsbl_sites: "bl.example.org", "bl.example.org=127.0.0.[2..11]*3".
// The weight is read and kept; a watch does not need it. "no-test-point:" before it: the zone
// lists neither 127.0.0.2 nor "test" (RFC 5782), and is believed without.
[[nodiscard]] base::Result<DnsList> parse_postscreen_list(std::string_view text);

struct ChosenLists {
  std::vector<DnsList> lists;         // zones with their keys in place
  std::vector<std::string> problems;  // what was asked for and cannot be had, a sentence each
};

// `words` in order: "default", "all", the id of a list or of a family ("spamhaus"), "-" before one
// to leave it out, or postscreen's syntax. `keys`: id or family -> account key.
[[nodiscard]] ChosenLists choose_lists(std::span<const std::string> words,
                                       std::span<const DnsList> known,
                                       const std::map<std::string, std::string>& keys);

}  // namespace leumund::diagnosis
