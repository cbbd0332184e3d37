#include "verdict/settings.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace leumund::verdict {
namespace {

using S = Settings;

constexpr std::array table = {
    Constant{"allowed_false_alarms_per_account_day", &S::allowed_false_alarms_per_account_day, 1e-9,
             1, "the operator's error budget"},
    Constant{"observations_per_account_day", &S::observations_per_account_day, 1, 1e6,
             "chances a day for a false alarm"},
    Constant{"threshold_offset", &S::threshold_offset, -10, 20,
             "what calibration adds, since the terms are not quite independent"},
    Constant{"half_life_hours", &S::half_life_hours, 1, 240, "in which the accumulated sum halves"},
    Constant{"clip_low", &S::clip_low, -10, 0, "least value of one observation"},
    Constant{"clip_high", &S::clip_high, 0, 10, "greatest value of one observation"},
    Constant{"scored_per_message", &S::scored_per_message, 1, 100,
             "recipients of one message that count at most"},
    Constant{"new_prior_mean", &S::new_prior_mean, 0.01, 0.99,
             "share of new recipients of an account of which nothing is known yet"},
    Constant{"new_prior_strength", &S::new_prior_strength, 0.1, 1000,
             "scored recipients that this prior is worth"},
    Constant{"new_recipient_max", &S::new_recipient_max, 1, 100,
             "towards which the value of all new recipients grows"},
    Constant{"new_bad", &S::new_bad, 0.5, 0.999, "share of new recipients in a burst"},
    Constant{"new_bad_margin", &S::new_bad_margin, 0, 0.5,
             "at least that much above the account's own share"},
    Constant{"house_known_bad", &S::house_known_bad, 0.01, 0.9,
             "share of a spammer's recipients that somebody here has written to"},
    Constant{"unknown_bad", &S::unknown_bad, 0.001, 0.9,
             "share of a spammer's recipients that do not exist"},
    Constant{"unknown_good", &S::unknown_good, 0.0001, 0.5,
             "share of honest first contacts that do not exist"},
    Constant{"unknown_strength", &S::unknown_strength, 1, 1000, "first contacts that it is worth"},
    Constant{"content_refused", &S::content_refused, 0, 10,
             "a refusal that speaks of content or reputation"},
    Constant{"complaint", &S::complaint, 0, 20, "a complaint or trap hit; not clipped"},
    Constant{"volume_mean", &S::volume_mean, 0.01, 100,
             "new contacts in an hour with mail, before anything is known"},
    Constant{"volume_strength", &S::volume_strength, 0.1, 1000, "hours that it is worth"},
    Constant{"volume_shape", &S::volume_shape, 0.05, 20,
             "shape of the negative binomial: smaller is burstier"},
    Constant{"volume_usual_largest", &S::volume_usual_largest, 0.5, 1000,
             "largest hour of an account of which nothing is known"},
    Constant{"volume_tail", &S::volume_tail, 0.5, 20,
             "power by which hours beyond an account's own largest get rarer"},
    Constant{"volume_offset", &S::volume_offset, 0, 10, "surprise that is not worth mentioning"},
    Constant{"volume_sprint", &S::volume_sprint, 0.05, 1,
             "new contacts within two minutes, as a share of those of an hour"},
    Constant{"volume_max", &S::volume_max, 0, 30, "most that volume may count"},
    Constant{"origin_bad", &S::origin_bad, 0.05, 0.999,
             "share of bursts that come from a network new to the account"},
    Constant{
        "origin_shared", &S::origin_shared, 0, 1,
        "what is left of that when many accounts share the address (webmail, address translation)"},
    Constant{"origin_known", &S::origin_known, -5, 0, "all mail comes from usual networks"},
    Constant{"country_new", &S::country_new, 0, 5, "a country new to the account"},
    Constant{"countries_several", &S::countries_several, 0, 5,
             "each country after the first in 24 h"},
    Constant{"impossible_speed", &S::impossible_speed, 0, 5,
             "two places in less time than a plane needs"},
    Constant{"client_addresses_step", &S::client_addresses_step, 0, 5,
             "each network in 24 h beyond two and beyond the account's own most"},
    Constant{"listed_client", &S::listed_client, 0, 10,
             "client address on an exploit or authentication list"},
    Constant{"own_listed_client", &S::own_listed_client, 0, 10,
             "client address that a restricted account used lately"},
    Constant{"sender_bad", &S::sender_bad, 0.01, 0.99,
             "share of bursts with a sender address new to the account"},
    Constant{"sender_max", &S::sender_max, 0, 5, "most that a new sender address may count"},
    Constant{"failed_logins", &S::failed_logins, 0, 5,
             "the sending client failed to log in several times before"},
    Constant{"campaign", &S::campaign, 0, 20, "member of a campaign"},
    Constant{"new_account", &S::new_account, -5, 5, "prior odds of an account never seen before"},
    Constant{"silent_account", &S::silent_account, -5, 5, "prior odds after a long silence"},
    Constant{"silent_days", &S::silent_days, 1, 3650, "days that make a long silence"},
    Constant{"learning_days", &S::learning_days, 0, 365,
             "until then the lack of habits counts in part only"},
};

}  // namespace

std::span<const Constant> constants() { return table; }

double Settings::threshold() const {
  return std::log(observations_per_account_day / allowed_false_alarms_per_account_day) +
         threshold_offset;
}

base::Status Settings::set(std::string_view name, double wanted) {
  const auto row = std::find_if(table.begin(), table.end(),
                                [name](const Constant& c) { return c.name == name; });
  if (row == table.end()) {
    return base::Error{base::ErrorCode::malformed, fmt::format("no detection constant '{}'", name)};
  }
  if (!(wanted >= row->least && wanted <= row->most)) {
    return base::Error{base::ErrorCode::malformed,
                       fmt::format("detection constant {} = {} is outside {} to {}", name, wanted,
                                   row->least, row->most)};
  }
  this->*(row->value) = wanted;
  return {};
}

}  // namespace leumund::verdict
