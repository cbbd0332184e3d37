#include "evidence/ledger.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "evidence/account_codec.h"

namespace leumund::evidence {
namespace {

using std::chrono::hours;

const base::TimePoint start = base::from_unix_seconds(1'600'000'000);

std::string name(int i) { return "account:user" + std::to_string(i) + "@c.test"; }

TEST(Ledger, FindsAnAccountAgainWhateverHappenedBetween) {
  Ledger ledger({});
  for (int i = 0; i < 3000; ++i)
    ledger.touch(name(i), start).habits.recipients.add(static_cast<std::uint32_t>(i) + 1);
  // Two days later all but the newest are packed.
  for (int i = 0; i < 3000; ++i) ledger.touch(name(10'000 + i), start + hours(48));
  for (int i = 0; i < 3000; ++i) {
    Account& account = ledger.touch(name(i), start + hours(49));
    EXPECT_EQ(account.name, name(i));
    EXPECT_TRUE(account.habits.recipients.contains(static_cast<std::uint32_t>(i) + 1));
  }
  EXPECT_EQ(ledger.size(), 6000U);
}

TEST(Ledger, IdleAccountsTakeFewBytes) {
  Ledger ledger({});
  for (int i = 0; i < 2000; ++i) ledger.touch(name(i), start);
  const std::size_t active = ledger.bytes();
  for (int i = 0; i < 2000; ++i) ledger.touch(name(0), start + hours(48));
  EXPECT_LT(ledger.bytes(), active / 4);
}

TEST(Ledger, FullItForgetsTheAccountLongestSilent) {
  Ledger::Settings settings;
  settings.bytes_max = 600'000;
  Ledger ledger(settings);
  for (int i = 0; i < 5000; ++i) ledger.touch(name(i), start + std::chrono::seconds(i));
  EXPECT_LE(ledger.bytes(), settings.bytes_max);
  EXPECT_GT(ledger.forgotten(), 0U);
  EXPECT_EQ(ledger.forgotten() + ledger.size(), 5000U);
  EXPECT_EQ(ledger.peek(name(0)), nullptr);
  EXPECT_NE(ledger.peek(name(4999)), nullptr);
}

TEST(Ledger, WhatWasDrainedLoadsIntoAnotherLedger) {
  Ledger ledger({});
  for (int i = 0; i < 100; ++i)
    ledger.touch(name(i), start + hours(i))
        .habits.recipients.add(static_cast<std::uint32_t>(i) + 1);
  std::map<std::string, std::string> disk;
  while (ledger.drain_dirty(7, [&](SubjectRecord&& r) { disk[r.subject] = r.state; }) > 0) {
  }
  ASSERT_EQ(disk.size(), 100U);
  Ledger other({});
  for (const auto& [subject, state] : disk) ASSERT_TRUE(other.load_record(subject, state).ok());
  EXPECT_EQ(other.size(), 100U);
  EXPECT_EQ(other.watched(), ledger.watched());
  EXPECT_TRUE(other.peek(name(42))->habits.recipients.contains(43));
  EXPECT_EQ(ledger.drain_dirty(1000, [](SubjectRecord&&) { FAIL() << "nothing changed"; }), 0U);
}

TEST(Ledger, AForgottenAccountIsDeletedOnDiskToo) {
  Ledger::Settings settings;
  settings.bytes_max = 300'000;
  Ledger ledger(settings);
  for (int i = 0; i < 3000; ++i) ledger.touch(name(i), start + std::chrono::seconds(i));
  std::size_t deleted = 0;
  while (ledger.drain_dirty(100, [&](SubjectRecord&& r) { deleted += r.state.empty() ? 1U : 0U; }) >
         0) {
  }
  EXPECT_EQ(deleted, ledger.forgotten());
}

TEST(Ledger, ForgetsAccountsThatWereSilentForLongButNoRestrictedOne) {
  Ledger ledger({});
  const base::TimePoint later = start + std::chrono::days(400);
  for (int i = 0; i < 100; ++i) {
    Account& account = ledger.touch(name(i), start);
    account.recent.restricted = i == 7;
    account.this_hour(start).messages = 3;
  }
  for (int i = 100; i < 300; ++i) ledger.touch(name(i), later);
  const auto drop = [](SubjectRecord&&) {};
  while (ledger.drain_dirty(1000, drop) > 0) continue;
  std::size_t gone = 0;
  for (int i = 0; i < 20; ++i) gone += ledger.forget_silent(later - std::chrono::days(365), 40);
  EXPECT_EQ(gone, 99U);
  EXPECT_EQ(ledger.peek(name(6)), nullptr);
  EXPECT_NE(ledger.peek(name(7)), nullptr);
  EXPECT_NE(ledger.peek(name(299)), nullptr);
  EXPECT_EQ(ledger.forgotten(), 0U);  // not for want of room
  std::size_t deleted = 0;
  while (ledger.drain_dirty(1000, [&](SubjectRecord&& r) { deleted += r.state.empty() ? 1 : 0; }) >
         0)
    continue;
  EXPECT_EQ(deleted, 99U);
}

TEST(Ledger, NamesOfEveryKindComeBackFromThePackedForm) {
  Ledger ledger({});
  const std::vector<std::string> names = {"account:a@c.test",
                                          "script:uid33:/srv/x.php",
                                          "account:",
                                          "client_address:2001:db8::1",
                                          "forward:f",
                                          "no kind",
                                          "script" + std::string(300, 'x'),
                                          "provider:p",
                                          "é:ü"};
  for (const std::string& subject : names) ledger.touch(subject, start);
  for (int i = 0; i < 20; ++i) ledger.touch(name(i), start + hours(48));
  std::map<std::string, std::string> disk;
  while (ledger.drain_dirty(7, [&](SubjectRecord&& r) { disk[r.subject] = r.state; }) > 0) {
  }
  for (const std::string& subject : names) {
    EXPECT_TRUE(disk.contains(subject)) << subject;
    EXPECT_EQ(ledger.touch(subject, start + hours(49)).name, subject);
  }
}

TEST(Ledger, ACorruptRecordIsAnErrorThatNamesItsSubject) {
  Ledger ledger({});
  const auto status = ledger.load_record("account:x@c.test", "\x01garbage");
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("x@c.test"), std::string::npos);
  EXPECT_FALSE(ledger.load_record("", "").ok());
  EXPECT_FALSE(ledger.load_record(std::string(500, 'a'), "").ok());
  EXPECT_EQ(ledger.size(), 0U);
}

TEST(Ledger, ARecordDoesNotOverwriteWhatWasCountedSinceTheStart) {
  Ledger ledger({});
  Account old;
  old.habits.recipients.add(5);
  std::string state;
  encode_account(old, state);
  ledger.touch(name(1), start).habits.recipients.add(9);
  ASSERT_TRUE(ledger.load_record(name(1), state).ok());
  EXPECT_TRUE(ledger.peek(name(1))->habits.recipients.contains(9));
  EXPECT_EQ(ledger.size(), 1U);
}

TEST(Ledger, LoadedAccountsGoBeforeActiveOnesWhenRoomIsShort) {
  Ledger::Settings settings;
  settings.bytes_max = 2'000'000;
  Ledger ledger(settings);
  ledger.touch(name(1), start);
  std::string state;
  encode_account(Account{}, state);
  for (int i = 100; i < 200; ++i) ASSERT_TRUE(ledger.load_record(name(i), state).ok());
  ledger.set_bytes_max(20'000);
  ledger.touch(name(2), start);
  EXPECT_NE(ledger.peek(name(1)), nullptr);
  EXPECT_NE(ledger.peek(name(2)), nullptr);
  EXPECT_EQ(ledger.touch_again(ledger.hash_of(name(100)), start) == nullptr,
            ledger.forgotten() == 100);
}

}  // namespace
}  // namespace leumund::evidence
