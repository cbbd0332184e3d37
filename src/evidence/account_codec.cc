#include "evidence/account_codec.h"

#include <fmt/core.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace leumund::evidence {
namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::size_t hours_max = 64;  // a day and what a restriction keeps waiting

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>((value & 0x7f) | 0x80));
    out_.push_back(static_cast<char>(value));
  }
  void signed_number(std::int64_t value) {
    number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  // A share, weight or count that is never negative, in sixteenths.
  void sixteenths(float value) {
    number(static_cast<std::uint64_t>(std::lround(std::max(0.0F, value) * 16)));
  }
  void real(float value) { fixed(std::bit_cast<std::uint32_t>(value)); }
  void fixed(std::uint32_t value) {
    char bytes[4];
    std::memcpy(bytes, &value, sizeof bytes);
    out_.append(bytes, sizeof bytes);
  }
  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void time(base::TimePoint at) { signed_number(at.time_since_epoch().count()); }
  // Where the fraction does not matter.
  void seconds(base::TimePoint at) {
    signed_number(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
  }

 private:
  std::string& out_;
};

// Every read says no once the record has ended or a value is out of its bounds; then all later ones
// give zeros, and failed() tells.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}

  std::uint64_t number(std::uint64_t most) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (in_.empty()) return fail();
      const auto byte = static_cast<std::uint8_t>(in_.front());
      in_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value <= most ? value : fail();
    }
    return fail();
  }
  template <typename Integer>
  void integer(Integer& value) {
    value = static_cast<Integer>(number(std::numeric_limits<Integer>::max()));
  }
  std::int64_t signed_number() {
    const std::uint64_t value = number(std::numeric_limits<std::uint64_t>::max());
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  void sixteenths(float& value) { value = static_cast<float>(number(1ULL << 40)) / 16; }
  void real(float& value) {
    value = std::bit_cast<float>(fixed());
    if (!std::isfinite(value) || std::fabs(value) > 1e9F) fail();
  }
  std::uint32_t fixed() {
    if (in_.size() < 4) return static_cast<std::uint32_t>(fail());
    std::uint32_t value = 0;
    std::memcpy(&value, in_.data(), sizeof value);
    in_.remove_prefix(sizeof value);
    return value;
  }
  std::string_view bytes(std::size_t size) {
    if (in_.size() < size) {
      fail();
      return {};
    }
    const std::string_view taken = in_.substr(0, size);
    in_.remove_prefix(size);
    return taken;
  }
  void time(base::TimePoint& at) {
    // Within 3,000 years around 1970, so that no sum of a time and a span overflows.
    constexpr std::int64_t most = 94'608'000'000'000'000;
    const std::int64_t value = signed_number();
    if (value > most || value < -most) fail();
    at = failed_ ? base::TimePoint() : base::TimePoint(base::Micros(value));
  }
  void seconds(base::TimePoint& at) {
    constexpr std::int64_t most = 94'608'000'000;
    const std::int64_t value = signed_number();
    if (value > most || value < -most) fail();
    at = failed_ ? base::TimePoint() : base::TimePoint(std::chrono::seconds(value));
  }
  void hour(std::int64_t& hour) {
    constexpr std::int64_t most = 26'280'000;
    hour = signed_number();
    if (hour > most || hour < -most) hour = static_cast<std::int64_t>(fail());
  }
  bool flag() { return number(1) == 1; }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool ended() const { return in_.empty(); }

 private:
  std::uint64_t fail() {
    failed_ = true;
    in_ = {};
    return 0;
  }

  std::string_view in_;
  bool failed_ = false;
};

void write_used(Writer& writer, const UsedList& list) {
  writer.number(list.items().size());
  for (const Used& used : list.items()) {
    writer.fixed(used.hash);
    writer.number(used.last_day);
    writer.number(used.times);
  }
}

void read_used(Reader& reader, UsedList& list, std::size_t most) {
  list.raw().resize(reader.number(most));
  for (Used& used : list.raw()) {
    used.hash = reader.fixed();
    reader.integer(used.last_day);
    reader.integer(used.times);
  }
}

// Only the cells that hold something, announced by a mask.
template <std::size_t size>
void write_profile(Writer& writer, const std::array<std::uint8_t, size>& profile) {
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < size; ++i) mask |= static_cast<std::uint64_t>(profile[i] > 0) << i;
  writer.number(mask);
  for (const std::uint8_t cell : profile) {
    if (cell > 0) writer.byte(cell);
  }
}

template <std::size_t size>
void read_profile(Reader& reader, std::array<std::uint8_t, size>& profile) {
  const std::uint64_t mask = reader.number((1ULL << size) - 1);
  for (std::size_t i = 0; i < size; ++i) {
    profile[i] = 0;
    if ((mask >> i & 1) == 0) continue;
    const std::string_view cell = reader.bytes(1);
    profile[i] = cell.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(cell.front());
  }
}

