// The registries are data, so they are tested as data: every pattern reads its sample, every
// meaning wins for its own, nothing is hidden behind what stands before it, and no code is hit
// inside a longer one.
#include "diagnosis/registry.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <string>

#include "diagnosis/explain.h"
#include "diagnosis/reader.h"

namespace leumund::diagnosis {
namespace {

const Reader& reader() {
  static const auto made = Reader::shipped();
  EXPECT_TRUE(made.ok()) << made.error().message;
  return **made;
}

RE2::Options bytes() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  return options;
}

TEST(RegistryData, EveryPatternReadsItsSample) {
  const auto scanner = Scanner::compile(reader().patterns());
  ASSERT_TRUE(scanner.ok()) << scanner.error().message;
  Scanner::Scratch scratch(**scanner);
  TextView view;
  for (std::size_t i = 0; i < reader().patterns().size(); ++i) {
    const Scanner::Input& input = reader().patterns()[i];
    ASSERT_FALSE(input.sample.empty()) << input.origin << ": '" << input.re << "' has no sample";
    view.read(input.sample, reader());
    std::vector<Match> matches;
    (*scanner)->scan(input.masked ? view.masked() : view.plain(), scratch, matches);
    bool found = false;
    for (const Match& match : matches) found = found || match.pattern == i;
    EXPECT_TRUE(found) << input.origin << ": '" << input.re << "' does not read '" << input.sample
                       << "', seen as '" << (input.masked ? view.masked() : view.plain()) << "'";
  }
}

TEST(RegistryData, EveryMeaningWinsForItsSample) {
  Reader::Session session(reader());
  for (const Meaning& one : reader().registry().meanings) {
    const Diagnosis found = reader().diagnose({.text = one.sample}, session);
    EXPECT_EQ(found.meaning, one.id) << one.sample;
    EXPECT_EQ(found.kind, one.kind) << one.sample;
  }
}

TEST(RegistryData, NoReplyOfAProviderIsHiddenBehindAnEarlierOne) {
  TextView view;
  for (const Provider& provider : reader().registry().providers) {
    for (std::size_t k = 0; k < provider.replies.size(); ++k) {
      view.read(provider.replies[k].pattern.sample, reader());
      std::size_t first = 0;
      while (first < k && !RE2::PartialMatch(std::string(view.plain()),
                                             RE2(provider.replies[first].pattern.re, bytes()))) {
        ++first;
      }
      EXPECT_EQ(first, k) << provider.id << ": '" << provider.replies[k].pattern.sample
                          << "' is read by '" << provider.replies[first].pattern.re << "'";
    }
  }
}

TEST(RegistryData, EveryReplyOfAProviderDecidesForItsSample) {
  Reader::Session session(reader());
  for (const Provider& provider : reader().registry().providers) {
    for (const ProviderReply& reply : provider.replies) {
      const Diagnosis found =
          reader().diagnose({.text = reply.pattern.sample, .provider = provider.id}, session);
      EXPECT_EQ(found.provider, provider.id);
      EXPECT_EQ(found.meaning, provider.id + "/" + reply.reply_class) << reply.pattern.sample;
    }
  }
}

TEST(RegistryData, CodesAreNotFoundInsideLongerOnes) {
  TextView view;
  const auto is_word = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); };
  for (const Provider& provider : reader().registry().providers) {
    for (const ProviderReply& reply : provider.replies) {
      const RE2 re(reply.pattern.re, bytes());
      view.read(reply.pattern.sample, reader());
      re2::StringPiece match;
      const std::string text(view.plain());
      ASSERT_TRUE(re.Match(text, 0, text.size(), RE2::UNANCHORED, &match, 1)) << reply.pattern.re;
      std::string longer = match.as_string();
      const bool digit_first = longer.front() >= '0' && longer.front() <= '9';
      const bool digit_last =
          longer.back() >= '0' && longer.back() <= '9' && is_word(longer.back());
      if (digit_first) {
        EXPECT_FALSE(RE2::PartialMatch("9" + longer, re) && RE2::PartialMatch("1." + longer, re))
            << provider.id << ": '" << reply.pattern.re << "' is not anchored before its number";
      }
      const bool open_end = reply.pattern.re.find("\\d+") != std::string::npos ||
                            reply.pattern.re.find("\\w*") != std::string::npos;
      if (digit_last && !open_end) {
        EXPECT_FALSE(RE2::PartialMatch(longer + "33", re))
            << provider.id << ": '" << reply.pattern.re << "' is not anchored behind its number";
      }
    }
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

TEST(Registry, WrongFilesAreRefusedByNameAndLine) {
  const auto message = [](std::string_view text) {
    const RegistrySource own{.name = "own.toml", .text = text};
    const auto made = Reader::shipped({&own, 1});
    return made ? std::string("taken") : made.error().message;
  };
  EXPECT_EQ(message("[[concept]]\nid = \"blocked\"\nwords = [{ re = \"geht nicht\" }]\n"), "taken");
  EXPECT_NE(message("[[concept]\n").find("own.toml:1"), std::string::npos);
  EXPECT_NE(message("\n[[conzept]]\nid = \"x\"\n").find("own.toml:2"), std::string::npos);
  EXPECT_NE(message("[[concept]]\nid = \"x\"\nwords = [{ re = \"(\" }]\n").find("concept x"),
            std::string::npos);
  EXPECT_NE(message("[[concept]]\nid = \"x\"\nwords = [{ re = \"a*\" }]\n").find("empty text"),
            std::string::npos);
  EXPECT_NE(message("[[meaning]]\nid = \"m\"\nneeds = [\"nobody\"]\nkind = \"other\"\n"
                    "detail = \"d\"\nreason = \"r\"\nscope = \"message\"\nfault = \"ours\"\n"
                    "advice = \"a\"\n")
                .find("'nobody'"),
            std::string::npos);
  EXPECT_NE(message("[[provider]]\nid = \"google\"\nreplies = [{ re = \"x\", class = \"none\" }]\n")
                .find("class 'none'"),
            std::string::npos);
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
