// What is watched on DNS lists: own addresses, own domains, and networks whole.
//
// A network of a million addresses takes no more room than one address: addresses are counted out.
// Limits:  `targets_max` in all. Threads: pure values. Errors: the network that is too large.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace leumund::intake {

struct WatchTarget {
  std::string name;  // as it is asked: "192.0.2.25", "example.org"
  std::optional<base::IpAddress> address;
  std::string place;  // under which a listing is kept: itself, or the network around it
  std::string egress;
  bool sends = false;
};

class WatchTargets {
 public:
  static constexpr std::uint64_t targets_max = 1U << 20;

  // An address that sends, perhaps of an egress; again is no matter. The rest of an IPv6 /64 is
  // meant with it.
  void add_address(const base::IpAddress& address, const std::string& egress);
  void add_domain(const std::string& domain);
  // Every address of an IPv4 network, every /64 of an IPv6 one; call after the addresses, which are
  // not counted again.
  base::Status add_network(const base::IpPrefix& network);

  // Own addresses and domains come first: [0, own_count()).
  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] std::uint32_t own_count() const { return static_cast<std::uint32_t>(own_.size()); }
  [[nodiscard]] WatchTarget at(std::uint32_t index) const;
  // The target that stands for an address (of IPv6 by its /64) or a domain.
  [[nodiscard]] std::optional<std::uint32_t> find(const std::string& name) const;
  [[nodiscard]] const std::vector<base::IpPrefix>& networks() const { return prefixes_; }

 private:
  struct Network {
    base::IpPrefix prefix;
    std::uint32_t first = 0;  // index of its first target
    std::uint32_t count = 0;
  };
  std::vector<WatchTarget> own_;
  std::map<std::string, std::uint32_t> by_name_;
  std::vector<Network> networks_;
  std::vector<base::IpPrefix> prefixes_;
  std::uint32_t count_ = 0;
};

// The network under which listings of addresses that nobody named are gathered: /24, or /56.
[[nodiscard]] base::IpPrefix watch_block(const base::IpAddress& address);

// Addresses that nobody on the Internet has, or that only examples have: no list is asked.
[[nodiscard]] bool never_listed(const base::IpAddress& address);

}  // namespace leumund::intake
