#include "evidence/account_codec.h"

#include <fmt/core.h>

#include <algorithm>

#include "evidence/bit_stream.h"
#include "evidence/byte_stream.h"
#include "evidence/habits_codec.h"

namespace leumund::evidence {
namespace {

constexpr std::uint8_t format_version = 2;
constexpr std::uint8_t oldest_format = 1;
constexpr std::int64_t idle_seconds_most = 2 * micros_most / 1'000'000;
constexpr std::size_t hours_max = 64;  // a day and what a restriction keeps waiting

template <typename Window>
void write_window(ByteWriter& writer, const Window& window, base::TimePoint at) {
  std::size_t filled = 0;
  if (window.total(at) == 0) return writer.number(0);
  window.visit([&](std::int64_t, std::uint32_t) { ++filled; });
  writer.number(filled);
  window.visit([&](std::int64_t number, std::uint32_t amount) {
    writer.signed_number(number);
    writer.number(amount);
  });
}

template <typename Window>
void read_window(ByteReader& reader, Window& window) {
  window.clear();
  const std::uint64_t filled = reader.number(12);
  for (std::uint64_t i = 0; i < filled && !reader.failed(); ++i) {
    const std::int64_t number = reader.signed_number();
    std::uint32_t amount = 0;
    reader.integer(amount);
    if (number > 0 && number < (1LL << 40)) window.add_to(number, amount);
  }
}

void write_client(ByteWriter& writer, const ClientSeen& seen) {
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

void read_client(ByteReader& reader, ClientSeen& seen) {
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

bool empty(const Trail& trail) { return trail.sum == 0 && trail.hits == 0 && trail.tries == 0; }

// Only the trails that hold something, announced by a mask.
void write_suspicion(ByteWriter& writer, const Suspicion& suspicion) {
  writer.time(suspicion.at());
  writer.time(suspicion.began_at());
  writer.number(suspicion.recipients_passed());
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < kind_count; ++i) {
    mask |= empty(suspicion.trail(static_cast<Kind>(i))) ? 0 : 1ULL << i;
  }
  writer.number(mask);
  for (std::size_t i = 0; i < kind_count; ++i) {
    const Trail& trail = suspicion.trail(static_cast<Kind>(i));
    if (empty(trail)) continue;
    writer.real(trail.sum);
    writer.real(trail.hits);
    writer.real(trail.tries);
  }
}

void read_suspicion(ByteReader& reader, Suspicion& suspicion, std::uint8_t format) {
  base::TimePoint at;
  base::TimePoint began_at;
  std::uint32_t passed = 0;
  reader.time(at);
  reader.time(began_at);
  reader.integer(passed);
  suspicion.clear(at);
  suspicion.restore(at, began_at, passed);
  constexpr std::uint64_t all = (1U << kind_count) - 1;
  const std::uint64_t mask = format == oldest_format ? all : reader.number(all);
  for (std::size_t i = 0; i < kind_count; ++i) {
    if ((mask >> i & 1) == 0) continue;
    Trail& trail = suspicion.trail(static_cast<Kind>(i));
    reader.real(trail.sum);
    reader.real(trail.hits);
    reader.real(trail.tries);
  }
}

void write_recent(ByteWriter& writer, const Recent& recent) {
  writer.number(recent.hours.size());
  for (const HourTally& hour : recent.hours) {
    writer.signed_number(hour.hour);
    writer.number(hour.messages);
    for (const float value : {hour.contacts, hour.sprint, hour.scored_new, hour.scored_known,
                              hour.scored_in_house, hour.first_refused, hour.first_sent}) {
      writer.sixteenths(value);
    }
  }
  write_window(writer, recent.contacts, recent.at);
  write_window(writer, recent.sprint, recent.at);
  write_window(writer, recent.recipients, recent.at);
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

void read_recent(ByteReader& reader, Recent& recent, std::uint8_t format) {
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
  read_suspicion(reader, recent.suspicion, format);
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

// The moment of an idle account, against its first one.
std::int64_t seconds_since_first(const Account& account) {
  const auto whole = [](base::TimePoint at) {
    return std::chrono::floor<std::chrono::seconds>(at);
  };
  return std::clamp((whole(account.recent.at) - whole(account.habits.first_at)).count(),
                    -idle_seconds_most, idle_seconds_most);
}

void set_idle(Account& account, base::TimePoint at) {
  account.recent.at = at;
  account.recent.suspicion.clear(at);
}

// Both: false for what is cut or corrupt.
bool read_format_1(std::string_view bytes, Account& account) {
  ByteReader reader(bytes);
  read_habits_of_format_1(reader, account.habits);
  if (reader.flag()) {
    reader.time(account.recent.at);
    read_recent(reader, account.recent, oldest_format);
  } else {
    base::TimePoint at;
    reader.seconds(at);
    set_idle(account, at);
  }
  return !reader.failed() && reader.ended();
}

bool read_newest_format(std::string_view state, Account& account) {
  BitReader bits(state);
  const bool quiet = bits.bits(1) == 0;
  read_habits(bits, account.habits);
  if (quiet) {
    const std::int64_t since = bits.signed_number(20);
    if (since > idle_seconds_most || since < -idle_seconds_most) return false;
    set_idle(account, account.habits.first_at + std::chrono::seconds(since));
    return !bits.failed() && bits.rest().empty();
  }
  if (bits.failed()) return false;
  ByteReader bytes(bits.rest());
  bytes.time(account.recent.at);
  read_recent(bytes, account.recent, format_version);
  return !bytes.failed() && bytes.ended();
}

}  // namespace

void encode_account(const Account& account, std::string& out) {
  out.push_back(static_cast<char>(format_version));
  BitWriter bits(out);
  const bool quiet = idle(account.recent);
  bits.bits(quiet ? 0 : 1, 1);
  write_habits(account.habits, bits);
  if (quiet) bits.signed_number(seconds_since_first(account), 20);
  bits.finish();
  if (quiet) return;
  ByteWriter bytes(out);
  bytes.time(account.recent.at);
  write_recent(bytes, account.recent);
}

base::Status decode_account(std::string_view state, Account& account) {
  const int format = state.empty() ? -1 : static_cast<std::uint8_t>(state.front());
  if (format < oldest_format || format > format_version) {
    return base::Error{base::ErrorCode::malformed,
                       fmt::format("record of an account has format {}, known are {} to {}", format,
                                   oldest_format, format_version)};
  }
  account.recent = Recent{};
  const std::string_view body = state.substr(1);
  if (!(format == oldest_format ? read_format_1(body, account)
                                : read_newest_format(body, account))) {
    return base::Error{
        base::ErrorCode::malformed,
        fmt::format("record of an account, {} bytes, is cut or corrupt", state.size())};
  }
  return {};
}

}  // namespace leumund::evidence
