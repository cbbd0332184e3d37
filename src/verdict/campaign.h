// Detector B: one mailing over many accounts, each of which sends too little to be seen alone.
//
// Each account's first mail in a cluster of like mails gets a p-value: how often does a mail of an
// account like this one look so much out of character? Under "these are honest people" the p-values
// of unrelated accounts are independent, and T = sum of -ln p has a known distribution.
//
// Flow:    evidence::Account, Cluster -> MailTraits -> p_value();
//          Cluster -> judge_campaign() -> engine.
// Time:    passed in.
// Threads: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/cluster.h"
#include "model/finding.h"
#include "verdict/campaign_settings.h"

namespace leumund::verdict {

// What one mail shows beside its text, each about 0 to 1; what is unknown is 0.
enum class Trait : std::uint8_t {
  recipients,     // how they speak against the owner, by detector A's measure
  strangers,      // share that nobody here ever wrote to
  many,           // how many they are
  new_network,    // the account never used it
  odd_network,    // ... and uses few
  young_client,   // nobody here used the address until a few days ago
  companions,     // accounts of other tenants use it as well
  new_link,       // leads to a host, or names an address, that no mail of this house had
  no_link,        // there is no link and no address in it
  other_program,  // written with a program the account does not use
  same_program,
  odd_hour,
  new_sender,
};
inline constexpr std::size_t trait_count = 13;

// How much is known of the account: what is odd for an old one is usual for a new one.
enum class Acquaintance : std::uint8_t { stranger, fleeting, known };
inline constexpr std::size_t acquaintances = 3;

struct MailTraits {
  std::array<double, trait_count> values{};
  Acquaintance acquaintance = Acquaintance::stranger;

  [[nodiscard]] double operator[](Trait t) const { return values[static_cast<std::size_t>(t)]; }
  // Another network or program than the account's own, or an address others share.
  [[nodiscard]] bool shows_another_hand() const {
    return (*this)[Trait::new_network] > 0 || (*this)[Trait::other_program] > 0 ||
           (*this)[Trait::companions] > 0;
  }
  void set(Trait t, double value) { values[static_cast<std::size_t>(t)] = value; }
};

[[nodiscard]] Acquaintance acquaintance_of(double hours_active);
[[nodiscard]] double trait_score(const MailTraits& traits, const CampaignSettings& settings);
// How often an honest mail of such an account scores at least that much.
[[nodiscard]] double p_value(const MailTraits& traits, const CampaignSettings& settings);
// ln of P(such a p | somebody hacked the account) / P(such a p | it is honest): what is usual in a
// new account's mail is rare in that of a known one, and the other way round for thieves.
[[nodiscard]] double hacked_odds(double p, Acquaintance acquaintance,
                                 const CampaignSettings& settings);

// ln of the chance that the sum of -ln p of `n` honest accounts reaches `surprise`.
[[nodiscard]] double log_chance_of(std::size_t n, double surprise);

// Why a cluster is no campaign, however odd its members look.
enum class HonestKind : std::uint8_t {
  none,
  released,       // a person let it go
  recurring,      // it came on several days, as many as now, and nothing was wrong with it
  from_outside,   // it came in from outside before it went out: a newsletter passed on
  one_script,     // all mails are of scripts: confirmations of one system
  one_recipient,  // a petition: many write to the same
};
[[nodiscard]] std::string_view honest_kind_name(HonestKind kind);

struct CampaignJudgement {
  std::size_t accounts = 0;  // that are weighed, at most Cluster::members_max
  std::size_t tenants = 0;
  double surprise = 0;    // T
  double log_chance = 0;  // ln P
  double per_day = 0;     // clusters of this size
  // Of the members' mails: ln of how much likelier thieves wrote them than their owners, where the
  // owners are likelier; else 0. Many mails that are a little odd for one reason (people answer one
  // call) reach a high surprise together, too.
  double owners = 0;
  double score = 0;              // -ln(P * clusters of this size a day), and what speaks for owners
  double threshold = 0;          // -ln(allowed false campaigns a day)
  double without_strongest = 0;  // the score without the account that speaks most
  HonestKind honest = HonestKind::none;
  bool enough = false;  // accounts and tenants

  [[nodiscard]] bool alarm() const {
    return enough && honest == HonestKind::none && score >= threshold;
  }
  // An alarm is a test that goes on: the accounts that came after it can refute it.
  [[nodiscard]] bool refuted(const CampaignSettings& settings) const {
    return enough && score < threshold - settings.withdrawn_below;
  }
  // Too little as yet to hold what is likelier its owner's.
  [[nodiscard]] bool doubtful(const CampaignSettings& settings) const {
    return score < threshold + settings.doubtful_below;
  }
};

// How many clusters a day come to have so many accounts: of 2, 3, 4, 5-7, 8-15, 16-31 and more.
using ClusterRates = std::array<double, CampaignSettings::sizes>;
[[nodiscard]] std::size_t size_class(std::size_t accounts);
[[nodiscard]] CampaignJudgement judge_campaign(const evidence::Cluster& cluster,
                                               const ClusterRates& per_day,
                                               const CampaignSettings& settings);
[[nodiscard]] HonestKind honest_kind(const evidence::Cluster& cluster,
                                     const CampaignSettings& settings);

// The reasons as sentences, largest first.
[[nodiscard]] std::vector<model::Term> describe_campaign(const evidence::Cluster& cluster,
                                                         const CampaignJudgement& judgement);
// One sentence for each honest kind: why the cluster is not of it.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> why_not_honest(
    const evidence::Cluster& cluster);

[[nodiscard]] std::string_view trait_name(Trait trait);

}  // namespace leumund::verdict
