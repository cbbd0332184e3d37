#include "engine/block_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/engine_test_world.h"

namespace leumund::engine {
namespace {

using model::CellState;
using model::DecisionKind;
using model::DeliveryStage;
using model::DeliveryStatus;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* s3140 =
    "550 5.7.1 Unfortunately, messages from [192.0.2.25] weren't sent. Please contact your "
    "Internet "
    "service provider since part of their network is on our block list (S3140). You can also refer "
    "your provider to http://mail.live.com/mail/troubleshooting.aspx#errors.";
constexpr const char* spamcop =
    "554 5.7.1 Service unavailable; Client host [192.0.2.25] blocked using bl.spamcop.net; Blocked "
    "- see https://www.spamcop.net/bl.shtml?192.0.2.25";
constexpr const char* t_online =
    "554 IP=192.0.2.25 - A problem occurred. (Ask your postmaster for help or to contact "
    "tosa@rx.t-online.de to clarify.) (BL)";

struct Matrix : World {
  using World::World;

  struct Way {
    std::string domain = "hotmail.com";
    std::string remote = "hotmail-com.olc.protection.outlook.com[203.0.113.9]";
    std::string egress = "";
    DeliveryStage stage = DeliveryStage::rcpt;
    std::string known_provider = "";  // by the DNS
  };
  Way hotmail = {};
  bool classes = false;  // a milter tells what the mails are for: every third is a booking

  static std::shared_ptr<const model::Fingerprint> print_of(int serial) {
    model::Fingerprint print;
    print.mail_class = serial % 3 == 0 ? model::MailClass::booking : model::MailClass::forward;
    return std::make_shared<const model::Fingerprint>(print);
  }

