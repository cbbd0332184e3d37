#include "listing/zone_lookup.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace leumund::listing {
namespace {

using wire::ZoneFormat;

constexpr std::size_t values_answered_max = 32;
constexpr std::uint32_t six_to_four = 0x2002;  // RFC 3056

std::string_view label(const wire::DnsQuery& query, std::size_t i) {
  const std::size_t at = query.label_at[i];
  return {query.name.data() + at + 1, static_cast<unsigned char>(query.name[at])};
}

// A decimal octet of one to three digits; leading zeros pass, as with rbldnsd.
int octet(std::string_view text) {
  if (text.empty() || text.size() > 3) return -1;
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return number > 255 ? -1 : number;
}

int nibble(std::string_view text) {
  if (text.size() != 1) return -1;
  if (text[0] >= '0' && text[0] <= '9') return text[0] - '0';
  if (text[0] >= 'a' && text[0] <= 'f') return text[0] - 'a' + 10;
  return -1;
}

// The text of an IPv4 address, without allocation.
std::string_view text_of(std::uint32_t address, std::array<char, 16>& out) {
  char* at = out.data();
  for (int shift = 24; shift >= 0; shift -= 8) {
    at = std::to_chars(at, out.data() + out.size(), address >> shift & 0xff).ptr;
    if (shift > 0) *at++ = '.';
  }
  return {out.data(), static_cast<std::size_t>(at - out.data())};
}

}  // namespace

AskedName::AskedName(const wire::DnsQuery& query, std::size_t labels_before, bool ip4_zone)
    : labels(labels_before), relative(query.name.data(), query.label_at[labels_before]) {
  if (labels > 0 && labels <= 4) {
    std::uint32_t address = 0;
    bool good = true;
    for (std::size_t i = labels; i-- > 0 && good;) {
      const int number = octet(label(query, i));
      good = number >= 0;
      address = address << 8 | static_cast<std::uint32_t>(number);
    }
    if (good) {
      bits_4 = static_cast<unsigned>(labels) * 8;
      address_4 = address << (32 - bits_4);
      kind_4 = labels == 4 ? Kind::address : Kind::network;
    }
  }
  // Four figures are an IPv4 address, and also the upper end of IPv6 ones: names may lie below.
  if (labels == 0 || labels > 32) return;
  Key6 address;
  for (std::size_t i = 0; i < labels; ++i) {
    const int number = nibble(label(query, labels - 1 - i));
    if (number < 0) return;
    std::uint64_t& half = i < 16 ? address.upper : address.lower;
    half |= static_cast<std::uint64_t>(number) << (60 - 4 * (i % 16));
  }
  address_6 = address;
  bits_6 = static_cast<unsigned>(labels) * 4;
  kind_6 = labels == 32 ? Kind::address : Kind::network;
  if (kind_6 != Kind::address || !ip4_zone) return;
  if (address.upper >> 48 == six_to_four) {
    address_4 = static_cast<std::uint32_t>(address.upper >> 16);
    kind_4 = Kind::address;
  } else if (address.upper == 0 && address.lower >> 32 == 0xffff) {
    address_4 = static_cast<std::uint32_t>(address.lower);
    kind_4 = Kind::address;
    kind_6 = Kind::name;
  }
}

Access access_of(const LoadedDataset* rules, const base::IpAddress& client) {
  if (rules == nullptr) return {};
  std::optional<std::uint32_t> value;
  if (client.is_v4()) {
    const auto match = rules->data.networks4.find(client.v4_bits());
    if (match.level != nullptr) value = match.level->value(match.rows.first);
  } else {
    value = rules->data.networks6.find(Key6::of(client.bytes()));
  }
  if (!value) return {};
  switch (*value) {
    case wire::zone_ignore: return {Access::Order::ignore};
    case wire::zone_refuse: return {Access::Order::refuse};
    case wire::zone_empty: return {Access::Order::empty};
    case wire::zone_pass:
    case wire::zone_excluded: return {};
    default: return {Access::Order::always, rules, *value};
  }
}

bool Lookup::ask(const Dataset& data, const AskedName& asked) {
  switch (data.format) {
    case ZoneFormat::ip4set:
    case ZoneFormat::ip4trie:
    case ZoneFormat::ip4tset: return ask_networks4(data, asked);
    case ZoneFormat::ip6trie:
    case ZoneFormat::ip6tset: return ask_networks6(data, asked);
    case ZoneFormat::dnset: return ask_names(data, asked);
    case ZoneFormat::generic: return ask_records(data, asked);
    case ZoneFormat::combined: return ask_parts(data, asked);
    case ZoneFormat::acl: return false;
  }
  return false;
}

