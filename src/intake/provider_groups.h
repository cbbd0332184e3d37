// Behind which operator a recipient's domain is served, told by the names of its MX hosts.
//
// Flow:    find() answers from memory, and asks the resolver in the background what it does not
//          know; the next mail to that domain finds the answer.
// Time:    an answer holds as long as the DNS says (5 minutes to a day), a failed look-up 5
//          minutes; what is over is still told while it is asked anew.
// Limits:  `domains_max` domains; when full, those not asked for lately are forgotten together.
// Threads: any.
// Errors:  none: a resolver that is slow, refused or missing leaves domains unknown (""), and the
//          registry's table of domains stands in for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "diagnosis/reader.h"
#include "model/mail_event.h"
#include "net/resolver.h"

namespace leumund::intake {

class ProviderGroups {
 public:
  struct Options {
    std::size_t domains_max = 50'000;
    std::chrono::milliseconds deadline{10'000};  // of a look-up in the background
    std::size_t waiting_max = 2;                 // callers of find_now() that wait at a time
  };
  struct Counters {
    std::uint64_t domains = 0;
    std::uint64_t asked = 0;
    std::uint64_t unknown = 0;     // look-ups that failed
    std::uint64_t not_waited = 0;  // find_now() that answered at once, since too many waited
  };

  // The resolver must outlive it.
  ProviderGroups(net::Resolver& resolver, std::shared_ptr<const diagnosis::Reader> reader,
                 Options options);

  // The group of a recipient's domain, "" while it is not known. Never waits.
  [[nodiscard]] std::string find(std::string_view recipient);
  // The same, waiting for the DNS at most `patience` where it is not known. With `waiting_max`
  // waiting already it does not wait: those who ask must not take all the threads that answer.
  [[nodiscard]] std::string find_now(std::string_view recipient,
                                     std::chrono::milliseconds patience);

  // Whether the DNS must tell whose this delivery is: the host that answered is not known. Where it
  // is known it counts, whatever else the domain's owner has written into the DNS.
  [[nodiscard]] bool can_add_to(const model::Delivery& delivery) const;

  [[nodiscard]] Counters counters() const;

 private:
  struct Known;  // shared with the callbacks, which may come late
  [[nodiscard]] static std::string group_of(const diagnosis::Reader& reader,
                                            const net::DnsAnswer& answer);

  net::Resolver& resolver_;
  std::shared_ptr<const diagnosis::Reader> reader_;
  std::shared_ptr<Known> known_;
  const Options options_;
};

}  // namespace leumund::intake
