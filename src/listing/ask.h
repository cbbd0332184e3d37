// For tests: zone text in, answers out.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "listing/zone_set.h"

namespace leumund::listing {

inline DatasetPointer dataset_of(wire::ZoneFormat format, std::string_view text) {
  auto values = std::make_shared<wire::ZoneValues>();
  DatasetBuilder builder(format);
  wire::ZoneReader reader(format, {}, *values, builder);
  reader.begin_file("test");
  if (!reader.read(text).ok() || !reader.end_file().ok()) return nullptr;
  reader.finish();
  values->finish();
  auto loaded = std::make_shared<LoadedDataset>();
  loaded->data = *builder.build(std::move(values));
  loaded->head = reader.head();
  return loaded;
}

struct Told {
  ZoneAnswer answer;
  std::vector<std::string> records;  // "1 7f000002", "16 text" of the answer section
  std::size_t authority = 0;
  std::int64_t ttl = -1;  // of the first answer
};

inline Told ask(const ZoneSet& zones, std::string_view name, std::uint16_t type = 1,
                base::IpAddress client = base::IpAddress::v4(0xc0000201), std::int64_t now = 0) {
  std::vector<std::uint8_t> packet = {0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  const std::string wire_name = wire::DnsName::parse(name)->bytes();
  packet.insert(packet.end(), wire_name.begin(), wire_name.end());
  packet.push_back(static_cast<std::uint8_t>(type >> 8));
  packet.push_back(static_cast<std::uint8_t>(type & 0xff));
  packet.insert(packet.end(), {0, 1});
  wire::DnsQuery query;
  Told told;
  if (read_dns_query(packet, query) != wire::DnsQueryState::good) return told;
  std::vector<std::uint8_t> out(2048);
  wire::DnsAnswerWriter writer(packet, query, out, 1232);
  told.answer = zones.answer(query, client, writer, now);
  (void)writer.finish(told.answer.code, told.answer.authoritative);
  std::size_t at = packet.size();
  for (int i = 0; i < out[7]; ++i) {
    const std::size_t length = static_cast<std::size_t>(out[at + 10] << 8 | out[at + 11]);
    std::string data(out.begin() + static_cast<std::ptrdiff_t>(at) + 12,
                     out.begin() + static_cast<std::ptrdiff_t>(at + 12 + length));
    const int kind = out[at + 3];
    if (i == 0) {
      told.ttl = std::int64_t{out[at + 6]} << 24 | std::int64_t{out[at + 7]} << 16 |
                 std::int64_t{out[at + 8]} << 8 | std::int64_t{out[at + 9]};
    }
    std::string text = std::to_string(kind) + " ";
    if (kind == 1) {
      for (const char c : data) text += std::to_string(static_cast<unsigned char>(c)) + ".";
    } else {
      text += kind == 16 ? data.substr(1) : "";
    }
    told.records.push_back(text);
    at += 12 + length;
  }
  told.authority = out[9];
  return told;
}

}  // namespace leumund::listing
