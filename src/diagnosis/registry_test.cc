// The registries are data, so they are tested as data: every pattern reads its sample, every
// meaning wins for its own, nothing is hidden behind what stands before it, and no code is hit
// inside a longer one.
#include "diagnosis/registry.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "diagnosis/explain.h"
#include "diagnosis/reader.h"
#include "diagnosis/registry_check.h"

namespace leumund::diagnosis {
namespace {

const Reader& reader() {
  static const auto made = Reader::shipped();
  EXPECT_TRUE(made.ok()) << made.error().message;
  return **made;
}

TEST(RegistryData, NoPatternIsWithoutSampleHiddenUnanchoredOrBeaten) {
  for (const RegistrySource& source : embedded_registry()) {
    for (const std::string& problem : check_registry(reader(), source.name)) {
      ADD_FAILURE() << problem;
    }
  }
}

TEST(RegistryData, EveryPatternIsWrittenOutSoThatOnePassReadsAll) {
  const auto scanner = Scanner::compile(reader().patterns());
  ASSERT_TRUE(scanner.ok()) << scanner.error().message;
  EXPECT_EQ((*scanner)->expression_count(), 0U);
  if ((*scanner)->expression_count() == 0) return;
  for (const Scanner::Input& pattern : reader().patterns()) {
    const auto alone = Scanner::compile({&pattern, 1});
    ASSERT_TRUE(alone.ok()) << alone.error().message;
    EXPECT_EQ((*alone)->expression_count(), 0U) << pattern.origin << ": " << pattern.re;
  }
}

TEST(RegistryData, EveryListThatACodeStandsForIsKnown) {
  const Registry& registry = reader().registry();
  const auto known = [&](std::string_view id) {
    for (const BlockList& list : registry.lists) {
      if (list.id == id) return true;
    }
    return false;
  };
  for (const Provider& provider : registry.providers) {
    for (const ProviderReply& reply : provider.replies) {
      std::string_view rest = reply.list;
      while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        EXPECT_TRUE(known(rest.substr(0, comma))) << provider.id << ": " << reply.list;
        rest.remove_prefix(std::min(comma + 1, rest.size()));
      }
    }
  }
}

TEST(RegistryData, EveryConceptAndProviderTellsItsSource) {
  for (const Concept& one : reader().registry().concepts)
    EXPECT_FALSE(one.source.empty()) << one.id;
}

TEST(Registry, ADroppedPatternIsNoLongerReadAndOneThatIsNoneIsToldByLine) {
  const auto with = [](const std::string& text) {
    const RegistrySource own{.name = "own.toml", .text = text};
    return Reader::shipped({&own, 1});
  };
  const auto of = [](const Reader& from) {
    Reader::Session session(from);
    return from.patterns_in("552 5.2.2 mailbox full", session);
  };
  const auto shipped = of(reader());
  ASSERT_FALSE(shipped.empty());
  std::string drops;
  for (const std::string_view one : shipped) drops += fmt::format("[[drop]]\nre = '''{}'''\n", one);
  const auto without = with(drops);
  ASSERT_TRUE(without.ok()) << without.error().message;
  EXPECT_TRUE(of(**without).empty());
  const auto wrong = with("[[drop]]\nre = 'nobody wrote this'\n");
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().message.find("own.toml:1"), std::string::npos) << wrong.error().message;
}

TEST(Registry, AListThatIsPartOfNoneIsRefusedAndOneThatIsHidesTheWhole) {
  const auto with = [](const std::string& part_of) {
    const std::string text = fmt::format(
        "[[list_name]]\nid = \"oak-part\"\npart_of = \"{}\"\nhosts = [\"part.oak.example\"]\n"
        "[[list_name]]\nid = \"oak-whole\"\nhosts = [\"whole.elm.example\"]\n",
        part_of);
    const RegistrySource own{.name = "own.toml", .text = text};
    return Reader::shipped({&own, 1});
  };
  const auto wrong = with("oak-hole");
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().message.find("oak-hole"), std::string::npos) << wrong.error().message;
  const auto right = with("oak-whole");
  ASSERT_TRUE(right.ok()) << right.error().message;
  Reader::Session session(**right);
  const auto found = (*right)->diagnose(
      {.text = "554 203.0.113.7 listed in part.oak.example and whole.elm.example"}, session);
  ASSERT_EQ(found.lists.size(), 1U);
  EXPECT_EQ(found.lists.front().id, "oak-part");
}

