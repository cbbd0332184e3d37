// The entries of zone files, format by format.
#include <fmt/core.h>

#include <algorithm>

#include "wire/dns_message.h"
#include "wire/zone_file.h"

namespace leumund::wire {
namespace {

bool comment(char c) { return c == '#' || c == ';'; }

bool blank(char c) { return c == ' ' || c == '\t'; }

// What may stand behind an address.
bool ends_address(std::string_view rest) {
  return rest.empty() || blank(rest.front()) || comment(rest.front()) || rest.front() == ':';
}

// Takes the sign of an exclusion away.
bool take_exclusion(std::string_view& line) {
  if (!line.starts_with('!')) return false;
  line = skip_blanks(line.substr(1));
  return true;
}

bool same_word(std::string_view word, std::string_view small) {
  return std::equal(word.begin(), word.end(), small.begin(), small.end(),
                    [](char a, char b) { return dns_lower(a) == b; });
}

constexpr std::string_view bad_address = "no address or range that this format takes";
constexpr std::string_view bad_host_bits = "the address has bits beyond its network (see -e)";

}  // namespace

std::optional<std::uint32_t> ZoneReader::value_of(std::string_view text,
                                                  const ZoneValue& standard) {
  ZoneValue value = standard;
  if (text.starts_with(':')) {
    text.remove_prefix(1);
    const auto address = read_value4(text);
    if (!address || address->address == 0) {
      warn("the value has no IPv4 address behind its colon");
      return std::nullopt;
    }
    value.address = address->bits == 8 ? 0x7f000000 | address->address : address->address;
    text = skip_blanks(text);
    if (text.empty()) return intern(value);  // with the default text
    if (!text.starts_with(':')) {
      warn("something that is no text stands behind the value's address");
      return std::nullopt;
    }
    text = skip_blanks(text.substr(1));
  }
  if (text.size() > zone_text_bytes_max) {
    warn(fmt::format("the text is cut at {} bytes", zone_text_bytes_max));
  }
  value.text = text.substr(0, zone_text_bytes_max);
  return intern(value);
}

std::optional<std::uint32_t> ZoneReader::value_or_default(std::string_view rest) {
  rest = skip_blanks(rest);
  if (!rest.empty() && !comment(rest.front())) return value_of(rest, default_value());
  if (default_number_ == 0) default_number_ = intern(default_value());
  return default_number_;
}

void ZoneReader::set_default(std::string_view line) {
  const auto number = value_of(line, {});
  if (!number || *number == zone_excluded) return;
  set_default_value(values_.at(*number));
  default_number_ = *number;
}

bool ZoneReader::accept_range4(ZoneRange4& range) {
  if (options_.host_bits) {
    range.first &= mask4(range.bits);
  } else if ((range.first & ~mask4(range.bits)) != 0) {
    warn(std::string(bad_host_bits));
    return false;
  }
  if (range_max_ != 0 && range_max_ <= range.last - range.first) {
    warn(fmt::format("the range is larger than $MAXRANGE4 {} and is left out", range_max_));
    return false;
  }
  return true;
}

void ZoneReader::entry_range4(std::string_view line) {
  if (line.starts_with(':')) {
    set_default(line);
    return;
  }
  const bool excluded = take_exclusion(line);
  std::optional<ZoneRange4> range;
  if (part_format_ == ZoneFormat::ip4set) {
    range = read_range4(line);
    // rbldnsd lists no /0 in a set: a slip of the finger must not list the world.
    if (range && range->bits == 0) range.reset();
  } else if (const auto prefix = read_prefix4(line)) {
    range = ZoneRange4{prefix->address, prefix->address | ~mask4(prefix->bits), prefix->bits};
  }
  if (!range || !ends_address(line)) {
    warn(std::string(bad_address));
    return;
  }
  if (!accept_range4(*range)) return;
  const auto value = excluded ? zone_excluded : value_or_default(line);
  if (value) sink_.add_range4(*range, *value);
}

void ZoneReader::entry_address4(std::string_view line) {
  if (line.starts_with(':')) {  // only the first counts, and for all entries
    if (scope().single_value == 0) scope().single_value = value_of(line, {}).value_or(0);
    return;
  }
  const auto address = read_octets4(line);
  if (!address || address->bits != 32 || !ends_address(line)) {
    warn(std::string(bad_address));
    return;
  }
  sink_.add_range4({address->address, address->address, 32}, 1);
}

void ZoneReader::entry_prefix6(std::string_view line) {
  if (line.starts_with(':') && !line.starts_with("::")) {
    set_default(line);
    return;
  }
  const bool excluded = take_exclusion(line);
  auto prefix = read_prefix6(line);
  if (!prefix || !ends_address(line)) {
    warn(std::string(bad_address));
    return;
  }
  const Bytes16 network = masked6(prefix->address, prefix->bits);
  if (network != prefix->address && !options_.host_bits) {
    warn(std::string(bad_host_bits));
    return;
  }
  prefix->address = network;
  const auto value = excluded ? zone_excluded : value_or_default(line);
  if (value) sink_.add_prefix6(*prefix, *value);
}

void ZoneReader::entry_half6(std::string_view line) {
  if (line.starts_with(':') && !line.starts_with("::")) {
    if (scope().single_value == 0) scope().single_value = value_of(line, {}).value_or(0);
    return;
  }
  const bool excluded = take_exclusion(line);
  const auto prefix = read_groups6(line);
  if (!prefix || !ends_address(line) || prefix->bits != (excluded ? 128 : 64)) {
    warn("this format takes networks of four groups, and exclusions of whole addresses");
    return;
  }
  sink_.add_prefix6(*prefix, excluded ? zone_excluded : 1);
}

void ZoneReader::entry_name(std::string_view line) {
  if (line.starts_with(':')) {
    set_default(line);
    return;
  }
  const bool excluded = take_exclusion(line);
  bool itself = true;
  bool below = false;
  if (line.starts_with('.')) {
    below = true;
    line.remove_prefix(1);
  } else if (line.starts_with("*.")) {
    below = true;
    itself = false;
    line.remove_prefix(2);
  }
  const auto name = DnsName::parse(take_word(line));
  if (!name || name->is_root()) {
    warn("no domain name");
    return;
  }
  const auto value = excluded ? zone_excluded : value_or_default(line);
  if (value) sink_.add_name(*name, itself, below, *value);
}

bool ZoneReader::record_data(std::string_view type, std::string_view rest, ZoneRecord& record) {
  const auto put_16 = [&](std::uint32_t number) {
    record.data += static_cast<char>(number >> 8 & 0xff);
    record.data += static_cast<char>(number & 0xff);
  };
  if (same_word(type, "a")) {
    const auto address = read_value4(rest);
    if (!address) return false;
    record.type = dns_type::a;
    // A lone number is the last octet of 0.0.0.0, as inet_aton has it.
    put_16(address->address >> 16);
    put_16(address->address & 0xffff);
    return true;
  }
  if (same_word(type, "txt")) {
    if (rest.size() >= 2 && rest.front() == '"' && rest.back() == '"') {
      rest = rest.substr(1, rest.size() - 2);
    }
    if (rest.size() > zone_text_bytes_max) {
      warn(fmt::format("the text is cut at {} bytes", zone_text_bytes_max));
      rest = rest.substr(0, zone_text_bytes_max);
    }
    record.type = dns_type::txt;
    record.data = static_cast<char>(rest.size());
    record.data += rest;
    return true;
  }
  if (!same_word(type, "mx")) return false;
  const std::string_view number = take_word(rest);
  std::uint32_t priority = 0;
  for (const char c : number) {
    if (c < '0' || c > '9' || priority > 0xffff) return false;
    priority = priority * 10 + static_cast<std::uint32_t>(c - '0');
  }
  const auto host = DnsName::parse(take_word(rest));
  if (number.empty() || priority > 0xffff || !host || !rest.empty()) return false;
  record.type = dns_type::mx;
  put_16(priority);
  record.data += host->bytes();
  return true;
}

void ZoneReader::entry_record(std::string_view line) {
  constexpr std::string_view what = "no record: NAME [TTL] [IN] A, TXT or MX, and its value";
  ZoneRecord record;
  const std::string_view owner = take_word(line);
  if (owner != "@") {
    const auto name = DnsName::parse(owner);
    if (!name || name->is_root()) {
      warn(std::string(what));
      return;
    }
    record.name = *name;
  }
  record.ttl = scope().ttl;
  if (!line.empty() && line.front() >= '0' && line.front() <= '9') {
    const auto ttl = read_ttl(line, scope().ttl);
    if (!ttl) {
      warn(std::string(what));
      return;
    }
    record.ttl = *ttl;
  }
  std::string_view type = take_word(line);
  if (same_word(type, "in")) type = take_word(line);
  if (line.empty() || !record_data(type, line, record)) {
    warn(std::string(what));
    return;
  }
  sink_.add_record(std::move(record));
}

std::optional<std::uint32_t> ZoneReader::access_value(std::string_view text) {
  if (text.starts_with(':') || text.starts_with('=')) {
    const std::string_view word = text.substr(1, text.find_first_of(": \t#;", 1) - 1);
    if (same_word(word, "ignore") || same_word(word, "blackhole")) return zone_ignore;
    if (same_word(word, "refuse")) return zone_refuse;
    if (same_word(word, "empty")) return zone_empty;
    if (same_word(word, "pass")) return zone_pass;
    if (text.front() == '=') {
      warn("no action: ignore, refuse, empty or pass");
      return std::nullopt;
    }
  }
  return value_of(text, default_value());
}

void ZoneReader::entry_access(std::string_view line) {
  if (line.starts_with('=') || (line.starts_with(':') && !line.starts_with("::"))) {
    const auto value = access_value(line);
    if (!value) return;
    default_access_ = *value;
    if (*value < zone_ignore && *value != zone_excluded) set_default_value(values_.at(*value));
    return;
  }
  std::string_view rest = line;
  const auto prefix4 = read_prefix4(rest);
  const bool is_4 = prefix4 && ends_address(rest);
  std::optional<ZonePrefix6> prefix6;
  if (!is_4) {
    rest = line;
    prefix6 = read_prefix6(rest);
    if (!prefix6 || !ends_address(rest)) {
      warn(std::string(bad_address));
      return;
    }
  }
  rest = skip_blanks(rest);
  const auto value_of_rest = [&]() -> std::optional<std::uint32_t> {
    return rest.empty() || comment(rest.front()) ? default_access_ : access_value(rest);
  };
  if (is_4) {
    ZoneRange4 range{prefix4->address, prefix4->address | ~mask4(prefix4->bits), prefix4->bits};
    if (!accept_range4(range)) return;
    if (const auto value = value_of_rest()) sink_.add_range4(range, *value);
    return;
  }
  const Bytes16 network = masked6(prefix6->address, prefix6->bits);
  if (network != prefix6->address && !options_.host_bits) {
    warn(std::string(bad_host_bits));
    return;
  }
  if (const auto value = value_of_rest()) sink_.add_prefix6({network, prefix6->bits}, *value);
}

}  // namespace leumund::wire
