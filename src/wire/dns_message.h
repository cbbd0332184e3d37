// DNS messages from the side of a server that has authority: a query in, an answer out.
//
// Flow:    datagram or TCP frame -> read_dns_query -> listing -> DnsAnswerWriter -> datagram.
// Limits:  one question; names of 255 bytes without compression, which no query has; what stands
//          behind the question is looked at for EDNS only. An answer never outgrows its buffer.
// Threads: pure; nothing here allocates, so that an answer costs no more than its bytes.
// Errors:  DnsQueryState says what the sender deserves: an answer, an error code, or silence.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "wire/dns_name.h"
#include "wire/dns_record_block.h"

namespace leumund::wire {

namespace dns_type {
inline constexpr std::uint16_t a = 1;
inline constexpr std::uint16_t ns = 2;
inline constexpr std::uint16_t soa = 6;
inline constexpr std::uint16_t mx = 15;
inline constexpr std::uint16_t txt = 16;
inline constexpr std::uint16_t aaaa = 28;
inline constexpr std::uint16_t opt = 41;
inline constexpr std::uint16_t tsig = 250;  // from here to ANY: no data, but orders
inline constexpr std::uint16_t any = 255;
}  // namespace dns_type

namespace dns_class {
inline constexpr std::uint16_t internet = 1;
inline constexpr std::uint16_t chaos = 3;
inline constexpr std::uint16_t any = 255;
}  // namespace dns_class

enum class DnsCode : std::uint8_t {
  no_error = 0,
  form_error = 1,
  server_failure = 2,
  no_such_name = 3,
  not_implemented = 4,
  refused = 5,
  bad_version = 16,  // of EDNS; needs the OPT record for its upper bits
};

inline constexpr std::size_t dns_header_bytes = 12;
inline constexpr std::size_t dns_plain_udp_bytes = 512;  // what a client without EDNS takes
inline constexpr std::size_t dns_opt_bytes = 11;
inline constexpr std::size_t dns_labels_max = 127;

struct DnsQuery {
  std::uint16_t type;
  std::uint16_t klass;
  std::uint8_t opcode;
  bool recursion_desired;
  bool edns;
  std::uint8_t edns_version;
  std::uint16_t udp_bytes;     // that the client takes; at least 512
  std::uint16_t question_end;  // header and question are the packet's first so many bytes
  std::uint16_t name_bytes;    // with the final zero
  std::uint16_t labels;
  std::array<char, dns_name_bytes_max + 1> name;          // wire form, small letters
  std::array<std::uint8_t, dns_labels_max + 1> label_at;  // where each label begins; then the end

  [[nodiscard]] std::string_view name_view() const { return {name.data(), name_bytes}; }
};

enum class DnsQueryState : std::uint8_t {
  good,
  ignore,           // not a query; an answer could run in circles
  malformed,        // FORMERR, header only
  not_implemented,  // an order that is no query; header and question
};

// Fills `query` (also where the state is not_implemented). The packet is not changed.
[[nodiscard]] DnsQueryState read_dns_query(std::span<const std::uint8_t> packet, DnsQuery& query);

// Twelve bytes that say only what is wrong. Returns 0 when `packet` has no header.
[[nodiscard]] std::size_t write_dns_error(std::span<const std::uint8_t> packet, DnsCode code,
                                          std::span<std::uint8_t> out);

// Writes one answer. The question is repeated as it was asked, letter case included, since
// resolvers check that (0x20).
//
// Limits:  `limit` bytes (at most out.size(), at least the question); answers beyond it set the
//          truncation bit and leave the answer section empty, authority records are left out.
// Owner:   borrows `packet`, `query` and `out` for its life; `packet` may be the start of `out`.
class DnsAnswerWriter {
 public:
  DnsAnswerWriter(std::span<const std::uint8_t> packet, const DnsQuery& query,
                  std::span<std::uint8_t> out, std::size_t limit);

  // Adds an answer owned by the name that was asked. One that is there already is not repeated; the
  // records of a type carry the smallest of their times to live.
  void add_answer(std::uint16_t type, std::uint32_t ttl, std::string_view rdata);
  // The TXT record of "version.bind": class CHAOS, not to be kept.
  void add_version(std::string_view rdata);
  // Adds ready records whose owner is the zone, which is the question's last `zone_bytes` bytes.
  void add_answer_block(const DnsRecordBlock& block, std::size_t zone_bytes);
  void add_authority_block(const DnsRecordBlock& block, std::size_t zone_bytes);

  [[nodiscard]] std::size_t answers() const { return answers_; }
  [[nodiscard]] bool truncated() const { return truncated_; }
  // Throws the answers away and asks the client to come by TCP.
  void truncate();

  // Writes the header and, where the query had one, the OPT record; returns the bytes in all.
  [[nodiscard]] std::size_t finish(DnsCode code, bool authoritative);

 private:
  bool add_block(const DnsRecordBlock& block, std::size_t zone_bytes);
  void append(std::uint16_t type, std::uint16_t klass, std::uint32_t ttl, std::string_view rdata);
  bool lower_ttl_of_same(std::uint16_t type, std::uint32_t ttl, std::string_view rdata);

  const DnsQuery& query_;
  std::uint8_t* const out_;
  std::size_t room_;  // without the OPT record
  std::size_t at_;
  std::uint16_t answers_ = 0;
  std::uint16_t authority_ = 0;
  bool truncated_ = false;
};

}  // namespace leumund::wire
