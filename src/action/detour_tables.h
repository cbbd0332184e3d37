// What detours mean to mail servers: the table that Postfix's transport_maps reads, the rules of
// its smtp_delivery_status_filter, and the same answer as plain text for Exim and others.
//
// Flow:    detours and the domains of their providers -> routes_of() -> publish().
// Time:    trivial-rewrite looks at a replaced table within ten seconds. What a million domains
//          take to write: `./dev bench detour_tables`.
// Threads: one.
// Errors:  a table that cannot be written keeps its last content and is told.
#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/detour_options.h"
#include "config/postfix_files.h"
#include "model/detour.h"

namespace leumund::action {

// Domain -> right-hand side, sorted, each domain once.
using Routes = std::vector<std::pair<std::string, std::string>>;

// Where a detour sends mail: "out2:", "relay:[host]:587", "retry:4.7.1 ..."; "" for the usual way.
[[nodiscard]] std::string target_of(const model::Detour& detour,
                                    std::span<const config::DetourWay> ways);

[[nodiscard]] Routes routes_of(
    std::span<const model::Detour> detours, std::span<const config::DetourWay> ways,
    const std::map<std::string, std::vector<std::string>>& domains_by_provider);

class DetourTables {
 public:
  explicit DetourTables(config::PostfixFiles files) : files_(std::move(files)) {}

  // Makes what is missing, empty; what an earlier run left stays.
  [[nodiscard]] base::Status create_missing();
  // Writes what differs from the last time, or is gone from the disk.
  [[nodiscard]] base::Status publish(const Routes& routes);
  [[nodiscard]] base::Status publish_filter(const std::string& rules);

  // "/folder/detours.txt": "DOMAIN TARGET" a line.
  [[nodiscard]] std::string plain_path() const;
  [[nodiscard]] std::uint64_t writes() const { return writes_; }

 private:
  config::PostfixFiles files_;
  Routes published_;
  std::string rules_;
  bool told_once_ = false;
  std::uint64_t writes_ = 0;
};

}  // namespace leumund::action
