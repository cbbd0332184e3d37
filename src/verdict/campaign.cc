#include "verdict/campaign.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "base/filled.h"

namespace leumund::verdict {
namespace {

using evidence::Cluster;

constexpr std::array<std::string_view, trait_count> trait_names = {
    "recipients",   "strangers",  "many",      "new_network", "odd_network",
    "young_client", "companions", "new_link",  "no_link",     "other_program",
    "same_program", "odd_hour",   "new_sender"};

// So many accounts pass on what came in from outside; whoever sends it in beforehand, however
// often, buys no more. Far below Cluster::members_max, so the list of members tells.
constexpr std::size_t passed_on_most = 10;

double per_day(std::size_t accounts, const ClusterRates& rates, const CampaignSettings& settings) {
  const std::size_t size = size_class(accounts);
  return std::max(settings.sizes_least[size], rates[size]);
}

// Nearly all write to the same few, and to nobody else who is new to them: an address that is on
// every mail beside a victim of its own makes none. One in eight may do otherwise, as somebody may
// tell a new friend, and an odd mail may have been taken for one of them.
bool is_petition(const Cluster& cluster) {
  const std::size_t members = cluster.members.size();
  const bool few = cluster.chosen_by_some() <= 2 + members / 2;
  const std::size_t otherwise = members - cluster.members_to_chosen();
  return members >= 3 && few && otherwise * 8 <= members + 7;
}

}  // namespace

std::string_view trait_name(Trait trait) { return trait_names[static_cast<std::size_t>(trait)]; }

Acquaintance acquaintance_of(double hours_active) {
  constexpr double known_from = 8;
  return hours_active < 1            ? Acquaintance::stranger
         : hours_active < known_from ? Acquaintance::fleeting
                                     : Acquaintance::known;
}

double trait_score(const MailTraits& traits, const CampaignSettings& settings) {
  double score = 0;
  for (std::size_t i = 0; i < trait_count; ++i) score += traits.values[i] * settings.weights[i];
  return score;
}

double p_value(const MailTraits& traits, const CampaignSettings& settings) {
  const auto& table = settings.quantiles[static_cast<std::size_t>(traits.acquaintance)];
  const double score = trait_score(traits, settings);
  if (score <= table.front()) return 1;
  for (std::size_t i = 1; i < table.size(); ++i) {
    if (score > table[i]) continue;
    const double share = (score - table[i - 1]) / std::max(1e-9, table[i] - table[i - 1]);
    const double low = std::log(CampaignSettings::level_p[i - 1]);
    const double high = std::log(CampaignSettings::level_p[i]);
    return std::exp(low + share * (high - low));
  }
  return CampaignSettings::level_p.back();
}

double hacked_odds(double p, Acquaintance acquaintance, const CampaignSettings& settings) {
  constexpr double most = 4;
  // What nobody knows cannot be in character.
  const double least = acquaintance == Acquaintance::stranger ? 0 : -most;
  const auto known = static_cast<std::size_t>(acquaintance);
  const double surprise = -std::log(std::max(p, CampaignSettings::level_p.back()));
  return settings.odds_count *
         std::clamp((surprise - settings.odds_even[known]) * settings.odds_slope[known], least,
                    most);
}

double log_chance_of(std::size_t n, double surprise) {
  if (n == 0 || surprise <= 0) return 0;
  // ln of sum over k < n of surprise^k / k!, from the largest term on.
  double term = 0;
  double most = 0;
  const double log_surprise = std::log(surprise);
  for (std::size_t k = 1; k < n; ++k) {
    term += log_surprise - std::log(static_cast<double>(k));
    most = std::max(most, term);
  }
  double sum = std::exp(-most);
  term = 0;
  for (std::size_t k = 1; k < n; ++k) {
    term += log_surprise - std::log(static_cast<double>(k));
    sum += std::exp(term - most);
  }
  return std::min(0.0, -surprise + most + std::log(sum));
}

HonestKind honest_kind(const Cluster& cluster, const CampaignSettings& settings) {
  if (cluster.by_person) return HonestKind::released;
  // What recurs is harmless as long as it is not suddenly much more than it used to be.
  const std::uint32_t usual = std::max<std::uint32_t>(
      4, 2 * std::max<std::uint32_t>(cluster.usual_accounts, cluster.day_accounts / 4));
  if (cluster.state == evidence::ClusterState::harmless && cluster.day_accounts <= usual)
    return HonestKind::recurring;
  const std::size_t pass_on =
      std::min<std::size_t>(passed_on_most, 2 * std::size_t{cluster.from_outside} + 2);
  if (cluster.from_outside >= 3 && cluster.outside_at <= cluster.first_at &&
      cluster.members.size() <= pass_on)
    return HonestKind::from_outside;
  if (cluster.messages > 0 && cluster.scripts == cluster.messages &&
      static_cast<double>(cluster.members.size()) < settings.accounts_one_tenant)
    return HonestKind::one_script;
  return is_petition(cluster) ? HonestKind::one_recipient : HonestKind::none;
}

std::string_view honest_kind_name(HonestKind kind) {
  switch (kind) {
    case HonestKind::none: return "none";
    case HonestKind::released: return "released";
    case HonestKind::recurring: return "recurring";
    case HonestKind::from_outside: return "from_outside";
    case HonestKind::one_script: return "one_script";
    case HonestKind::one_recipient: return "one_recipient";
  }
  return "none";
}

std::size_t size_class(std::size_t accounts) {
  if (accounts < 5) return accounts < 3 ? 0 : accounts - 2;
  return accounts < 8 ? 3 : accounts < 16 ? 4 : accounts < 32 ? 5 : 6;
}

CampaignJudgement judge_campaign(const Cluster& cluster, const ClusterRates& rates,
                                 const CampaignSettings& settings) {
  CampaignJudgement out;
  out.accounts = cluster.members.size();
  out.tenants = cluster.tenants();
  double strongest = 0;
  for (const evidence::ClusterMember& member : cluster.members) {
    const double surprise = std::min(settings.surprise_most, static_cast<double>(member.surprise));
    out.surprise += surprise;
    strongest = std::max(strongest, surprise);
  }
  out.log_chance = log_chance_of(out.accounts, out.surprise);
  out.per_day = per_day(out.accounts, rates, settings);
  out.owners = std::min(0.0, cluster.balance());
  out.score = -out.log_chance - std::log(out.per_day) + out.owners;
  out.threshold = -std::log(settings.allowed_per_day);
  out.without_strongest =
      out.accounts < 2 ? 0
                       : -log_chance_of(out.accounts - 1, out.surprise - strongest) -
                             std::log(per_day(out.accounts - 1, rates, settings)) + out.owners;
  out.honest = honest_kind(cluster, settings);
  const auto n = static_cast<double>(out.accounts);
  out.enough =
      n >= settings.accounts_least && (out.tenants >= 2 || n >= settings.accounts_one_tenant);
  return out;
}

std::vector<model::Term> describe_campaign(const Cluster& cluster,
                                           const CampaignJudgement& judgement) {
  std::vector<model::Term> terms;
  terms.push_back(
      {"out_of_character",
       -judgement.log_chance,
       base::fill("{} <account|accounts> of {} <domain|domains> wrote out of character: together "
                  "{}, honest ones would reach about {}",
                  judgement.accounts, judgement.tenants, fmt::format("{:.1f}", judgement.surprise),
                  judgement.accounts),
       {}});
  terms.push_back(
      {"clusters_per_day",
       -std::log(judgement.per_day),
       fmt::format("about {:.2g} clusters a day come to have so many accounts", judgement.per_day),
       {}});
  if (judgement.owners < 0) {
    terms.push_back({"owners",
                     judgement.owners,
                     "taken together, mail so odd is likelier of these accounts' owners",
                     {}});
  }
  std::vector<std::pair<std::string_view, int>> kinds;  // in the order of the facets
  for (const evidence::SharedFacet& facet : cluster.facets) {
    if (evidence::facet_weight_max(facet.kind) <= 0 || facet.messages * 2 < cluster.messages)
      continue;
    const std::string_view kind = model::facet_kind_name(facet.kind);
    const auto same = std::ranges::find(kinds, kind, &decltype(kinds)::value_type::first);
    same == kinds.end() ? static_cast<void>(kinds.emplace_back(kind, 1))
                        : static_cast<void>(++same->second);
  }
  std::string shared;
  for (const auto& [kind, count] : kinds) {
    shared += fmt::format("{}{}", shared.empty() ? "" : ", ", kind);
    if (count > 1) shared += fmt::format(" ({})", count);
  }
  terms.push_back({"alike",
                   0,
                   fmt::format("{} mails with one text in {} variants{}", cluster.messages,
                               std::max<std::size_t>(1, cluster.sketches.size()),
                               shared.empty() ? "" : "; most share " + shared),
                   {}});
  return terms;
}

std::vector<std::pair<std::string, std::string>> why_not_honest(const Cluster& cluster) {
  std::vector<std::pair<std::string, std::string>> out;
  out.emplace_back("not_one_recipient",
                   fmt::format("{} of {} accounts wrote only to people whom the others chose as "
                               "well",
                               cluster.members_to_chosen(), cluster.members.size()));
  out.emplace_back("not_one_script", fmt::format("{} of {} mails come from scripts",
                                                 cluster.scripts, cluster.messages));
  out.emplace_back("not_from_outside",
                   cluster.from_outside == 0
                       ? std::string("the same text never came in from outside")
                       : fmt::format("the same text came in {} times: too few, too late, or more "
                                     "accounts send it than pass on a letter",
                                     cluster.from_outside));
  out.emplace_back("not_recurring", fmt::format("seen on {} days, never released", cluster.days));
  out.emplace_back(
      "not_a_list",
      fmt::format("{} of {} mails have list headers, {} are automatic, {} are answers; "
                  "all of these can be forged and none of them exempts",
                  cluster.lists, cluster.messages, cluster.automatic, cluster.replies));
  return out;
}

}  // namespace leumund::verdict
