#include "engine/block_example.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/engine_test_world.h"

namespace leumund::engine {
namespace {

using testing::HasSubstr;
using testing::Not;

// What Postfix logs of a mail to info@verein.example that is forwarded to bob1@gmx.net.
model::Delivery forwarded(std::string reply) {
  model::Delivery out;
  out.source = model::Source::log;
  out.recipient = "info@verein.example";
  out.to = "Bob1@gmx.net";
  out.remote = "mx00.emig.gmx.net[203.0.113.9]";
  out.transport = "smtp";
  out.status = model::DeliveryStatus::bounced;
  out.reply = std::move(reply);
  return out;
}

std::string kept_of(const std::string& reply) {
  static const auto reader = shipped_replies();
  return example_of(forwarded(reply), *reader, {}).reply;
}

TEST(BlockExample, SendersAndRecipientsAreBlankedInExamples) {
  const std::string blocked = "550 5.7.1 Client host [192.0.2.25] blocked using zen.spamhaus.org; ";
  const auto kept = [&](const std::string& words) { return kept_of(blocked + words); };
  EXPECT_EQ(kept("<anna1@verein.example> to BOB1@GMX.NET"),
            blocked + "<...@verein.example> to ...@GMX.NET");
  EXPECT_EQ(kept("from=<bounces+bob1=3Dgmx.net@list.example> to=bob1@gmx.net"),
            blocked + "from=<...@list.example> to=...@gmx.net");
  EXPECT_EQ(kept("SRS0=hash=tt=verein.example=anna1@fwd.example, \"anna meier\"@verein.example"),
            blocked + "...@fwd.example, ...@verein.example");
  EXPECT_EQ(kept("see https://postmaster.gmx.net/why?ip=192.0.2.25&to=bob1%40gmx.net"),
            blocked + "see https://postmaster.gmx.net/why?ip=192.0.2.25&to=...%40gmx.net");
  EXPECT_EQ(kept("support@kunde.example, info@verein.example"),
            blocked + "...@kunde.example, ...@verein.example")
      << "a role of a customer, and the address before the alias";
}

TEST(BlockExample, DesksStayReadableInExamples) {
  const std::string blocked = "550 5.7.1 Client host [192.0.2.25] blocked using zen.spamhaus.org; ";
  for (const char* desk :
       {"postmaster@gmx.net", "abuse@antispam.example", "delist@messaging.microsoft.com",
        "tobr@rx.t-online.de", "unblock.request@cox.net", "icloudadmin@apple.com",
        "support@gmx.net", "abuse_rbl@abuse-att.net", "blockedbyearthlink@abuse.earthlink.net",
        "https://postmaster.example/why?mail=delist@gmx.net"}) {
    EXPECT_EQ(kept_of(blocked + "ask " + desk), blocked + "ask " + desk);
  }
  EXPECT_EQ(kept_of(blocked + "ask bob2@cox.net"), blocked + "ask ...@cox.net")
      << "a mailbox where a desk is";
}

TEST(BlockExample, NoNameIsLeftOfALongReply) {
  const std::string blocked = "550 5.7.1 Client host [192.0.2.25] blocked using zen.spamhaus.org; ";
  for (std::size_t bytes = 300; bytes < 360; ++bytes) {
    const auto kept = kept_of(blocked + std::string(bytes, 'x') + " <anna1@verein.example> ...");
    EXPECT_THAT(kept, Not(HasSubstr("anna"))) << bytes;
    EXPECT_LE(kept.size(), 400U);
  }
  EXPECT_THAT(kept_of(blocked + std::string(4096 - blocked.size() - 5, '@') + " anna1@verein"),
              Not(HasSubstr("anna")));
}

}  // namespace
}  // namespace leumund::engine
