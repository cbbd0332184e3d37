// The domains that a Postfix delivers itself, relays, or sends to a host of its admin's choice:
// none of a detour's business, although their MX may be the provider's.
//
// Flow:    postconf -> mydestination, virtual_alias_domains, virtual_mailbox_domains,
//          relay_domains, transport_maps -> names in them at once, tables by `postmap -q -`.
// Time:    what was found stands for `trusted`; a program that hangs is ended after 10 s.
// Threads: one.
// Errors:  trouble() names tables that could not be asked; what they hold is not known then.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/postfix_files.h"

namespace leumund::apps {

class OperatorDomains {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::minutes trusted{10};

  explicit OperatorDomains(config::PostfixFiles ours) : ours_(std::move(ours)) {}

  // Takes them out of `domains`, by the Postfix of each folder.
  void take_out(std::vector<std::string>& domains, const std::vector<std::string>& folders,
                Time now);
  // What is known is no longer believed.
  [[nodiscard]] bool is_old(Time now) const { return now >= known_since_ + trusted; }
  // All that were taken out lately.
  [[nodiscard]] std::set<std::string> all() const;
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  enum class Meaning : std::uint8_t { own, relayed, transport };
  void look(const std::string& folder, const std::vector<std::string>& domains);
  void look_in(const std::string& folder, std::string_view value, Meaning meaning,
               const std::vector<std::string>& domains);
  void ask(const std::string& folder, const std::string& table, Meaning meaning,
           const std::vector<std::string>& domains);

  config::PostfixFiles ours_;
  std::map<std::string, bool> known_;  // whether a domain is the operator's
  Time known_since_;
  std::string trouble_;
};

}  // namespace leumund::apps
