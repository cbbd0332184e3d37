// The options of table [list], our own DNS list, and what their texts mean.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "config/option_table.h"
#include "config/settings.h"
#include "model/abuse_report.h"
#include "model/list_kind.h"

namespace leumund::config {

// "bl bl.example.org", "traps traps.example.org kinds=pristine_trap,typo_trap answer=127.0.0.3",
// "dbl dbl.example.org of=domains"
struct ListZone {
  std::string name;  // of the list, as the command says it
  std::string zone;
  std::array<bool, model::abuse_kinds> kinds = {true, true, true, true, true};
  std::uint32_t answer = 0x7f000002;
  model::ListKind of = model::ListKind::addresses;
};
[[nodiscard]] base::Result<ListZone> parse_list_zone(std::string_view text);

// "pristine trap@example.org", "typo @exmaple.org" for a whole domain.
struct TrapAddress {
  std::string address;  // lower case; "@exmaple.org": of a domain every address
  model::AbuseKind kind = model::AbuseKind::pristine_trap;
};
[[nodiscard]] base::Result<TrapAddress> parse_trap_address(std::string_view text);

// Whether a login name is a honeypot: `pattern` is one of list.honeypots, "sales@example.org",
// "*@old.example.org". `account` in lower case.
[[nodiscard]] bool is_honeypot(std::string_view account, std::string_view pattern);

// "anna@example.org 0.5", "fbl.example.net 1 198.51.100.0/24" with where his mail comes from
struct ReporterWeight {
  std::string name;  // lower case
  double weight = 1;
  std::vector<base::IpPrefix> networks = {};
};
[[nodiscard]] base::Result<ReporterWeight> parse_reporter_weight(std::string_view text);

void add_list_options(std::vector<Option>& table);
// What no option shows alone; "" is fine.
[[nodiscard]] std::string check_list_together(const Settings& settings);

}  // namespace leumund::config
