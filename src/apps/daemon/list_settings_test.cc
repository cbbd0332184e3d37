// What the configuration's defaults mean for our own lists.
#include "apps/daemon/list_settings.h"

#include <gtest/gtest.h>

#include "config/load.h"

namespace leumund::apps {
namespace {

config::Settings with_lists() {
  auto loaded = config::load_text(
      "[list]\nzones = [\"bl bl.ex\", \"traps traps.ex kinds=typo_trap answer=127.0.0.3\"]\n"
      "name_servers = [\"ns1.ex\"]\ncontact = \"list.master@ex.test\"\n"
      "lookup_url = \"https://l.ex/bl?$\"\nallow_clients = [\"192.0.2.0/24\"]\n"
      "refuse_clients = [\"192.0.2.7\"]\n",
      "t.toml", config::Surroundings());
  EXPECT_TRUE(loaded.problems.empty());
  return loaded.settings;
}

TEST(ListSettings, DefaultsAreThoseThatTheRuleWasFittedWith) {
  const listing::ListRule fitted;
  const auto made = list_engine_settings(config::default_settings(config::Surroundings()), {}).rule;
  EXPECT_EQ(made.fresh_weight, fitted.fresh_weight);
  EXPECT_EQ(made.fades_over, fitted.fades_over);
  EXPECT_EQ(made.counts_for, fitted.counts_for);
  EXPECT_EQ(made.trap_score, fitted.trap_score);
  EXPECT_EQ(made.prior_spam, fitted.prior_spam);
  EXPECT_EQ(made.prior_mail, fitted.prior_mail);
  EXPECT_EQ(made.threshold, fitted.threshold);
  EXPECT_EQ(made.doubt, fitted.doubt);
  EXPECT_EQ(made.reporters_least, fitted.reporters_least);
  EXPECT_EQ(made.listed_for, fitted.listed_for);
  EXPECT_EQ(made.listed_for_two, fitted.listed_for_two);
  EXPECT_EQ(made.honest_per_spam_most, fitted.honest_per_spam_most);
  EXPECT_EQ(made.reports_of_one_most, fitted.reports_of_one_most);
}

TEST(ListSettings, EachListHasItsZoneKindsAnswerAndText) {
  const auto lists = list_settings(with_lists(), {});
  ASSERT_EQ(lists.size(), 2U);
  EXPECT_EQ(lists[0].value.text, "Blocked - see https://l.ex/bl?$");
  EXPECT_EQ(lists[1].value.address, 0x7f000003U);
  EXPECT_FALSE(lists[1].kinds[0]);
  ASSERT_TRUE(lists[0].head.soa.has_value());
  EXPECT_EQ(lists[0].head.soa->person, *wire::DnsName::parse("list\\.master.ex.test"));
  EXPECT_EQ(lists[0].head.soa->minimum, 60U);
}

TEST(ListSettings, ListsOfNamesStandBesideThoseOfAddresses) {
  const auto loaded = config::load_text(
      "[list]\nzones = [\"bl bl.ex\", \"dbl dbl.ex of=domains kinds=complaint\","
      " \"ebl ebl.ex of=sha1 answer=127.0.0.9\"]\nspared = [\"192.0.2.0/24\", \"Freemail.ex\"]\n"
      "listed_for = \"2h\"\n",
      "t.toml", config::Surroundings());
  EXPECT_TRUE(loaded.problems.empty());
  ASSERT_EQ(list_settings(loaded.settings, {}).size(), 1U);
  const auto names = list_name_settings(loaded.settings);
  ASSERT_EQ(names.size(), 2U);
  EXPECT_EQ(names[0].kind, model::ListKind::domains);
  EXPECT_FALSE(names[0].kinds[1]);
  EXPECT_EQ(names[0].spared, (std::set<std::string, std::less<>>{"freemail.ex"}));
  EXPECT_EQ(names[1].value.address, 0x7f000009U);
  EXPECT_EQ(names[1].rule.listed_for, std::chrono::hours(2));
}

TEST(ListSettings, OnlyAllowedClientsMayAskAndTheNarrowerNetworkCounts) {
  const auto access = list_access(with_lists().start);
  ASSERT_TRUE(access);
  const auto order = [&](const char* client) {
    const auto match = access->data.networks4.find(base::IpAddress::parse(client)->v4_bits());
    return match.level == nullptr ? 0 : match.level->value(match.rows.first);
  };
  EXPECT_EQ(order("192.0.2.9"), wire::zone_pass);
  EXPECT_EQ(order("192.0.2.7"), wire::zone_refuse);
  EXPECT_EQ(order("203.0.113.1"), wire::zone_refuse);
  EXPECT_EQ(list_access(config::default_settings(config::Surroundings()).start), nullptr);
}

}  // namespace
}  // namespace leumund::apps
