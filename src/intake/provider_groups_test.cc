#include "intake/provider_groups.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "base/need_peer.h"
#include "net/name_server.h"

namespace leumund::intake {
namespace {

using std::chrono::milliseconds;

std::shared_ptr<const diagnosis::Reader> shipped() {
  static const std::shared_ptr<const diagnosis::Reader> reader = [] {
    return std::shared_ptr<const diagnosis::Reader>(std::move(*diagnosis::Reader::shipped()));
  }();
  return reader;
}

const std::vector<std::pair<std::string, std::string>> zones = {
    {"firma.example", "@ IN MX 10 firma-example.mail.protection.outlook.com.\n"},
    {"schule.example", "@ IN MX 20 backup.isp.example.\n@ IN MX 10 mx.schule.example.\n"},
    {"filter.example", "@ IN MX 10 mx.eigen.example.\n@ IN MX 20 aspmx.l.google.com.\n"},
    {"stumm.example", "@ IN MX 0 .\n"}};

struct Groups {
  net::NameServer server{zones};
  std::unique_ptr<net::Resolver> resolver;
  std::unique_ptr<ProviderGroups> groups;

  explicit Groups(std::size_t domains_max = 1000) {
    net::ResolverOptions options;
    for (const auto& [zone, text] : zones) options.stub_zones.push_back(server.stub(zone));
    for (int i = 0; i < 100; ++i) {
      resolver = std::move(*net::Resolver::open(options));
      if (resolver->look_up({"firma.example", net::RecordType::mx}, milliseconds(500)).found ==
          net::Found::yes) {
        break;
      }
      std::this_thread::sleep_for(milliseconds(50));
    }
    groups = std::make_unique<ProviderGroups>(
        *resolver, shipped(), ProviderGroups::Options{domains_max, milliseconds(2000)});
  }
  std::string wait_for(const std::string& recipient) {
    std::string group;
    for (int i = 0; i < 100 && group.empty(); ++i) {
      group = groups->find(recipient);
      if (group.empty()) std::this_thread::sleep_for(milliseconds(20));
    }
    return group;
  }
};

TEST(ProviderGroups, AFewWaitForTheDnsAndTheOthersAreAnsweredAtOnce) {
  // A name server that hears and never answers.
  const int deaf = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(deaf, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(deaf, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  socklen_t size = sizeof at;
  ASSERT_EQ(getsockname(deaf, reinterpret_cast<sockaddr*>(&at), &size), 0);
  net::ResolverOptions options;
  options.stub_zones = {"still.example=127.0.0.1@" + std::to_string(ntohs(at.sin_port))};
  const auto resolver = std::move(*net::Resolver::open(options));
  ProviderGroups groups(*resolver, shipped(), {.domains_max = 100, .waiting_max = 1});
  std::thread waits([&] { EXPECT_EQ(groups.find_now("a@still.example", milliseconds(3000)), ""); });
  std::this_thread::sleep_for(milliseconds(300));
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(groups.find_now("b@still.example", milliseconds(3000)), "");
  EXPECT_LT(std::chrono::steady_clock::now() - before, milliseconds(1500));
  EXPECT_EQ(groups.counters().not_waited, 1U);
  waits.join();
  close(deaf);
}

TEST(ProviderGroups, FindsTheOperatorBehindACompanysDomain) {
  NEED_PEER(net::NameServer::program, "nsd");
  Groups world;
  EXPECT_EQ(world.groups->find("chef@firma.example"), "") << "nobody waits for the DNS";
  EXPECT_EQ(world.wait_for("chef@firma.example"), "microsoft-365");
  EXPECT_EQ(world.wait_for("a@schule.example"), "mx:schule.example");
  EXPECT_EQ(world.wait_for("a@filter.example"), "mx:eigen.example")
      << "who names a provider behind his own host does not answer for it";
  EXPECT_EQ(world.groups->find("Chef@FIRMA.example."), "microsoft-365");
  const auto asked = world.groups->counters().asked;
  for (int i = 0; i < 100; ++i) static_cast<void>(world.groups->find("x@firma.example"));
  EXPECT_EQ(world.groups->counters().asked, asked) << "answers are remembered";
}

TEST(ProviderGroups, WhatTheDnsDoesNotTellStaysUnknownAndIsNotAskedAgainAtOnce) {
  NEED_PEER(net::NameServer::program, "nsd");
  Groups world;
  for (const char* recipient : {"a@stumm.example", "a@nichtda.firma.example", "a@b", ""}) {
    EXPECT_EQ(world.groups->find_now(recipient, milliseconds(1000)), "") << recipient;
  }
  const auto asked = world.groups->counters().asked;
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_EQ(world.groups->find("a@stumm.example"), "");
  EXPECT_EQ(world.groups->counters().asked, asked);
}

TEST(ProviderGroups, ADeadResolverHoldsUpNothing) {
  net::ResolverOptions options;
  options.forwarders = {"127.0.0.1@9"};  // nobody answers there
  options.pending_max = 8;
  const auto resolver = net::Resolver::open(options);
  ASSERT_TRUE(resolver.ok());
  ProviderGroups groups(**resolver, shipped(), {1000, milliseconds(200)});
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(groups.find("a@d" + std::to_string(i) + ".example"), "");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(500));
}

TEST(ProviderGroups, MemoryIsBounded) {
  net::ResolverOptions options;
  options.forwarders = {"127.0.0.1@9"};
  options.pending_max = 1;
  const auto resolver = net::Resolver::open(options);
  ASSERT_TRUE(resolver.ok());
  ProviderGroups groups(**resolver, shipped(), {100, milliseconds(50)});
  for (int i = 0; i < 5000; ++i) {
    static_cast<void>(groups.find("a@d" + std::to_string(i) + ".example"));
  }
  EXPECT_LE(groups.counters().domains, 100U);
}

TEST(ProviderGroups, AsksOnlyWhereTheRemoteHostDoesNotTell) {
  net::ResolverOptions options;
  options.forwarders = {"127.0.0.1@9"};
  const auto resolver = net::Resolver::open(options);
  ASSERT_TRUE(resolver.ok());
  const ProviderGroups groups(**resolver, shipped(), {});
  model::Delivery delivery;
  delivery.recipient = "a@firma.example";
  EXPECT_TRUE(groups.can_add_to(delivery));
  delivery.remote = "aspmx.l.google.com[142.250.1.27]";
  EXPECT_FALSE(groups.can_add_to(delivery));
  delivery.source = model::Source::report;
  EXPECT_TRUE(groups.can_add_to(delivery)) << "anybody can write that Google answered him";
  delivery.source = model::Source::log;
  delivery.remote = "mx.evil.example[192.0.2.1]";
  EXPECT_FALSE(groups.can_add_to(delivery)) << "it answered, and no other MX of its domain";
  delivery.remote = "127.0.0.1[127.0.0.1]";
  EXPECT_TRUE(groups.can_add_to(delivery));
  delivery.transport = "lmtp";
  EXPECT_FALSE(groups.can_add_to(delivery)) << "a mailbox of ours";
}

}  // namespace
}  // namespace leumund::intake
