#include "verdict/burst.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace leumund::verdict {
namespace {

using evidence::Account;
using evidence::ClientSeen;

double clip(double value, const Settings& settings) {
  return std::clamp(value, settings.clip_low, settings.clip_high);
}

// How probable something never used before is for this account: `kinds` different ones were needed
// on `days` days.
double novelty(std::uint32_t kinds, double days) {
  return (std::max(1.0, static_cast<double>(kinds)) - 1 + 0.3) / (days + 2);
}

double kilometres_between(std::pair<float, float> a, std::pair<float, float> b) {
  constexpr double earth_radius = 6371;
  const auto radians = [](float degrees) {
    return static_cast<double>(degrees) * std::numbers::pi / 180;
  };
  const double north = std::sin((radians(b.first) - radians(a.first)) / 2);
  const double east = std::sin((radians(b.second) - radians(a.second)) / 2);
  const double h =
      north * north + std::cos(radians(a.first)) * std::cos(radians(b.first)) * east * east;
  return 2 * earth_radius * std::asin(std::min(1.0, std::sqrt(h)));
}

// Faster than a plane, over a distance that a wrong database entry hardly makes.
bool too_fast(const ClientSeen& a, const ClientSeen& b) {
  if (!a.place || !b.place) return false;
  const base::Micros apart = a.last_at < b.first_at   ? b.first_at - a.last_at
                             : b.last_at < a.first_at ? a.first_at - b.last_at
                                                      : base::Micros(0);
  constexpr double kilometres_per_hour = 1000;
  const double kilometres = kilometres_between(*a.place, *b.place);
  return kilometres > 700 && kilometres > kilometres_per_hour * base::seconds_of(apart) / 3600;
}

void tally_clients(const Account& account, base::TimePoint now, Tally& tally) {
  const auto& clients = account.recent.clients;
  const base::TimePoint oldest = now - std::chrono::hours(24);
  const auto counts = [oldest](const ClientSeen& seen) {
    return seen.messages > 0 && seen.network != 0 && seen.last_at > oldest;
  };
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const ClientSeen& seen = clients[i];
    if (!counts(seen)) continue;
    tally.from_network = true;
    ++tally.addresses;
    tally.client_listed = tally.client_listed || seen.listed;
    tally.client_listed_by_us = tally.client_listed_by_us || seen.listed_by_us;
    tally.failed_logins = std::max<std::uint32_t>(tally.failed_logins, seen.failed_logins);
    bool network_counted = false;
    bool country_counted = seen.country == 0;
    for (std::size_t k = 0; k < i; ++k) {
      if (!counts(clients[k])) continue;
      network_counted = network_counted || clients[k].network == seen.network;
      country_counted = country_counted || clients[k].country == seen.country;
      tally.impossible_speed = tally.impossible_speed || too_fast(clients[k], seen);
    }
    if (!network_counted) {
      ++tally.networks;
      if (!account.habits.networks.contains(seen.network)) {
        tally.from_new_network = true;
        tally.new_network_private = tally.new_network_private || !seen.shared;
      }
    }
    if (!country_counted) {
      ++tally.countries;
      if (!account.habits.countries.empty() && !account.habits.knows_country(seen.country)) {
        tally.new_country = true;
      }
    }
  }
}

// ln of the chance of at least `contacts` in one hour or day: a negative binomial around the usual
// rate, but never rarer than what the account's own largest one makes plausible.
double log_chance(double contacts, double usual, double largest, double times,
                  const Settings& settings) {
  if (contacts <= 0) return 0;
  const double by_rate = contacts * std::log(usual / (usual + settings.volume_shape));
  double by_largest = -std::log(times + 2);
  if (contacts > largest) by_largest += settings.volume_tail * std::log(largest / contacts);
  return std::max(by_rate, by_largest);
}

// The recipients of one episode are not independent (a new project, a new list): what they say
// together grows ever slower towards `most`.
double saturated(double sum, double most) {
  return sum <= 0 ? sum : most * (1 - std::exp(-sum / most));
}

double volume_value(const Tally& tally, const Settings& settings) {
  const double hour = log_chance(tally.hour_contacts, tally.usual_per_hour, tally.largest_hour,
                                 tally.hours_active, settings);
  const double day_rate = tally.usual_per_hour *
                          std::max(1.0, tally.hours_active / std::max(1.0, tally.days_active)) * 2;
  const double day =
      log_chance(tally.day_contacts, day_rate, tally.largest_day, tally.days_active, settings);
  // Nobody writes that fast by hand; the rate is the hour's, in a hurry.
  const double sprint =
      log_chance(tally.sprint_contacts, tally.usual_per_hour * settings.volume_sprint,
                 tally.largest_sprint, tally.hours_active, settings);
  const double surprise = -std::min({sprint, hour, day}) - settings.volume_offset;
  return std::clamp(surprise, 0.0, settings.volume_max) * tally.maturity;
}

