#include "listing/list_rule.h"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>

namespace leumund::listing {
namespace {

constexpr std::array<std::string_view, 5> verdict_names = {
    "listed", "too_few_reports", "too_few_reporters", "too_little_spam", "too_much_collateral"};

struct BetaShape {
  double spam;
  double mail;
};

BetaShape shape_of(const ListRule& rule, const Weighed& known) {
  return {rule.prior_spam + known.spam,
          rule.prior_mail + std::max(0.0, known.mail - known.believed)};
}

}  // namespace

double weight_at_age(const ListRule& rule, base::Micros age) {
  if (age >= rule.counts_for) return 0;
  if (age >= rule.fades_over) return 1;
  const double part = std::max(0.0, base::seconds_of(age)) / base::seconds_of(rule.fades_over);
  return rule.fresh_weight + part * (1 - rule.fresh_weight);
}

double trap_weight(double score) { return score < 6 ? 5 * score : score * score; }

double spam_share_low(const ListRule& rule, const Weighed& known) {
  const BetaShape shape = shape_of(rule, known);
  return boost::math::ibeta_inv(shape.spam, shape.mail, rule.doubt);
}

double honest_per_spam(const Weighed& known) {
  return std::max(0.0, known.mail - known.believed) / std::max(1.0, known.believed);
}

std::string_view list_verdict_name(ListVerdict verdict) {
  return verdict_names[static_cast<std::size_t>(verdict)];
}

ListVerdict judge(const ListRule& rule, const Weighed& known) {
  if (known.reports < 2) return ListVerdict::too_few_reports;
  if (known.reporters < rule.reporters_least) return ListVerdict::too_few_reporters;
  const BetaShape shape = shape_of(rule, known);
  // The mean lies above the lower end: most addresses need no more than this.
  if (shape.spam < rule.threshold * (shape.spam + shape.mail)) return ListVerdict::too_little_spam;
  if (boost::math::ibeta(shape.spam, shape.mail, rule.threshold) >= rule.doubt)
    return ListVerdict::too_little_spam;
  const bool forbidden =
      rule.honest_per_spam_most > 0 && honest_per_spam(known) > rule.honest_per_spam_most;
  return forbidden ? ListVerdict::too_much_collateral : ListVerdict::listed;
}

std::chrono::seconds stays_for(const ListRule& rule, const Weighed& known) {
  constexpr double third = 3 - 1e-3;  // sums of hours are floats
  return known.believed < third ? rule.listed_for_two : rule.listed_for;
}

}  // namespace leumund::listing
