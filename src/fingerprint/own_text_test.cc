#include "fingerprint/own_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace leumund::fingerprint {
namespace {

std::string own_of(std::string_view text) {
  OwnText own;
  own.split(text);
  std::string out = own.own();
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

TEST(OwnText, AnswersBetweenQuotesAreTheWritersOwn) {
  EXPECT_EQ(own_of("On Monday A wrote:\n> question\nanswer\n> more\nlast answer\n"),
            "answer\nlast answer");
}

TEST(OwnText, AttributionsOfManyProgramsAreKnown) {
  for (const char* line :
       {"On Mon, May 3, 2021 at 9:00 A B <a@b.example> wrote:", "Am 3.5.2021 schrieb A B:",
        "Am 3.5.2021 um 9:00 schrieb A B <a@b.example>:",
        "Le 3 mai, A B a \xC3\xA9"
        "crit :",
        "El lun, A B escribi\xC3\xB3:", "Il 3 maggio A B ha scritto:", "A B skrev:"}) {
    EXPECT_EQ(own_of("mine\n" + std::string(line) + "\n\nolder\n"), "mine") << line;
  }
}

TEST(OwnText, OrdinaryLinesStay) {
  for (const char* text :
       {"Please note:\nthe door is closed", "From: the top\nof the hill",
        "-- the end of the world as we know it", "a | b\nc",
        "Best practice is to read the whole manual first.\nThen begin with it."}) {
    EXPECT_EQ(own_of(text), text);
  }
}

TEST(OwnText, PatchesAreNotProse) {
  EXPECT_EQ(own_of("Fix the driver.\n---\n x.c | 2 +-\n 1 file changed\n\ndiff --git a/x.c b/x.c\n"
                   "@@ -1 +1 @@\n-a\n+b\n"),
            "Fix the driver.");
  EXPECT_EQ(own_of("above\n---\nbelow"), "above\n---\nbelow");
}

TEST(OwnText, HeadersOfTheOriginalEndTheOwnText) {
  EXPECT_EQ(own_of("mine\n\tA B\n\t05/04/2001\nTo: C D\ncc:\nSubject: x\n\nolder\n"),
            "mine\n\tA B\n\t05/04/2001");
}

TEST(OwnText, ForwardsAreKnown) {
  OwnText own;
  own.split("fyi\nBegin forwarded message:\n\n> From: x\n> words\n");
  EXPECT_TRUE(own.forwarded());
  own.split("fyi\n---------- Forwarded message ---------\nwords\n");
  EXPECT_TRUE(own.forwarded());
  EXPECT_EQ(own.quoted(), "words\n");
  own.split("plain");
  EXPECT_FALSE(own.forwarded());
  EXPECT_TRUE(own.quoted().empty());
}

TEST(OwnText, ALongSignatureIsText) {
  std::string text = "words\n-- \n";
  for (int i = 0; i < 40; ++i) text += "line " + std::to_string(i) + " of the offer\n";
  EXPECT_THAT(own_of(text), testing::HasSubstr("line 0 of the offer"));
}

TEST(OwnText, OnlyTheParagraphOfADisclaimerGoes) {
  EXPECT_EQ(own_of("first\n\nIf you are not the\nintended recipient, delete.\n\nlast words stay."),
            "first\n\n\n\n\nlast words stay.");
}

TEST(OwnText, GreetingsGoAndSentencesStay) {
  EXPECT_EQ(own_of("Dear Sir or Madam,\nwords"), "\nwords");
  EXPECT_EQ(own_of("Hi Ann! how are you"), " how are you");
  EXPECT_EQ(own_of("hidden treasure is found in the hills of the north again"),
            "hidden treasure is found in the hills of the north again");
}

}  // namespace
}  // namespace leumund::fingerprint