  // One mail of its own account; the sixth part of the accounts each time.
  std::optional<model::BlockChange> mail_over(const Way& way, const std::string& reply) {
    pass_time(minutes(1));
    const std::string account =
        "u" + std::to_string(serial % 6) + "@firm" + std::to_string(serial % 3) + ".test";
    const std::string recipient = "r" + std::to_string(serial) + "@" + way.domain;
    auto sent = mail(account, {recipient});
    sent.queue = {"", "", "Q" + std::to_string(serial)};
    if (classes) sent.print = print_of(serial);
    send(sent);
    model::Delivery what;
    what.id = sent.id;
    what.recipient = recipient;
    what.remote = way.remote;
    what.provider = way.known_provider;
    if (!way.known_provider.empty()) what.source = model::Source::log;
    what.egress = way.egress;
    what.transport = "smtp";
    what.reply = reply;
    what.stage = way.stage;
    what.status = reply.front() == '2' ? DeliveryStatus::sent
                  : reply.front() == '4' || way.stage == DeliveryStage::greeting
                      ? DeliveryStatus::deferred
                      : DeliveryStatus::bounced;
    return feed({now, now, what}).block;
  }
  void mails_over(const Way& way, const std::string& reply, int count) {
    for (int i = 0; i < count; ++i) static_cast<void>(mail_over(way, reply));
  }
  model::BlockFacts cell(const std::string& provider = "microsoft-consumer",
                         const std::string& egress = "default") {
    return engine.blocks().find(egress, provider, now).value_or(model::BlockFacts());
  }
  std::vector<DecisionKind> kinds() const {
    std::vector<DecisionKind> out;
    for (const auto& decision : decisions) out.push_back(decision.kind);
    return out;
  }
};

TEST(BlockMatrix, FindsAPrivateBlockOfConsumerMicrosoftAndLeavesOffice365Open) {
  Matrix world;
  world.mails_over({}, "250 2.6.0 Queued mail for delivery", 100);
  const base::TimePoint began = world.now + minutes(1);
  world.mails_over({}, s3140, 10);
  const Matrix::Way office = {.domain = "firma.example",
                              .remote = "firma-example.mail.protection.outlook.com[203.0.113.10]"};
  world.mails_over(office, "250 2.6.0 Queued mail for delivery", 50);

  const auto cell = world.cell();
  EXPECT_EQ(cell.state, CellState::refused);
  EXPECT_EQ(cell.since, began);
  EXPECT_EQ(cell.mails, 10U);
  EXPECT_EQ(cell.recipients, 10U);
  EXPECT_EQ(cell.accounts, 6U);
  EXPECT_EQ(cell.sender_domains, 3U);
  EXPECT_TRUE(cell.private_list);
  EXPECT_EQ(cell.listed_address, "192.0.2.25");
  EXPECT_NEAR(cell.refused_share, 1, 1e-6);
  ASSERT_EQ(cell.examples.size(), 1U) << "the same words are one example";
  EXPECT_THAT(cell.examples[0].reply, HasSubstr("S3140"));
  EXPECT_EQ(world.cell("microsoft-365").state, CellState::open);

  ASSERT_THAT(world.kinds(), ElementsAre(DecisionKind::provider_refuses));
  const auto& decision = world.decisions[0];
  EXPECT_EQ(decision.subject.to_string(), "provider:microsoft-consumer");
  EXPECT_GT(decision.number, 0U);
  ASSERT_TRUE(decision.block);
  EXPECT_EQ(decision.block->facts.egress, "default");
  EXPECT_THAT(decision.restriction.reason, HasSubstr("microsoft-consumer refuses"));
  EXPECT_EQ(world.engine.book().find(decision.subject), nullptr) << "no restriction of a sender";
}

TEST(BlockMatrix, TellsWhatTheRefusedMailsWereForWhereAMilterSawThem) {
  Matrix world;
  world.classes = true;
  world.mails_over({}, s3140, 10);
  const model::ClassCounts counts = world.cell().classes;
  EXPECT_EQ(counts[static_cast<std::size_t>(model::MailClass::booking)], 3U);
  EXPECT_EQ(counts[static_cast<std::size_t>(model::MailClass::forward)], 7U);
  const auto facts = world.engine.queued_facts({"", "", "Q3"});
  EXPECT_EQ(facts.mail_class, model::MailClass::booking);
  EXPECT_EQ(facts.subject.kind, model::SubjectKind::account);
  EXPECT_EQ(world.engine.queued_facts({"", "", "Q99"}).subject.name, "");

  auto forward = world.mail("f@firm0.test", {"r@hotmail.com"});
  forward.envelope_sender = "SRS0=q7Zx=5W=elsewhere.example=bob@firm0.test";
  forward.queue = {"", "", "QF"};
  forward.print = Matrix::print_of(3);
  world.send(forward);
  EXPECT_EQ(world.engine.queued_facts({"", "", "QF"}).mail_class, model::MailClass::forward)
      << "a booking that was forwarded";

  Matrix blind;
  blind.mails_over({}, s3140, 10);
  EXPECT_EQ(blind.cell().classes, (model::ClassCounts{10})) << "all unknown";
}

TEST(BlockMatrix, TurnsOpenAgainAfterAcceptances) {
  Matrix world;
  world.mails_over({}, s3140, 10);
  ASSERT_EQ(world.cell().state, CellState::refused);
  world.mails_over({}, "250 ok", 10);
  EXPECT_EQ(world.cell().state, CellState::open);
  EXPECT_THAT(world.kinds(),
              ElementsAre(DecisionKind::provider_refuses, DecisionKind::provider_accepts));
  EXPECT_EQ(world.decisions[1].block->from, CellState::refused);
  EXPECT_EQ(world.decisions[1].block->facts.mails, 10U) << "what it had hit is still told";
}

TEST(BlockMatrix, NamesThePublicList) {
  Matrix world;
  const Matrix::Way way = {.domain = "kunde.example", .remote = "mx.provider.example[203.0.113.7]"};
  world.mails_over(way, spamcop, 10);
  const auto cell = world.cell("mx:provider.example");
  EXPECT_EQ(cell.state, CellState::refused);
  EXPECT_THAT(cell.lists, ElementsAre("spamcop"));
  EXPECT_FALSE(cell.private_list);
}

TEST(BlockMatrix, WhatARelayHostTakesSaysNothingOfTheProviderBehindIt) {
  Matrix world;
  world.mails_over(world.hotmail, spamcop, 10);
  ASSERT_EQ(world.cell().state, CellState::refused);
  const Matrix::Way relay = {.remote = "smtp.relay.example[198.51.100.3]",
                             .known_provider = "microsoft-consumer"};
  world.mails_over(relay, "250 2.0.0 queued", 60);
  EXPECT_EQ(world.cell().state, CellState::refused) << "only the relay took it";
  world.mails_over(relay, spamcop, 10);
  EXPECT_EQ(world.cell("mx:relay.example").state, CellState::refused);
  Matrix::Way direct = world.hotmail;
  direct.known_provider = "microsoft-consumer";
  world.mails_over(direct, "250 2.0.0 queued", 60);
  EXPECT_EQ(world.cell().state, CellState::open);
}

TEST(BlockMatrix, RefusalsInTheGreetingCountAlthoughTheyAreOnlyDeferred) {
  Matrix world;
  const Matrix::Way way = {.domain = "t-online.de",
                           .remote = "mx00.t-online.de[194.25.134.8]",
                           .stage = DeliveryStage::greeting};
  world.mails_over(way, t_online, 10);
  EXPECT_EQ(world.cell("t-online").state, CellState::refused);
}

TEST(BlockMatrix, GreylistingMailboxFaultsAndContentNeverRefuseACell) {
  Matrix world;
  for (const char* reply :
       {"450 4.2.0 <r@hotmail.com>: Recipient address rejected: Greylisted, see "
        "http://postgrey.schweikert.ch/help/hotmail.com.html",
        "451 4.7.1 Greylisting in action, please come back in 00:05:00",
        "452 4.2.2 The email account that you tried to reach is over quota",
        "550 5.1.1 <r@hotmail.com>: Recipient address rejected: User unknown",
        "554 5.7.1 Message rejected because of spam content (score 12.1)",
        "421 4.4.2 Connection timed out"}) {
    world.mails_over({}, reply, 60);
    EXPECT_EQ(world.cell().state, CellState::open) << reply;
    EXPECT_EQ(world.cell().mails, 0U) << reply;
  }
  EXPECT_GE(world.cell().other_refusals, 60U) << "content is shown";
  ASSERT_FALSE(world.cell().other_examples.empty());
  EXPECT_THAT(world.cell().other_examples[0].reply, HasSubstr("spam content"));
  EXPECT_THAT(world.kinds(), Not(testing::Contains(DecisionKind::provider_refuses)));
}

TEST(BlockMatrix, ARefusalOfOurAddressNeverSpeaksAgainstTheAccountThatSent) {
  Matrix world;
  world.live("anna@firm.test");
  const auto try_with = [&](const std::string& reply) {
    model::Submission sent = world.mail("anna@firm.test", {"friend1@away.test"});
    world.send(sent);
    return world.deliver(sent.id, "friend1@away.test", reply).score;
  };
  const double before = try_with("250 ok");
  for (int i = 0; i < 5; ++i) EXPECT_LE(try_with(s3140), before + 1e-6);
  for (int i = 0; i < 5; ++i) EXPECT_LE(try_with(spamcop), before + 1e-6);
  EXPECT_GT(try_with("554 5.7.1 Message rejected because of spam content"), before + 0.5);
}

TEST(BlockMatrix, UnknownUsersSpeakAgainstTheAccountButNotAgainstTheAddress) {
  Matrix world;
  world.live("anna@firm.test");
  double score = 0;
  double with_refusals_of_us = 0;
  for (const bool unknown : {false, true}) {
    Matrix other;
    other.live("anna@firm.test");
    for (int i = 0; i < 4; ++i) {
      const std::string stranger = "s" + std::to_string(i) + "@hotmail.com";
      model::Submission sent = other.mail("anna@firm.test", {stranger});
      other.send(sent);
      (unknown ? score : with_refusals_of_us) =
          other.deliver(sent.id, stranger, unknown ? "550 5.1.1 No such user here" : s3140).score;
    }
  }
  EXPECT_GT(score, with_refusals_of_us + 1);
}

TEST(BlockMatrix, EgressesAreToldBySyslogNameAddressOrNotAtAll) {
  Settings settings = test_settings();
  settings.blocks.egress_names = {{"postfix-out2", "out2"}, {"192.0.2.26", "out2"}};
  Matrix world(settings);
  Matrix::Way way;
  way.egress = "postfix-out2";
  world.mails_over(way, s3140, 5);
  way.egress = "192.0.2.26";
  world.mails_over(way, s3140, 5);
  way.egress = "postfix-unnamed";
  world.mails_over(way, "250 ok", 5);
  world.mails_over({}, "250 ok", 5);
  EXPECT_EQ(world.cell("microsoft-consumer", "out2").state, CellState::refused);
  EXPECT_EQ(world.cell("microsoft-consumer", "out2").mails, 10U);
  std::vector<std::string> names;
  for (const auto& facts : world.engine.blocks().all(world.now)) names.push_back(facts.egress);
  EXPECT_THAT(names, ElementsAre("default", "out2", "postfix-unnamed"));
}

TEST(BlockMatrix, WhatNoSmtpClientOfOursHeardCountsNowhere) {
  Matrix world;
  for (const char* transport : {"local", "virtual", "pipe", "error", "lmtp", "retry"}) {
    for (int i = 0; i < 20; ++i) {
      model::Delivery what;
      what.id = "x" + std::to_string(++world.serial);
      what.recipient = "r@hotmail.com";
      what.transport = transport;
      what.reply = s3140;
      what.status = DeliveryStatus::deferred;
      world.pass_time(minutes(1));
      world.feed({world.now, world.now, what});
    }
  }
  EXPECT_TRUE(world.engine.blocks().all(world.now).empty());
}

// Whoever got mail can write a report about it, and name the remote host that he likes.
TEST(BlockMatrix, ReportsNameNoProviderButTheRecipientsAndRefuseNothingAlone) {
  Matrix world;
  world.mails_over({}, "250 2.6.0 Queued mail for delivery", 100);
  for (int i = 0; i < 60; ++i) {
    for (const char* domain : {"evil.example", "hotmail.com"}) {
      world.pass_time(minutes(1));
      const std::string account = "u" + std::to_string(i % 6) + "@firm.test";
      const auto sent = world.mail(account, {"r" + std::to_string(i) + "@" + domain});
      world.send(sent);
      model::Delivery what;
      what.id = sent.id;
      what.source = model::Source::report;
      what.recipient = sent.recipients.front();
      what.remote = world.hotmail.remote;
      what.reply = s3140;
      what.status = DeliveryStatus::bounced;
      world.feed({world.now, world.now, what});
    }
  }
  EXPECT_EQ(world.cell("mx:evil.example").mails, 60U);
  EXPECT_EQ(world.cell().mails, 60U) << "only those to hotmail.com";
  EXPECT_EQ(world.cell().state, CellState::suspected);
  EXPECT_THAT(world.kinds(), ElementsAre());
}

TEST(BlockMatrix, OldDoubtMakesRoomInAFullTable) {
  Settings settings = test_settings();
  settings.blocks.cells_max = 8;
  Matrix world(settings);
  for (int i = 0; i < 8; ++i) {
    const std::string house = "house" + std::to_string(i) + ".example";
    world.mails_over({.domain = house, .remote = "mx." + house + "[192.0.2.1]"}, spamcop, 1);
  }
  world.pass_time(std::chrono::hours(24 * 60));
  world.mails_over({}, s3140, 10);
  EXPECT_EQ(world.cell().state, CellState::refused);
  EXPECT_FALSE(world.engine.blocks().find("default", "mx:house0.example", world.now));
}

TEST(BlockMatrix, TheRecipientsNameIsBlankedInExamples) {
  Matrix world;
  static_cast<void>(world.mail_over(
      {}, "550 5.7.1 <r0@hotmail.com>: Client host [192.0.2.25] blocked using zen.spamhaus.org"));
  const auto cell = world.cell();
  ASSERT_EQ(cell.examples.size(), 1U);
  EXPECT_THAT(cell.examples[0].reply, Not(HasSubstr("r0@")));
  EXPECT_THAT(cell.examples[0].reply, HasSubstr("<...@hotmail.com>"));
}

TEST(BlockMatrix, CellsComeBackAfterARestartAsTheyWere) {
  Matrix world;
  world.mails_over({}, "250 ok", 30);
  world.mails_over({}, s3140, 10);
  const auto before = world.engine.blocks().all(world.now);
  Matrix again;
  std::size_t records = 0;
  while (world.engine.drain_dirty(3, [&](evidence::SubjectRecord&& record) {
    ++records;
    EXPECT_TRUE(again.engine.load_record(record.subject, record.state).ok()) << record.subject;
  }) > 0) {
  }
  EXPECT_GT(records, 0U);
  EXPECT_EQ(again.engine.blocks().all(world.now), before);
  // Nothing changed since: nothing to keep.
  std::size_t more = 0;
  world.engine.drain_dirty(100, [&](evidence::SubjectRecord&&) { ++more; });
  EXPECT_EQ(more, 0U);
  // It goes on where it was.
  again.now = world.now;
  again.mails_over({}, "250 ok", 10);
  EXPECT_EQ(again.cell().state, CellState::open);
}

TEST(BlockMatrix, DamagedRecordsAreRefusedByName) {
  Engine engine(test_settings(), shipped_replies());
  for (const char* subject : {"block/", "block/default", "block/\tprovider", "block/a\nb\tc"}) {
    EXPECT_FALSE(engine.load_record(subject, "x").ok()) << subject;
  }
  const auto status = engine.load_record("block/default\tgoogle", "nonsense");
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("google"));
}

TEST(BlockMatrix, AFullTableKeepsTroubleAndForgetsTheSilent) {
  Settings settings = test_settings();
  settings.blocks.cells_max = 8;
  Matrix world(settings);
  for (int i = 0; i < 8; ++i) {
    Matrix::Way way;
    way.egress = "out" + std::to_string(i);
    world.mails_over(way, "250 ok", 1);
  }
  Matrix::Way blocked;
  blocked.egress = "blocked";
  world.mails_over(blocked, s3140, 10);
  EXPECT_EQ(world.cell("microsoft-consumer", "blocked").state, CellState::refused);
  EXPECT_FALSE(world.engine.blocks().find("out0", "microsoft-consumer", world.now));
  EXPECT_EQ(world.engine.blocks().counters().cells, 8U);
  EXPECT_EQ(world.engine.blocks().counters().cells_forgotten, 1U);
  // Accepted mail of a ninth egress makes no room for itself.
  Matrix::Way quiet;
  quiet.egress = "ninth";
  world.mails_over(quiet, "250 ok", 1);
  EXPECT_FALSE(world.engine.blocks().find("ninth", "microsoft-consumer", world.now));
  EXPECT_EQ(world.engine.blocks().counters().cells_refused_full, 1U);
}

TEST(BlockMatrix, UnregisteredProvidersGetACellOnlyFromTheirFirstRefusalOn) {
  Matrix world;
  const Matrix::Way way = {.domain = "kunde.example", .remote = "mx.kunde.example[203.0.113.7]"};
  world.mails_over(way, "250 ok", 20);
  EXPECT_TRUE(world.engine.blocks().all(world.now).empty());
  world.mails_over(way, spamcop, 1);
  EXPECT_EQ(world.engine.blocks().all(world.now).size(), 1U);
}

TEST(BlockMatrix, ManyRecipientsInOneConversationAreOneMail) {
  Matrix world;
  model::Submission sent = world.mail("anna@firm.test", {});
  for (int i = 0; i < 50; ++i) sent.recipients.push_back("r" + std::to_string(i) + "@hotmail.com");
  sent.recipient_count = 50;
  world.send(sent);
  for (const auto& recipient : sent.recipients) {
    model::Delivery what;
    what.id = sent.id;
    what.recipient = recipient;
    what.remote = "hotmail-com.olc.protection.outlook.com[203.0.113.9]";
    what.reply = s3140;
    what.status = DeliveryStatus::bounced;
    world.feed({world.now, world.now, what});
  }
  EXPECT_EQ(world.cell().state, CellState::open);
  EXPECT_EQ(world.cell().mails, 1U);
  EXPECT_EQ(world.cell().recipients, 50U);
}

TEST(BlockMatrix, AProbeIsLetOutAndTakenBack) {
  Matrix world;
  auto& blocks = world.engine.blocks();
  EXPECT_FALSE(blocks.set_half_open("default", "microsoft-consumer", true, world.now));
  world.mails_over({}, s3140, 10);
  const auto change = blocks.set_half_open("default", "microsoft-consumer", true, world.now);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->from, CellState::refused);
  EXPECT_EQ(change->facts.state, CellState::half_open);
  const auto back = world.mail_over({}, s3140);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->facts.state, CellState::refused);
  EXPECT_THAT(world.kinds(), ElementsAre(DecisionKind::provider_refuses)) << "no second finding";
}

