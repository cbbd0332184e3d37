#include "evidence/block_cell.h"

#include <gtest/gtest.h>

#include "evidence/block_cell_codec.h"

namespace leumund::evidence {
namespace {

const base::TimePoint start = base::from_unix_seconds(1'600'000'000);

BlockCell troubled() {
  BlockCell cell;
  cell.test.state = model::CellState::refused;
  cell.test.against = {12.5F, 3, 0};
  cell.test.for_open = 1.5F;
  cell.test.share_then = 0.75F;
  cell.test.slot = -5;
  cell.test.slow_slot = 444'444;
  cell.test.slow_added = 2.5F;
  cell.test.usual_tried = 1234;
  cell.test.one_account = false;
  cell.test.at = start;
  cell.test.changed_at = start - std::chrono::hours(1);
  cell.last_refused_at = start;
  static_cast<void>(cell.first_sight(1, MailFate::block, start));
  BlockImpact& impact = cell.hit();
  impact.begin_anew(start);
  for (std::uint64_t i = 0; i < 100; ++i) impact.recipients.add(i * 0x9e3779b97f4a7c15ULL);
  impact.add_mail(7, model::MailClass::invoice);
  impact.name_list("spamhaus-sbl");
  impact.account = 0xffffffffffffffffULL;
  impact.listed_address = "192.0.2.25";
  impact.refusals = 100;
  BlockImpact::keep(impact.examples, {start, "mx.example", "rcpt", "4XyZ", "550 5.7.1 no"}, 5);
  return cell;
}

TEST(BlockCell, ComesBackFromDiskAsItWas) {
  const BlockCell cell = troubled();
  std::string state;
  encode_block_cell(cell, state);
  BlockCell again;
  ASSERT_TRUE(decode_block_cell(state, again).ok());
  EXPECT_EQ(again.test, cell.test);
  EXPECT_EQ(*again.impact, *cell.impact);
  EXPECT_EQ(again.last_refused_at, cell.last_refused_at);
  // The same mail in the same minute is still known.
  EXPECT_FALSE(again.first_sight(1, MailFate::block, start));
}

TEST(BlockCell, ARecordFromBeforeThereWereClassesIsRead) {
  BlockCell cell = troubled();
  cell.hit().classes = {1, 2, 3, 4, 5, 6, 7, 8};
  std::string state;
  encode_block_cell(cell, state);
  const std::size_t at = state.find("\1\2\3\4\5\6\7\b");
  ASSERT_NE(at, std::string::npos);
  state.erase(at, model::mail_classes);
  state[0] = 1;
  BlockCell again;
  ASSERT_TRUE(decode_block_cell(state, again).ok());
  EXPECT_EQ(again.impact->mails.count(), 1U);
  EXPECT_EQ(again.impact->classes, (model::ClassCounts{1})) << "all of no known class";
  EXPECT_EQ(again.impact->recipients, cell.impact->recipients);
  EXPECT_EQ(again.impact->listed_address, "192.0.2.25");
}

TEST(BlockCell, AMailCountsForItsClassOnceAndAllClassesMakeTheMails) {
  BlockImpact impact;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::uint64_t mail = (i + 1) * 0x9e3779b97f4a7c15ULL;
    const auto mail_class = i % 10 == 0 ? model::MailClass::booking : model::MailClass::bulk;
    impact.add_mail(mail, mail_class);
    impact.add_mail(mail, mail_class);
    std::uint64_t sum = 0;
    for (const std::uint64_t mails : impact.classes) sum += mails;
    ASSERT_EQ(sum, impact.mails.count()) << i;
    if (i == 29) {
      EXPECT_EQ(impact.classes[static_cast<std::size_t>(model::MailClass::booking)], 3U);
    }
  }
  const auto bookings = impact.classes[static_cast<std::size_t>(model::MailClass::booking)];
  EXPECT_NEAR(static_cast<double>(bookings), 100, 40) << "beyond sixty-four it is an estimate";
}

TEST(BlockCell, ARecordCutAnywhereOrWithMoreBehindIsRefusedWhole) {
  std::string state;
  encode_block_cell(troubled(), state);
  for (std::size_t size = 0; size < state.size(); ++size) {
    BlockCell cell;
    EXPECT_FALSE(decode_block_cell(std::string_view(state).substr(0, size), cell).ok()) << size;
    EXPECT_EQ(cell.impact, nullptr);
  }
  BlockCell cell;
  EXPECT_FALSE(decode_block_cell(state + "x", cell).ok());
  EXPECT_FALSE(decode_block_cell(std::string(70'000, '\1'), cell).ok());
}

TEST(BlockCell, OneConversationForManyRecipientsIsOneObservation) {
  BlockCell cell;
  EXPECT_TRUE(cell.first_sight(5, MailFate::block, start));
  EXPECT_FALSE(cell.first_sight(5, MailFate::block, start + std::chrono::seconds(3)));
  EXPECT_TRUE(cell.first_sight(5, MailFate::accepted, start + std::chrono::seconds(3)));
  EXPECT_TRUE(cell.first_sight(6, MailFate::block, start));
  // Tried again later it is one more.
  EXPECT_TRUE(cell.first_sight(5, MailFate::block, start + std::chrono::minutes(5)));
}

TEST(BlockCell, KeepsDifferentRepliesNotTheSameOneAgain) {
  BlockImpact impact;
  for (int i = 0; i < 20; ++i) {
    const std::string reply = "550 no " + std::to_string(i % 2);
    BlockImpact::keep(impact.examples, {start + std::chrono::seconds(i), "", "", "", reply}, 5);
  }
  ASSERT_EQ(impact.examples.size(), 2U);
  EXPECT_EQ(impact.examples.front().at, start + std::chrono::seconds(19));
  for (int i = 0; i < 20; ++i) {
    BlockImpact::keep(impact.examples, {start, "", "", "", "551 " + std::to_string(i)}, 5);
  }
  EXPECT_EQ(impact.examples.size(), 5U);
}

TEST(BlockCell, ListsAreSortedByHowOftenTheyAreNamedAndBounded) {
  BlockImpact impact;
  impact.name_list("once");
  for (int i = 0; i < 3; ++i) impact.name_list("often");
  EXPECT_EQ(impact.lists.front().first, "often");
  for (int i = 0; i < 50; ++i) impact.name_list("list" + std::to_string(i));
  EXPECT_EQ(impact.lists.size(), BlockImpact::lists_max);
}

TEST(BlockCell, NewTroubleForgetsTheOldOneButNotWhatItShowsBeside) {
  BlockImpact impact = *troubled().impact;
  impact.other_refusals = 4;
  impact.begin_anew(start + std::chrono::hours(5));
  EXPECT_EQ(impact.recipients.count(), 0U);
  EXPECT_TRUE(impact.lists.empty());
  EXPECT_TRUE(impact.examples.empty());
  EXPECT_EQ(impact.other_refusals, 4U);
  EXPECT_EQ(impact.first_refused_at, start + std::chrono::hours(5));
}

TEST(BlockCell, SumsHalveAndAClockGoingBackChangesNothing) {
  BlockTest test;
  test.at = start;
  test.against = {8, 4, 2};
  test.for_open = 6;
  test.decay_to(start + std::chrono::hours(24), std::chrono::hours(24));
  EXPECT_NEAR(test.against[0], 4, 1e-4);
  EXPECT_EQ(test.for_open, 6) << "or a cell with little mail would never open again";
  const BlockTest before = test;
  test.decay_to(start, std::chrono::hours(24));
  EXPECT_EQ(test, before);
}

}  // namespace
}  // namespace leumund::evidence
