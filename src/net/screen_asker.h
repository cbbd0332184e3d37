// Asks a great many questions whose answer is nearly always "no": straight to the servers that are
// configured, many at a time. A "no" is taken; whatever else comes, or nothing, goes the whole way
// through the resolver, whose word counts.
//
// Flow:    ask() -> UDP to the stub zone's server, else to the first forwarder -> "no"; or
//          Resolver. Without either, which is own recursion, all goes to the resolver.
// Time:    a question is sent again once; the resolver gets what is left of the deadline, at least
//          two seconds.
// Limits:  `pending_max` at a time; one more goes to the resolver.
// Threads: ask() from any; callbacks on `screen` or on the resolver's thread; they must not block.
// Errors:  open() names the server that cannot be used.
#pragma once

#include <memory>

#include "net/resolver.h"

namespace leumund::net {

struct ScreenCounters {
  std::uint64_t asked = 0;
  std::uint64_t absent = 0;  // answered "no" here
  std::uint64_t passed = 0;  // to the resolver
};

class ScreenAsker : public DnsAsker {
 public:
  // Of `options` the forwarders, stub zones and pending_max count. `resolver` outlives us.
  [[nodiscard]] static base::Result<std::unique_ptr<ScreenAsker>> open(
      const ResolverOptions& options, DnsAsker& resolver);
  [[nodiscard]] virtual ScreenCounters counters() const = 0;
};

}  // namespace leumund::net
