// The German of the command: complete beside the English, and for every sentence of the daemon.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "action/sentences.h"
#include "apps/command/words.h"
#include "engine/engine_test_world.h"
#include "verdict/burst.h"

namespace leumund::apps {
namespace {

using action::Language;
using action::sentence_pairs;
using action::translated;
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
  std::set<std::string_view> seen;
  for (const auto& [en, de] : sentence_pairs()) {
    EXPECT_TRUE(seen.insert(en).second) << en << " stands twice";
    EXPECT_EQ(count_of(en, "{}"), count_of(de, "{}")) << en;
    EXPECT_EQ(en.ends_with("{*}"), de.ends_with("{*}")) << en;
    EXPECT_EQ(count_of(en, "{*}"), en.ends_with("{*}") ? 1U : 0U) << en;
    EXPECT_EQ(en.find("}{"), std::string_view::npos) << "no text parts two values: " << en;
  }
  EXPECT_EQ(count_of(action::sentence_table(), "\nen "), sentence_pairs().size());
}

bool has_german(const std::string& sentence) {
  return translated(Language::de, sentence) != sentence;
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

TEST(LeumundTexts, AHostileSentenceIsShownAsItIsAndSoon) {
  const std::string hostile(100'000, ';');
  EXPECT_EQ(translated(Language::de, hostile), hostile);
  std::string marks;
  for (int i = 0; i < 300; ++i) marks += "': '; ";
  EXPECT_FALSE(translated(Language::de, marks).empty());
}

}  // namespace
}  // namespace leumund::apps
