#include "intake/watch_targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace leumund::intake {
namespace {

using base::IpAddress;
using base::IpPrefix;

std::uint64_t high_half(const IpAddress& address) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | address.bytes()[i];
  return value;
}

// One address that stands for a /64.
IpAddress v6_of(std::uint64_t high) {
  std::array<std::uint64_t, 4> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = high >> (48 - 16 * i) & 0xffff;
  return *IpAddress::parse(
      fmt::format("{:x}:{:x}:{:x}:{:x}::1", parts[0], parts[1], parts[2], parts[3]));
}

std::string key_of(const IpAddress& address) {
  return address.is_v4() ? address.to_string() : address.masked(32, 64).to_string();
}

}  // namespace

IpPrefix watch_block(const IpAddress& address) {
  const unsigned bits = address.is_v4() ? 24 : 56;
  return {address.masked(24, 56), bits};
}

bool never_listed(const IpAddress& address) {
  static const std::array<IpPrefix, 6> networks = {
      *IpPrefix::parse("192.0.2.0/24"),   *IpPrefix::parse("198.51.100.0/24"),
      *IpPrefix::parse("203.0.113.0/24"), *IpPrefix::parse("198.18.0.0/15"),
      *IpPrefix::parse("2001:db8::/32"),  *IpPrefix::parse("100.64.0.0/10")};
  return address.is_private() || address.is_loopback() ||
         std::any_of(networks.begin(), networks.end(),
                     [&](const IpPrefix& network) { return network.contains(address); });
}

void WatchTargets::add_address(const IpAddress& address, const std::string& egress) {
  const auto [entry, added] = by_name_.try_emplace(key_of(address), own_count());
  if (!added) {
    if (own_[entry->second].egress.empty()) own_[entry->second].egress = egress;
    return;
  }
  const std::string name = address.to_string();
  own_.push_back({name, address, name, egress, true});
  count_ = own_count();
}

void WatchTargets::add_domain(const std::string& domain) {
  if (!by_name_.try_emplace(domain, own_count()).second) return;
  own_.push_back({domain, std::nullopt, domain, "", true});
  count_ = own_count();
}

base::Status WatchTargets::add_network(const IpPrefix& network) {
  const unsigned whole = network.address.is_v4() ? 32 : 64;
  const unsigned bits = std::min(network.bits, whole);
  const std::uint64_t size = whole - bits > 32 ? UINT64_MAX : std::uint64_t{1} << (whole - bits);
  if (size > targets_max - count_) {
    return base::Error{base::ErrorCode::too_large,
                       fmt::format("network {} holds too many addresses: {} are watched at most",
                                   network.to_string(), targets_max)};
  }
  const IpPrefix prefix{network.address.masked(bits, bits), bits};
  networks_.push_back({prefix, count_, static_cast<std::uint32_t>(size)});
  prefixes_.push_back(prefix);
  count_ += static_cast<std::uint32_t>(size);
  return {};
}

WatchTarget WatchTargets::at(std::uint32_t index) const {
  if (index < own_count()) return own_[index];
  const auto network = std::find_if(networks_.begin(), networks_.end(), [&](const Network& one) {
    return index >= one.first && index - one.first < one.count;
  });
  CHECK(network != networks_.end());
  const std::uint32_t offset = index - network->first;
  const IpAddress& base = network->prefix.address;
  const IpAddress address =
      base.is_v4() ? IpAddress::v4(base.v4_bits() + offset) : v6_of(high_half(base) + offset);
  return {address.to_string(), address, watch_block(address).to_string(), "", false};
}

std::optional<std::uint32_t> WatchTargets::find(const std::string& name) const {
  const auto address = IpAddress::parse(name);
  const auto own = by_name_.find(address ? key_of(*address) : name);
  if (own != by_name_.end()) return own->second;
  if (!address) return std::nullopt;
  for (const Network& network : networks_) {
    if (!network.prefix.contains(*address)) continue;
    const std::uint64_t offset = address->is_v4()
                                     ? address->v4_bits() - network.prefix.address.v4_bits()
                                     : high_half(*address) - high_half(network.prefix.address);
    return network.first + static_cast<std::uint32_t>(offset);
  }
  return std::nullopt;
}

}  // namespace leumund::intake
