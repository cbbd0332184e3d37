#include "evidence/habits_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <span>

namespace leumund::evidence {
namespace {

// Within 3,000 years around 1970, so that no sum of a time and a span overflows.
constexpr std::int64_t hours_most = 26'280'000;
constexpr std::int64_t seconds_most = hours_most * 3600;
constexpr std::int64_t day_most = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t seconds_near = 1'704'067'200;  // 2024: times near it are short

// What stands in a record in sixteenths, in its order there, with the order of its code (see
// bit_stream.h), chosen by what accounts usually have.
template <typename SomeHabits, typename Visit>
void visit_weights(SomeHabits& habits, const Visit& visit) {
  visit(habits.new_recipients.yes, 6);
  visit(habits.new_recipients.no, 5);
  visit(habits.in_house.yes, 4);
  visit(habits.in_house.no, 6);
  visit(habits.refused.yes, 0);
  visit(habits.refused.no, 6);
  visit(habits.contacts, 7);
  visit(habits.largest_sprint, 5);
  visit(habits.largest_hour, 5);
  visit(habits.largest_day, 5);
  visit(habits.day_contacts, 5);
}

std::int64_t hour_of(base::TimePoint at) {
  return std::chrono::floor<std::chrono::hours>(at).time_since_epoch().count();
}

void write_used(BitWriter& writer, const UsedList& list, std::uint32_t newest_day) {
  writer.number(list.items().size(), 0);
  for (const Used& used : list.items()) {
    writer.bits(used.hash, 32);
    writer.signed_number(static_cast<std::int64_t>(newest_day) - used.last_day, 1);
    writer.number(used.times, 2);
  }
}

void read_used(BitReader& reader, UsedList& list, std::size_t most, std::uint32_t newest_day) {
  list.raw().resize(reader.number_to(most, 0));
  for (Used& used : list.raw()) {
    used.hash = static_cast<std::uint32_t>(reader.bits(32));
    const std::int64_t before = std::clamp(reader.signed_number(1), -day_most, day_most);
    const std::int64_t day = static_cast<std::int64_t>(newest_day) - before;
    if (day < 0 || day > std::numeric_limits<std::uint16_t>::max()) {
      reader.fail();
    }
    used.last_day = static_cast<std::uint16_t>(day);
    used.times =
        static_cast<std::uint16_t>(reader.number_to(std::numeric_limits<std::uint16_t>::max(), 2));
  }
}

// Small cells take a bit or three, full ones some ten.
void write_profile(BitWriter& writer, std::span<const std::uint8_t> profile) {
  std::size_t sum = 0;
  for (const std::uint8_t cell : profile) sum += cell;
  const auto order = static_cast<unsigned>(std::bit_width(sum / profile.size()));
  writer.bits(order, 4);
  for (const std::uint8_t cell : profile) writer.number(cell, order);
}

void read_profile(BitReader& reader, std::span<std::uint8_t> profile) {
  const auto order = static_cast<unsigned>(reader.bits(4));
  for (std::uint8_t& cell : profile) {
    cell = static_cast<std::uint8_t>(
        reader.number_to(std::numeric_limits<std::uint8_t>::max(), order));
  }
}

// The best parameter of a Rice code for that many hashes of 31 bits: ln 2 times their mean gap.
unsigned gap_bits(std::size_t members) {
  const std::uint64_t gap = (1ULL << 31) / std::max<std::size_t>(1, members);
  return static_cast<unsigned>(std::bit_width(std::max<std::uint64_t>(2, gap * 693 / 1000))) - 1;
}

void write_recipients(BitWriter& writer, const RecipientSet& recipients) {
  writer.number(recipients.size(), 2);
  const unsigned low = gap_bits(recipients.size());
  std::uint64_t next = 0;
  for (const std::uint32_t hash : recipients.members()) {
    writer.rice(hash - next, low);
    next = std::uint64_t{hash} + 1;
  }
}

void read_recipients(BitReader& reader, RecipientSet& recipients) {
  auto& members = recipients.raw();
  members.resize(reader.number_to(RecipientSet::members_max, 2));
  const unsigned low = gap_bits(members.size());
  std::uint64_t next = 0;
  for (std::uint32_t& hash : members) {
    next += reader.rice(low);
    hash = static_cast<std::uint32_t>(next++);
  }
  // Each gap is below the record's bits times 2^31, so that the sum of all cannot come round.
  if (next > 1ULL << 32) reader.fail();
}

void read_used_of_format_1(ByteReader& reader, UsedList& list, std::size_t most) {
  list.raw().resize(reader.number(most));
  for (Used& used : list.raw()) {
    used.hash = reader.fixed();
    reader.integer(used.last_day);
    reader.integer(used.times);
  }
}

void read_profile_of_format_1(ByteReader& reader, std::span<std::uint8_t> profile) {
  const std::uint64_t mask = reader.number((1ULL << profile.size()) - 1);
  for (std::size_t i = 0; i < profile.size(); ++i) {
    profile[i] = 0;
    if ((mask >> i & 1) == 0) continue;
    const std::string_view cell = reader.bytes(1);
    profile[i] = cell.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(cell.front());
  }
}

}  // namespace

void write_habits(const Habits& habits, BitWriter& writer) {
  const std::int64_t first =
      std::chrono::floor<std::chrono::seconds>(habits.first_at).time_since_epoch().count();
  writer.signed_number(first - seconds_near, 26);
  const bool learned = habits.last_at != base::TimePoint();
  writer.bits(learned ? 1 : 0, 1);
  if (learned) writer.signed_number(hour_of(habits.last_at) - first / 3600, 10);
  const std::int64_t last_day = learned ? hour_of(habits.last_at) / 24 : 0;
  writer.signed_number(static_cast<std::int64_t>(habits.newest_day) - last_day, 0);
  visit_weights(habits, [&writer](float value, unsigned order) {
    writer.number(static_cast<std::uint64_t>(std::lround(std::clamp(value, 0.0F, weight_max) * 16)),
                  order);
  });
  writer.number(habits.hours_active, 2);
  writer.number(habits.days_active, 2);
  writer.number(habits.networks_most, 0);
  writer.number(habits.addresses_most, 0);
  write_profile(writer, habits.by_hour);
  write_profile(writer, habits.by_weekday);
  write_used(writer, habits.networks, habits.newest_day);
  write_used(writer, habits.senders, habits.newest_day);
  writer.number(habits.countries.size(), 0);
  for (const std::uint16_t country : habits.countries) writer.bits(country, 16);
  write_recipients(writer, habits.recipients);
}

void read_habits(BitReader& reader, Habits& habits) {
  const auto bounded = [&reader](std::int64_t value, std::int64_t most) {
    if (value >= -most && value <= most) return value;
    reader.fail();
    return std::int64_t{0};
  };
  const std::int64_t first =
      bounded(bounded(reader.signed_number(26), 2 * seconds_most) + seconds_near, seconds_most);
  habits.first_at = base::TimePoint(std::chrono::seconds(first));
  habits.last_at = base::TimePoint();
  std::int64_t last_day = 0;
  if (reader.bits(1) == 1) {
    const std::int64_t hour =
        bounded(bounded(reader.signed_number(10), 2 * hours_most) + first / 3600, hours_most);
    habits.last_at = base::TimePoint(std::chrono::hours(hour));
    last_day = hour / 24;
  }
  const std::int64_t day = bounded(reader.signed_number(0), 2 * day_most) + last_day;
  if (day < 0 || day > day_most) reader.fail();
  habits.newest_day = static_cast<std::uint32_t>(day);
  visit_weights(habits, [&reader](float& value, unsigned order) {
    value = static_cast<float>(reader.number_to(1ULL << 40, order)) / 16;
  });
  habits.hours_active = static_cast<std::uint32_t>(reader.number_to(day_most, 2));
  habits.days_active = static_cast<std::uint32_t>(reader.number_to(day_most, 2));
  habits.networks_most = static_cast<std::uint8_t>(reader.number_to(255, 0));
  habits.addresses_most = static_cast<std::uint8_t>(reader.number_to(255, 0));
  read_profile(reader, habits.by_hour);
  read_profile(reader, habits.by_weekday);
  read_used(reader, habits.networks, Habits::networks_max, habits.newest_day);
  read_used(reader, habits.senders, Habits::senders_max, habits.newest_day);
  habits.countries.resize(reader.number_to(Habits::countries_max, 0));
  for (std::uint16_t& country : habits.countries) {
    country = static_cast<std::uint16_t>(reader.bits(16));
  }
  read_recipients(reader, habits.recipients);
}

void read_habits_of_format_1(ByteReader& reader, Habits& habits) {
  reader.seconds(habits.first_at);
  reader.seconds(habits.last_at);
  for (float* value :
       {&habits.new_recipients.yes, &habits.new_recipients.no, &habits.in_house.yes,
        &habits.in_house.no, &habits.refused.yes, &habits.refused.no, &habits.contacts,
        &habits.largest_sprint, &habits.largest_hour, &habits.largest_day, &habits.day_contacts}) {
    reader.sixteenths(*value);
  }
  reader.integer(habits.hours_active);
  reader.integer(habits.days_active);
  reader.integer(habits.newest_day);
  reader.integer(habits.networks_most);
  reader.integer(habits.addresses_most);
  read_profile_of_format_1(reader, habits.by_hour);
  read_profile_of_format_1(reader, habits.by_weekday);
  read_used_of_format_1(reader, habits.networks, Habits::networks_max);
  read_used_of_format_1(reader, habits.senders, Habits::senders_max);
  habits.countries.resize(reader.number(Habits::countries_max));
  for (std::uint16_t& country : habits.countries) reader.integer(country);
  const std::size_t known = reader.number(RecipientSet::members_max);
  habits.recipients.assign_bytes(reader.bytes(known * sizeof(std::uint32_t)));
}

}  // namespace leumund::evidence