void write_habits(Writer& writer, const Habits& habits) {
  writer.seconds(habits.first_at);
  writer.seconds(habits.last_at);
  for (const float value :
       {habits.new_recipients.yes, habits.new_recipients.no, habits.in_house.yes,
        habits.in_house.no, habits.refused.yes, habits.refused.no, habits.contacts,
        habits.largest_sprint, habits.largest_hour, habits.largest_day, habits.day_contacts}) {
    writer.sixteenths(value);
  }
  writer.number(habits.hours_active);
  writer.number(habits.days_active);
  writer.number(habits.newest_day);
  writer.number(habits.networks_most);
  writer.number(habits.addresses_most);
  write_profile(writer, habits.by_hour);
  write_profile(writer, habits.by_weekday);
  write_used(writer, habits.networks);
  write_used(writer, habits.senders);
  writer.number(habits.countries.size());
  for (const std::uint16_t country : habits.countries) writer.number(country);
  writer.number(habits.recipients.size());
  for (const std::uint32_t hash : habits.recipients.members()) writer.fixed(hash);
}

void read_habits(Reader& reader, Habits& habits) {
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
  read_profile(reader, habits.by_hour);
  read_profile(reader, habits.by_weekday);
  read_used(reader, habits.networks, Habits::networks_max);
  read_used(reader, habits.senders, Habits::senders_max);
  habits.countries.resize(reader.number(Habits::countries_max));
  for (std::uint16_t& country : habits.countries) reader.integer(country);
  const std::size_t known = reader.number(RecipientSet::members_max);
  const std::string_view members = reader.bytes(known * sizeof(std::uint32_t));
  habits.recipients.assign_bytes(members);
}

template <typename Window>
void write_window(Writer& writer, const Window& window) {
  std::size_t filled = 0;
  window.visit([&](std::int64_t, std::uint32_t) { ++filled; });
  writer.number(filled);
  window.visit([&](std::int64_t number, std::uint32_t amount) {
    writer.signed_number(number);
    writer.number(amount);
  });
}

template <typename Window>
void read_window(Reader& reader, Window& window) {
  window.clear();
  const std::uint64_t filled = reader.number(12);
  for (std::uint64_t i = 0; i < filled && !reader.failed(); ++i) {
    const std::int64_t number = reader.signed_number();
    std::uint32_t amount = 0;
    reader.integer(amount);
    if (number > 0 && number < (1LL << 40)) window.add_to(number, amount);
  }
}

void write_client(Writer& writer, const ClientSeen& seen) {
  writer.fixed(seen.address);
  writer.fixed(seen.network);
  writer.number(seen.country);
  writer.number(seen.messages);
  writer.number(seen.failed_logins);
  writer.number((seen.listed ? 1U : 0U) | (seen.listed_by_us ? 2U : 0U) | (seen.shared ? 4U : 0U));
  writer.time(seen.first_at);
  writer.time(seen.last_at);
  writer.number(seen.place ? 1 : 0);
  if (seen.place) {
    writer.real(seen.place->first);
    writer.real(seen.place->second);
  }
}

void read_client(Reader& reader, ClientSeen& seen) {
  seen.address = reader.fixed();
  seen.network = reader.fixed();
  reader.integer(seen.country);
  reader.integer(seen.messages);
  reader.integer(seen.failed_logins);
  const std::uint64_t lists = reader.number(7);
  seen.listed = (lists & 1) != 0;
  seen.listed_by_us = (lists & 2) != 0;
  seen.shared = (lists & 4) != 0;
  reader.time(seen.first_at);
  reader.time(seen.last_at);
  seen.place.reset();
  if (reader.flag()) {
    seen.place.emplace();
    reader.real(seen.place->first);
    reader.real(seen.place->second);
  }
}

void write_suspicion(Writer& writer, const Suspicion& suspicion) {
  writer.time(suspicion.at());
  writer.time(suspicion.began_at());
  writer.number(suspicion.recipients_passed());
  for (std::size_t i = 0; i < kind_count; ++i) {
    const Trail& trail = suspicion.trail(static_cast<Kind>(i));
    writer.real(trail.sum);
    writer.real(trail.hits);
    writer.real(trail.tries);
  }
}

void read_suspicion(Reader& reader, Suspicion& suspicion) {
  base::TimePoint at;
  base::TimePoint began_at;
  std::uint32_t passed = 0;
  reader.time(at);
  reader.time(began_at);
  reader.integer(passed);
  suspicion.clear(at);
  suspicion.restore(at, began_at, passed);
  for (std::size_t i = 0; i < kind_count; ++i) {
    Trail& trail = suspicion.trail(static_cast<Kind>(i));
    reader.real(trail.sum);
    reader.real(trail.hits);
    reader.real(trail.tries);
  }
}