bool Lookup::overridden(bool& found) {
  if (access_.order == Access::Order::empty) {
    found = false;
    return true;
  }
  if (access_.order == Access::Order::always) {
    listed_ = always_ = found = true;
    return true;
  }
  return false;
}

// An end is rounded down and the time up: nothing is over a moment before it is.
bool Lookup::shorten(std::optional<std::uint32_t> end) {
  constexpr std::int64_t rounding = 2;
  ttl_most_ = ~std::uint32_t{0};
  if (!end || now_ == 0) return true;
  const std::int64_t left = std::int64_t{*end} - now_;
  ttl_most_ = left > 0 ? static_cast<std::uint32_t>(left) : 0;
  return left > -rounding;
}

void Lookup::add_value(const Dataset& data, std::uint32_t number, std::string_view listed) {
  const wire::ZoneValue value = data.values->at(number);
  const std::uint32_t ttl = std::min(data.scope.ttl, ttl_most_);
  if (wanted_.a) {
    const std::uint32_t a = value.address;
    const char bytes[4] = {static_cast<char>(a >> 24), static_cast<char>(a >> 16),
                           static_cast<char>(a >> 8), static_cast<char>(a)};
    writer_.add_answer(wire::dns_type::a, ttl, {bytes, sizeof bytes});
  }
  if (!wanted_.txt) return;
  std::array<char, wire::zone_text_bytes_max> text;
  const std::size_t length = expand_zone_text(value.text, listed, data.scope.templates, text);
  if (length == 0) return;
  std::array<char, wire::zone_text_bytes_max + 1> record;
  record[0] = static_cast<char>(length);
  std::copy_n(text.begin(), length, record.begin() + 1);
  writer_.add_answer(wire::dns_type::txt, ttl, {record.data(), length + 1});
}

bool Lookup::ask_networks4(const Dataset& data, const AskedName& asked) {
  bool found = false;
  if (asked.kind_4 == AskedName::Kind::network) {
    if (access_.order == Access::Order::empty) return false;
    return data.networks4.any_below(asked.address_4, asked.bits_4) ||
           (data.under_4 && data.under_4->any_below(asked.address_4, asked.bits_4));
  }
  if (asked.kind_4 != AskedName::Kind::address) return false;
  if (overridden(found)) return found;
  const PrefixTable4::Match match = data.under_4
                                        ? data.networks4.find_over(*data.under_4, asked.address_4)
                                        : data.networks4.find(asked.address_4);
  if (match.level == nullptr) return false;
  if (match.level->value(match.rows.first) == wire::zone_excluded) return false;
  std::optional<std::uint32_t> ends;
  if (data.ends_4) {
    const PrefixTable4::Match end = data.ends_4->find(asked.address_4);
    if (end.level != nullptr) ends = end.level->value(end.rows.first);
  }
  if (!shorten(ends)) return false;
  listed_ = true;
  std::array<char, 16> buffer;
  const std::string_view listed =
      wanted_.txt ? text_of(asked.address_4, buffer) : std::string_view();
  const std::size_t last = std::min(match.rows.last, match.rows.first + values_answered_max);
  for (std::size_t row = match.rows.first; row < last; ++row) {
    add_value(
        data,
        data.format == ZoneFormat::ip4tset ? data.scope.single_value : match.level->value(row),
        listed);
  }
  return true;
}

bool Lookup::ask_networks6(const Dataset& data, const AskedName& asked) {
  bool found = false;
  if (asked.kind_6 == AskedName::Kind::network) {
    if (access_.order == Access::Order::empty) return false;
    return data.networks6.any_below(asked.address_6, asked.bits_6) ||
           (data.under_6 && data.under_6->any_below(asked.address_6, asked.bits_6));
  }
  if (asked.kind_6 != AskedName::Kind::address) return false;
  if (overridden(found)) return found;
  const auto value = data.under_6 ? data.networks6.find_over(*data.under_6, asked.address_6)
                                  : data.networks6.find(asked.address_6);
  if (!value || *value == wire::zone_excluded) return false;
  if (!shorten(data.ends_6 ? data.ends_6->find(asked.address_6) : std::nullopt)) return false;
  listed_ = true;
  const std::string listed = wanted_.txt ? wire::text6(asked.address_6.bytes()) : std::string();
  add_value(data, data.format == ZoneFormat::ip6tset ? data.scope.single_value : *value, listed);
  return true;
}