TEST(Registry, TheExampleOfTheDocsLoadsAndReads) {
  std::ifstream file(std::filesystem::path(LEUMUND_SOURCE_DIR) / "docs/diagnosis.md");
  std::string text;
  bool within = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) within = line == "## Patterns of your own";
    if (within && line.starts_with("    ")) text += line.substr(4) + "\n";
  }
  const RegistrySource own{.name = "docs/diagnosis.md", .text = text};
  const auto made = Reader::shipped({&own, 1});
  ASSERT_TRUE(made.ok()) << made.error().message;
  Reader::Session session(**made);
  EXPECT_EQ((*made)->diagnose({.text = "554 PG-17 refused"}, session).provider, "my-partner");
  EXPECT_EQ((*made)->diagnose({.text = "550 kennt hier keiner"}, session).kind, Kind::unknown_user);
}

TEST(Registry, WrongFilesAreRefusedByNameAndLine) {
  const auto message = [](const std::string& text) {
    const RegistrySource own{.name = "own.toml", .text = text};
    const auto made = Reader::shipped({&own, 1});
    return made ? std::string("taken") : made.error().message;
  };
  EXPECT_EQ(message("[[concept]]\nid = \"blocked\"\nwords = [{ re = \"geht nicht\" }]\n"), "taken");
  EXPECT_NE(message("[[concept]\n").find("own.toml:1"), std::string::npos);
  EXPECT_NE(message("\n[[conzept]]\nid = \"x\"\n").find("own.toml:2"), std::string::npos);
  EXPECT_NE(
      message("[[concept]]\nid = \"x\"\nwords = [{ re = \"(\" }]\n").find("own.toml:3: concept x"),
      std::string::npos);
  EXPECT_NE(
      message("[[concept]]\nid = \"x\"\nwords = [{ re = \"" + std::string(5000, 'a') + "\" }]\n")
          .find("own.toml:3: a pattern of 5000 bytes"),
      std::string::npos);
  EXPECT_NE(message("[[concept]]\nid = \"x\"\nwords = [{ re = \"a*\" }]\n").find("empty text"),
            std::string::npos);
  EXPECT_NE(message("[[meaning]]\nid = \"m\"\nneeds = [\"nobody\"]\nkind = \"other\"\n"
                    "detail = \"d\"\nreason = \"r\"\nscope = \"message\"\nfault = \"ours\"\n"
                    "advice = \"read-reply\"\n")
                .find("'nobody'"),
            std::string::npos);
  EXPECT_NE(message("[[provider]]\nid = \"google\"\nreplies = [{ re = \"x\", class = \"none\" }]\n")
                .find("class 'none'"),
            std::string::npos);
  const std::string action = message(
      "[[provider]]\nid = \"google\"\nreplies = [\n  { re = \"x\", class = \"rate\", action = "
      "\"delist-mail\" }]\n");
  EXPECT_TRUE(
      action.starts_with("own.toml:4: 'google': action 'delist-mail' is not known; there "
                         "are slow-down, "))
      << action;
  EXPECT_NE(message("[[meaning]]\nid = \"m\"\nneeds = [\"blocked\"]\nkind = \"other\"\n"
                    "detail = \"d\"\nreason = \"r\"\nscope = \"message\"\nfault = \"ours\"\n"
                    "advice = \"wait\"\n")
                .find("'m': advice = 'wait' is not known"),
            std::string::npos);
}

TEST(Registry, ShippedRepliesOfAProviderCanBeReplaced) {
  constexpr std::string_view text = "421 Server temporarily unavailable. IB007";
  const auto meaning = [&](std::string_view own_text) {
    const RegistrySource own{.name = "own.toml", .text = own_text};
    const auto made = Reader::shipped({&own, 1});
    EXPECT_TRUE(made.ok()) << made.error().message;
    Reader::Session session(**made);
    Reply reply;
    reply.text = text;
    return (*made)->diagnose(reply, session).meaning;
  };
  EXPECT_EQ(meaning("[[provider]]\nid = \"godaddy\"\n"), "godaddy/connections");
  EXPECT_EQ(meaning("[[provider]]\nid = \"godaddy\"\nreplaces_replies = true\n"),
            "remote-temporary");
}

