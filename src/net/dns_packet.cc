#include "net/dns_packet.h"

#include <algorithm>

#include "base/ascii.h"

namespace leumund::net {
namespace {

constexpr std::size_t header_bytes = 12;
constexpr std::size_t name_bytes_max = 253;
constexpr std::size_t label_bytes_max = 63;
constexpr std::size_t records_max = 64;
constexpr std::uint16_t type_soa = 6;

std::uint16_t type_code(RecordType type) {
  switch (type) {
    case RecordType::a: return 1;
    case RecordType::aaaa: return 28;
    case RecordType::mx: return 15;
    case RecordType::txt: return 16;
    case RecordType::ptr: return 12;
  }
  return 1;
}

std::uint32_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

void put16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8 & 0xff);
  out += static_cast<char>(value & 0xff);
}

// Behind a name, compressed or not; nothing when it runs out of the packet.
std::optional<std::size_t> skip_name(std::string_view packet, std::size_t at) {
  while (at < packet.size()) {
    const auto length = static_cast<std::uint8_t>(packet[at]);
    if (length >= 0xc0) return at + 2 <= packet.size() ? std::optional(at + 2) : std::nullopt;
    if (length > label_bytes_max) return std::nullopt;
    at += 1 + length;
    if (length == 0) return at;
  }
  return std::nullopt;
}

struct Record {
  std::uint16_t type = 0;
  std::uint32_t ttl = 0;
  std::string_view data;
  std::size_t next = 0;
};

std::optional<Record> read_record(std::string_view packet, std::size_t at) {
  const auto name_end = skip_name(packet, at);
  if (!name_end || *name_end + 10 > packet.size()) return std::nullopt;
  Record record;
  record.type = static_cast<std::uint16_t>(number(packet, *name_end, 2));
  record.ttl = number(packet, *name_end + 4, 4);
  const std::size_t size = number(packet, *name_end + 8, 2);
  record.next = *name_end + 10 + size;
  if (record.next > packet.size()) return std::nullopt;
  record.data = packet.substr(*name_end + 10, size);
  return record;
}

bool same_question(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char left, char right) {
    return base::ascii_lower(left) == base::ascii_lower(right);
  });
}

}  // namespace

std::string dns_question_packet(std::uint16_t id, const DnsQuestion& question, bool recursion) {
  std::string_view name = question.name;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > name_bytes_max) return "";
  std::string out;
  out.reserve(header_bytes + name.size() + 6);
  put16(out, id);
  put16(out, recursion ? 0x0100 : 0);
  put16(out, 1);
  out.append(6, '\0');
  while (true) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    if (dot == 0 || dot > label_bytes_max) return "";
    out += static_cast<char>(dot);
    out += name.substr(0, dot);
    if (dot == name.size()) break;
    name.remove_prefix(dot + 1);
  }
  out += '\0';
  put16(out, type_code(question.type));
  put16(out, 1);
  return out;
}

std::optional<std::chrono::seconds> read_dns_negative(std::string_view answer,
                                                      std::string_view asked) {
  if (asked.size() <= header_bytes || answer.size() < asked.size()) return std::nullopt;
  const std::uint32_t flags = number(answer, 2, 2);
  const bool response = (flags & 0x8000U) != 0 && (flags & 0x7800U) == 0;
  const bool cut = (flags & 0x0200U) != 0;
  const bool no_name = (flags & 0xfU) == 3;
  const bool knows = (flags & 0x0400U) != 0 || (flags & 0x0080U) != 0;  // its own, or it asked
  if (!response || cut || !knows || (!no_name && (flags & 0xfU) != 0)) return std::nullopt;
  if (answer.substr(0, 2) != asked.substr(0, 2)) return std::nullopt;
  if (number(answer, 4, 2) != 1 || number(answer, 6, 2) != 0) return std::nullopt;
  if (!same_question(answer.substr(header_bytes, asked.size() - header_bytes),
                     asked.substr(header_bytes))) {
    return std::nullopt;
  }
  // RFC 2308: a "no" brings the zone's SOA, and holds for the lesser of its TTL and minimum.
  std::size_t at = asked.size();
  const std::size_t records = std::min<std::size_t>(number(answer, 8, 2), records_max);
  for (std::size_t i = 0; i < records; ++i) {
    const auto record = read_record(answer, at);
    if (!record) return std::nullopt;
    at = record->next;
    if (record->type != type_soa || record->data.size() < 22) continue;
    const std::uint32_t minimum = number(record->data, record->data.size() - 4, 4);
    return std::chrono::seconds(std::min(record->ttl, minimum));
  }
  // Some lists leave it out: no such name all the same, to be asked for again at any time. Without
  // records and without SOA, "no error" is a referral or worse.
  return no_name ? std::optional(std::chrono::seconds(0)) : std::nullopt;
}

}  // namespace leumund::net