double origin_value(const Tally& tally, const Settings& settings) {
  if (!tally.from_network || !tally.has_habits || tally.networks_usual == 0) return 0;
  if (!tally.from_new_network) return settings.origin_known;
  double value = clip(
      std::log(settings.origin_bad / novelty(tally.networks_usual, tally.days_active)), settings);
  value = std::max(0.0, value) * tally.maturity;
  // Everybody may come by webmail one day.
  if (!tally.new_network_private) value *= settings.origin_shared;
  if (tally.new_country) value += settings.country_new * tally.maturity;
  if (tally.countries > 1) value += settings.countries_several * (tally.countries - 1);
  if (tally.impossible_speed) value += settings.impossible_speed;
  return value;
}

double client_addresses_value(const Tally& tally, const Settings& settings) {
  const std::uint32_t usual = std::max<std::uint32_t>(2, tally.networks_most);
  if (tally.networks <= usual) return 0;
  return std::min(4.0, settings.client_addresses_step * (tally.networks - usual));
}

double sender_value(const Tally& tally, const Settings& settings) {
  if (!tally.new_sender || tally.senders_usual == 0) return 0;
  const double value =
      std::log(settings.sender_bad / novelty(tally.senders_usual, tally.days_active));
  return std::clamp(value, 0.0, settings.sender_max);
}

double account_age_value(const Tally& tally, const Settings& settings) {
  if (!tally.has_habits) return settings.new_account * tally.maturity;
  return tally.silent_days >= settings.silent_days ? settings.silent_account : 0;
}

}  // namespace

double maturity(base::Micros watched, const Settings& settings) {
  if (settings.learning_days <= 0) return 1;
  const double days = base::seconds_of(watched) / 86400;
  return std::clamp(days / settings.learning_days, 0.0, 1.0);
}

double scored_share(MessageRecipients recipients, const Settings& settings) {
  const std::uint32_t all = recipients.fresh + recipients.known;
  if (all == 0) return 0;
  return std::min(settings.scored_per_message, static_cast<double>(evidence::contact_weight(all))) /
         all;
}

namespace {

// What it says that somebody, or nobody, on this server has written to these new recipients.
double house_value(const Account& account, MessageRecipients recipients, double known_share,
                   const Settings& settings) {
  // Some circles are known to nobody else here: a shop's customers, a script's visitors.
  const auto strength = static_cast<float>(settings.new_prior_strength);
  const double good = std::clamp(
      static_cast<double>(account.habits.in_house.mean(static_cast<float>(known_share), strength)),
      0.01, 0.99);
  const double bad = std::min(settings.house_known_bad, good * 0.7);
  return recipients.in_house * std::log(bad / good) +
         (recipients.fresh - recipients.in_house) * std::log((1 - bad) / (1 - good));
}

}  // namespace

double recipients_value(const Account& account, MessageRecipients recipients,
                        std::optional<double> house_known_share, double maturity,
                        const Settings& settings) {
  const double house =
      house_known_share ? house_value(account, recipients, *house_known_share, settings) : 0;
  const double weight = maturity * scored_share(recipients, settings);
  // Known by the time of this message are its own recipients too.
  const bool first_ever =
      account.habits.recipients.size() <= recipients.fresh + recipients.left_out;
  if (first_ever) return weight * house;
  const double own = std::clamp(static_cast<double>(account.habits.new_recipients.mean(
                                    static_cast<float>(settings.new_prior_mean),
                                    static_cast<float>(settings.new_prior_strength))),
                                0.05, 0.98);
  // A spammer's share lies above the account's own, but never above one: who always writes to
  // strangers is not judged by them.
  const double bad =
      std::max(settings.new_bad, std::min(own + settings.new_bad_margin, (1 + own) / 2));
  const double fresh = clip(std::log(bad / own), settings);
  const double known = clip(std::log((1 - bad) / (1 - own)), settings);
  return weight * (recipients.fresh * fresh + recipients.known * known + house);
}

double first_contact_value(const Account& account, bool unknown, const Settings& settings) {
  const double own = std::clamp(static_cast<double>(account.habits.refused.mean(
                                    static_cast<float>(settings.unknown_good),
                                    static_cast<float>(settings.unknown_strength))),
                                0.002, 0.5);
  const double bad = std::max(settings.unknown_bad, std::min(2 * own, (1 + own) / 2));
  return clip(unknown ? std::log(bad / own) : std::log((1 - bad) / (1 - own)), settings);
}

