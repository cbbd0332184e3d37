#include "evidence/account_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <string_view>

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

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

// Records as the first releases wrote them: an account, idle, and with a last day.
const std::string idle_of_format_1 = from_hex(
    "0180c0f0f50ba083b0f60b30900100000000d005001878481e07dc90010000ffffff07030303060303030306030303"
    "0606030303060303030306037f090f0c0f0f0f090105000000c49001030106000000c490010301c588010307e9a435"
    "05000000c82c01000080b2c8f60b");
const std::string busy_of_format_1 = from_hex(
    "0180c0f0f50ba083b0f60b30900100000000d005001878481e07dc90010000ffffff07030303060303030306030303"
    "0606030303060303030306037f090f0c0f0f0f090105000000c49001030106000000c490010301c588010307e9a435"
    "05000000c82c010001a0c2ffaf95f6d70501d4a336032810401020102001eaaa8b0528000001010000000200000000"
    "000002a0c2ffaf95f6d705a0c2ffaf95f6d705010000524266665641000190e4d0b287d3aeeefe010200004040a0c2"
    "ffaf95f6d705a0c2ffaf95f6d705a0c2ffaf95f6d70500000000000000000000000000000088400000000000000000"
    "000000000000000000000000000000000000000000000000d8040000000001");

TEST(AccountCodec, ARecordOfFormatOneIsReadWhole) {
  Account idle;
  ASSERT_TRUE(decode_account(idle_of_format_1, idle).ok());
  const Habits& habits = idle.habits;
  EXPECT_EQ(habits.first_at, base::from_unix_seconds(1'600'000'000));
  EXPECT_EQ(habits.last_at, base::TimePoint(hours(444'589)));
  EXPECT_EQ(idle.recent.at, base::from_unix_seconds(1'600'720'000));
  EXPECT_FLOAT_EQ(habits.new_recipients.yes, 3);
  EXPECT_FLOAT_EQ(habits.new_recipients.no, 9);
  EXPECT_FLOAT_EQ(habits.contacts, 45);
  EXPECT_EQ(habits.hours_active, 30U);
  EXPECT_EQ(habits.newest_day, 444'589U / 24);
  EXPECT_EQ(std::accumulate(habits.by_hour.begin(), habits.by_hour.end(), 0), 90);
  ASSERT_EQ(habits.networks.items().size(), 1U);
  EXPECT_EQ(habits.networks.items()[0].last_day, 18'500);
  EXPECT_TRUE(habits.senders.contains(6) && habits.knows_country(0x4445));
  EXPECT_EQ(habits.recipients.size(), 3U);
  for (const std::uint32_t hash : {900'000'007U, 5U, 77'000U}) {
    EXPECT_TRUE(habits.recipients.contains(hash));
  }

  Account busy;
  ASSERT_TRUE(decode_account(busy_of_format_1, busy).ok());
  EXPECT_FLOAT_EQ(busy.recent.suspicion.total(), 4.25F);
  EXPECT_EQ(busy.recent.announced_left, 600U);
  ASSERT_EQ(busy.recent.clients.size(), 1U);
  EXPECT_FLOAT_EQ(busy.recent.clients[0].place->first, 52.5F);
}

TEST(AccountCodec, ARecordOfFormatOneLosesNothingWhenItIsWrittenAgain) {
  for (const std::string& old : {idle_of_format_1, busy_of_format_1}) {
    Account first;
    ASSERT_TRUE(decode_account(old, first).ok());
    std::string bytes;
    encode_account(first, bytes);
    EXPECT_LT(bytes.size(), old.size());
    Account second;
    ASSERT_TRUE(decode_account(bytes, second).ok());
    EXPECT_EQ(second.habits.last_at, first.habits.last_at);
    EXPECT_EQ(second.recent.at, first.recent.at);
    EXPECT_EQ(second.habits.by_hour, first.habits.by_hour);
    EXPECT_EQ(second.habits.by_weekday, first.habits.by_weekday);
    EXPECT_EQ(second.habits.largest_day, first.habits.largest_day);
    EXPECT_EQ(second.habits.networks.items()[0].last_day, 18'500);
    EXPECT_EQ(second.habits.countries, first.habits.countries);
    EXPECT_TRUE(
        std::ranges::equal(second.habits.recipients.members(), first.habits.recipients.members()));
    EXPECT_EQ(second.recent.hours.size(), first.recent.hours.size());
    EXPECT_EQ(second.recent.restricted, first.recent.restricted);
  }
}

TEST(AccountCodec, HashesOfEverySizeAndNumberComeBack) {
  std::mt19937 random(9);
  for (const std::size_t count : {0U, 1U, 2U, 50U, 1000U, 4096U}) {
    Account account;
    account.habits.first_at = start;
    account.habits.recipients.add(0);
    account.habits.recipients.add(0xffffffff);
    while (account.habits.recipients.size() < count)
      account.habits.recipients.add(static_cast<std::uint32_t>(random()));
    account.habits.by_hour.fill(static_cast<std::uint8_t>(count % 256));
    account.habits.largest_hour = static_cast<float>(count);
    std::string bytes;
    encode_account(account, bytes);
    Account read;
    ASSERT_TRUE(decode_account(bytes, read).ok()) << count;
    EXPECT_TRUE(
        std::ranges::equal(read.habits.recipients.members(), account.habits.recipients.members()));
    EXPECT_EQ(read.habits.by_hour, account.habits.by_hour);
  }
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
  for (std::uint32_t i = 0; i < 20; ++i) account.habits.recipients.add((i + 1) * 104'729'123);
  for (int i = 0; i < 10; ++i) account.habits.learn_hour(444'444 + i * 50, 2, 1);
  account.habits.networks.add(5, 18'500, 3, 16);
  account.habits.senders.add(6, 18'500, 3, 8);
  std::string bytes;
  encode_account(account, bytes);
  EXPECT_LT(bytes.size(), 130U);
}

}  // namespace
}  // namespace leumund::evidence
