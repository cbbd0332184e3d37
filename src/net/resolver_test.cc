#include "net/resolver.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/need_peer.h"
#include "net/dns_rdata.h"
#include "net/name_server.h"

namespace leumund::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr milliseconds patience{5000};

const std::vector<std::pair<std::string, std::string>> zones = {
    {"mail.example",
     "@ IN MX 20 mx2.mail.example.\n@ IN MX 10 MX1.Mail.Example.\n"
     "mx1 IN A 198.18.0.1\nmx1 IN AAAA 2001:db8::1\nmx2 IN A 198.18.0.2\nmx2 IN A 198.18.0.3\n"
     "@ IN TXT \"v=spf1 mx\" \" -all\"\nnone IN MX 0 .\n"
     "alias IN CNAME mx1\n*.lists IN A 127.0.0.2\n"},
    {"18.198.in-addr.arpa", "1.0 IN PTR mx1.mail.example.\n"}};

std::unique_ptr<Resolver> resolver_for(const NameServer& server, std::size_t pending_max = 512) {
  ResolverOptions options;
  for (const auto& [zone, text] : zones) options.stub_zones.push_back(server.stub(zone));
  options.pending_max = pending_max;
  auto made = Resolver::open(options);
  EXPECT_TRUE(made.ok()) << (made ? "" : made.error().message);
  return std::move(*made);
}

// The server needs a moment to listen; what it was asked before may be remembered as failed, so
// each try has a resolver of its own.
std::unique_ptr<Resolver> ready_resolver(const NameServer& server, std::size_t pending_max = 512) {
  for (int i = 0; i < 100; ++i) {
    auto resolver = resolver_for(server, pending_max);
    if (resolver->look_up({"mail.example", RecordType::mx}, milliseconds(500)).found ==
        Found::yes) {
      return resolver_for(server, pending_max);
    }
    std::this_thread::sleep_for(milliseconds(50));
  }
  ADD_FAILURE() << "nsd does not answer";
  return resolver_for(server, pending_max);
}

// A socket that takes questions and answers none.
struct SilentServer {
  int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  std::uint16_t port = 0;
  SilentServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  ~SilentServer() { ::close(fd); }
  [[nodiscard]] ResolverOptions options() const {
    ResolverOptions out;
    out.forwarders = {"127.0.0.1@" + std::to_string(port)};
    return out;
  }
};

TEST(Resolver, ReadsEveryKindOfRecordFromARealServer) {
  NEED_PEER(NameServer::program, "nsd");
  const NameServer server(zones);
  const auto resolver = ready_resolver(server);
  const auto mx = resolver->look_up({"mail.example", RecordType::mx}, patience);
  ASSERT_EQ(mx.found, Found::yes) << mx.trouble;
  EXPECT_THAT(mx.mails, ElementsAre(Pair(10, "mx1.mail.example"), Pair(20, "mx2.mail.example")));
  EXPECT_GT(mx.ttl, seconds(200));
  EXPECT_LE(mx.ttl, seconds(300));
  const auto a = resolver->look_up({"mx2.mail.example.", RecordType::a}, patience);
  ASSERT_EQ(a.addresses.size(), 2U);
  const auto aaaa = resolver->look_up({"mx1.mail.example", RecordType::aaaa}, patience);
  ASSERT_EQ(aaaa.addresses.size(), 1U);
  EXPECT_EQ(aaaa.addresses[0].to_string(), "2001:db8::1");
  const auto txt = resolver->look_up({"mail.example", RecordType::txt}, patience);
  EXPECT_THAT(txt.texts, ElementsAre("v=spf1 mx -all"));
  const auto client = base::IpAddress::parse("198.18.0.1");
  const auto ptr = resolver->look_up({reverse_name(*client), RecordType::ptr}, patience);
  EXPECT_THAT(ptr.texts, ElementsAre("mx1.mail.example")) << ptr.trouble;
  const auto listed =
      resolver->look_up({reverse_name(*client, "lists.mail.example"), RecordType::a}, patience);
  ASSERT_EQ(listed.addresses.size(), 1U);
  EXPECT_EQ(listed.addresses[0].to_string(), "127.0.0.2");
  EXPECT_EQ(resolver->look_up({"alias.mail.example", RecordType::a}, patience).found, Found::yes);
}

TEST(Resolver, TellsNoFromNobodyKnows) {
  NEED_PEER(NameServer::program, "nsd");
  const NameServer server(zones);
  const auto resolver = ready_resolver(server);
  const auto nowhere = resolver->look_up({"nowhere.mail.example", RecordType::a}, patience);
  EXPECT_EQ(nowhere.found, Found::no);
  EXPECT_GT(nowhere.ttl.count(), 0);
  EXPECT_EQ(resolver->look_up({"mx1.mail.example", RecordType::mx}, patience).found, Found::no);
  const auto null_mx = resolver->look_up({"none.mail.example", RecordType::mx}, patience);
  EXPECT_EQ(null_mx.found, Found::yes);
  EXPECT_THAT(null_mx.mails, ElementsAre(Pair(0, "")));
  for (const std::string& name :
       {std::string(), std::string(300, 'a'), std::string("a..b"), std::string("a\0b", 3)}) {
    EXPECT_EQ(resolver->look_up({name, RecordType::a}, patience).found, Found::unknown);
  }
}

