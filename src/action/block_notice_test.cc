#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "action/notice_text.h"

namespace leumund::action {
namespace {

using testing::HasSubstr;
using testing::Not;

model::Decision refusal() {
  model::Decision decision;
  decision.number = 17;
  decision.kind = model::DecisionKind::provider_refuses;
  decision.at = base::TimePoint(std::chrono::seconds(1'795'284'600));
  decision.subject = {model::SubjectKind::provider, "microsoft-consumer"};
  model::BlockChange change;
  change.facts.egress = "out1";
  change.facts.provider = "microsoft-consumer";
  change.facts.state = model::CellState::refused;
  change.facts.since = base::TimePoint(std::chrono::seconds(1'795'284'000));
  change.facts.private_list = true;
  change.facts.lists = {"microsoft"};
  change.facts.listed_address = "192.0.2.25";
  change.facts.refused_share = 0.974;
  change.facts.mails = 12;
  change.facts.recipients = 9;
  change.facts.accounts = 4;
  change.facts.sender_domains = 2;
  change.facts.examples = {{decision.at, "mx.example[203.0.113.9]", "rcpt", "4XyZ",
                            "550 5.7.1 part of their network is on our block list\r\nX-Evil: 1"}};
  decision.block = change;
  return decision;
}

TEST(BlockNotice, TellsWhoRefusesWhichAddressSinceWhenAndWhatToType) {
  const auto notice = block_notice(refusal(), Language::en);
  EXPECT_EQ(notice.subject, "[leumund] microsoft-consumer refuses our mail (out1)");
  for (const char* line :
       {"since           2026-11-21 18:00:00 UTC\n", "our address     192.0.2.25\n",
        "on the list     microsoft\n", "no public list shows it", "refused         97 %",
        "12 mails to 9 recipients, of 4 accounts from 2 domains",
        "leumund explain provider:microsoft-consumer\n",
        "mx.example[203.0.113.9] (rcpt): 550 5.7.1 part of their network"}) {
    EXPECT_THAT(notice.body, HasSubstr(line));
  }
  EXPECT_THAT(notice.body, Not(HasSubstr("\nX-Evil"))) << "a reply adds no lines of its own";
}

TEST(BlockNotice, SpeaksGermanAndTellsTheEnd) {
  auto decision = refusal();
  EXPECT_THAT(block_notice(decision, Language::de).subject,
              HasSubstr("nimmt unsere Post nicht an"));
  decision.kind = model::DecisionKind::provider_accepts;
  EXPECT_THAT(block_notice(decision, Language::de).subject, HasSubstr("wieder an"));
  const auto notice = block_notice(decision, Language::en);
  EXPECT_THAT(notice.subject, HasSubstr("takes our mail again"));
  EXPECT_THAT(notice.body, HasSubstr("postqueue -f"));
}

TEST(BlockNotice, LeavesOutWhatIsNotKnown) {
  auto decision = refusal();
  decision.block->facts.lists.clear();
  decision.block->facts.listed_address.clear();
  decision.block->facts.private_list = false;
  const auto notice = block_notice(decision, Language::en);
  EXPECT_THAT(notice.body, Not(HasSubstr("on the list")));
  EXPECT_THAT(notice.body, Not(HasSubstr("our address")));
  EXPECT_THAT(notice.body, Not(HasSubstr("private")));
}

TEST(BlockNotice, TellsWhatTheMailsWereForWhereItIsKnown) {
  auto decision = refusal();
  EXPECT_THAT(block_notice(decision, Language::en).body, Not(HasSubstr("of these")));
  auto& classes = decision.block->facts.classes;
  classes[static_cast<std::size_t>(model::MailClass::booking)] = 3;
  classes[static_cast<std::size_t>(model::MailClass::unknown)] = 9;
  EXPECT_THAT(block_notice(decision, Language::en).body,
              HasSubstr("from 2 domains; of these 3 bookings, 9 not known"));
  EXPECT_THAT(block_notice(decision, Language::de).body,
              HasSubstr("aus 2 Domains; davon 3 Buchungen, 9 unbekannt"));
}

}  // namespace
}  // namespace leumund::action
