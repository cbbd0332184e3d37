// The German of the command: complete beside the English, and for every sentence of the daemon.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "action/sentences.h"
#include "apps/command/words.h"
#include "config/load.h"
#include "engine/engine_test_world.h"
#include "model/fingerprint.h"
#include "verdict/burst.h"
#include "verdict/campaign.h"
#include "wire/list_name.h"

namespace leumund::apps {
namespace {

using action::Language;
using action::sentence_pairs;
using action::translated;
using action::translated_error;
using action::translated_list;

std::size_t count_of(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1))
    ++count;
  return count;
}

std::set<std::string> keys_of(std::string_view table) {
  std::set<std::string> keys;
  each_text(table, [&](std::string_view key, std::string_view) {
    EXPECT_TRUE(keys.emplace(key).second) << key << " stands twice";
  });
  return keys;
}

TEST(LeumundTexts, BothLanguagesHaveTheSameKeysAndPlaceholders) {
  EXPECT_EQ(keys_of(texts_en), keys_of(texts_de));
  for (const Phrase phrase : Phrase::all()) {
    const auto en = phrase.text(Language::en);
    const auto de = phrase.text(Language::de);
    EXPECT_FALSE(en.empty()) << phrase.key();
    EXPECT_EQ(count_of(en, "{}"), count_of(de, "{}")) << phrase.key();
    EXPECT_EQ(count_of(en, "{"), count_of(en, "{}")) << phrase.key();
    EXPECT_EQ(count_of(de, "{"), count_of(de, "{}")) << phrase.key();
  }
}

TEST(LeumundTexts, SentencesHaveTheSameValuesInBothLanguages) {
  std::set<std::string> seen;
  for (const auto& [en, de] : sentence_pairs()) {
    EXPECT_TRUE(seen.insert(en).second) << en << " stands twice";
    EXPECT_EQ(count_of(en, "{"), count_of(de, "{")) << en;
    EXPECT_TRUE(!en.ends_with("{*}") || de.ends_with("{*}")) << en;
    EXPECT_EQ(count_of(en, "{*}"), en.ends_with("{*}") ? 1U : 0U) << en;
    EXPECT_EQ(count_of(en, "{}") + count_of(en, "{*}"), count_of(en, "{")) << en;
    const std::size_t plain = count_of(de, "{}") + count_of(de, "{,}");
    EXPECT_EQ(plain + count_of(de, "{*}") + count_of(de, "{+}"), count_of(de, "{")) << de;
    EXPECT_EQ(en.find("}{"), std::string_view::npos) << "no text parts two values: " << en;
  }
  EXPECT_LE(count_of(action::sentence_table(), "\nen "), sentence_pairs().size());
  EXPECT_EQ(count_of(action::sentence_table(), "\nen "),
            count_of(action::sentence_table(), "\nde "));
}

bool has_german(const std::string& sentence) {
  return translated(Language::de, sentence) != sentence;
}

TEST(LeumundTexts, WhatAProviderOrAnOwnListShowsHasGerman) {
  EXPECT_EQ(translated_list(Language::de,
                            "most of its mail was taken for spam, complaints below 0.10 %, 1 trap "
                            "hit"),
            "der größte Teil ihrer Post galt als Spam, Beschwerden unter 0,10 %, 1 Treffer auf "
            "Fallen");
  EXPECT_EQ(translated_list(Language::de,
                            "our own rule lists it for what is reported of our mail: reports in a "
                            "week: 3 complaint, 1 typo_trap; reporters: 2; mail: 40"),
            "unsere eigene Regel listet sie für das, was über unsere Post gemeldet wird: "
            "Meldungen in einer Woche: Beschwerden 3, vertippte Fallen 1; Melder: 2; Post: 40");
  EXPECT_TRUE(has_german("put on our own list by hand"));
}

TEST(LeumundTexts, EveryReasonTheDetectorGivesHasGerman) {
  verdict::Judgement judgement;
  judgement.values.fill(1.0);
  const evidence::Suspicion suspicion;
  std::vector<verdict::Tally> tallies(5);
  tallies[0].networks = 1;
  tallies[1].networks = 2;
  tallies[1].client_listed = true;
  tallies[1].has_habits = true;
  tallies[2].from_new_network = true;
  tallies[3].from_new_network = true;
  tallies[3].new_country = true;
  tallies[3].countries = 4;
  tallies[3].impossible_speed = true;
  tallies[4].from_new_network = true;
  tallies[4].impossible_speed = true;
  std::size_t said = 0;
  for (const auto& tally : tallies) {
    for (const auto& term :
         verdict::describe(judgement, tally, suspicion, [](std::uint64_t) { return ""; })) {
      EXPECT_TRUE(has_german(term.text)) << term.text;
      EXPECT_EQ(translated(Language::de, term.text).find("never"), std::string::npos);
      ++said;
    }
  }
  EXPECT_EQ(said, tallies.size() * verdict::term_count);
}

