#include "net/host_addresses.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/ip_address.h"

namespace leumund::net {
namespace {

TEST(HostAddresses, AreEachToldOnceAndLoopbackIsNotAmongThem) {
  std::vector<base::IpAddress> addresses = addresses_of_this_host();
  for (const char* loopback : {"127.0.0.1", "::1"}) {
    EXPECT_EQ(std::count(addresses.begin(), addresses.end(), *base::IpAddress::parse(loopback)), 0);
  }
  for (const base::IpAddress& address : addresses) {
    EXPECT_EQ(std::count(addresses.begin(), addresses.end(), address), 1);
  }
}

}  // namespace
}  // namespace leumund::net
