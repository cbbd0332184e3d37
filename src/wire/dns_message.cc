#include "wire/dns_message.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace leumund::wire {
namespace {

constexpr std::uint8_t bit_response = 0x80;
constexpr std::uint8_t bits_opcode = 0x78;
constexpr std::uint8_t bit_authoritative = 0x04;
constexpr std::uint8_t bit_truncated = 0x02;
constexpr std::uint8_t bit_recursion_desired = 0x01;
constexpr std::size_t answer_head_bytes = 12;  // pointer to the owner, type, class, TTL, length
constexpr std::size_t pointer_reach = 0x4000;

std::uint16_t get_16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}
void put_16(std::uint8_t* at, std::size_t number) {
  at[0] = static_cast<std::uint8_t>(number >> 8);
  at[1] = static_cast<std::uint8_t>(number);
}
std::uint32_t get_32(const std::uint8_t* at) {
  return static_cast<std::uint32_t>(get_16(at)) << 16 | get_16(at + 2);
}
void put_32(std::uint8_t* at, std::uint32_t number) {
  put_16(at, number >> 16);
  put_16(at + 2, number & 0xffff);
}

bool read_name(std::span<const std::uint8_t> packet, DnsQuery& query) {
  std::size_t at = dns_header_bytes;
  std::size_t written = 0;
  query.labels = 0;
  for (;;) {
    if (at >= packet.size()) return false;
    const std::size_t length = packet[at];
    query.label_at[query.labels] = static_cast<std::uint8_t>(written);
    if (length == 0) break;
    if (length > dns_label_bytes_max || at + length + 1 >= packet.size() ||
        written + length + 2 > dns_name_bytes_max) {
      return false;
    }
    ++query.labels;
    query.name[written++] = static_cast<char>(length);
    for (std::size_t i = 1; i <= length; ++i) {
      query.name[written++] = dns_lower(static_cast<char>(packet[at + i]));
    }
    at += length + 1;
  }
  query.name[written++] = 0;
  query.name_bytes = static_cast<std::uint16_t>(written);
  query.question_end = static_cast<std::uint16_t>(at + 1 + 4);
  return query.question_end <= packet.size();
}

// An OPT record is looked for where every client puts it: alone, right behind the question, or
// behind other additional records, which are skipped.
void read_edns(std::span<const std::uint8_t> packet, DnsQuery& query) {
  query.edns = false;
  query.edns_version = 0;
  query.udp_bytes = dns_plain_udp_bytes;
  const std::uint8_t* head = packet.data();
  if (get_16(head + 6) != 0 || get_16(head + 8) != 0) return;
  std::size_t at = query.question_end;
  constexpr unsigned additional_max = 8;  // nobody sends more; a name here is never compressed away
  const unsigned additional = std::min<unsigned>(get_16(head + 10), additional_max);
  for (unsigned i = 0; i < additional; ++i) {
    const bool root = at < packet.size() && packet[at] == 0;
    while (at < packet.size() && packet[at] != 0 && packet[at] <= dns_label_bytes_max) {
      at += packet[at] + 1U;
    }
    if (at >= packet.size()) return;
    at += packet[at] == 0 ? 1 : 2;
    if (at + 10 > packet.size()) return;
    const std::size_t length = get_16(packet.data() + at + 8);
    if (at + 10 + length > packet.size()) return;
    if (root && get_16(packet.data() + at) == dns_type::opt) {
      query.edns = true;
      query.udp_bytes = std::max<std::uint16_t>(get_16(packet.data() + at + 2),
                                                static_cast<std::uint16_t>(dns_plain_udp_bytes));
      query.edns_version = packet[at + 5];
      return;
    }
    at += 10 + length;
  }
}

}  // namespace

DnsQueryState read_dns_query(std::span<const std::uint8_t> packet, DnsQuery& query) {
  if (packet.size() < dns_header_bytes || (packet[2] & bit_response) != 0) {
    return DnsQueryState::ignore;
  }
  query.opcode = static_cast<std::uint8_t>((packet[2] & bits_opcode) >> 3);
  query.recursion_desired = (packet[2] & bit_recursion_desired) != 0;
  if (get_16(packet.data() + 4) != 1 || !read_name(packet, query)) return DnsQueryState::malformed;
  query.type = get_16(packet.data() + query.question_end - 4);
  query.klass = get_16(packet.data() + query.question_end - 2);
  read_edns(packet, query);
  const bool our_class = query.klass == dns_class::internet || query.klass == dns_class::any;
  const bool order = query.opcode != 0 || (packet[2] & (bit_authoritative | bit_truncated)) != 0 ||
                     (our_class && query.type >= dns_type::tsig && query.type < dns_type::any);
  return order ? DnsQueryState::not_implemented : DnsQueryState::good;
}

std::size_t write_dns_error(std::span<const std::uint8_t> packet, DnsCode code,
                            std::span<std::uint8_t> out) {
  if (packet.size() < dns_header_bytes || out.size() < dns_header_bytes) return 0;
  const std::uint8_t flags =
      static_cast<std::uint8_t>(packet[2] & (bits_opcode | bit_recursion_desired));
  put_16(out.data(), get_16(packet.data()));
  out[2] = static_cast<std::uint8_t>(flags | bit_response);
  out[3] = static_cast<std::uint8_t>(static_cast<unsigned>(code) & 0x0f);
  std::fill_n(out.begin() + 4, 8, std::uint8_t{0});
  return dns_header_bytes;
}

