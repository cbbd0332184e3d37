// Any bytes as a query: nothing is read outside, and what is answered is no larger than it may be.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/check.h"
#include "wire/dns_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leumund::wire;  // NOLINT: one file, one subject
  const std::span<const std::uint8_t> packet(data, size);
  DnsQuery query;
  std::array<std::uint8_t, 1300> out{};
  const DnsQueryState state = read_dns_query(packet, query);
  if (state == DnsQueryState::malformed) {
    CHECK(write_dns_error(packet, DnsCode::form_error, out) == dns_header_bytes);
  }
  if (state != DnsQueryState::good && state != DnsQueryState::not_implemented) return 0;
  CHECK(query.question_end <= size && query.name_bytes <= dns_name_bytes_max);
  CHECK(query.label_at[query.labels] + 1 == query.name_bytes);
  CHECK(DnsName::from_wire(query.name_view()).labels() == query.labels);
  if (size + dns_opt_bytes > out.size()) return 0;

  // A zone of the name's last labels, and answers up to what the client takes.
  const std::size_t zone_at = query.label_at[query.labels / 2];
  const DnsName zone = DnsName::from_wire(query.name_view().substr(zone_at));
  DnsRecordBlock block(zone);
  block.add(dns_type::soa, 60, {zone, DnsName::from_wire(query.name_view())},
            "12345678901234567890");
  const std::size_t limit = std::min<std::size_t>(query.udp_bytes, 1232);
  DnsAnswerWriter writer(packet, query, out, limit);
  for (std::size_t i = 0; i < size % 40; ++i) {
    writer.add_answer(dns_type::txt, static_cast<std::uint32_t>(i), {"0123456789abcdef", i % 16});
  }
  writer.add_authority_block(block, zone.bytes().size());
  const std::size_t written = writer.finish(DnsCode::no_error, true);
  CHECK(written <= std::max(limit, query.question_end + dns_opt_bytes));
  CHECK(written >= query.question_end);
  CHECK(std::memcmp(out.data() + 12, data + 12, query.question_end - 12U) == 0);
  return 0;
}