TEST(LeumundTexts, WhatTheEngineExplainsHasGerman) {
  engine::World world;
  const auto explained = [&](const std::string& account) {
    const auto about = world.engine.explain(*model::Subject::parse(account), world.now);
    EXPECT_TRUE(has_german(about.what_would_change)) << about.what_would_change;
    EXPECT_TRUE(Phrase::find("standing." + about.standing)) << about.standing;
    for (const auto& [name, value] : about.habits) {
      EXPECT_TRUE(Phrase::find("habit." + name)) << name;
    }
    return about;
  };
  explained("account:new@c.test");
  std::vector<std::string> recipients;
  for (int i = 0; i < 400; ++i) recipients.push_back("r" + std::to_string(i) + "@d.test");
  world.send("a@c.test", recipients);
  EXPECT_FALSE(explained("account:a@c.test").habits.empty());
  model::Restriction restriction;
  restriction.subject = *model::Subject::parse("account:b@c.test");
  std::ignore = world.engine.book().suspend(restriction, world.now);
  explained("account:b@c.test");
  restriction.subject = *model::Subject::parse("account:c@c.test");
  restriction.until = world.now + std::chrono::hours(1);
  std::ignore = world.engine.book().suspend(restriction, world.now);
  explained("account:c@c.test");
  std::ignore =
      world.engine.book().exempt(*model::Subject::parse("account:d@c.test"), true, "x", world.now);
  explained("account:d@c.test");
}

TEST(LeumundTexts, WhatIsSaidOfACampaignHasGerman) {
  evidence::Cluster cluster;
  cluster.messages = 14;
  for (const std::uint32_t outside : {0U, 2U}) {
    cluster.from_outside = outside;
    for (const auto& [name, why] : verdict::why_not_honest(cluster)) {
      EXPECT_TRUE(Phrase::find("habit." + name)) << name;
      EXPECT_TRUE(has_german(why)) << why;
    }
  }
  cluster.facets.push_back({});
  cluster.facets.back().kind = model::FacetKind::url_domain;
  cluster.facets.back().messages = 14;
  verdict::CampaignJudgement judgement;
  judgement.owners = -1;
  judgement.per_day = 0.02;
  for (const model::Term& term : verdict::describe_campaign(cluster, judgement)) {
    EXPECT_TRUE(has_german(term.text)) << term.text;
    EXPECT_EQ(translated(Language::de, term.text).find("url_"), std::string::npos);
    EXPECT_EQ(translated(Language::de, term.text).find("0.02"), std::string::npos);
  }
  for (const verdict::HonestKind kind :
       {verdict::HonestKind::released, verdict::HonestKind::recurring,
        verdict::HonestKind::from_outside, verdict::HonestKind::one_script,
        verdict::HonestKind::one_recipient}) {
    const auto name = std::string(verdict::honest_kind_name(kind));
    EXPECT_TRUE(Phrase::find("honest." + name)) << name;
  }
  for (std::size_t i = 1; i < model::facet_kinds; ++i) {
    const std::string name(model::facet_kind_name(static_cast<model::FacetKind>(i)));
    EXPECT_TRUE(has_german(name)) << name;
  }
}