DnsAnswerWriter::DnsAnswerWriter(std::span<const std::uint8_t> packet, const DnsQuery& query,
                                 std::span<std::uint8_t> out, std::size_t limit)
    : query_(query), out_(out.data()), room_(std::min(limit, out.size())), at_(query.question_end) {
  const std::size_t opt = query.edns ? dns_opt_bytes : 0;
  CHECK(out.size() >= at_ + opt);
  room_ = std::max(room_, at_ + opt) - opt;
  if (packet.data() != out_) std::memcpy(out_, packet.data(), at_);
}

bool DnsAnswerWriter::lower_ttl_of_same(std::uint16_t type, std::uint32_t ttl,
                                        std::string_view rdata) {
  bool there = false;
  for (std::size_t at = query_.question_end; at < at_;) {
    const std::size_t length = get_16(out_ + at + 10);
    if (get_16(out_ + at + 2) == type) {
      there = there || (length == rdata.size() &&
                        std::memcmp(out_ + at + answer_head_bytes, rdata.data(), length) == 0);
      if (get_32(out_ + at + 6) > ttl) put_32(out_ + at + 6, ttl);
    }
    at += answer_head_bytes + length;
  }
  return there;
}

void DnsAnswerWriter::add_answer(std::uint16_t type, std::uint32_t ttl, std::string_view rdata) {
  if (truncated_) return;
  if (answers_ > 0) {
    if (lower_ttl_of_same(type, ttl, rdata)) return;
    for (std::size_t at = query_.question_end; at < at_;) {
      if (get_16(out_ + at + 2) == type) ttl = std::min(ttl, get_32(out_ + at + 6));
      at += answer_head_bytes + get_16(out_ + at + 10);
    }
  }
  append(type, dns_class::internet, ttl, rdata);
}

void DnsAnswerWriter::add_version(std::string_view rdata) {
  append(dns_type::txt, dns_class::chaos, 0, rdata);
}

void DnsAnswerWriter::append(std::uint16_t type, std::uint16_t klass, std::uint32_t ttl,
                             std::string_view rdata) {
  if (at_ + answer_head_bytes + rdata.size() > room_) {
    truncate();
    return;
  }
  std::uint8_t* const at = out_ + at_;
  put_16(at, 0xc000 | dns_header_bytes);
  put_16(at + 2, type);
  put_16(at + 4, klass);
  put_32(at + 6, ttl);
  put_16(at + 10, rdata.size());
  std::memcpy(at + answer_head_bytes, rdata.data(), rdata.size());
  at_ += answer_head_bytes + rdata.size();
  ++answers_;
}

bool DnsAnswerWriter::add_block(const DnsRecordBlock& block, std::size_t zone_bytes) {
  if (at_ + block.size() > std::min(room_, pointer_reach)) return false;
  const std::size_t zone_at = dns_header_bytes + query_.name_bytes - zone_bytes;
  block.write(out_, at_, zone_at);
  at_ += block.size();
  return true;
}

void DnsAnswerWriter::add_answer_block(const DnsRecordBlock& block, std::size_t zone_bytes) {
  if (truncated_) return;
  if (!add_block(block, zone_bytes)) {
    truncate();
    return;
  }
  answers_ = static_cast<std::uint16_t>(answers_ + block.records());
}

void DnsAnswerWriter::add_authority_block(const DnsRecordBlock& block, std::size_t zone_bytes) {
  if (truncated_ || !add_block(block, zone_bytes)) return;
  authority_ = static_cast<std::uint16_t>(authority_ + block.records());
}

void DnsAnswerWriter::truncate() {
  truncated_ = true;
  answers_ = 0;
  authority_ = 0;
  at_ = query_.question_end;
}

std::size_t DnsAnswerWriter::finish(DnsCode code, bool authoritative) {
  unsigned flags = bit_response | static_cast<unsigned>(query_.opcode) << 3;
  if (query_.recursion_desired) flags |= bit_recursion_desired;
  if (authoritative) flags |= bit_authoritative;
  if (truncated_) flags |= bit_truncated;
  out_[2] = static_cast<std::uint8_t>(flags);
  out_[3] = static_cast<std::uint8_t>(static_cast<unsigned>(code) & 0x0f);
  put_16(out_ + 4, 1);
  put_16(out_ + 6, answers_);
  put_16(out_ + 8, authority_);
  put_16(out_ + 10, query_.edns ? 1 : 0);
  if (query_.edns) {
    // 1232: what passes every path without fragments (DNS flag day 2020).
    constexpr std::uint16_t own_udp_bytes = 1232;
    std::uint8_t* const at = out_ + at_;
    at[0] = 0;
    put_16(at + 1, dns_type::opt);
    put_16(at + 3, own_udp_bytes);
    put_32(at + 5, static_cast<std::uint32_t>(code) >> 4 << 24);
    put_16(at + 9, 0);
    at_ += dns_opt_bytes;
  }
  return at_;
}

}  // namespace leumund::wire
