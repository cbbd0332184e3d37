// Asks the DNS, without waiting: by its own recursion, or through the servers that the operator
// names.
//
// Flow:    ask() from any thread -> thread `resolve` (libunbound) -> the callback, on that thread.
// Time:    a question is answered within its deadline, if need be with `unknown`. Answers, also
//          negative ones, are cached for as long as they say, at most a day (an hour if negative).
// Limits:  `pending_max` questions at a time; one more is answered `unknown` at once, on the
//          caller's thread. The cache takes `cache_bytes`, twice.
// Threads: ask() and look_up() from any; callbacks run on `resolve` and must not block.
// Errors:  open() names the server or zone that is wrong. A resolver that is slow, refused or gone
//          gives `unknown` with the reason: never a "no".
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace leumund::net {

enum class RecordType : std::uint8_t { a, aaaa, mx, txt, ptr };

struct DnsQuestion {
  std::string name;  // "example.org"; a final dot changes nothing
  RecordType type = RecordType::a;
};

// "25.2.0.192.in-addr.arpa", or below another zone, as DNS lists are asked: with zone
// "zen.example.org" it is "25.2.0.192.zen.example.org". IPv6 by nibbles.
[[nodiscard]] std::string reverse_name(const base::IpAddress& address, std::string_view zone = {});

enum class Found : std::uint8_t {
  yes,
  no,       // the name or the type does not exist: somebody who must know said so
  unknown,  // nobody could be asked in time, or the answer was none
};

struct DnsAnswer {
  Found found = Found::unknown;
  std::vector<base::IpAddress> addresses;                    // A, AAAA
  std::vector<std::string> texts;                            // TXT, PTR
  std::vector<std::pair<std::uint16_t, std::string>> mails;  // MX, the best first; "" is a null MX
  std::chrono::seconds ttl{0};                               // of yes and no
  std::string trouble;                                       // why it is unknown
};

struct ResolverOptions {
  std::vector<std::string> forwarders;  // "192.0.2.53" or "127.0.0.1@5353"; none: own recursion
  std::vector<std::string> stub_zones;  // "example.org=192.0.2.53@5353": the zone is asked there
  std::size_t pending_max = 512;
  std::size_t cache_bytes = 8U << 20;
};

struct ResolverCounters {
  std::uint64_t asked = 0;
  std::uint64_t found = 0;
  std::uint64_t absent = 0;
  std::uint64_t unknown = 0;  // in time or at all, overload included
  std::uint64_t overload = 0;
  std::uint64_t pending = 0;
};

// Whoever answers questions to the DNS.
class DnsAsker {
 public:
  using Done = std::function<void(const DnsAnswer&)>;

  virtual ~DnsAsker() = default;
  // `done` is called once, on whatever thread, within about `deadline`; it must not block.
  virtual void ask(DnsQuestion question, std::chrono::milliseconds deadline, Done done) = 0;
};

class Resolver : public DnsAsker {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<Resolver>> open(const ResolverOptions& options);
  // The end of a resolver answers what is pending with `unknown`.
  // Waits for the answer, at most about `deadline`. Never on the thread `resolve`.
  [[nodiscard]] DnsAnswer look_up(DnsQuestion question, std::chrono::milliseconds deadline);

  [[nodiscard]] virtual ResolverCounters counters() const = 0;
};

}  // namespace leumund::net
