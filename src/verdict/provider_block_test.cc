#include "verdict/provider_block.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace leumund::verdict {
namespace {

using evidence::BlockTest;
using evidence::MailFate;
using model::CellState;

const base::TimePoint start = base::from_unix_seconds(1'600'000'000);
const BlockSettings settings;

// A cell with weeks of usual mail behind it; refusals of several accounts.
BlockTest usual_cell(int mails = 2000) {
  BlockTest test;
  test.at = start;
  for (int i = 0; i < mails; ++i) {
    test = after_mail(test, MailFate::accepted, start + std::chrono::minutes(i), settings);
  }
  return test;
}

struct Fed {
  BlockTest test;
  int mails = 0;
};

// Mails a minute apart, until the state is `wanted` or `most` were fed.
Fed feed_until(BlockTest test, CellState wanted, int most,
               const std::function<MailFate(int)>& fate_of) {
  base::TimePoint at = test.at;
  for (int i = 0; i < most; ++i) {
    at += std::chrono::minutes(1);
    if (test.quiet()) test.begin_trouble();
    test.one_account = false;
    test = after_mail(test, fate_of(i), at, settings);
    if (test.state == wanted) return {test, i + 1};
  }
  return {test, most + 1};
}

MailFate always_block(int) { return MailFate::block; }
MailFate always_slowed(int) { return MailFate::slowed; }
MailFate always_accepted(int) { return MailFate::accepted; }

TEST(ProviderBlock, AFullBlockIsFoundWithinAHandfulOfMails) {
  const Fed fed = feed_until(usual_cell(), CellState::refused, 50, always_block);
  EXPECT_LE(fed.mails, 6);
  EXPECT_GE(fed.mails, 3);
  EXPECT_EQ(fed.test.changed_at, fed.test.at);
}

TEST(ProviderBlock, AWaveOfMailPutOffIsUsualAndOneThatGoesOnIsNot) {
  BlockTest wave = usual_cell();
  wave.one_account = false;
  for (int i = 0; i < 300; ++i) {
    wave = after_mail(wave, MailFate::slowed, wave.at + std::chrono::seconds(2), settings);
  }
  EXPECT_EQ(wave.state, CellState::suspected) << "ten minutes, whatever the number";
  const int slowed = feed_until(usual_cell(), CellState::refused, 300, always_slowed).mails;
  EXPECT_GT(slowed, 60) << "minutes";
  EXPECT_LE(slowed, 180);
}

TEST(ProviderBlock, HalfAndOneInTenAreFoundLater) {
  const int half = feed_until(usual_cell(), CellState::refused, 500, [](int i) {
                     return i % 2 == 0 ? MailFate::block : MailFate::accepted;
                   }).mails;
  EXPECT_LE(half, 16);
  const int tenth = feed_until(usual_cell(), CellState::refused, 500, [](int i) {
                      return i % 10 == 0 ? MailFate::block : MailFate::accepted;
                    }).mails;
  EXPECT_LE(tenth, 120);
  EXPECT_GT(tenth, half);
}

TEST(ProviderBlock, DoubtComesFirstAndFadesByItself) {
  const Fed doubt = feed_until(usual_cell(), CellState::suspected, 10, always_block);
  ASSERT_EQ(doubt.test.state, CellState::suspected);
  const Fed over = feed_until(doubt.test, CellState::open, 200, always_accepted);
  EXPECT_LE(over.mails, 100);
  BlockTest later = doubt.test;
  later.decay_to(later.at + std::chrono::hours(24 * 30), settings.half_life);
  EXPECT_EQ(next_state(later, settings), CellState::open);
}

TEST(ProviderBlock, OneMailADayIsEnoughForACellWithLittleMail) {
  BlockTest test;
  test.at = start;
  int days = 0;
  while (test.state != CellState::refused && days < 60) {
    test.one_account = false;
    test = after_mail(test, MailFate::block, start + std::chrono::hours(24 * ++days), settings);
  }
  EXPECT_LE(days, 8);
}

TEST(ProviderBlock, AFewSecondsOfTroubleRefuseNothing) {
  BlockTest test = usual_cell();
  test.one_account = false;
  const base::TimePoint at = test.at + std::chrono::minutes(1);
  for (int i = 0; i < 200; ++i) {
    test = after_mail(test, MailFate::block, at + std::chrono::milliseconds(i), settings);
  }
  EXPECT_EQ(test.state, CellState::suspected);
  // It goes on ten seconds later: that is no moment's trouble.
  test = after_mail(test, MailFate::block, at + std::chrono::seconds(11), settings);
  test = after_mail(test, MailFate::block, at + std::chrono::seconds(12), settings);
  EXPECT_EQ(test.state, CellState::refused);
}

TEST(ProviderBlock, WhatMeetsOneAccountWhileOthersPassIsNotTheAddress) {
  BlockTest test = usual_cell();
  for (int i = 0; i < 40; ++i) {
    const auto at = test.at + std::chrono::minutes(1);
    if (i == 3) test.others_passed = true;
    test = after_mail(test, MailFate::block, at, settings);
    ASSERT_TRUE(test.one_account);
  }
  EXPECT_EQ(test.state, CellState::suspected);
  test.one_account = false;
  test = after_mail(test, MailFate::block, test.at + std::chrono::minutes(1), settings);
  EXPECT_EQ(test.state, CellState::refused);
}

TEST(ProviderBlock, OpensAgainAfterAcceptancesByTheSameTest) {
  Fed fed = feed_until(usual_cell(), CellState::refused, 50, always_block);
  fed = feed_until(fed.test, CellState::open, 50, always_accepted);
  EXPECT_LE(fed.mails, 8);
  EXPECT_EQ(fed.test.strongest(), 0);
  // One acceptance among refusals opens nothing.
  fed = feed_until(usual_cell(), CellState::refused, 50, always_block);
  fed = feed_until(fed.test, CellState::open, 400,
                   [](int i) { return i % 5 == 0 ? MailFate::accepted : MailFate::block; });
  EXPECT_EQ(fed.test.state, CellState::refused);
}

TEST(ProviderBlock, OpensAgainAlsoWhereAMailAWeekIsAll) {
  Fed fed = feed_until(usual_cell(), CellState::refused, 50, always_block);
  ASSERT_EQ(fed.test.state, CellState::refused);
  int weeks = 0;
  for (base::TimePoint at = fed.test.at; fed.test.state == CellState::refused && weeks < 52;) {
    ++weeks;
    at += std::chrono::hours(7 * 24);
    fed.test = after_mail(fed.test, MailFate::accepted, at, settings);
  }
  EXPECT_EQ(fed.test.state, CellState::open);
  EXPECT_LE(weeks, 8);
}

TEST(ProviderBlock, ReportsAloneRefuseNothingAndKeepNothingRefused) {
  BlockTest test = usual_cell();
  for (int i = 0; i < 500; ++i) {
    test.one_account = false;
    test = after_mail(test, MailFate::block, test.at + std::chrono::minutes(1), settings,
                      Witness::report);
    ASSERT_NE(test.state, CellState::refused) << "after " << i + 1 << " reports";
  }
  EXPECT_EQ(test.state, CellState::suspected);
  // What our own servers heard confirms it, faster than without.
  Fed fed = feed_until(test, CellState::refused, 50, always_block);
  EXPECT_LE(fed.mails, 3);
  const BlockTest refused = fed.test;
  EXPECT_EQ(after_mail(refused, MailFate::block, refused.at + std::chrono::minutes(1), settings,
                       Witness::report),
            refused);
}

TEST(ProviderBlock, APartialBlockNeedsMoreAcceptancesToBeOver) {
  const auto every_tenth = [](int i) { return i % 10 == 0 ? MailFate::block : MailFate::accepted; };
  Fed fed = feed_until(usual_cell(), CellState::refused, 500, every_tenth);
  ASSERT_EQ(fed.test.state, CellState::refused);
  fed = feed_until(fed.test, CellState::open, 500, every_tenth);
  EXPECT_EQ(fed.test.state, CellState::refused) << "it goes on: not open";
  fed = feed_until(fed.test, CellState::open, 500, always_accepted);
  EXPECT_EQ(fed.test.state, CellState::open);
  EXPECT_GE(fed.mails, 20);
}

TEST(ProviderBlock, AProviderThatSlowsUsDownEveryDayIsUsual) {
  std::mt19937 random(3);
  BlockTest test;
  test.at = start;
  const auto mostly = [&](int) {
    return random() % 100 < 4 ? MailFate::slowed : MailFate::accepted;
  };
  int changes = 0;
  CellState before = CellState::open;
  for (int i = 0; i < 20'000; ++i) {
    test.one_account = false;
    test = after_mail(test, mostly(i), start + std::chrono::minutes(10) * i, settings);
    changes += test.state == CellState::refused && before != CellState::refused ? 1 : 0;
    before = test.state;
  }
  EXPECT_EQ(changes, 0);
  EXPECT_NEAR(usual_share(test, settings).slowed, 0.04, 0.015);
}

TEST(ProviderBlock, ABlockDoesNotTeachThatBlocksAreUsual) {
  const double before = usual_share(usual_cell(), settings).all();
  Fed fed = feed_until(usual_cell(), CellState::refused, 50, always_block);
  for (int i = 0; i < 500; ++i) {
    fed.test =
        after_mail(fed.test, MailFate::block, fed.test.at + std::chrono::minutes(1), settings);
  }
  fed = feed_until(fed.test, CellState::open, 50, always_accepted);
  ASSERT_EQ(fed.test.state, CellState::open);
  EXPECT_NEAR(usual_share(fed.test, settings).all(), before, before * 0.1);
  EXPECT_LE(feed_until(fed.test, CellState::refused, 50, always_block).mails, 6);
}

TEST(ProviderBlock, AProbeThatIsRefusedEndsTheHalfOpenState) {
  Fed fed = feed_until(usual_cell(), CellState::refused, 50, always_block);
  fed.test.state = CellState::half_open;
  const BlockTest passed =
      after_mail(fed.test, MailFate::accepted, fed.test.at + std::chrono::minutes(1), settings);
  EXPECT_EQ(passed.state, CellState::half_open);
  const BlockTest refused =
      after_mail(passed, MailFate::block, passed.at + std::chrono::minutes(1), settings);
  EXPECT_EQ(refused.state, CellState::refused);
}

}  // namespace
}  // namespace leumund::verdict
