// One DNS message in, one out: what the UDP workers and the TCP sessions share.
//
// Time:    microseconds of a steady clock, given.
// Limits:  answers of 1232 bytes by UDP, 4 KiB by TCP.
// Threads: one thread a responder, but counters() is for any.
// Errors:  what deserves no answer gives 0 bytes and a count.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/ip_address.h"
#include "listing/question_cap.h"
#include "listing/response_limit.h"
#include "listing/top_counts.h"
#include "listing/zone_set.h"

namespace leumund::face {

// Counts of one zone, or of queries that belong to none. `queries` are those that were answered or
// refused; bytes are those of UDP or TCP payload.
struct DnsCounts {
  std::uint64_t queries = 0;
  std::uint64_t listed = 0;     // answered with data
  std::uint64_t not_found = 0;  // NXDOMAIN
  std::uint64_t errors = 0;     // refused, malformed, not implemented, failed, ignored
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t dropped = 0;    // by the response limit
  std::uint64_t truncated = 0;  // too large, or by the response limit

  DnsCounts& operator+=(const DnsCounts& other);
  [[nodiscard]] DnsCounts minus(const DnsCounts& other) const;
};

struct DnsResponderOptions {
  std::string version;  // of "version.bind"; "" refuses to tell
  listing::ResponseLimitSettings limit;
  bool count_clients = true;
  // What is asked about, as evidence of its traffic: by A alone, and so often a day by one network
  // of clients about one address (0: without bound).
  bool count_addresses = false;
  std::uint32_t questions_a_day = 0;
  // Unix seconds, rounded up, where zones have listings that end by themselves.
  std::function<std::int64_t()> clock;
  // Called for each answer, where set: a line as rbldnsd logs it, without the time.
  std::function<void(const std::string&)> log;
};

class DnsResponder {
 public:
  enum class Way : std::uint8_t { udp, tcp };
  static constexpr std::size_t udp_bytes_max = 1232;
  static constexpr std::size_t tcp_bytes_max = 16'384;

  DnsResponder(const DnsResponderOptions& options, std::size_t zones);

  // The message is the first `received` bytes of `buffer`, the answer is written over it; returns
  // the answer's bytes.
  [[nodiscard]] std::size_t respond(const listing::ZoneSet& zones, std::span<std::uint8_t> buffer,
                                    std::size_t received, const base::IpAddress& client, Way way,
                                    std::uint64_t now_micros);
  // Counts of who asked wait here until the batch is over, so that a batch takes the lock once.
  void end_batch();

  // By number of the zone; the last for queries that belong to none.
  [[nodiscard]] std::vector<DnsCounts> counters() const;
  [[nodiscard]] std::vector<listing::TopCount> clients(std::size_t most) const;
  // What was asked about since the last time, by number of the zone.
  [[nodiscard]] std::vector<std::vector<listing::TopCount>> take_addresses();

 private:
  // Written by one thread, read by any.
  struct LiveCounts {
    std::atomic<std::uint64_t> queries, listed, not_found, errors, bytes_in, bytes_out, dropped,
        truncated;
  };
  struct Seen {
    base::IpAddress client;
    base::IpAddress address;
    std::int32_t zone = -1;  // with `address`; -1: it does not count
    bool listed = false;
  };
  struct Tops {
    listing::TopCounts clients;
    std::vector<listing::TopCounts> addresses;  // by zone; none: they are not counted
  };

  [[nodiscard]] std::size_t answer(const listing::ZoneSet& zones, const wire::DnsQuery& query,
                                   std::span<std::uint8_t> buffer, std::size_t received,
                                   const base::IpAddress& client, Way way,
                                   std::uint64_t now_micros);
  [[nodiscard]] std::size_t answer_version(const wire::DnsQuery& query,
                                           wire::DnsAnswerWriter& writer) const;
  void see(const listing::ZoneAnswer& done, const base::IpAddress& client, bool as_mail,
           std::uint64_t now_micros);
  void say(const wire::DnsQuery& query, std::span<const std::uint8_t> answer,
           const base::IpAddress& client) const;

  DnsResponderOptions options_;
  listing::ResponseLimit limit_;
  listing::QuestionCap cap_;
  std::vector<LiveCounts> counts_;
  std::array<Seen, 64> seen_;
  std::size_t seen_count_ = 0;
  mutable base::Guarded<Tops> tops_;
};

}  // namespace leumund::face
