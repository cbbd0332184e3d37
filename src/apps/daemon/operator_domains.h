// The domains that a Postfix delivers itself, relays, or sends to a host of its admin's choice:
// none of a detour's business, although their MX may be the provider's.
//
// Flow:    postconf -> mydestination, virtual_alias_domains, virtual_mailbox_domains,
//          relay_domains, transport_maps -> names in them at once, tables by `postmap -q -`.
// Time:    what was found stands for `trusted`; a program that hangs is ended after `patience`.
// Threads: one.
// Errors:  trouble() names tables that could not be asked. Where one hangs, or fails that has
//          answered before, what was known stands, new domains are taken out, and it is asked again
//          after `retry`. Of what a table holds that has only ever failed nothing is known.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/postfix_files.h"

namespace leumund::apps {

class OperatorDomains {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::minutes trusted{10};
  static constexpr std::chrono::seconds retry{60};

  explicit OperatorDomains(config::PostfixFiles ours,
                           std::chrono::milliseconds patience = std::chrono::seconds(10))
      : ours_(std::move(ours)), patience_(patience) {}

  // Takes them out of `domains`, by the Postfix of each folder.
  void take_out(std::vector<std::string>& domains, const std::vector<std::string>& folders,
                Time now);
  // What is known is no longer believed.
  [[nodiscard]] bool is_old(Time now) const { return now >= look_again_; }
  // All that were taken out lately.
  [[nodiscard]] std::set<std::string> all() const;
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  enum class Meaning : std::uint8_t { own, relayed, transport };
  struct Known {
    std::optional<bool> own;  // nothing: it could not be asked
    Time asked;
  };
  // What one look at the tables found out.
  struct Found {
    std::set<std::string> own;
    bool sure = true;
  };
  void look(const std::string& folder, const std::vector<std::string>& domains, Found& found);
  void look_in(const std::string& folder, std::string_view value, Meaning meaning,
               const std::vector<std::string>& domains, Found& found);
  void ask(const std::string& folder, const std::string& table, Meaning meaning,
           const std::vector<std::string>& domains, Found& found);
  [[nodiscard]] bool may_come_back(const std::string& source, bool hung);

  config::PostfixFiles ours_;
  std::chrono::milliseconds patience_;
  std::map<std::string, Known> known_;
  Time round_;                      // what was asked before is asked again
  Time look_again_;                 // ... and when that ends
  std::set<std::string> answered_;  // folders and tables, ever
  std::set<std::string> hang_;      // in this round: each costs `patience` only once
  std::string trouble_;
};

}  // namespace leumund::apps
