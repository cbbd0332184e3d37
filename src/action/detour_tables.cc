#include "action/detour_tables.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "action/atomic_file.h"
#include "action/lookup_table.h"

namespace leumund::action {
namespace {

constexpr mode_t readable_by_all = 0644;

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

std::string filter_path(const config::PostfixFiles& files) {
  return files.own_refusals.substr(files.own_refusals.find(':') + 1);
}

base::Status write_plain(const std::string& path, const Routes& routes) {
  std::string text;
  for (const auto& [domain, target] : routes) text += domain + " " + target + "\n";
  const auto done = write_file_atomically(path, text, readable_by_all);
  return done.ok() ? base::Status() : done.error();
}

// Both tables hold whatever comes first for a key.
void sort_once(Routes& routes) {
  const auto before = [](const auto& a, const auto& b) { return a.first < b.first; };
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  std::stable_sort(routes.begin(), routes.end(), before);
  routes.erase(std::unique(routes.begin(), routes.end(), same), routes.end());
}

base::Result<Routes> read_plain(const std::string& path) {
  constexpr std::size_t text_bytes_max = 256UL << 20;
  if (!exists(path)) return Routes();
  const auto content = read_file(path, text_bytes_max);
  if (!content.ok()) return content.error();
  Routes routes;
  for (std::string_view rest = content->bytes; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto space = line.find(' ');
    if (space == std::string_view::npos) continue;
    routes.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
  sort_once(routes);
  return routes;
}

std::string target_named(std::span<const config::DetourWay> ways, std::string_view name) {
  for (const auto& way : ways) {
    if (way.name == name) return way.target;
  }
  return {};
}

}  // namespace

const std::string* find_route(const Routes& routes, std::string_view key) {
  const auto at =
      std::lower_bound(routes.begin(), routes.end(), key,
                       [](const auto& row, std::string_view wanted) { return row.first < wanted; });
  return at == routes.end() || at->first != key ? nullptr : &at->second;
}

std::string target_of(const model::Detour& detour, std::span<const config::DetourWay> ways) {
  const bool home = detour.phase == model::DetourPhase::open && detour.via == detour.home;
  if (!model::routes_mail(detour) || home) return {};  // as Postfix has it without us
  if (detour.phase == model::DetourPhase::open) {
    if (std::string target = target_named(ways, detour.via); !target.empty()) return target;
  }
  return fmt::format("retry:4.7.1 {}", waits_for_a_way);
}

Routes routes_of(std::span<const model::Detour> detours, std::span<const config::DetourWay> ways,
                 const std::map<std::string, std::vector<std::string>>& domains_by_provider) {
  Routes routes;
  for (const model::Detour& detour : detours) {
    if (!detour.pool.empty()) continue;  // of senders: see sender_routes_of()
    const std::string target = target_of(detour, ways);
    const auto domains = domains_by_provider.find(detour.provider);
    if (target.empty() || domains == domains_by_provider.end()) continue;
    for (const std::string& domain : domains->second) routes.emplace_back(domain, target);
    // "Use what would be used without this table": relayhost and default_transport count.
    if (detour.probe && !detour.probe->recipient.empty()) {
      routes.emplace_back(detour.probe->recipient, ":");
    }
  }
  sort_once(routes);
  return routes;
}

const model::Detour* detour_of_pool(std::span<const model::Detour> detours, std::string_view pool) {
  const model::Detour* found = nullptr;
  for (const model::Detour& detour : detours) {
    const bool leads = detour.pool == pool && model::routes_mail(detour) &&
                       detour.phase == model::DetourPhase::open;
    if (leads && (found == nullptr || detour.began_at < found->began_at)) found = &detour;
  }
  return found;
}

Routes sender_routes_of(std::span<const model::Detour> detours,
                        std::span<const config::DetourPool> pools, bool usual) {
  Routes routes;
  for (const config::DetourPool& pool : pools) {
    const model::Detour* detour = detour_of_pool(detours, pool.name);
    std::string target = detour == nullptr ? "" : target_named(pool.ways, detour->via);
    if (target.empty() && usual) target = pool.ways.front().target;
    if (target.empty()) continue;
    for (const std::string& sender : pool.senders) routes.emplace_back(sender, target);
  }
  sort_once(routes);
  return routes;
}

DetourTables::DetourTables(config::PostfixFiles files) : files_(std::move(files)) {
  const auto table = [](const std::string& name) {
    return Table{name,
                 lookup_table_path(name).substr(0, lookup_table_path(name).rfind('.')) + ".txt"};
  };
  domains_ = table(files_.detours);
  senders_ = table(files_.sender_ways);
}

base::Status DetourTables::create_missing() {
  for (const Table* table : {&domains_, &senders_}) {
    if (exists(lookup_table_path(table->name))) continue;
    if (auto done = write_lookup_table(table->name, {}); !done) return done;
  }
  if (exists(filter_path(files_))) return {};
  const auto done = write_file_atomically(filter_path(files_), "", readable_by_all);
  return done.ok() ? base::Status() : done.error();
}

base::Status DetourTables::publish(const Routes& routes, const std::set<std::string>& kept) {
  Routes text = routes;
  for (const std::string& domain : kept) text.emplace_back(domain, usual_way);
  sort_once(text);
  return write(domains_, routes, text);
}

base::Status DetourTables::write(Table& table, const Routes& routes, const Routes& text) {
  const bool there = exists(lookup_table_path(table.name)) && exists(table.plain);
  if (table.told_once && there && routes == table.published && text == table.told) return {};
  std::vector<TableRow> rows(routes.begin(), routes.end());
  if (auto done = write_lookup_table(table.name, rows); !done) return done;
  if (auto done = write_plain(table.plain, text); !done) return done;
  table.published = routes;
  table.told = text;
  table.told_once = true;
  ++writes_;
  return {};
}

base::Result<std::pair<Routes, Routes>> DetourTables::read_routes() const {
  auto domains = read_plain(domains_.plain);
  if (!domains) return domains.error();
  auto senders = read_plain(senders_.plain);
  if (!senders) return senders.error();
  std::erase_if(*domains, [](const auto& row) { return row.second == usual_way; });
  return std::pair(std::move(*domains), std::move(*senders));
}

base::Status DetourTables::publish_filter(const std::string& rules) {
  if (rules == rules_ && exists(filter_path(files_))) return {};
  const auto old = read_file(filter_path(files_), 16 << 20);
  if (!old.ok() || old->bytes != rules) {
    const auto done = write_file_atomically(filter_path(files_), rules, readable_by_all);
    if (!done.ok()) return done.error();
    ++writes_;
  }
  rules_ = rules;
  return {};
}

}  // namespace leumund::action