Tally tally_of(const Account& account, base::Micros watched, base::TimePoint now,
               const Settings& settings) {
  const evidence::Habits& habits = account.habits;
  Tally tally;
  tally.maturity = maturity(watched, settings);
  tally.has_habits = account.has_habits();
  tally.hour_contacts = static_cast<double>(account.recent.contacts.total(now)) / 16;
  tally.sprint_contacts = static_cast<double>(account.recent.sprint.total(now)) / 16;
  tally.hour_recipients = static_cast<double>(account.recent.recipients.total(now));
  tally.day_contacts = static_cast<double>(account.contacts_of_day(now));
  tally.hours_active = habits.hours_active;
  tally.days_active = habits.days_active;
  tally.usual_per_hour =
      (static_cast<double>(habits.contacts) + settings.volume_mean * settings.volume_strength) /
      (tally.hours_active + settings.volume_strength) *
      static_cast<double>(habits.hour_preference(now));
  tally.largest_hour =
      std::max(static_cast<double>(habits.largest_hour), settings.volume_usual_largest);
  tally.largest_sprint = std::max(static_cast<double>(habits.largest_sprint),
                                  settings.volume_usual_largest * settings.volume_sprint);
  tally.largest_day =
      std::max(static_cast<double>(habits.largest_day), 2 * settings.volume_usual_largest);
  if (tally.has_habits && !account.recent.hours.empty()) {
    const base::TimePoint first =
        base::TimePoint(std::chrono::hours(account.recent.hours.front().hour));
    tally.silent_days = base::seconds_of(first - habits.last_at) / 86400;
  }
  tally.networks_usual = static_cast<std::uint32_t>(habits.networks.items().size());
  tally.networks_most = habits.networks_most;
  tally_clients(account, now, tally);
  tally.senders_usual = static_cast<std::uint32_t>(habits.senders.items().size());
  for (const evidence::SenderSeen& seen : account.recent.senders) {
    tally.new_sender = tally.new_sender || !habits.senders.contains(seen.hash);
  }
  tally.campaign_member = account.recent.campaign_member;
  return tally;
}

Judgement judge(const Tally& tally, const evidence::Suspicion& suspicion,
                const Settings& settings) {
  Judgement judgement;
  judgement.threshold = settings.threshold();
  const auto put = [&judgement](TermName name, double value) {
    judgement.values[static_cast<std::size_t>(name)] = value;
    judgement.score += value;
  };
  const auto sum = [&suspicion](evidence::Kind kind) {
    return static_cast<double>(suspicion.trail(kind).sum);
  };
  put(TermName::new_recipient,
      saturated(sum(evidence::Kind::new_recipient), settings.new_recipient_max));
  put(TermName::unknown_user, sum(evidence::Kind::unknown_user));
  put(TermName::volume, volume_value(tally, settings));
  put(TermName::origin, origin_value(tally, settings));
  put(TermName::client_addresses, client_addresses_value(tally, settings));
  put(TermName::listed_client, (tally.client_listed ? settings.listed_client : 0) +
                                   (tally.client_listed_by_us ? settings.own_listed_client : 0));
  put(TermName::content_refused, sum(evidence::Kind::content_refused));
  put(TermName::complaint, sum(evidence::Kind::complaint));
  put(TermName::sender, sender_value(tally, settings));
  put(TermName::failed_logins, tally.failed_logins >= 3 ? settings.failed_logins : 0);
  put(TermName::campaign, tally.campaign_member ? settings.campaign : 0);
  put(TermName::account_age, account_age_value(tally, settings));
  return judgement;
}

model::Level proposed_level(const Judgement& judgement, const Tally& tally) {
  // A list that nobody wrote to for long has dead addresses: the first one is not hostile yet.
  const double unknown = judgement.value(TermName::unknown_user) - 2.5;
  // Neither is another network of somebody of whom little is known, or one that many share.
  constexpr double days_known = 5;
  const bool origin_counts = tally.days_active >= days_known && tally.new_network_private;
  const double origin = origin_counts ? judgement.value(TermName::origin) : 0;
  const double hostile =
      std::max(0.0, unknown) + std::max(0.0, origin) + judgement.value(TermName::client_addresses) +
      judgement.value(TermName::listed_client) + judgement.value(TermName::content_refused) +
      judgement.value(TermName::complaint) + judgement.value(TermName::sender) +
      judgement.value(TermName::failed_logins) + judgement.value(TermName::campaign);
  constexpr double enough = 2;
  return hostile >= enough ? model::Level::no_sending : model::Level::hold;
}

}  // namespace leumund::verdict
