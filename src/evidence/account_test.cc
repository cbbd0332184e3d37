#include "evidence/account.h"

#include <gtest/gtest.h>

namespace leumund::evidence {
namespace {

using std::chrono::hours;

const base::TimePoint start = base::from_unix_seconds(1'600'000'000);
constexpr std::chrono::seconds half_life = hours(24);

Account fresh_account() {
  Account account;
  account.name = "account:a@c.test";
  account.recent.at = start;
  account.recent.suspicion.clear(start);
  return account;
}

void send(Account& account, base::TimePoint at, float contacts) {
  HourTally& hour = account.this_hour(at);
  ++hour.messages;
  hour.contacts += contacts;
  hour.scored_new += contacts;
}

TEST(Account, MailBecomesHabitOnlyWhenItIsADayOld) {
  Account account = fresh_account();
  send(account, start, 3);
  account.advance(start + hours(23), half_life);
  EXPECT_FALSE(account.has_habits());
  account.advance(start + hours(26), half_life);
  EXPECT_TRUE(account.has_habits());
  EXPECT_FLOAT_EQ(account.habits.largest_hour, 3);
  EXPECT_FLOAT_EQ(account.habits.new_recipients.yes, 3);
  EXPECT_EQ(account.habits.days_active, 1U);
}

TEST(Account, MailOfARestrictedAccountNeverBecomesHabit) {
  Account account = fresh_account();
  send(account, start, 30);
  account.recent.restricted = true;
  account.see_client(1, 2, start).messages = 1;
  account.see_sender(9, start);
  account.advance(start + hours(48), half_life);
  EXPECT_FALSE(account.has_habits());
  EXPECT_TRUE(account.habits.networks.items().empty());
  EXPECT_TRUE(account.habits.senders.items().empty());
}

TEST(Account, MailUnderSuspicionNeverBecomesHabit) {
  Account account = fresh_account();
  send(account, start, 30);
  account.recent.suspicion.add(Kind::complaint, 40);
  account.advance(start + hours(48), half_life);
  EXPECT_FALSE(account.has_habits());
}

TEST(Account, ANetworkIsTheAccountsOwnAfterADayOfMail) {
  Account account = fresh_account();
  ClientSeen& seen = account.see_client(1, 2, start);
  seen.messages = 4;
  seen.country = 0x4445;
  account.see_client(5, 6, start).failed_logins = 9;
  account.advance(start + hours(25), half_life);
  EXPECT_TRUE(account.habits.networks.contains(2));
  EXPECT_FALSE(account.habits.networks.contains(6));  // nobody got in from there
  EXPECT_TRUE(account.habits.knows_country(0x4445));
  EXPECT_TRUE(account.recent.clients.empty());
}

TEST(Account, ListsStayWithinTheirCaps) {
  Account account = fresh_account();
  for (std::uint32_t i = 0; i < 1000; ++i) {
    account.see_client(i, i / 2, start + std::chrono::seconds(i));
    account.see_sender(i, start + std::chrono::seconds(i));
    account.object({i, Kind::complaint, 5, start});
  }
  EXPECT_EQ(account.recent.clients.size(), Recent::clients_max);
  EXPECT_EQ(account.recent.senders.size(), Recent::senders_max);
  EXPECT_EQ(account.recent.objections.size(), Recent::objections_max);
}

TEST(Account, AFalseAlarmBecomesHabitAndAHackDoesNot) {
  for (const bool learn : {true, false}) {
    Account account = fresh_account();
    send(account, start, 12);
    account.recent.restricted = true;
    account.start_afresh(start + hours(1), learn);
    EXPECT_EQ(account.has_habits(), learn);
    EXPECT_FALSE(account.recent.restricted);
    EXPECT_FLOAT_EQ(account.recent.suspicion.total(), 0);
  }
}

TEST(Habits, GroupsOfStrangersCountLessThanTheirNumber) {
  EXPECT_FLOAT_EQ(contact_weight(0), 0);
  EXPECT_FLOAT_EQ(contact_weight(1), 1);
  EXPECT_FLOAT_EQ(contact_weight(4), 3);
  EXPECT_LT(contact_weight(200), 9);
}

TEST(Habits, TheUsualHourIsPreferred) {
  Habits habits;
  const std::int64_t monday_nine =
      (bucket_number(base::from_unix_seconds(1'600'041'600), 3600) / 24) * 24 + 9;
  for (int week = 0; week < 20; ++week) habits.learn_hour(monday_nine + week * 168, 5, 1);
  EXPECT_GT(habits.hour_preference(base::TimePoint(hours(monday_nine + 168))), 2);
  EXPECT_LT(habits.hour_preference(base::TimePoint(hours(monday_nine + 36))), 1);
  EXPECT_NEAR(Habits{}.hour_preference(start), 1, 1e-6);
}

TEST(Habits, TheLeastUsedNetworkMakesRoom) {
  UsedList list;
  for (std::uint32_t i = 1; i <= 16; ++i)
    list.add(i, 10, static_cast<std::uint16_t>(i == 3 ? 1 : 5), 16);
  list.add(99, 11, 1, 16);
  EXPECT_TRUE(list.contains(99));
  EXPECT_FALSE(list.contains(3));
  EXPECT_EQ(list.items().size(), 16U);
}

TEST(Habits, WhatTwoNodesLearnedAddsUp) {
  Habits left, right;
  left.learn_hour(400'000, 2, 3);
  right.learn_hour(400'030, 4, 5);
  right.recipients.add(7);
  left.merge(right);
  EXPECT_EQ(left.hours_active, 2U);
  EXPECT_FLOAT_EQ(left.contacts, 8);
  EXPECT_FLOAT_EQ(left.largest_hour, 5);
  EXPECT_TRUE(left.recipients.contains(7));
}

}  // namespace
}  // namespace leumund::evidence
