// The constants of the detectors. Fitted values come from data/detection/ by the fit command.
//
// Errors: set() names an unknown constant or the bounds that a value breaks.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "verdict/fitted_values.h"

namespace leumund::verdict {

struct Settings {
  // The operator's error budget: false alarms per account and day.
  double allowed_false_alarms_per_account_day = 1e-4;

  // The meaning of each stands in settings.cc, in the table that set() uses.
  double observations_per_account_day = fitted::observations_per_account_day;
  double threshold_offset = fitted::threshold_offset;
  double half_life_hours = fitted::half_life_hours;
  double clip_low = fitted::clip_low;
  double clip_high = fitted::clip_high;

  double scored_per_message = fitted::scored_per_message;
  double new_prior_mean = fitted::new_prior_mean;
  double new_prior_strength = fitted::new_prior_strength;
  double new_recipient_max = fitted::new_recipient_max;
  double new_bad = fitted::new_bad;
  double new_bad_margin = fitted::new_bad_margin;

  double house_known_bad = fitted::house_known_bad;

  double unknown_bad = fitted::unknown_bad;
  double unknown_good = fitted::unknown_good;
  double unknown_strength = fitted::unknown_strength;
  double content_refused = fitted::content_refused;
  double complaint = fitted::complaint;

  double volume_mean = fitted::volume_mean;
  double volume_strength = fitted::volume_strength;
  double volume_shape = fitted::volume_shape;
  double volume_usual_largest = fitted::volume_usual_largest;
  double volume_tail = fitted::volume_tail;
  double volume_offset = fitted::volume_offset;
  double volume_sprint = fitted::volume_sprint;
  double volume_max = fitted::volume_max;

  double origin_bad = fitted::origin_bad;
  double origin_shared = fitted::origin_shared;
  double origin_known = fitted::origin_known;
  double country_new = fitted::country_new;
  double countries_several = fitted::countries_several;
  double impossible_speed = fitted::impossible_speed;
  double client_addresses_step = fitted::client_addresses_step;
  double listed_client = fitted::listed_client;
  double own_listed_client = fitted::own_listed_client;

  double sender_bad = fitted::sender_bad;
  double sender_max = fitted::sender_max;
  double failed_logins = fitted::failed_logins;
  double campaign = fitted::campaign;
  double new_account = fitted::new_account;
  double silent_account = fitted::silent_account;
  double silent_days = fitted::silent_days;
  double learning_days = fitted::learning_days;

  // The score at which a subject is stopped: h = ln(observations / allowed false alarms), both per
  // account and day, plus what the calibration on held-back days found.
  [[nodiscard]] double threshold() const;

  // Sets one constant by its name.
  base::Status set(std::string_view name, double value);
};

// One row of the table of constants.
struct Constant {
  std::string_view name;
  double Settings::* value;
  double least;
  double most;
  std::string_view meaning;
};

[[nodiscard]] std::span<const Constant> constants();

}  // namespace leumund::verdict
