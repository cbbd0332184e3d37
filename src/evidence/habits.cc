#include "evidence/habits.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace leumund::evidence {
namespace {

constexpr std::uint32_t active_cap = 4096;  // hours and days: enough, and old rates fade

std::uint16_t saturate(std::uint32_t value) {
  return static_cast<std::uint16_t>(
      std::min<std::uint32_t>(value, std::numeric_limits<std::uint16_t>::max()));
}

template <std::size_t size>
void count_in(std::array<std::uint8_t, size>& profile, std::size_t slot, std::uint32_t amount) {
  for (; amount > 0; --amount) {
    if (profile[slot] == std::numeric_limits<std::uint8_t>::max()) {
      for (std::uint8_t& cell : profile) cell = static_cast<std::uint8_t>(cell / 2);
    }
    ++profile[slot];
  }
}

// The cell's share against an even spread, smoothed with its neighbours and four pretended mails a
// cell, so that a few mails say little.
template <std::size_t size>
float preference(const std::array<std::uint8_t, size>& profile, std::size_t slot) {
  constexpr float pretended = 4;
  std::uint32_t total = 0;
  for (const std::uint8_t cell : profile) total += cell;
  const float near = 0.5F * static_cast<float>(profile[slot]) +
                     0.25F * static_cast<float>(profile[(slot + 1) % size]) +
                     0.25F * static_cast<float>(profile[(slot + size - 1) % size]);
  const float even = static_cast<float>(total) / static_cast<float>(size);
  return (near + pretended) / (even + pretended);
}

struct WeekSlot {
  std::size_t hour;
  std::size_t weekday;
};

WeekSlot week_slot(std::int64_t hour) {
  const std::int64_t day = (hour >= 0 ? hour : hour - 23) / 24;
  return {static_cast<std::size_t>(hour - day * 24),
          static_cast<std::size_t>(((day % 7) + 7 + 4) % 7)};  // 1970-01-01 was a Thursday
}

}  // namespace

void Share::add(float more_yes, float more_no, float cap) {
  yes += more_yes;
  no += more_no;
  if (yes + no > cap) {
    const float keep = cap / (yes + no);
    yes *= keep;
    no *= keep;
  }
}

bool UsedList::contains(std::uint32_t hash) const {
  return std::any_of(items_.begin(), items_.end(),
                     [hash](const Used& used) { return used.hash == hash; });
}

void UsedList::add(std::uint32_t hash, std::uint16_t day, std::uint16_t times, std::size_t cap) {
  for (Used& used : items_) {
    if (used.hash != hash) continue;
    used.last_day = std::max(used.last_day, day);
    used.times = saturate(static_cast<std::uint32_t>(used.times) + times);
    return;
  }
  if (items_.size() >= cap) {
    const auto least =
        std::min_element(items_.begin(), items_.end(), [](const Used& a, const Used& b) {
          return std::pair(a.times, a.last_day) < std::pair(b.times, b.last_day);
        });
    *least = Used{hash, day, times};
    return;
  }
  items_.push_back({hash, day, times});
}

void Habits::learn_hour(std::int64_t hour, std::uint32_t messages, float new_contacts) {
  const auto day = static_cast<std::uint32_t>(std::max<std::int64_t>(0, hour / 24));
  if (day > newest_day || days_active == 0) {
    newest_day = day;
    ++days_active;
    day_contacts = 0;
  }
  if (day == newest_day) day_contacts += new_contacts;
  largest_day = std::max({largest_day, day_contacts, new_contacts});
  largest_hour = std::max(largest_hour, new_contacts);
  contacts += new_contacts;
  ++hours_active;
  if (hours_active > active_cap) {
    hours_active /= 2;
    contacts /= 2;
  }
  days_active = std::min(days_active, active_cap);
  const WeekSlot slot = week_slot(hour);
  const std::uint32_t counted =
      std::min<std::uint32_t>(messages, 16);  // one busy hour is one habit
  count_in(by_hour, slot.hour, counted);
  count_in(by_weekday, slot.weekday, counted);
}

float Habits::hour_preference(base::TimePoint at) const {
  const std::int64_t seconds = at.time_since_epoch().count() / 1'000'000;
  const WeekSlot slot = week_slot((seconds >= 0 ? seconds : seconds - 3599) / 3600);
  return std::clamp(preference(by_hour, slot.hour) * preference(by_weekday, slot.weekday), 0.2F,
                    5.0F);
}

void Habits::learn_country(std::uint16_t country) {
  if (country == 0 || knows_country(country)) return;
  if (countries.size() >= countries_max) countries.erase(countries.begin());
  countries.push_back(country);
}

bool Habits::knows_country(std::uint16_t country) const {
  return std::find(countries.begin(), countries.end(), country) != countries.end();
}

void Habits::merge(const Habits& other) {
  if (other.hours_active > 0 && hours_active == 0) first_at = other.first_at;
  first_at = std::min(first_at, other.first_at);
  last_at = std::max(last_at, other.last_at);
  new_recipients.yes += other.new_recipients.yes;
  new_recipients.no += other.new_recipients.no;
  in_house.yes += other.in_house.yes;
  in_house.no += other.in_house.no;
  refused.yes += other.refused.yes;
  refused.no += other.refused.no;
  hours_active += other.hours_active;
  days_active += other.days_active;
  newest_day = std::max(newest_day, other.newest_day);
  contacts += other.contacts;
  largest_sprint = std::max(largest_sprint, other.largest_sprint);
  largest_hour = std::max(largest_hour, other.largest_hour);
  largest_day = std::max(largest_day, other.largest_day);
  day_contacts = std::max(day_contacts, other.day_contacts);
  networks_most = std::max(networks_most, other.networks_most);
  addresses_most = std::max(addresses_most, other.addresses_most);
  for (std::size_t i = 0; i < by_hour.size(); ++i) count_in(by_hour, i, other.by_hour[i]);
  for (std::size_t i = 0; i < by_weekday.size(); ++i) count_in(by_weekday, i, other.by_weekday[i]);
  for (const Used& used : other.networks.items()) {
    networks.add(used.hash, used.last_day, used.times, networks_max);
  }
  for (const Used& used : other.senders.items()) {
    senders.add(used.hash, used.last_day, used.times, senders_max);
  }
  for (const std::uint16_t country : other.countries) learn_country(country);
  recipients.merge(other.recipients);
}

float contact_weight(std::uint32_t recipients) {
  return recipients == 0 ? 0.0F : 1.0F + std::log2(static_cast<float>(recipients));
}

}  // namespace leumund::evidence
