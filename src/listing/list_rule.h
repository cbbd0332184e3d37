// When reports put an address on our list, and how long it stays there.
//
// Reports and traps weigh as SpamCop publishes it (docs/detection.md D has the sources); what they
// weigh stands against the mail that is known to come from the address. Listed is who, at the lower
// end of what that tells of its share of spam, is still above the threshold.
//
// Time:    passed in. Threads: pure functions.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "base/time.h"
#include "model/abuse_report.h"

namespace leumund::listing {

struct ListRule {
  // A complaint weighs `fresh_weight`, falls linearly to 1 at `fades_over`, and is nothing after
  // `counts_for`.
  double fresh_weight = 4;
  std::chrono::seconds fades_over = std::chrono::hours(48);
  std::chrono::seconds counts_for = std::chrono::hours(7 * 24);
  // What a hit of each kind adds to the trap score; complaints add nothing to it.
  std::array<double, model::abuse_kinds> trap_score = {0, 1, 0.5, 0.25, 1};

  // Before anything is known an address is believed to send `prior_spam` spam mails among
  // `prior_spam + prior_mail`. They and the bound of
  // collateral are fitted on simulated pools (docs/detection.md D).
  double prior_spam = 0.5;
  double prior_mail = 50;
  double threshold = 0.02;  // share of spam
  double doubt = 0.05;      // how often an address below the threshold may look as if above

  std::uint32_t reporters_least = 2;                         // who do not depend on one another
  std::chrono::seconds listed_for = std::chrono::hours(24);  // after the last report
  // ... if there were not three, each by how far its reporter is believed.
  std::chrono::seconds listed_for_two = std::chrono::hours(12);
  double honest_per_spam_most = 150;  // an address with more is never listed; 0: no such bound
  double reports_of_one_most = 3;     // of one reporter on one address within `counts_for`
};

// What is known of an address within ListRule::counts_for.
struct Weighed {
  double spam = 0;              // S: what the reports weigh now
  double believed = 0;          // R: the reports, each by how far its reporter is believed
  std::uint32_t reports = 0;    // as they came
  std::uint32_t reporters = 0;  // distinct, at least; those without any weight do not count
  double mail = 0;              // V: known to come from the address
};

// Of one complaint; 0 for what is too old. An age below 0 is fresh.
[[nodiscard]] double weight_at_age(const ListRule& rule, base::Micros age);
// What a trap score weighs: five times below six, its square from there.
[[nodiscard]] double trap_weight(double score);

// The address's share of spam, where the chance that it is lower is `rule.doubt`.
[[nodiscard]] double spam_share_low(const ListRule& rule, const Weighed& known);
[[nodiscard]] double honest_per_spam(const Weighed& known);

enum class ListVerdict : std::uint8_t {
  listed,
  too_few_reports,  // never on one report
  too_few_reporters,
  too_little_spam,  // for the mail that it sends
  too_much_collateral,
};
[[nodiscard]] std::string_view list_verdict_name(ListVerdict verdict);
[[nodiscard]] ListVerdict judge(const ListRule& rule, const Weighed& known);

// How long after its last report an address stays that these reports listed.
[[nodiscard]] std::chrono::seconds stays_for(const ListRule& rule, const Weighed& known);

}  // namespace leumund::listing