bool Lookup::add_names(const Dataset& data, const NameIndex::Entry& entry) {
  if (!shorten(std::nullopt)) return false;
  listed_ = true;
  const std::string listed = wanted_.txt ? wire::dns_name_text(entry.name) : std::string();
  for (std::size_t i = 0; i < std::min(entry.count, values_answered_max); ++i) {
    add_value(data, entry.value(i), listed);
  }
  return true;
}

bool Lookup::add_live_name(const Dataset& data, const NameIndex::Entry& entry) {
  const std::uint32_t end = entry.value(0);
  if (!shorten(end == Dataset::never_ends ? std::nullopt : std::optional(end))) return false;
  listed_ = true;
  add_value(data, data.scope.single_value,
            wanted_.txt ? wire::dns_name_text(entry.name) : std::string());
  return true;
}

bool Lookup::ask_live_names(const Dataset& data, const AskedName& asked) {
  const auto find = [&data](std::string_view name) {
    const auto changed = data.names.itself.find(name);
    if (!changed) return data.under_names->find(name);
    const bool gone = changed->count == 0 && !changed->only_below;
    return gone ? std::nullopt : changed;
  };
  const auto itself = find(asked.relative);
  if (itself && itself->count > 0) return add_live_name(data, *itself);
  std::string_view rest = asked.relative;
  for (std::size_t labels = asked.labels; data.lists_below && labels > 2; --labels) {
    rest.remove_prefix(static_cast<unsigned char>(rest[0]) + 1U);
    const auto above = find(rest);
    if (above && above->count > 0) return add_live_name(data, *above);
  }
  return itself.has_value();
}

bool Lookup::ask_names(const Dataset& data, const AskedName& asked) {
  bool found = false;
  if (asked.labels == 0) return false;
  if (overridden(found)) return found;
  if (data.under_names) return ask_live_names(data, asked);
  const auto itself = data.names.itself.find(asked.relative);
  if (itself && itself->count > 0) {
    return add_names(data, *itself);
  }
  const bool excluded = itself && !itself->only_below;
  const NameIndex& below = data.names.below;
  std::string_view rest = asked.relative;
  std::size_t labels = asked.labels;
  while (labels > 1 && labels > below.labels_min()) {
    rest.remove_prefix(static_cast<unsigned char>(rest[0]) + 1U);
    --labels;
    if (labels > below.labels_max()) continue;
    const auto wildcard = below.find(rest);
    if (!wildcard) continue;
    if (wildcard->count == 0) return itself.has_value() && !excluded;
    // An excluded name still has listed names below it.
    return excluded || add_names(data, *wildcard);
  }
  return itself.has_value() && !excluded;
}

bool Lookup::ask_records(const Dataset& data, const AskedName& asked) {
  const auto found = data.records.find(asked.relative);
  if (found == data.records.end()) return false;
  for (const wire::ZoneRecord& record : found->second) {
    const bool want = (record.type == wire::dns_type::a && wanted_.a) ||
                      (record.type == wire::dns_type::txt && wanted_.txt) ||
                      (record.type == wire::dns_type::mx && wanted_.mx);
    if (want) writer_.add_answer(record.type, record.ttl, record.data);
  }
  return true;
}

bool Lookup::ask_parts(const Dataset& data, const AskedName& asked) {
  bool above = false;  // a subzone lies below the name
  for (const Dataset::Subzone& subzone : data.subzones) {
    const std::string_view name = subzone.name.relative_bytes();
    if (name.size() > asked.relative.size()) {
      above = above || (!asked.relative.empty() && name.ends_with(asked.relative));
      continue;
    }
    const std::size_t labels = asked.labels - std::min(asked.labels, subzone.name.labels());
    if (query_.label_at[labels] != asked.relative.size() - name.size() ||
        !asked.relative.ends_with(name)) {
      continue;
    }
    bool ip4 = false;
    for (const std::size_t part : subzone.parts) ip4 = ip4 || data.parts[part].asks_for_ip4();
    const AskedName inner(query_, labels, ip4);
    bool found = labels == 0;
    for (const std::size_t part : subzone.parts) {
      // The inner name ends where the subzone begins.
      found = ask(data.parts[part], inner) || found;
    }
    return found;
  }
  return above;
}

}  // namespace leumund::listing