void write_recent(Writer& writer, const Recent& recent) {
  writer.number(recent.hours.size());
  for (const HourTally& hour : recent.hours) {
    writer.signed_number(hour.hour);
    writer.number(hour.messages);
    for (const float value : {hour.contacts, hour.sprint, hour.scored_new, hour.scored_known,
                              hour.scored_in_house, hour.first_refused, hour.first_sent}) {
      writer.sixteenths(value);
    }
  }
  write_window(writer, recent.contacts);
  write_window(writer, recent.sprint);
  write_window(writer, recent.recipients);
  writer.number(recent.clients.size());
  for (const ClientSeen& seen : recent.clients) write_client(writer, seen);
  writer.number(recent.senders.size());
  for (const SenderSeen& seen : recent.senders) {
    writer.fixed(seen.hash);
    writer.number(seen.messages);
    writer.time(seen.first_at);
    writer.time(seen.last_at);
  }
  writer.number(recent.objections.size());
  for (const Objection& objection : recent.objections) {
    writer.number(objection.event);
    writer.number(static_cast<std::uint64_t>(objection.kind));
    writer.real(objection.value);
    writer.time(objection.at);
  }
  write_suspicion(writer, recent.suspicion);
  writer.number(recent.announced_left);
  writer.time(recent.announced_until);
  writer.number(recent.automatic_this_hour);
  writer.signed_number(recent.automatic_hour);
  writer.number(recent.campaign_member ? 1 : 0);
  writer.number(recent.restricted ? 1 : 0);
}

void read_recent(Reader& reader, Recent& recent) {
  recent.hours.resize(reader.number(hours_max));
  for (HourTally& hour : recent.hours) {
    reader.hour(hour.hour);
    reader.integer(hour.messages);
    for (float* value : {&hour.contacts, &hour.sprint, &hour.scored_new, &hour.scored_known,
                         &hour.scored_in_house, &hour.first_refused, &hour.first_sent}) {
      reader.sixteenths(*value);
    }
  }
  read_window(reader, recent.contacts);
  read_window(reader, recent.sprint);
  read_window(reader, recent.recipients);
  recent.clients.resize(reader.number(Recent::clients_max));
  for (ClientSeen& seen : recent.clients) read_client(reader, seen);
  recent.senders.resize(reader.number(Recent::senders_max));
  for (SenderSeen& seen : recent.senders) {
    seen.hash = reader.fixed();
    reader.integer(seen.messages);
    reader.time(seen.first_at);
    reader.time(seen.last_at);
  }
  recent.objections.resize(reader.number(Recent::objections_max));
  for (Objection& objection : recent.objections) {
    reader.integer(objection.event);
    objection.kind = static_cast<Kind>(reader.number(kind_count - 1));
    reader.real(objection.value);
    reader.time(objection.at);
  }
  read_suspicion(reader, recent.suspicion);
  reader.integer(recent.announced_left);
  reader.time(recent.announced_until);
  reader.integer(recent.automatic_this_hour);
  reader.hour(recent.automatic_hour);
  recent.campaign_member = reader.flag();
  recent.restricted = reader.flag();
}

// Nothing in the last days is worth keeping.
bool idle(const Recent& recent) {
  return recent.hours.empty() && recent.clients.empty() && recent.senders.empty() &&
         recent.objections.empty() && recent.suspicion.total() < 0.05F &&
         recent.announced_left == 0 && !recent.restricted && !recent.campaign_member;
}

}  // namespace

void encode_account(const Account& account, std::string& out) {
  Writer writer(out);
  writer.byte(format_version);
  write_habits(writer, account.habits);
  const bool quiet = idle(account.recent);
  writer.number(quiet ? 0 : 1);
  if (quiet) {
    writer.seconds(account.recent.at);
  } else {
    writer.time(account.recent.at);
    write_recent(writer, account.recent);
  }
}

base::Status decode_account(std::string_view state, Account& account) {
  if (state.empty() || static_cast<std::uint8_t>(state.front()) != format_version) {
    return base::Error{
        base::ErrorCode::malformed,
        fmt::format("record of an account has format {}, known is {}",
                    state.empty() ? -1 : static_cast<std::uint8_t>(state.front()), format_version)};
  }
  Reader reader(state.substr(1));
  read_habits(reader, account.habits);
  account.recent = Recent{};
  if (reader.flag()) {
    reader.time(account.recent.at);
    read_recent(reader, account.recent);
  } else {
    reader.seconds(account.recent.at);
    account.recent.suspicion.clear(account.recent.at);
  }
  if (reader.failed() || !reader.ended()) {
    return base::Error{
        base::ErrorCode::malformed,
        fmt::format("record of an account, {} bytes, is cut or corrupt", state.size())};
  }
  return {};
}

}  // namespace leumund::evidence