TEST(BlockMatrix, ASpareWayThatWasGivenNothingForLongIsInDoubtAndCanBeRefusedAnew) {
  Settings settings = test_settings();
  settings.blocks.spare_ways = {"out2"};
  Matrix world(settings);
  Matrix::Way spare;
  spare.egress = "out2";
  const auto state = [&](const char* egress) {
    return world.cell("microsoft-consumer", egress).state;
  };
  world.mails_over({}, s3140, 10);
  world.mails_over(spare, s3140, 10);
  world.pass_time(std::chrono::hours(6) - seconds(1));
  EXPECT_EQ(state("out2"), CellState::refused);
  world.pass_time(seconds(1));
  EXPECT_EQ(state("out2"), CellState::suspected);
  EXPECT_LT(world.cell("microsoft-consumer", "out2").evidence,
            world.cell("microsoft-consumer", "out2").threshold);
  EXPECT_EQ(state("default"), CellState::refused) << "the usual way has its probes";
  const auto anew = world.mail_over(spare, s3140);
  ASSERT_TRUE(anew);
  EXPECT_EQ(anew->from, CellState::suspected);
  EXPECT_EQ(anew->facts.state, CellState::refused) << "one is enough";
  EXPECT_THAT(world.kinds(),
              ElementsAre(DecisionKind::provider_refuses, DecisionKind::provider_refuses,
                          DecisionKind::provider_refuses));
  world.pass_time(std::chrono::hours(6));
  world.mails_over(spare, "250 2.0.0 queued", 10);
  EXPECT_EQ(state("out2"), CellState::open);
}

TEST(BlockMatrix, TheSameMailGivesTheSameChangesByteForByte) {
  std::vector<std::vector<model::BlockFacts>> runs;
  for (int run = 0; run < 2; ++run) {
    Matrix world;
    world.mails_over({}, s3140, 7);
    world.mails_over({}, "250 ok", 3);
    world.mails_over({.domain = "t-online.de", .remote = "mx00.t-online.de[194.25.134.8]"},
                     t_online, 5);
    runs.push_back(world.engine.blocks().all(world.now));
  }
  EXPECT_EQ(runs[0], runs[1]);
}

}  // namespace
}  // namespace leumund::engine
