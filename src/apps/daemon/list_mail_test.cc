// Which mail is evidence for our own lists, and against whom.
#include "apps/daemon/list_mail.h"

#include <gtest/gtest.h>
#include <map>

#include "config/load.h"
#include "storage/memory_store.h"

namespace leumund::apps {
namespace {

const base::TimePoint now = base::from_unix_seconds(1'800'000'000);

std::string line(const std::string& from, const std::string& with = "ESMTP") {
  return "Received: " + from + " by mx.example.org (Postfix) with " + with +
         " id 4XyZ; Fri, 15 Jan 2027 07:00:00 +0000 (UTC)\r\n";
}
// With smtpd_sasl_authenticated_header.
std::string login_as(const std::string& account) {
  return line("from pc (dsl.isp.example [192.0.2.77]) (Authenticated sender: " + account + ")",
              "ESMTPSA");
}
const std::string spam =
    line("from bot (bot.example [203.0.113.7])") + "Subject: win\r\n\r\nwin\r\n";

class ListMailTest : public testing::Test {
 protected:
  ListMailTest() {
    auto loaded = config::load_text(
        "[list]\nzones = [\"bl bl.ex\"]\ntraps = [\"pristine trap@traps.ex\"]\n"
        "reporters = [\"anna@example.org 1\", \"fbl.example.net 1 198.51.100.0/24\"]\n",
        "t.toml", config::Surroundings());
    EXPECT_TRUE(loaded.problems.empty());
    auto desk = ListDesk::open(loaded.settings, {.store = store_,
                                                 .clock = clock_,
                                                 .key = {},
                                                 .of_many_people = [](auto) { return false; },
                                                 .decide = {},
                                                 .heard = [](const auto&) {}});
    EXPECT_TRUE(desk.ok());
    desk_ = std::move(*desk);
    mail_ = std::make_unique<ListMail>(ListMail::Hosts{.names = {"mx.example.org"}, .relays = {}},
                                       *desk_);
  }

  MailEvidence trapped(const std::string& raw, const std::vector<base::IpPrefix>& clients = {}) {
    return mail_->read(
        {.sender = "x@bank.example", .recipients = {"trap@traps.ex"}, .of_mail_server = true}, raw,
        clients, now);
  }
  // Of `outer` with the spam attached.
  std::optional<bool> vouched(const std::string& sender, const std::string& outer,
                              bool of_mail_server = true) {
    const auto found =
        mail_->read({.sender = sender, .recipients = {"spam@x"}, .of_mail_server = of_mail_server},
                    outer +
                        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
                        "--b\r\nContent-Type: message/rfc822\r\n\r\n" +
                        spam + "\r\n--b--\r\n",
                    {}, now);
    if (found.said.size() != 1 || !found.said.front().by_mail) return std::nullopt;
    return found.said.front().vouched;
  }

  storage::MemoryStore store_;
  Clock clock_;
  std::unique_ptr<ListDesk> desk_;
  std::unique_ptr<ListMail> mail_;
};

TEST_F(ListMailTest, ATrapsMailIsAHitOfTheStrangerWhoHandedItToUs) {
  const auto found = trapped(spam);
  EXPECT_EQ(found.trap, TrapMail::counted);
  ASSERT_EQ(found.said.size(), 1U);
  EXPECT_EQ(found.said.front().client->to_string(), "203.0.113.7");
  EXPECT_EQ(found.said.front().kind, model::AbuseKind::pristine_trap);
}

TEST_F(ListMailTest, WhatOurOwnPeopleSentToATrapListsNobody) {
  const auto outcome = [&](const std::string& raw, const char* network = "192.0.2.0/24") {
    const auto found = trapped(raw, {*base::IpPrefix::parse(network)});
    EXPECT_TRUE(found.said.empty());
    return found.trap;
  };
  EXPECT_EQ(outcome(line("from pc (dsl.isp.example [203.0.113.7])", "ESMTPSA")), TrapMail::account);
  EXPECT_EQ(outcome(spam, "203.0.113.0/24"), TrapMail::ourselves);
  EXPECT_EQ(outcome(line("from localhost (localhost [127.0.0.1])") + spam), TrapMail::ourselves);
  EXPECT_EQ(outcome("Received: by mx.example.org (Postfix, from userid 33) id A; x\r\n" + spam),
            TrapMail::ourselves);
  EXPECT_EQ(outcome("Subject: no line\r\n\r\n"), TrapMail::no_border);
}

// Any user of this host can write to an open socket what he likes.
TEST_F(ListMailTest, WhatComesByAnOpenDoorIsNoProof) {
  const auto found =
      mail_->read({.sender = "x@bank.example", .recipients = {"trap@traps.ex"}}, spam, {}, now);
  EXPECT_EQ(found.trap, TrapMail::open_door);
  ASSERT_EQ(found.said.size(), 1U);
  EXPECT_TRUE(found.said.front().by_mail);
  EXPECT_FALSE(found.said.front().vouched);
}

TEST_F(ListMailTest, AReportersNameCountsWhereOurServerVouchesForIt) {
  const std::string login = login_as("anna@example.org");
  const std::string stranger = line("from any (any.example [192.0.2.77])");
  const std::string loop = line("from fbl (out.fbl.example.net [198.51.100.4])");
  EXPECT_EQ(vouched("anna@example.org", login), true);
  EXPECT_EQ(vouched("anna@example.org", stranger), false);
  EXPECT_EQ(vouched("a@fbl.example.net", loop), true);
  EXPECT_EQ(vouched("a@fbl.example.net", stranger), false);
  EXPECT_EQ(vouched("anna@example.org", loop), false) << "of another's network";
  EXPECT_EQ(vouched("anna@example.org", login, false), false) << "by an open door";
  EXPECT_EQ(vouched("anna@example.org", ""), false);
}

// A mailbox that was broken into would list whom it likes, as two reporters.
TEST_F(ListMailTest, ALoginSpeaksForNobodyElse) {
  EXPECT_EQ(vouched("anna@example.org", login_as("bert@example.org")), false);
  EXPECT_EQ(vouched("anna@example.org", line("from pc (dsl.isp.example [192.0.2.77])", "ESMTPSA")),
            false)
      << "who logged in, nobody says";
  EXPECT_EQ(vouched("ANNA@example.org", login_as("anna@example.org")), true);
}

// With the spam's header in its text.
TEST_F(ListMailTest, APastedHeaderCountsAsAnAttachedMailDoes) {
  const std::string login = login_as("Anna@example.org");
  const auto read = [&](const std::string& from, const std::string& text,
                        const std::vector<base::IpPrefix>& clients = {}) {
    return mail_->read(
        {.sender = "anna@example.org", .recipients = {"spam@x"}, .of_mail_server = true},
        login + "From: " + from + "\r\nSubject: Fwd: win\r\n\r\n" + text, clients, now);
  };
  const auto found = read("Anna <anna@example.org>", "look:\r\n\r\n" + spam);
  EXPECT_EQ(found.reported, ReportMail::pasted);
  ASSERT_EQ(found.said.size(), 1U);
  EXPECT_EQ(found.said.front().client->to_string(), "203.0.113.7");
  EXPECT_TRUE(found.said.front().by_mail);
  EXPECT_TRUE(found.said.front().vouched);
  // Redirected by her: its text is the spammer's.
  const auto redirected = read("x@bank.example", spam);
  ASSERT_EQ(redirected.said.size(), 1U);
  EXPECT_FALSE(redirected.said.front().vouched);
  EXPECT_EQ(read("anna@example.org", spam, {*base::IpPrefix::parse("203.0.113.0/24")}).reported,
            ReportMail::ourselves);
  EXPECT_EQ(read("anna@example.org", login + spam).reported, ReportMail::ourselves);
  const auto foreign = read("anna@example.org", "Received: from a [203.0.113.7] by b; x\r\n");
  EXPECT_EQ(foreign.reported, ReportMail::no_border);
  EXPECT_TRUE(foreign.said.empty());
}

TEST_F(ListMailTest, WhoForwardsWithoutAHeaderIsToldOnlyWhereHeLoggedIn) {
  const std::string mail =
      "From: anna@example.org\r\nSubject: WG: win\r\n\r\n-----Original Message-----\r\n"
      "From: x@bank.example\r\nSubject: win\r\n\r\n" +
      spam;
  const auto told = [&](const std::string& outer, bool of_mail_server = true) {
    const auto found = mail_->read(
        {.sender = "anna@example.org", .recipients = {"spam@x"}, .of_mail_server = of_mail_server},
        outer, {}, now);
    EXPECT_EQ(found.reported, ReportMail::no_header);
    EXPECT_TRUE(found.said.empty());
    return found.tell_reporter;
  };
  const std::string login = line("from pc (dsl.isp.example [192.0.2.77])", "ESMTPSA");
  EXPECT_TRUE(told(login + mail));
  EXPECT_FALSE(told(login + mail, false)) << "by an open door";
  EXPECT_FALSE(told(line("from any (any.example [192.0.2.77])") + mail)) << "it may not be she";
  EXPECT_FALSE(told(login + "Auto-Submitted: no\r\n" + mail.substr(0, mail.find("WG:")) +
                    "Re:" + mail.substr(mail.find("WG:") + 3)))
      << "an answer to somebody";
}

TEST_F(ListMailTest, AnAccountsMailToATrapIsToldByItsQueueId) {
  const auto found = trapped(line("from pc (dsl.isp.example [203.0.113.7])", "ESMTPSA"));
  EXPECT_TRUE(found.said.empty());
  EXPECT_EQ(found.queue_id, "4XyZ");
  EXPECT_EQ(found.address, "trap@traps.ex");
}

TEST_F(ListMailTest, CountsWhatTrapMailCameTo) {
  trapped(spam);
  trapped("Subject: no line\r\n\r\n");
  trapped("Subject: no line\r\n\r\n");
  std::vector<face::Metric> metrics;
  mail_->add_metrics(metrics);
  std::map<std::string, double> counts;
  for (const auto& sample : metrics.at(0).samples) {
    counts[sample.labels.at(0).second] = sample.value;
  }
  EXPECT_EQ(counts["counted"], 1);
  EXPECT_EQ(counts["no_border"], 2);
}

}  // namespace
}  // namespace leumund::apps
