#include "wire/zone_file_write.h"

#include <fmt/core.h>

#include <chrono>

#include "wire/dns_message.h"

namespace leumund::wire {
namespace {

// A text that stays on its line.
std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (c == '\n' || c == '\r' || c == '\0') c = ' ';
  }
  return line;
}

// A value's text has no blanks around it, since reading takes them away.
std::string value_text(std::string_view text) {
  const std::string line = one_line(text);
  const std::size_t first = line.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return line.substr(first, line.find_last_not_of(" \t") + 1 - first);
}

// A name whose first character would mean something at the beginning of an entry is written with
// that character's number.
std::string name_text(const DnsName& name) {
  const std::string text = name.to_text();
  constexpr std::string_view signs = "!#;$:*@=";
  if (signs.find(text.front()) == std::string_view::npos) return text;
  return fmt::format("\\{:03}{}", static_cast<unsigned char>(text.front()), text.substr(1));
}

std::string stamp_text(std::int64_t seconds) {
  const std::chrono::sys_seconds at{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const auto clock = std::chrono::hh_mm_ss(at - day);
  return fmt::format("{:04}-{:02}-{:02}:{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::uint32_t number_of(std::string_view bytes) {
  std::uint32_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

}  // namespace

void ZoneFileWriter::head(const ZoneHead& head) {
  if (head.soa) {
    const ZoneSoa& soa = *head.soa;
    out_ += fmt::format("$SOA {} {} {} {} {} {} {} {}\n", soa.ttl, soa.primary.to_text(),
                        soa.person.to_text(), soa.serial, soa.refresh, soa.retry, soa.expire,
                        soa.minimum);
  }
  if (head.servers) {
    out_ += fmt::format("$NS {}", head.servers->ttl);
    for (const DnsName& name : head.servers->names) out_ += " " + name.to_text();
    out_ += '\n';
  }
  if (head.expires_at) out_ += fmt::format("$TIMESTAMP 0 {}\n", stamp_text(*head.expires_at));
}

void ZoneFileWriter::scope(const ZoneScope& scope) {
  out_ += fmt::format("$TTL {}\n", scope.ttl);
  for (std::size_t i = 0; i < scope.templates.variables.size(); ++i) {
    const auto& variable = scope.templates.variables[i];
    if (variable) out_ += fmt::format("${} {}\n", i, one_line(*variable));
  }
  if (scope.templates.base) out_ += fmt::format("$= {}\n", one_line(*scope.templates.base));
}

void ZoneFileWriter::default_value(const ZoneValue& value) {
  out_ += fmt::format(":{}:{}\n", text4(value.address), value_text(value.text));
}

void ZoneFileWriter::value_and_end(const ZoneValue* value, bool with_value) {
  if (value != nullptr && with_value) {
    out_ += fmt::format(" :{}:{}", text4(value->address), value_text(value->text));
  }
  out_ += '\n';
}

void ZoneFileWriter::range4(const ZoneRange4& range, const ZoneValue* value, bool with_value) {
  if (value == nullptr) out_ += '!';
  out_ += text4(range.first);
  if (range.bits < 32) {
    out_ += fmt::format("/{}", range.bits);
  } else if (range.last != range.first) {
    out_ += '-' + text4(range.last);
  }
  value_and_end(value, with_value);
}

void ZoneFileWriter::prefix6(const ZonePrefix6& prefix, const ZoneValue* value, bool with_value) {
  if (value == nullptr) out_ += '!';
  out_ += text6(prefix.address);
  if (prefix.bits < 128) out_ += fmt::format("/{}", prefix.bits);
  value_and_end(value, with_value);
}

void ZoneFileWriter::half6(const ZonePrefix6& prefix) {
  for (std::size_t i = 0; i < 8; i += 2) {
    const auto group = static_cast<unsigned>(prefix.address[i] << 8 | prefix.address[i + 1]);
    out_ += fmt::format("{}{:x}", i == 0 ? "" : ":", group);
  }
  out_ += '\n';
}

void ZoneFileWriter::name(const DnsName& name, bool itself, bool below, const ZoneValue* value,
                          bool with_value) {
  if (value == nullptr) out_ += '!';
  if (below) out_ += itself ? "." : "*.";
  out_ += name_text(name);
  value_and_end(value, with_value);
}

void ZoneFileWriter::record(const ZoneRecord& record) {
  out_ += fmt::format("{} {} ", record.name.is_root() ? "@" : name_text(record.name), record.ttl);
  if (record.type == dns_type::a) {
    out_ += fmt::format("A {}\n", text4(number_of(record.data)));
  } else if (record.type == dns_type::txt) {
    out_ += fmt::format("TXT \"{}\"\n", one_line(std::string_view(record.data).substr(1)));
  } else {
    out_ += fmt::format("MX {} {}\n", number_of(std::string_view(record.data).substr(0, 2)),
                        DnsName::from_wire(std::string_view(record.data).substr(2)).to_text());
  }
}

}  // namespace leumund::wire
