#include "evidence/account_codec.h"

#include <gtest/gtest.h>

#include <random>

namespace leumund::evidence {
namespace {

using std::chrono::hours;

const base::TimePoint start = base::from_unix_seconds(1'600'000'000.25);

Account busy_account() {
  Account account;
  account.name = "account:a@c.test";
  account.habits.first_at = start;
  for (std::uint32_t i = 0; i < 300; ++i) account.habits.recipients.add(i * 7919 + 1);
  for (int i = 0; i < 30; ++i) account.habits.learn_hour(444'444 + i * 5, 3, 1.5F);
  account.habits.networks.add(5, 18'500, 3, 16);
  account.habits.senders.add(6, 18'500, 3, 8);
  account.habits.learn_country(0x4445);
  account.recent.at = start + hours(200);
  account.recent.hours.push_back({444'650, 3, 2.5F, 1, 4, 1, 2, 1, 2});
  account.recent.contacts.add(40, account.recent.at);
  account.recent.recipients.add(12, account.recent.at);
  ClientSeen& seen = account.see_client(1, 2, account.recent.at);
  seen.place = {52.5F, 13.4F};
  seen.listed_by_us = true;
  account.see_sender(77, account.recent.at);
  account.object({0xfedcba9876543210ULL, Kind::content_refused, 3, account.recent.at});
  account.recent.suspicion.clear(account.recent.at);
  account.recent.suspicion.add(Kind::unknown_user, 4.25F);
  account.recent.announced_left = 600;
  account.recent.restricted = true;
  return account;
}

TEST(AccountCodec, GivesBackWhatWasPutIn) {
  const Account account = busy_account();
  std::string bytes;
  encode_account(account, bytes);
  Account read;
  ASSERT_TRUE(decode_account(bytes, read).ok());
  std::string again;
  encode_account(read, again);
  EXPECT_EQ(bytes, again);
  EXPECT_EQ(read.habits.recipients.size(), 300U);
  EXPECT_FLOAT_EQ(read.recent.suspicion.total(), 4.25F);
  ASSERT_EQ(read.recent.objections.size(), 1U);
  EXPECT_EQ(read.recent.objections[0].event, 0xfedcba9876543210ULL);
  EXPECT_TRUE(read.recent.clients[0].listed_by_us);
  EXPECT_TRUE(read.recent.restricted);
}

TEST(AccountCodec, ACutRecordIsAnErrorAtEveryLength) {
  std::string bytes;
  encode_account(busy_account(), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Account read;
    EXPECT_FALSE(decode_account(std::string_view(bytes).substr(0, size), read).ok()) << size;
  }
  Account read;
  EXPECT_FALSE(decode_account(bytes + "x", read).ok());
}

TEST(AccountCodec, ALaterFormatIsNamedInTheError) {
  std::string bytes;
  encode_account(busy_account(), bytes);
  bytes[0] = 9;
  Account read;
  const auto status = decode_account(bytes, read);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("format 9"), std::string::npos);
}

TEST(AccountCodec, FlippedBytesNeverCrash) {
  std::string bytes;
  encode_account(busy_account(), bytes);
  std::mt19937 random(3);
  for (int i = 0; i < 3000; ++i) {
    std::string broken = bytes;
    for (int k = 0; k < 3; ++k) broken[random() % broken.size()] = static_cast<char>(random());
    Account read;
    if (decode_account(broken, read).ok()) read.advance(start + hours(5000), hours(24));
  }
}

TEST(AccountCodec, AnIdleAccountIsSmall) {
  Account account;
  account.habits.first_at = start;
  for (std::uint32_t i = 0; i < 20; ++i) account.habits.recipients.add(i + 1);
  for (int i = 0; i < 10; ++i) account.habits.learn_hour(444'444 + i * 50, 2, 1);
  account.habits.networks.add(5, 18'500, 3, 16);
  account.habits.senders.add(6, 18'500, 3, 8);
  std::string bytes;
  encode_account(account, bytes);
  EXPECT_LT(bytes.size(), 170U);
}

}  // namespace
}  // namespace leumund::evidence
