// The constants of detector B. Fitted values come from data/detection/campaign.toml by the fit
// command.
//
// Errors: set() names an unknown constant or the bounds that a value breaks.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "verdict/fitted_campaign_values.h"

namespace leumund::verdict {

struct CampaignSettings {
  static constexpr std::size_t traits = 13;
  static constexpr std::size_t levels = 9;
  static constexpr std::size_t sizes = 7;
  // The p-values for which the calibration knows the score that honest mail exceeds so often.
  static constexpr std::array<double, levels> level_p = {.5,  .2,   .1,   .05, .02,
                                                         .01, .005, .002, .001};

  // The operator's error budget: false campaigns a day.
  double allowed_per_day = 0.05;
  double accounts_least = fitted::campaign_accounts_least;
  double accounts_one_tenant = fitted::campaign_accounts_one_tenant;
  double surprise_most = fitted::campaign_surprise_most;
  double begins_below_p = fitted::campaign_begins_below_p;
  double join_at = fitted::campaign_join_at;
  double withdrawn_below = fitted::campaign_withdrawn_below;
  double doubtful_below = fitted::campaign_doubtful_below;
  double text_counts = fitted::campaign_text_counts;
  double phrases_count = fitted::campaign_phrases_count;
  double links_count = fitted::campaign_links_count;
  double subject_counts = fitted::campaign_subject_counts;
  double clients_count = fitted::campaign_clients_count;
  double membership_counts = fitted::campaign_membership_counts;
  double odds_count = fitted::campaign_odds_count;
  // Clusters of each size a day that are assumed at least, see verdict::size_class().
  std::array<double, sizes> sizes_least = fitted::campaign_sizes_least;
  std::array<double, traits> weights = fitted::campaign_weights;
  std::array<std::array<double, levels>, 3> quantiles = {
      fitted::campaign_stranger, fitted::campaign_fleeting, fitted::campaign_known};
  // Of accounts so well known, the -ln p that hacked ones and honest ones reach alike often, and
  // how fast it tells them apart.
  std::array<double, 3> odds_even = fitted::campaign_odds_even;
  std::array<double, 3> odds_slope = fitted::campaign_odds_slope;

  base::Status set(std::string_view name, double value);
};

}  // namespace leumund::verdict
