// Lines that begin with a dollar sign: what holds for the whole zone or dataset.
#include <fmt/core.h>

#include <chrono>
#include <limits>

#include "wire/zone_file.h"

namespace leumund::wire {
namespace {

constexpr std::size_t servers_max = 32;
constexpr std::size_t subzones_max = 1024;

bool digit(std::string_view text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

std::string small(std::string_view word) {
  std::string text(word);
  for (char& c : text) c = dns_lower(c);
  return text;
}

std::optional<std::uint32_t> read_number(std::string_view& words) {
  const std::string_view word = take_word(words);
  std::uint64_t number = 0;
  for (const char c : word) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
    if (number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  }
  if (word.empty()) return std::nullopt;
  return static_cast<std::uint32_t>(number);
}

// Up to `width` digits of a time stamp, and the divider behind them.
std::optional<int> read_stamp_part(std::string_view& text, int width, int least, int most) {
  if (!digit(text)) return std::nullopt;
  int number = 0;
  for (; width > 0 && digit(text); --width) {
    number = number * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  if (number < least || number > most) return std::nullopt;
  if (text.starts_with(':') || text.starts_with('-')) text.remove_prefix(1);
  return number;
}

// Unix seconds of "2026:11:22", "2026-11-22-10:30:00"; 0 for "-" and "0", which say none.
std::optional<std::int64_t> read_stamp(std::string_view& words) {
  std::string_view text = take_word(words);
  if (text == "0" || text == "-" || text == ":") return 0;
  const auto year = read_stamp_part(text, 4, 1970, 2999);
  const auto month = year ? read_stamp_part(text, 2, 1, 12) : std::nullopt;
  const auto day = month ? read_stamp_part(text, 2, 1, 31) : std::nullopt;
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  int clock[3] = {0, 0, 0};
  constexpr int most[3] = {23, 59, 59};
  for (int i = 0; i < 3 && !text.empty(); ++i) {
    const auto part = read_stamp_part(text, 2, 0, most[i]);
    if (!part) return std::nullopt;
    clock[i] = *part;
  }
  if (!text.empty()) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((std::int64_t{days} * 24 + clock[0]) * 60 + clock[1]) * 60 + clock[2];
}

}  // namespace

std::optional<std::uint32_t> read_zone_time(std::string_view& text) {
  if (!digit(text)) return std::nullopt;
  std::uint64_t seconds = 0;
  while (digit(text)) {
    seconds = seconds * 10 + static_cast<std::uint64_t>(text.front() - '0');
    if (seconds > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    text.remove_prefix(1);
  }
  if (!text.empty()) {
    std::uint64_t unit = 0;
    switch (dns_lower(text.front())) {
      case 's': unit = 1; break;
      case 'm': unit = 60; break;
      case 'h': unit = 3600; break;
      case 'd': unit = 86400; break;
      case 'w': unit = 604800; break;
      default: break;
    }
    if (unit != 0) {
      seconds *= unit;
      text.remove_prefix(1);
    }
  }
  if (seconds > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(seconds);
}

std::optional<std::uint32_t> ZoneReader::read_ttl(Words words, std::uint32_t standard) const {
  std::string_view word = take_word(words);
  const auto ttl = read_zone_time(word);
  if (!ttl || !word.empty()) return std::nullopt;
  if (*ttl == 0) return standard;
  if (options_.ttl_min != 0 && *ttl < options_.ttl_min) return options_.ttl_min;
  if (options_.ttl_max != 0 && *ttl > options_.ttl_max) return options_.ttl_max;
  return ttl;
}

base::Status ZoneReader::special(std::string_view line) {
  std::string_view words = line;
  const std::string keyword = small(take_word(words));
  base::Result<bool> done = false;
  if (keyword == "soa") {
    done = special_soa(words);
  } else if (keyword == "ns" || keyword == "nameserver") {
    done = special_servers(words);
  } else if (keyword == "ttl") {
    done = special_ttl(words);
  } else if (keyword == "maxrange4") {
    done = special_range(words);
  } else if (keyword == "timestamp") {
    done = special_timestamp(words);
  } else if (keyword == "dataset") {
    done = special_dataset(words);
  } else {
    done = special_variable(line);
  }
  if (!done.ok()) return done.error();
  if (!*done) warn(fmt::format("${} is unknown here or lacks something", keyword));
  return {};
}

bool ZoneReader::special_soa(std::string_view words) {
  if (format_ == ZoneFormat::acl) return false;
  if (head_.soa) return true;  // the first counts
  ZoneSoa soa;
  const auto ttl = read_ttl(words, scope_.ttl);
  const auto primary = DnsName::parse(take_word(words));
  const auto person = DnsName::parse(take_word(words));
  const auto serial = read_number(words);
  if (!ttl || !primary || !person || !serial) return false;
  soa.ttl = *ttl;
  soa.primary = *primary;
  soa.person = *person;
  soa.serial = *serial;
  for (std::uint32_t* span : {&soa.refresh, &soa.retry, &soa.expire, &soa.minimum}) {
    std::string_view word = take_word(words);
    const auto seconds = read_zone_time(word);
    if (!seconds || !word.empty()) return false;
    *span = *seconds;
  }
  if (!words.empty()) return false;
  head_.soa = soa;
  return true;
}

bool ZoneReader::special_servers(std::string_view words) {
  if (format_ == ZoneFormat::acl) return false;
  if (head_.servers) return true;
  ZoneServers servers;
  const auto ttl = read_ttl(words, scope_.ttl);
  if (!ttl || words.empty()) return false;
  servers.ttl = *ttl;
  while (!words.empty()) {
    const std::string_view word = take_word(words);
    if (word.starts_with('-')) continue;  // switched off for the time being
    const auto name = DnsName::parse(word);
    if (!name) return false;
    if (servers.names.size() < servers_max) servers.names.push_back(*name);
  }
  if (!servers.names.empty()) head_.servers = std::move(servers);
  return true;
}

bool ZoneReader::special_ttl(std::string_view words) {
  const auto ttl = read_ttl(words, options_.ttl);
  if (!ttl || !words.empty()) return false;
  scope().ttl = *ttl;
  return true;
}

bool ZoneReader::special_range(std::string_view words) {
  const bool bits = words.starts_with('/');
  if (bits) words.remove_prefix(1);
  const auto number = read_number(words);
  if (!number || *number == 0 || !words.empty()) return false;
  std::uint32_t size = *number;
  if (bits) {
    if (*number > 32) return false;
    size = ~mask4(*number) + 1;
  }
  if (range_max_ != 0 && range_max_ < size) {
    warn(fmt::format("$MAXRANGE4 {} cannot be raised to {}", range_max_, size));
  } else {
    range_max_ = size;
  }
  return true;
}

bool ZoneReader::special_variable(std::string_view line) {
  if (line.size() < 3 || (line[1] != ' ' && line[1] != '\t')) return false;
  if (!digit(line) && line.front() != '=') return false;
  std::optional<std::string>& variable =
      line.front() == '='
          ? scope().templates.base
          : scope().templates.variables[static_cast<std::size_t>(line.front() - '0')];
  if (!variable) variable = std::string(skip_blanks(line.substr(2)));
  return true;
}

base::Result<bool> ZoneReader::special_timestamp(std::string_view words) {
  const auto made = read_stamp(words);
  if (!made) return false;
  std::int64_t expires = 0;
  if (words.starts_with('+')) {
    words.remove_prefix(1);
    const auto span = read_zone_time(words);
    if (!span || !words.empty() || *made == 0 || *span == 0) return false;
    expires = *made + *span;
  } else if (!words.empty()) {
    const auto given = read_stamp(words);
    if (!given || !words.empty()) return false;
    expires = *given;
  }
  if (*made > options_.now) {
    return base::Error{base::ErrorCode::refused,
                       fmt::format("{}:{}: $TIMESTAMP lies {} s in the future", file_, line_,
                                   *made - options_.now)};
  }
  if (expires != 0 && (!head_.expires_at || *head_.expires_at > expires)) {
    head_.expires_at = expires;
  }
  return true;
}

base::Result<bool> ZoneReader::special_dataset(std::string_view words) {
  if (format_ != ZoneFormat::combined) return false;
  std::string_view type = take_word(words);
  type = type.substr(0, type.find(':'));
  const auto format = zone_format_of(type);
  if (!format || *format == ZoneFormat::combined || *format == ZoneFormat::acl) {
    return base::Error{base::ErrorCode::malformed,
                       fmt::format("{}:{}: $DATASET of no type that a combined file can hold: {}",
                                   file_, line_, type.substr(0, 60))};
  }
  end_part();
  std::vector<DnsName> subzones;
  while (!words.empty() && words.front() != '#' && words.front() != ';') {
    const std::string_view word = take_word(words);
    const auto name = word == "@" ? DnsName() : DnsName::parse(word);
    if (!name || subzones.size() == subzones_max) {
      warn(fmt::format("no subzone: {}", word.substr(0, 60)));
      continue;
    }
    subzones.push_back(*name);
  }
  if (subzones.empty()) warn("the dataset has no subzone and is not used");
  sink_.begin_part(*format, std::move(subzones));
  part_scope_ = {.ttl = scope_.ttl, .templates = scope_.templates, .single_value = 0};
  part_format_ = *format;
  part_open_ = in_part_ = true;
  set_default_value({});
  return true;
}

}  // namespace leumund::wire
