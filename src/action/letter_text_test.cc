#include "action/letter_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "action/letter_facts.h"

namespace leumund::action {
namespace {

using config::Language;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

LetterFacts facts() {
  return {{"list", "yes"},
          {"title", "Some List"},
          {"address_one", "yes"},
          {"places", "192.0.2.25"},
          {"since", "21 November 2026 at 03:12 UTC"},
          {"name", "Anna Ops"}};
}

TEST(LetterText, ASentenceWithoutItsFactIsLeftOutAndTheRestFlows) {
  const auto letter = fill_letter("list_mail", facts(), Language::en);
  EXPECT_EQ(letter.subject, "Removal request for 192.0.2.25");
  EXPECT_EQ(letter.body,
            "Hello,\n\n"
            "Our address 192.0.2.25 is listed on Some List; we first saw the entry on "
            "21 November 2026 at 03:12 UTC.\n\n"
            "Please remove the entry, or tell us what is still missing.\n\n"
            "Kind regards\n\nAnna Ops\n");
}

TEST(LetterText, FactsThatStandTogetherMakeOneParagraphInOrder) {
  auto known = facts();
  known["words"] = "Listed, see x";
  known["cause"] = "one mail account";
  known["cause_one"] = "yes";
  known["stopped_at"] = "21 November 2026 at 02:00 UTC";
  known["detector"] = "yes";
  const auto body = fill_letter("list_form", known, Language::en).body;
  EXPECT_THAT(body, HasSubstr("03:12 UTC. The list says: \"Listed, see x\".\n\n"
                              "As far as we know, unwanted mail was sent through one mail "
                              "account; we stopped it on 21 November 2026 at 02:00 UTC. Our "
                              "system watches"));
}

TEST(LetterText, GermanGoesOnWithASmallLetterAfterASalutationOnly) {
  auto known = facts();
  known["since"] = "21. November 2026 um 03:12 Uhr UTC";
  EXPECT_THAT(fill_letter("list_mail", known, Language::de).body,
              HasSubstr("Guten Tag,\n\nunsere Adresse 192.0.2.25 steht"));
  EXPECT_THAT(fill_letter("list_form", known, Language::de).body,
              testing::StartsWith("Unsere Adresse 192.0.2.25 steht"));
}

TEST(LetterText, LinesAreCutAtBlanksAndCountedInCharacters) {
  EXPECT_EQ(wrapped("aaa bbb ccc\n\nddd\n", 7), "aaa bbb\nccc\n\nddd\n");
  EXPECT_EQ(wrapped("ää öö üü", 5), "ää öö\nüü\n");
  EXPECT_EQ(wrapped("averylongword b", 4), "averylongword\nb\n");
}

TEST(LetterText, BothLanguagesHaveTheSameTemplatesAndSpeakOfKnownFactsOnly) {
  const auto known = letter_fact_names();
  for (const auto name : letter_template_names()) {
    const auto english = facts_of_template(name, Language::en);
    EXPECT_FALSE(letter_template(name, Language::de).empty()) << name;
    EXPECT_EQ(english, facts_of_template(name, Language::de)) << name;
    for (const std::string& fact : english) EXPECT_THAT(known, Contains(fact)) << name;
  }
}

TEST(LetterText, EveryFactIsUsedSomewhere) {
  std::set<std::string> used;
  for (const auto name : letter_template_names()) {
    used.merge(facts_of_template(name, Language::en));
  }
  for (const auto fact : letter_fact_names()) EXPECT_TRUE(used.contains(std::string(fact))) << fact;
}

}  // namespace
}  // namespace leumund::action