TEST(Resolver, ASilentServerIsWaitedForNoLongerThanTheDeadline) {
  const SilentServer silent;
  auto resolver = Resolver::open(silent.options());
  ASSERT_TRUE(resolver.ok());
  const auto began = std::chrono::steady_clock::now();
  const auto answer = (*resolver)->look_up({"mail.example", RecordType::mx}, milliseconds(300));
  EXPECT_EQ(answer.found, Found::unknown);
  EXPECT_THAT(answer.trouble, HasSubstr("in time"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(1200));
  EXPECT_EQ((*resolver)->counters().unknown, 1U);
  EXPECT_EQ((*resolver)->counters().pending, 0U);
}

TEST(Resolver, ARefusingServerIsUnknownAndNeverNo) {
  std::uint16_t port = 0;
  {
    const SilentServer gone;
    port = gone.port;
  }
  ResolverOptions options;
  options.forwarders = {"127.0.0.1@" + std::to_string(port)};
  auto resolver = Resolver::open(options);
  ASSERT_TRUE(resolver.ok());
  EXPECT_EQ((*resolver)->look_up({"mail.example", RecordType::mx}, seconds(1)).found,
            Found::unknown);
}

TEST(Resolver, ZonesThatLibunboundAnswersByItselfAreAskedForWhereSomebodyKnowsBetter) {
  NEED_PEER(NameServer::program, "nsd");
  const NameServer server(
      {{"bl.test", "2.0.0.127 IN A 127.0.0.2\n"}, {"home.arpa", "bl IN A 127.0.0.2\n"}});
  for (const bool forwarded : {false, true}) {
    ResolverOptions options;
    if (forwarded) {
      options.forwarders = {"127.0.0.1@" + std::to_string(server.port())};
    } else {
      options.stub_zones = {server.stub("bl.test"), server.stub("home.arpa")};
    }
    for (const char* name : {"2.0.0.127.bl.test", "bl.home.arpa"}) {
      DnsAnswer answer;
      for (int i = 0; i < 100 && answer.found != Found::yes; ++i) {
        auto resolver = Resolver::open(options);  // what it was told is remembered
        ASSERT_TRUE(resolver.ok()) << resolver.error().message;
        answer = (*resolver)->look_up({name, RecordType::a}, milliseconds(500));
        if (answer.found != Found::yes) std::this_thread::sleep_for(milliseconds(50));
      }
      EXPECT_EQ(answer.found, Found::yes) << name << ": " << answer.trouble;
    }
    // Of what nobody there knows it is told how the servers answer.
    if (!forwarded) continue;
    const auto refused = (*Resolver::open(options))->look_up({"lists.invalid"}, patience);
    EXPECT_EQ(refused.found, Found::unknown);
    EXPECT_THAT(refused.trouble, testing::AnyOf(HasSubstr("SERVFAIL"), HasSubstr("REFUSED")));
  }
}

TEST(Resolver, TooManyQuestionsAreAnsweredAtOnceAndCounted) {
  const SilentServer silent;
  ResolverOptions options = silent.options();
  options.pending_max = 4;
  auto resolver = Resolver::open(options);
  ASSERT_TRUE(resolver.ok());
  std::atomic<int> answered = 0;
  for (int i = 0; i < 10; ++i) {
    (*resolver)->ask({"n" + std::to_string(i) + ".example", RecordType::a}, seconds(30),
                     [&](const DnsAnswer& answer) {
                       EXPECT_EQ(answer.found, Found::unknown);
                       ++answered;
                     });
  }
  EXPECT_EQ(answered, 6);
  EXPECT_EQ((*resolver)->counters().overload, 6U);
  // What is pending at the end is answered as well.
  resolver->reset();
  EXPECT_EQ(answered, 10);
}

TEST(Resolver, NamesTheServerOrZoneThatIsWrong) {
  for (const char* server : {"dns.example", "", "[::1]@53"}) {
    ResolverOptions options;
    options.forwarders = {server};
    const auto made = Resolver::open(options);
    ASSERT_FALSE(made.ok()) << server;
    EXPECT_THAT(made.error().message, HasSubstr("forwarder '" + std::string(server) + "'"));
  }
  for (const char* zone : {"example.org", "=192.0.2.1", "example.org=x"}) {
    ResolverOptions options;
    options.stub_zones = {zone};
    EXPECT_FALSE(Resolver::open(options).ok()) << zone;
  }
}

TEST(Resolver, ReverseNamesAreThoseOfDnsLists) {
  const auto v4 = base::IpAddress::parse("192.0.2.25");
  EXPECT_EQ(reverse_name(*v4), "25.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name(*v4, "zen.spamhaus.org"), "25.2.0.192.zen.spamhaus.org");
  const auto v6 = base::IpAddress::parse("2001:db8::1");
  EXPECT_EQ(reverse_name(*v6, "bl.example"),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.example");
}

TEST(DnsRdata, RefusesDamagedRecords) {
  DnsAnswer answer;
  EXPECT_FALSE(read_rdata(RecordType::a, "abc", answer));
  EXPECT_FALSE(read_rdata(RecordType::mx,
                          std::string_view("\0\x0a\x3f"
                                           "ab",
                                           5),
                          answer));
  EXPECT_FALSE(read_rdata(RecordType::mx,
                          std::string_view("\0\x0a\x02"
                                           "mx",
                                           5),
                          answer))
      << "without a root label";
  EXPECT_FALSE(read_rdata(RecordType::ptr,
                          std::string_view("\x03"
                                           "a.b\0",
                                           5),
                          answer));
  EXPECT_FALSE(read_rdata(RecordType::txt,
                          "\x05"
                          "ab",
                          answer));
  EXPECT_TRUE(answer.addresses.empty() && answer.texts.empty() && answer.mails.empty());
}

}  // namespace
}  // namespace leumund::net
