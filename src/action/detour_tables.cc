#include "action/detour_tables.h"

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

}  // namespace

std::string target_of(const model::Detour& detour, std::span<const config::DetourWay> ways) {
  if (!model::routes_mail(detour)) return {};
  if (detour.phase == model::DetourPhase::open) {
    for (const auto& way : ways) {
      if (way.name == detour.via) return way.target;
    }
  }
  return "retry:4.7.1 mail to this provider waits for a way that it does not refuse";
}

Routes routes_of(std::span<const model::Detour> detours, std::span<const config::DetourWay> ways,
                 const std::map<std::string, std::vector<std::string>>& domains_by_provider) {
  Routes routes;
  for (const model::Detour& detour : detours) {
    const std::string target = target_of(detour, ways);
    const auto domains = domains_by_provider.find(detour.provider);
    if (target.empty() || domains == domains_by_provider.end()) continue;
    for (const std::string& domain : domains->second) routes.emplace_back(domain, target);
  }
  std::sort(routes.begin(), routes.end());
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  routes.erase(std::unique(routes.begin(), routes.end(), same), routes.end());
  return routes;
}

std::string DetourTables::plain_path() const {
  return filter_path(files_).substr(0, filter_path(files_).rfind('/')) + "/detours.txt";
}

base::Status DetourTables::create_missing() {
  if (!exists(lookup_table_path(files_.detours))) {
    if (auto done = write_lookup_table(files_.detours, {}); !done) return done;
  }
  if (exists(filter_path(files_))) return {};
  const auto done = write_file_atomically(filter_path(files_), "", readable_by_all);
  return done.ok() ? base::Status() : done.error();
}

base::Status DetourTables::publish(const Routes& routes) {
  const bool there = exists(lookup_table_path(files_.detours)) && exists(plain_path());
  if (told_once_ && there && routes == published_) return {};
  std::vector<TableRow> rows(routes.begin(), routes.end());
  if (auto done = write_lookup_table(files_.detours, rows); !done) return done;
  if (auto done = write_plain(plain_path(), routes); !done) return done;
  published_ = routes;
  told_once_ = true;
  ++writes_;
  return {};
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
