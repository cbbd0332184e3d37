#include "evidence/account.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace leumund::evidence {
namespace {

using std::chrono::hours;

constexpr hours habit_age{24};
constexpr float new_recipients_cap = 120;  // scored recipients that the share remembers
constexpr float refused_cap = 400;

std::uint16_t day_of(base::TimePoint at) {
  const std::int64_t day = bucket_number(at, 86400);
  return static_cast<std::uint16_t>(
      std::clamp<std::int64_t>(day, 0, std::numeric_limits<std::uint16_t>::max()));
}

template <typename Seen>
Seen& oldest_of(std::vector<Seen>& seen) {
  return *std::min_element(seen.begin(), seen.end(),
                           [](const Seen& a, const Seen& b) { return a.last_at < b.last_at; });
}

// Above this suspicion mail waits, and is dropped when a day old: in observe mode nothing is
// stopped, and still a burst must not become habit.
constexpr float suspicious = 6;

std::uint8_t small(std::size_t value) {
  return static_cast<std::uint8_t>(std::min<std::size_t>(value, 255));
}

// Distinct values of a field among what was used for mail.
template <typename Field>
std::size_t distinct(const std::vector<ClientSeen>& clients, Field field) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    if (clients[i].messages == 0) continue;
    bool seen = false;
    for (std::size_t k = 0; k < i && !seen; ++k) {
      seen = clients[k].messages > 0 && clients[k].*field == clients[i].*field;
    }
    count += seen ? 0U : 1U;
  }
  return count;
}

}  // namespace

void Account::advance(base::TimePoint at, std::chrono::seconds half_life) {
  if (at <= recent.at) return;
  recent.at = at;
  recent.suspicion.decay_to(at, half_life);
  learn_hours(at);
  learn_clients(at);
  learn_senders(at);
  std::erase_if(recent.objections, [at](const Objection& o) { return o.at + hours(240) < at; });
}

void Account::learn_hours(base::TimePoint until) {
  const std::int64_t newest_habit = bucket_number(until - habit_age, 3600);
  std::size_t done = 0;
  for (; done < recent.hours.size() && recent.hours[done].hour < newest_habit; ++done) {
    const HourTally& hour = recent.hours[done];
    if (!learning() || hour.messages + static_cast<std::uint32_t>(hour.first_sent) == 0) continue;
    if (hour.messages > 0) habits.learn_hour(hour.hour, hour.messages, hour.contacts);
    habits.largest_sprint = std::max(habits.largest_sprint, hour.sprint);
    habits.new_recipients.add(hour.scored_new, hour.scored_known, new_recipients_cap);
    habits.in_house.add(hour.scored_in_house,
                        std::max(0.0F, hour.scored_new - hour.scored_in_house), new_recipients_cap);
    habits.refused.add(hour.first_refused, hour.first_sent, refused_cap);
    habits.last_at = std::max(habits.last_at, base::TimePoint(hours(hour.hour)));
  }
  recent.hours.erase(recent.hours.begin(),
                     recent.hours.begin() + static_cast<std::ptrdiff_t>(done));
}

void Account::learn_clients(base::TimePoint until) {
  if (recent.clients.empty()) return;
  const auto old = [until](const ClientSeen& seen) { return seen.first_at + habit_age <= until; };
  if (!std::any_of(recent.clients.begin(), recent.clients.end(), old)) return;
  if (learning()) {
    habits.networks_most =
        std::max(habits.networks_most, small(distinct(recent.clients, &ClientSeen::network)));
    habits.addresses_most =
        std::max(habits.addresses_most, small(distinct(recent.clients, &ClientSeen::address)));
    for (const ClientSeen& seen : recent.clients) {
      // A network that only failed to log in is not the account's.
      if (!old(seen) || seen.messages == 0) continue;
      habits.networks.add(seen.network, day_of(seen.last_at), seen.messages, Habits::networks_max);
      habits.learn_country(seen.country);
    }
  }
  std::erase_if(recent.clients, old);
}

void Account::learn_senders(base::TimePoint until) {
  const auto old = [until](const SenderSeen& seen) { return seen.first_at + habit_age <= until; };
  for (const SenderSeen& seen : recent.senders) {
    if (!old(seen) || !learning()) continue;
    habits.senders.add(seen.hash, day_of(seen.last_at), seen.messages, Habits::senders_max);
  }
  std::erase_if(recent.senders, old);
}

void Account::start_afresh(base::TimePoint at, bool learn) {
  recent.restricted = !learn;
  recent.suspicion.clear(at);
  const base::TimePoint everything = at + hours(48);
  learn_hours(everything);
  learn_clients(everything);
  learn_senders(everything);
  recent.restricted = false;
  recent.objections.clear();
  recent.contacts.clear();
  recent.sprint.clear();
  recent.recipients.clear();
  recent.campaign_member = false;
  recent.found_at = {};
}

bool Account::learning() const {
  return !recent.restricted && recent.suspicion.total() < suspicious;
}

HourTally& Account::this_hour(base::TimePoint at) {
  const std::int64_t hour = bucket_number(std::max(at, recent.at), 3600);
  if (recent.hours.empty() || recent.hours.back().hour < hour) {
    recent.hours.push_back({});
    recent.hours.back().hour = hour;
  }
  return recent.hours.back();
}

ClientSeen& Account::see_client(std::uint32_t address, std::uint32_t network, base::TimePoint at) {
  for (ClientSeen& seen : recent.clients) {
    if (seen.address != address) continue;
    seen.last_at = std::max(seen.last_at, at);
    return seen;
  }
  ClientSeen fresh;
  fresh.address = address;
  fresh.network = network;
  fresh.first_at = at;
  fresh.last_at = at;
  if (recent.clients.size() >= Recent::clients_max) {
    return oldest_of(recent.clients) = fresh;
  }
  return recent.clients.emplace_back(fresh);
}

void Account::see_sender(std::uint32_t hash, base::TimePoint at) {
  for (SenderSeen& seen : recent.senders) {
    if (seen.hash != hash) continue;
    seen.last_at = std::max(seen.last_at, at);
    if (seen.messages < std::numeric_limits<std::uint16_t>::max()) ++seen.messages;
    return;
  }
  const SenderSeen fresh{hash, 1, at, at};
  if (recent.senders.size() >= Recent::senders_max) {
    oldest_of(recent.senders) = fresh;
  } else {
    recent.senders.push_back(fresh);
  }
}

void Account::object(const Objection& objection) {
  if (recent.objections.size() >= Recent::objections_max) {
    recent.objections.erase(recent.objections.begin());
  }
  recent.objections.push_back(objection);
}

float Account::contacts_of_day(base::TimePoint at) const {
  const std::int64_t oldest = bucket_number(at, 3600) - 23;
  float sum = 0;
  for (const HourTally& hour : recent.hours) {
    if (hour.hour >= oldest) sum += hour.contacts;
  }
  return sum;
}

std::size_t Account::bytes() const {
  return sizeof(Account) + name.capacity() + recent.hours.capacity() * sizeof(HourTally) +
         recent.clients.capacity() * sizeof(ClientSeen) +
         recent.senders.capacity() * sizeof(SenderSeen) +
         recent.objections.capacity() * sizeof(Objection) +
         (habits.networks.items().capacity() + habits.senders.items().capacity()) * sizeof(Used) +
         habits.countries.capacity() * sizeof(std::uint16_t) + habits.recipients.heap_bytes();
}

}  // namespace leumund::evidence
