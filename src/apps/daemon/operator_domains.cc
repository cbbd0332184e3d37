#include "apps/daemon/operator_domains.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "action/atomic_file.h"
#include "action/run_command.h"
#include "base/ascii.h"
#include "face/postfix_restrictions.h"
#include "face/postfix_tables.h"

namespace leumund::apps {
namespace {

constexpr std::size_t output_bytes_max = 256UL << 20;

// "a.b.example" -> "b.example" -> "example"; with the dot for tables that want it.
std::vector<std::string> parents_of(std::string_view domain) {
  std::vector<std::string> out;
  for (auto dot = domain.find('.'); dot != std::string_view::npos;
       dot = domain.find('.', dot + 1)) {
    out.emplace_back(domain.substr(dot + 1));
    out.emplace_back(domain.substr(dot));
  }
  return out;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// "smtp:[host]" and ":[host]" name a host; "slow:" only says how, and a detour may say otherwise.
bool names_a_host(std::string_view target) {
  const auto colon = target.find(':');
  return colon != std::string_view::npos && colon + 1 < target.size();
}

// A file of names in a list of domains, "#" begins a comment.
void add_names(const std::string& path, std::set<std::string, std::less<>>& names) {
  constexpr std::size_t file_bytes_max = 64UL << 20;
  const auto content = action::read_file(path, file_bytes_max);
  if (!content.ok()) return;
  for (const std::string_view line : lines_of(content->bytes)) {
    if (line.starts_with('#')) continue;
    for (const face::ListToken& token : face::list_tokens(line)) {
      names.insert(base::ascii_lower(token.text));
    }
  }
}

}  // namespace

void OperatorDomains::take_out(std::vector<std::string>& domains,
                               const std::vector<std::string>& folders, Time now) {
  if (is_old(now)) {
    std::erase_if(known_, [&](const auto& one) { return one.second.asked < round_; });
    round_ = now;
    look_again_ = now + trusted;
    hang_.clear();
    trouble_.clear();
  }
  std::vector<std::string> fresh;
  for (const std::string& domain : domains) {
    const auto at = known_.find(domain);
    if (at == known_.end() || at->second.asked < round_) fresh.push_back(domain);
  }
  Found found;
  if (!fresh.empty()) {
    for (const std::string& folder : folders) look(folder, fresh, found);
  }
  for (const std::string& domain : fresh) {
    Known& known = known_[domain];
    known.asked = now;
    if (found.sure || found.own.contains(domain)) known.own = found.own.contains(domain);
  }
  if (!found.sure) look_again_ = std::min(look_again_, now + retry);
  std::erase_if(domains, [&](const auto& domain) { return known_.at(domain).own.value_or(true); });
}

std::set<std::string> OperatorDomains::all() const {
  std::set<std::string> out;
  for (const auto& [domain, known] : known_) {
    if (known.own.value_or(false)) out.insert(domain);
  }
  return out;
}

// What never answered is not for us to ask; what did, or is only slow, tells later.
bool OperatorDomains::may_come_back(const std::string& source, bool hung) {
  if (hung) hang_.insert(source);
  return hung || answered_.contains(source);
}

void OperatorDomains::look(const std::string& folder, const std::vector<std::string>& domains,
                           Found& found) {
  const auto postconf = face::postfix_program("postconf");
  if (!postconf) return;  // another mail server
  if (hang_.contains(folder)) {
    found.sure = false;
    return;
  }
  const auto said = action::run_command(
      {.arguments = {*postconf, "-c", folder, "-x", "mydestination", "virtual_alias_domains",
                     "virtual_mailbox_domains", "relay_domains", "transport_maps"},
       .patience = patience_});
  if (!said || said->exit_status != 0) {
    trouble_ = fmt::format("postconf -c {} does not say which domains are Postfix's own: {}",
                           folder, said ? said->complaints : said.error().message);
    if (may_come_back(folder, !said)) found.sure = false;
    return;
  }
  answered_.insert(folder);
  for (const std::string_view line : lines_of(said->output)) {
    const auto sign = line.find(" =");
    if (sign == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, sign);
    const Meaning meaning = name == "relay_domains"    ? Meaning::relayed
                            : name == "transport_maps" ? Meaning::transport
                                                       : Meaning::own;
    look_in(folder, line.substr(sign + 2), meaning, domains, found);
  }
}

void OperatorDomains::look_in(const std::string& folder, std::string_view value, Meaning meaning,
                              const std::vector<std::string>& domains, Found& found) {
  std::set<std::string, std::less<>> names;
  for (const face::ListToken& token : face::list_tokens(value)) {
    const std::string text(token.text);
    if (text.starts_with('/')) {
      add_names(text, names);
    } else if (text.find(':') != std::string::npos) {
      const bool ours = text == ours_.detours || text == ours_.sender_ways ||
                        text.starts_with("socketmap:");  // ours, or nothing postmap may ask
      if (!ours) ask(folder, text, meaning, domains, found);
    } else if (!text.starts_with('!')) {
      names.insert(base::ascii_lower(text));
    }
  }
  if (meaning == Meaning::transport || names.empty()) return;
  for (const std::string& domain : domains) {
    bool own = names.contains(domain);
    if (meaning == Meaning::relayed) {
      const auto parents = parents_of(domain);
      own = own || std::any_of(parents.begin(), parents.end(),
                               [&](const auto& one) { return names.contains(one); });
    }
    if (own) found.own.insert(domain);
  }
}

void OperatorDomains::ask(const std::string& folder, const std::string& table, Meaning meaning,
                          const std::vector<std::string>& domains, Found& found) {
  const auto postmap = face::postfix_program("postmap");
  if (!postmap) return;
  const std::string source = folder + " " + table;
  if (hang_.contains(source)) {
    found.sure = false;
    return;
  }
  std::map<std::string, std::vector<std::string>> asked;  // key -> domains that it would mean
  for (const std::string& domain : domains) {
    asked[domain].push_back(domain);
    if (meaning == Meaning::own) continue;
    for (const std::string& parent : parents_of(domain)) asked[parent].push_back(domain);
  }
  std::string keys;
  for (const auto& [key, meant] : asked) keys += key + "\n";
  const auto said = action::run_command({.arguments = {*postmap, "-c", folder, "-q", "-", table},
                                         .input = keys,
                                         .patience = patience_,
                                         .output_bytes_max = output_bytes_max});
  if (!said || (said->exit_status != 0 && !said->complaints.empty())) {
    trouble_ = fmt::format(
        "{} cannot be asked which domains are not for a detour (name them in "
        "measures.own_domains): {}",
        table, said ? said->complaints : said.error().message);
    if (may_come_back(source, !said)) found.sure = false;
    return;
  }
  answered_.insert(source);
  for (const std::string_view line : lines_of(said->output)) {
    const auto tab = line.find('\t');
    const auto key = asked.find(std::string(line.substr(0, tab)));
    if (tab == std::string_view::npos || key == asked.end()) continue;
    if (meaning == Meaning::transport && !names_a_host(line.substr(tab + 1))) continue;
    found.own.insert(key->second.begin(), key->second.end());
  }
}

}  // namespace leumund::apps