TEST(LeumundTexts, EveryMistakeInAnOptionHasGerman) {
  const std::string long_text(5000, 'x');
  const std::vector<config::Value> wrong = {
      true,
      std::int64_t{-1},
      std::int64_t{1} << 60,
      -1e9,
      std::string("?? ??"),
      std::string("\x01"),
      long_text,
      std::vector<std::string>{"?? ??"},
      std::vector<std::string>{"x"},
      std::vector<std::string>{"a b=c"},
      std::vector<std::string>{""},
      std::vector<std::string>(10'001, "x"),
  };
  config::Settings settings = config::default_settings(config::Surroundings::of_process());
  std::size_t told = 0;
  std::set<std::string> seen;
  for (const config::Option& option : config::option_table()) {
    for (const config::Value& value : wrong) {
      const auto done = option.set(settings, value);
      if (done) continue;
      ++told;
      const std::string& why = done.error().message;
      if (!seen.insert(why).second) continue;
      EXPECT_NE(translated_error(Language::de, why), why) << option.name;
    }
  }
  EXPECT_GT(told, 1000U);
}

TEST(LeumundTexts, MistakesOfOptionsTogetherHaveGerman) {
  for (const char* text :
       {"unattended.from = \"2026-12-24T12:00:00Z\"\n", "notices.admin = \"a@c.test\"\n",
        "notices.owner = true\n", "api.listen = \"inet:0.0.0.0:10080\"\n", "nonsense = 1\n",
        "detektors.burst.mode = \"x\"\n", "list.ttl = \"1y\"\n",
        "list.zones = [\"own own.example.org\"]\n", "list.listen = [\"inet:127.0.0.1:53\"]\n",
        "list.zones = [\"a a.example.org\", \"a b.example.org\"]\n",
        "screening.block_lists = [\"spamcop\", \"spamcop\"]\n"}) {
    const auto loaded = config::load_text(text, "/etc/f.toml", config::Surroundings::of_process());
    ASSERT_FALSE(loaded.problems.empty()) << text;
    const std::string& problem = loaded.problems.front();
    const std::string german = translated_error(Language::de, problem);
    EXPECT_NE(german, problem);
    EXPECT_TRUE(german.starts_with("/etc/f.toml:")) << german;
  }
  EXPECT_EQ(translated_error(Language::de,
                             "/f:3: list.ttl = 0: want a text in quotes (and 2 more: "
                             "leumund config check /f)"),
            "/f:3: list.ttl = 0: hier gehört ein Text in Anführungszeichen hin (und 2 weitere: "
            "leumund config check /f)");
}

TEST(LeumundTexts, WhatANameOnAListLacksHasGerman) {
  using model::ListKind;
  for (const char* name : {"com", "spam.example", "http://a.com/", "a", "x y", ""}) {
    for (const ListKind kind : {ListKind::domains, ListKind::sha1, ListKind::sha256}) {
      const auto read = wire::list_name(kind, name, false);
      if (read) continue;
      EXPECT_TRUE(has_german(read.error().message)) << read.error().message;
    }
  }
}

TEST(LeumundTexts, AListOfReasonsIsTranslatedReasonByReason) {
  EXPECT_EQ(translated_list(Language::de,
                            "31 of 33 recipients never written to; something unheard of; silent "
                            "for 3 days before"),
            "31 von 33 Empfängern nie zuvor angeschrieben; something unheard of; davor 3 Tage "
            "still");
  // One reason has a semicolon of its own.
  const std::string volume =
      "5 client addresses in 4 networks within 24 hours; the most so far were 1";
  EXPECT_EQ(translated_list(Language::de, volume + "; account never seen before"),
            "5 Clientadressen in 4 Netzen binnen 24 Stunden; bisher höchstens 1; Konto nie zuvor "
            "gesehen");
  EXPECT_EQ(translated_list(Language::en, volume), volume);
  EXPECT_EQ(translated_list(Language::de, ""), "");
}

TEST(LeumundTexts, NumbersAreSaidAsGermanSaysThem) {
  EXPECT_EQ(say(Language::en, "zone.loaded", "bl", 1, 5, 1),
            "bl: 1 entry in 5 bytes, 1 line left out");
  EXPECT_EQ(say(Language::de, "zone.loaded", "bl", 2, 5, 1),
            "bl: 2 Einträge in 5 Bytes, 1 Zeile ausgelassen");
  EXPECT_EQ(translated(Language::de, "1 line, 2 submissions, 0 deliveries"),
            "1 Zeile, 2 Einlieferungen, 0 Zustellungen");
  EXPECT_EQ(translated(Language::de, "it would take evidence worth 9.2 to restrict it"),
            "erst Gründe im Gewicht von 9,2 würden es einschränken");
}

TEST(LeumundTexts, AHostileSentenceIsShownAsItIsAndSoon) {
  const std::string hostile(100'000, ';');
  EXPECT_EQ(translated(Language::de, hostile), hostile);
  std::string marks;
  for (int i = 0; i < 300; ++i) marks += "': '; ";
  EXPECT_FALSE(translated(Language::de, marks).empty());
  std::string places;
  for (int i = 0; i < 600; ++i) places += "a: ";
  EXPECT_EQ(translated_error(Language::de, places), places);
}

}  // namespace
}  // namespace leumund::apps
