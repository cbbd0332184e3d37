// What detours mean to mail servers: the tables that Postfix's transport_maps and
// sender_dependent_default_transport_maps read, the rules of its smtp_delivery_status_filter, and
// the same answers as plain text for Exim and others.
//
// Flow:    detours and the domains of their providers -> routes_of() -> publish();
//          pools and their detours -> sender_routes_of() -> publish_senders();
//          the texts that an earlier run left -> read_routes().
// Time:    trivial-rewrite looks at a replaced table within ten seconds. What a million domains
//          take to write: `./dev bench detour_tables`.
// Threads: one.
// Errors:  a table that cannot be written keeps its last content and is told.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/detour_pool.h"
#include "config/postfix_files.h"
#include "model/detour.h"

namespace leumund::action {

// Domain, or address as Postfix looks it up -> right-hand side, sorted, each key once.
using Routes = std::vector<std::pair<std::string, std::string>>;

// Why mail waits, as Postfix's log has it from the table.
inline constexpr std::string_view waits_for_a_way =
    "mail to this provider waits for a way that it does not refuse";

// Null: none. Of sorted routes.
[[nodiscard]] const std::string* find_route(const Routes& routes, std::string_view key);

// Where a detour sends mail: "out2:", "relay:[host]:587", "retry:4.7.1 ..."; "" for the usual way.
[[nodiscard]] std::string target_of(const model::Detour& detour,
                                    std::span<const config::DetourWay> ways);

// Of a detour's domains, and of the one recipient whose queued mail tries the usual way.
[[nodiscard]] Routes routes_of(
    std::span<const model::Detour> detours, std::span<const config::DetourWay> ways,
    const std::map<std::string, std::vector<std::string>>& domains_by_provider);

// The detour that decides about a pool's mail; null: it takes the pool's usual way. The table knows
// no recipient, so of several the one that stands longest.
[[nodiscard]] const model::Detour* detour_of_pool(std::span<const model::Detour> detours,
                                                  std::string_view pool);

// Where the pools' senders mail leaves; without `usual` only where a detour stands (observe mode).
[[nodiscard]] Routes sender_routes_of(std::span<const model::Detour> detours,
                                      std::span<const config::DetourPool> pools, bool usual);

// The right-hand side of a domain that no detour and no pool leads, whoever its MX is. In the text
// only: Postfix keeps or relays such a domain by itself, and would send it out by this row.
inline constexpr std::string_view usual_way = "smtp:";

class DetourTables {
 public:
  explicit DetourTables(config::PostfixFiles files);

  // Makes what is missing, empty; what an earlier run left stays.
  [[nodiscard]] base::Status create_missing();
  // Writes what differs from the last time, or is gone from the disk.
  // `kept` are the domains that nothing leads.
  [[nodiscard]] base::Status publish(const Routes& routes, const std::set<std::string>& kept = {});
  [[nodiscard]] base::Status publish_senders(const Routes& routes) {
    return write(senders_, routes, routes);
  }
  [[nodiscard]] base::Status publish_filter(const std::string& rules);
  // What was published last, by recipient and by sender, also by a run before.
  [[nodiscard]] base::Result<std::pair<Routes, Routes>> read_routes() const;

  // "/folder/detours.txt": "DOMAIN TARGET" a line, also of `kept`;
  // "/folder/sender_ways.txt": "SENDER TARGET".
  [[nodiscard]] const std::string& plain_path() const { return domains_.plain; }
  [[nodiscard]] const std::string& plain_senders_path() const { return senders_.plain; }
  [[nodiscard]] std::uint64_t writes() const { return writes_; }

 private:
  struct Table {
    std::string name;   // "cdb:/folder/detours"
    std::string plain;  // the same as text
    Routes published = {};
    Routes told = {};  // as text
    bool told_once = false;
  };
  [[nodiscard]] base::Status write(Table& table, const Routes& routes, const Routes& text);

  config::PostfixFiles files_;
  Table domains_;
  Table senders_;
  std::string rules_;
  std::uint64_t writes_ = 0;
};

}  // namespace leumund::action
