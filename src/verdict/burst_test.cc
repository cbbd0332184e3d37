#include "verdict/burst.h"

#include <gtest/gtest.h>

#include <cmath>

namespace leumund::verdict {
namespace {

using evidence::Account;
using evidence::Kind;
using evidence::Suspicion;

const base::TimePoint now = base::from_unix_seconds(1'600'000'000);

// Writes to people it knows, two new ones in ten.
Account regular() {
  Account account;
  for (std::uint32_t i = 1; i <= 50; ++i) account.habits.recipients.add(i);
  account.habits.new_recipients = {20, 80};
  account.habits.hours_active = 60;
  account.habits.days_active = 40;
  account.habits.contacts = 20;
  account.habits.largest_hour = 3;
  account.habits.largest_day = 4;
  account.habits.networks.add(5, 18'000, 60, 16);
  account.habits.senders.add(6, 18'000, 60, 8);
  account.habits.networks_most = 1;
  return account;
}

Tally quiet() {
  Tally tally;
  tally.has_habits = true;
  tally.usual_per_hour = 0.4;
  tally.largest_sprint = 2;
  tally.largest_hour = 4;
  tally.largest_day = 8;
  tally.hours_active = 60;
  tally.days_active = 40;
  tally.networks_usual = 1;
  tally.networks_most = 1;
  tally.senders_usual = 1;
  return tally;
}

double value(const Tally& tally, TermName name) {
  return judge(tally, Suspicion{}, Settings{}).value(name);
}

TEST(Burst, TheThresholdFollowsFromTheErrorBudget) {
  Settings settings;
  settings.threshold_offset = 0;
  EXPECT_NEAR(settings.threshold(), 12.9, 0.01);
  settings.allowed_false_alarms_per_account_day = 1e-5;
  EXPECT_NEAR(settings.threshold(), 15.2, 0.01);
}

TEST(Burst, NewRecipientsWeighByTheAccountsOwnHabit) {
  const Settings settings;
  Account sociable = regular();
  sociable.habits.new_recipients = {70, 30};
  const MessageRecipients one{1, 0, 0};
  EXPECT_GT(recipients_value(regular(), one, 0.3, 1, settings),
            recipients_value(sociable, one, 0.3, 1, settings));
  EXPECT_LT(recipients_value(regular(), {0, 1, 0}, 0.3, 1, settings), 0);
}

TEST(Burst, WhoAlwaysWritesToStrangersIsHardlyJudgedByThem) {
  Account script = regular();
  script.habits.new_recipients = {120, 0};
  script.habits.in_house = {0, 120};
  EXPECT_LT(recipients_value(script, {1, 0, 0}, 0.3, 1, Settings{}), 0.25);
}

TEST(Burst, AtMostFourRecipientsOfAMessageAreScored) {
  const Settings settings;
  const double one = recipients_value(regular(), {1, 0, 0}, 0.3, 1, settings);
  const double many = recipients_value(regular(), {40, 0, 0}, 0.3, 1, settings);
  EXPECT_LE(many, settings.scored_per_message * one * 1.001);
  EXPECT_GT(many, one);
}

TEST(Burst, AVeryFirstMailIsNotJudgedByItsRecipientsBeingNew) {
  Account nobody;
  for (std::uint32_t i = 1; i <= 30; ++i) nobody.habits.recipients.add(i);  // its own, just now
  EXPECT_NEAR(recipients_value(nobody, {30, 0, 9}, 0.3, 1, Settings{}), 0, 1.0);
}

TEST(Burst, RecipientsTheHouseKnowsSpeakForTheAccount) {
  const Settings settings;
  EXPECT_LT(recipients_value(regular(), {4, 0, 4}, 0.4, 1, settings),
            recipients_value(regular(), {4, 0, 0}, 0.4, 1, settings));
}

TEST(Burst, WhileWatchingIsYoungTheLackOfHabitsCountsLittle) {
  const Settings settings;
  EXPECT_DOUBLE_EQ(maturity(base::Micros(0), settings), 0);
  EXPECT_DOUBLE_EQ(maturity(std::chrono::hours(24 * 400), settings), 1);
  EXPECT_DOUBLE_EQ(recipients_value(regular(), {3, 0, 0}, 0.3, 0, settings), 0);
}

TEST(Burst, UnknownUsersSpeakAgainstAndDeliveriesFor) {
  const Settings settings;
  EXPECT_GT(first_contact_value(regular(), true, settings), 1.5);
  EXPECT_LT(first_contact_value(regular(), false, settings), 0);
  Account stale = regular();
  stale.habits.refused = {100, 300};
  EXPECT_LT(first_contact_value(stale, true, settings),
            first_contact_value(regular(), true, settings));
}

TEST(Burst, VolumeIsJudgedAgainstTheAccountsOwn) {
  Tally tally = quiet();
  EXPECT_DOUBLE_EQ(value(tally, TermName::volume), 0);
  tally.hour_contacts = tally.day_contacts = 20;
  const double sudden = value(tally, TermName::volume);
  EXPECT_GT(sudden, 3);
  tally.largest_hour = tally.largest_day = tally.largest_sprint = 25;
  EXPECT_LT(value(tally, TermName::volume), sudden);
  tally.hour_contacts = tally.day_contacts = 1e6;
  EXPECT_LE(value(tally, TermName::volume), Settings{}.volume_max);
}

TEST(Burst, OriginIsJudgedByHowOftenTheAccountMoves) {
  Tally tally = quiet();
  EXPECT_DOUBLE_EQ(value(tally, TermName::origin), 0);  // no mail over a network at all
  tally.from_network = true;
  EXPECT_LE(value(tally, TermName::origin), 0);
  tally.from_new_network = tally.new_network_private = true;
  const double settled = value(tally, TermName::origin);
  EXPECT_GT(settled, 2);
  tally.networks_usual = 12;
  EXPECT_LT(value(tally, TermName::origin), settled);
  tally = quiet();
  tally.has_habits = false;
  tally.from_network = tally.from_new_network = true;
  EXPECT_DOUBLE_EQ(value(tally, TermName::origin), 0);  // nothing is known: nothing is new
}

TEST(Burst, WebmailIsHalfAsStrangeAsANetworkOfNobody) {
  Tally tally = quiet();
  tally.from_network = tally.from_new_network = true;
  const double shared = value(tally, TermName::origin);
  tally.new_network_private = true;
  EXPECT_LT(shared, value(tally, TermName::origin));
}

TEST(Burst, CountriesAndImpossibleSpeedAddToTheOrigin) {
  Account account = regular();
  account.habits.learn_country(0x4445);
  const auto seen = [&](std::uint32_t address, std::uint16_t country, float latitude,
                        base::TimePoint at) {
    evidence::ClientSeen& client = account.see_client(address, address + 100, at);
    client.messages = 1;
    client.country = country;
    client.place = {latitude, 10.0F};
  };
  seen(1, 0x4445, 52, now - std::chrono::minutes(40));
  const Tally home = tally_of(account, std::chrono::hours(9000), now, Settings{});
  EXPECT_FALSE(home.new_country || home.impossible_speed);
  seen(2, 0x5553, -30, now - std::chrono::minutes(10));
  const Tally split = tally_of(account, std::chrono::hours(9000), now, Settings{});
  EXPECT_TRUE(split.new_country);
  EXPECT_TRUE(split.impossible_speed);
  EXPECT_EQ(split.countries, 2U);
  EXPECT_GT(value(split, TermName::origin), value(home, TermName::origin) + 3);
}

TEST(Burst, MoreNetworksThanEverSpeakEvenOfAStranger) {
  Tally tally = quiet();
  tally.has_habits = false;
  tally.networks = 2;
  EXPECT_DOUBLE_EQ(value(tally, TermName::client_addresses), 0);
  tally.networks = 6;
  EXPECT_GT(value(tally, TermName::client_addresses), 0);
}

TEST(Burst, ListsSendersLoginsAndCampaignsCount) {
  Tally tally = quiet();
  tally.client_listed = true;
  EXPECT_DOUBLE_EQ(value(tally, TermName::listed_client), Settings{}.listed_client);
  tally.client_listed_by_us = true;
  EXPECT_GT(value(tally, TermName::listed_client), Settings{}.listed_client);
  tally.new_sender = true;
  EXPECT_GT(value(tally, TermName::sender), 0.5);
  tally.failed_logins = 3;
  EXPECT_GT(value(tally, TermName::failed_logins), 0);
  tally.campaign_member = true;
  EXPECT_DOUBLE_EQ(value(tally, TermName::campaign), Settings{}.campaign);
}

TEST(Burst, OnlyHostileEvidenceRefusesAStrangerCrowdIsHeld) {
  const Settings settings;
  Suspicion suspicion;
  suspicion.add(Kind::new_recipient, 20);
  Tally tally = quiet();
  tally.hour_contacts = tally.day_contacts = 60;
  tally.from_network = true;
  EXPECT_EQ(proposed_level(judge(tally, suspicion, settings), tally), model::Level::hold);
  suspicion.add(Kind::unknown_user, 2);
  EXPECT_EQ(proposed_level(judge(tally, suspicion, settings), tally), model::Level::hold)
      << "one dead address";
  Tally abroad = tally;
  abroad.from_new_network = abroad.new_network_private = true;
  EXPECT_EQ(proposed_level(judge(abroad, suspicion, settings), abroad), model::Level::no_sending);
  suspicion.add(Kind::complaint, 5);
  EXPECT_EQ(proposed_level(judge(tally, suspicion, settings), tally), model::Level::no_sending);
}

TEST(Burst, TheTermsAddUpToTheScoreAndTheLargestComesFirst) {
  const Settings settings;
  Suspicion suspicion;
  suspicion.add(Kind::new_recipient, 6);
  suspicion.add(Kind::unknown_user, 4);
  suspicion.trail(Kind::unknown_user).remember(7);
  Tally tally = quiet();
  tally.from_network = tally.from_new_network = tally.new_network_private = true;
  const Judgement judgement = judge(tally, suspicion, settings);
  const auto terms = describe(judgement, tally, suspicion,
                              [](std::uint64_t n) { return "4Q" + std::to_string(n); });
  double sum = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    sum += terms[i].value;
    if (i > 0) {
      EXPECT_GE(terms[i - 1].value, terms[i].value);
    }
    if (terms[i].name == "unknown_user") {
      EXPECT_EQ(terms[i].events, std::vector<std::string>{"4Q7"});
    }
  }
  EXPECT_NEAR(sum, judgement.score, 0.05 * term_count);
}

TEST(Settings, AConstantHasAMeaningAndItsOwnBounds) {
  Settings settings;
  for (const Constant& constant : constants()) {
    EXPECT_FALSE(constant.meaning.empty()) << constant.name;
    const double shipped = settings.*(constant.value);
    EXPECT_TRUE(settings.set(constant.name, shipped).ok())
        << constant.name << " is shipped outside its bounds";
    EXPECT_FALSE(settings.set(constant.name, constant.most * 2 + 1).ok()) << constant.name;
    EXPECT_FALSE(settings.set(constant.name, std::nan("")).ok()) << constant.name;
  }
  EXPECT_FALSE(settings.set("nonsense", 1).ok());
}

}  // namespace
}  // namespace leumund::verdict