TEST(RegistryCheck, NamesFileLineAndReasonOfWhatCompilesAndIsWrongAllTheSame) {
  const auto problems = [](std::string_view text) {
    const RegistrySource own{.name = "own.toml", .text = text};
    const auto made = Reader::shipped({&own, 1});
    EXPECT_TRUE(made.ok()) << made.error().message;
    std::string all;
    for (const std::string& one : check_registry(**made, "own.toml")) all += one + "\n";
    return all;
  };
  EXPECT_EQ(problems("[[concept]]\nid = \"unknown-user\"\nwords = [{ re = 'kennt hier keiner', "
                     "sample = '550 den kennt hier keiner' }]\n"),
            "");
  EXPECT_EQ(problems("[[concept]]\nid = \"blocked\"\nwords = [{ re = 'geht nicht' }]\n"),
            "own.toml:3: concept blocked: 'geht nicht' has no sample\n");
  EXPECT_EQ(
      problems("[[concept]]\nid = \"blocked\"\nwords = [\n  { re = 'geht nicht', sample = "
               "'550 Geht 5 nicht' }]\n"),
      "own.toml:4: concept blocked: 'geht nicht' does not read its sample '550 Geht 5 nicht', "
      "seen as '0 geht 0 nicht'\n");
  EXPECT_EQ(problems("[[concept]]\nid = \"unknown-usr\"\nwords = [{ re = 'kennt hier keiner', "
                     "sample = '550 den kennt hier keiner' }]\n"),
            "own.toml:3: concept 'unknown-usr' is asked for by no meaning: its words decide "
            "nothing\n");
  EXPECT_NE(problems("[[meaning]]\nid = \"m\"\nweight = 1\nneeds = [\"unknown-user\"]\nkind = "
                     "\"other\"\ndetail = \"d\"\nreason = \"r\"\nscope = \"message\"\nfault = "
                     "\"ours\"\nadvice = \"retry-later\"\nsample = '550 user unknown'\n")
                .find("own.toml:1: meaning 'm' does not win for its sample '550 user unknown': "
                      "'unknown-user' does"),
            std::string::npos);
  const std::string replies = problems(
      "[[provider]]\nid = \"partner\"\nreplies = [\n"
      "  { re = 'pg-1', class = \"ip-block\", sample = '554 PG-1 no' },\n"
      "  { re = 'pg-17\\b', class = \"rate\", sample = '554 PG-17 no' }]\n");
  EXPECT_NE(replies.find("own.toml:4: 'pg-1' is not anchored behind its number"), std::string::npos)
      << replies;
  EXPECT_NE(
      replies.find("own.toml:5: provider 'partner': 'pg-17\\b' never wins: its sample is read "
                   "by 'pg-1' (own.toml:4)"),
      std::string::npos)
      << replies;
}

TEST(Registry, AnOperatorsOwnPatternsAddToTheShippedOnes) {
  const RegistrySource own{.name = "own.toml",
                           .text =
                               "[[concept]]\nid = \"unknown-user\"\n"
                               "words = [{ re = \"kennt hier keiner\" }]\n"};
  const auto made = Reader::shipped({&own, 1});
  ASSERT_TRUE(made.ok()) << made.error().message;
  Reader::Session session(**made);
  EXPECT_EQ((*made)->diagnose({.text = "550 Kennt hier keiner"}, session).kind, Kind::unknown_user);
}

TEST(ProviderTable, TheLongestSuffixWins) {
  const ProviderTable& table = reader().providers();
  const auto name = [&](std::optional<std::uint32_t> index) {
    return index ? reader().registry().providers[*index].id : std::string("-");
  };
  EXPECT_EQ(name(table.of_mx("hotmail-com.olc.protection.outlook.com")), "microsoft-consumer");
  EXPECT_EQ(name(table.of_mx("verein-de.mail.protection.outlook.com")), "microsoft-365");
  EXPECT_EQ(name(table.of_mx("mx00.t-online.de")), "t-online");
  EXPECT_EQ(name(table.of_mx("not-t-online.de")), "-");
  EXPECT_EQ(name(table.of_domain("hotmail.de")), "microsoft-consumer");
  EXPECT_EQ(name(table.of_domain("example.org")), "-");
}

TEST(Explainer, BothLanguagesHaveASentenceForEveryKindAndAdvice) {
  for (const Language language : {Language::english, Language::german}) {
    const auto made = Explainer::open(reader().registry(), language);
    ASSERT_TRUE(made.ok()) << made.error().message;
    Reader::Session session(reader());
    for (const Meaning& one : reader().registry().meanings) {
      const std::string text = (*made)->explain(reader().diagnose({.text = one.sample}, session));
      EXPECT_GT(text.size(), 40U) << one.id;
      EXPECT_EQ(text.find('{'), std::string::npos) << text;
    }
  }
}

}  // namespace
}  // namespace leumund::diagnosis
