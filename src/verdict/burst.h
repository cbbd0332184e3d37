// Detector A: one account, script or relay client that suddenly sends what its owner would not.
//
// What arrives message by message is summed up (CUSUM, evidence::Suspicion); what is a state of
// affairs (volume, origin, age) is judged anew each time. All values are natural-log likelihood
// ratios: positive speaks for "hacked". The score is the sum and is printable term by term.
//
// Flow:    evidence::Account -> Tally -> judge() -> Judgement -> describe() -> model::Finding.
// Time:    passed in.
// Threads: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "evidence/account.h"
#include "model/finding.h"
#include "model/restriction.h"
#include "verdict/settings.h"

namespace leumund::verdict {

// In the order in which people read them.
enum class TermName : std::uint8_t {
  new_recipient,
  unknown_user,
  volume,
  origin,
  client_addresses,
  listed_client,
  content_refused,
  complaint,
  sender,
  failed_logins,
  campaign,
  account_age,
};
inline constexpr std::size_t term_count = 12;

// What the windows say of one subject now.
struct Tally {
  double maturity = 1;  // how much the lack of a habit means, 0..1
  bool has_habits = false;
  double silent_days = 0;      // before the mail of the last day
  double sprint_contacts = 0;  // weight of new contacts within two minutes
  double hour_contacts = 0;    // weight of new contacts in the last hour
  double hour_recipients = 0;  // of them, new
  double day_contacts = 0;
  double usual_per_hour = 0;  // expected at this hour of the week, of an hour with mail
  double largest_sprint = 0;
  double largest_hour = 0;
  double largest_day = 0;
  double hours_active = 0;
  double days_active = 0;
  bool from_network = false;  // mail came over a network in the last day
  bool from_new_network = false;
  bool new_network_private = false;  // one of them is not shared by many accounts
  std::uint32_t networks = 0;        // used for mail in the last day
  std::uint32_t addresses = 0;
  std::uint32_t networks_usual = 0;  // known from habit
  std::uint32_t networks_most = 0;   // within a day, ever
  std::uint32_t countries = 0;
  bool new_country = false;
  bool impossible_speed = false;
  bool new_sender = false;
  std::uint32_t senders_usual = 0;
  std::uint32_t failed_logins = 0;  // of a client that sends
  bool client_listed = false;
  bool client_listed_by_us = false;
  bool campaign_member = false;
};

struct Judgement {
  double score = 0;
  double threshold = 0;
  std::array<double, term_count> values{};

  [[nodiscard]] bool alarm() const { return score >= threshold; }
  [[nodiscard]] double value(TermName name) const { return values[static_cast<std::size_t>(name)]; }
};

// How much the lack of a habit means after watching for that long.
[[nodiscard]] double maturity(base::Micros watched, const Settings& settings);

// The value of one message's recipients for Kind::new_recipient. That they are new says nothing in
// the account's very first mail; whether the house knows them says something in any. Without the
// share of new recipients that the house knows usually, that is left out.
struct MessageRecipients {
  std::uint32_t fresh = 0;  // never written to before
  std::uint32_t known = 0;
  std::uint32_t in_house = 0;  // of the fresh ones: somebody else here wrote to them
  std::uint32_t left_out = 0;  // further new ones that say nothing
};
[[nodiscard]] double recipients_value(const evidence::Account& account,
                                      MessageRecipients recipients,
                                      std::optional<double> house_known_share, double maturity,
                                      const Settings& settings);
// Recipients of one message that are scored, as a share of them.
[[nodiscard]] double scored_share(MessageRecipients recipients, const Settings& settings);

// The value of one first contact that turned out to exist or not, for Kind::unknown_user.
[[nodiscard]] double first_contact_value(const evidence::Account& account, bool unknown,
                                         const Settings& settings);

[[nodiscard]] Tally tally_of(const evidence::Account& account, base::Micros watched,
                             base::TimePoint now, const Settings& settings);
[[nodiscard]] Judgement judge(const Tally& tally, const evidence::Suspicion& suspicion,
                              const Settings& settings);

// What kind of evidence there is decides: strangers and volume alone, from the usual place, may be
// an honest first newsletter and are held for review; anything hostile stops the subject.
[[nodiscard]] model::Level proposed_level(const Judgement& judgement, const Tally& tally);

// The terms that count, as sentences, largest first. `id_of` names a message of the trail ("" when
// it is no longer known).
[[nodiscard]] std::vector<model::Term> describe(
    const Judgement& judgement, const Tally& tally, const evidence::Suspicion& suspicion,
    const std::function<std::string(std::uint64_t message)>& id_of);

[[nodiscard]] std::string_view term_name(TermName name);

}  // namespace leumund::verdict
