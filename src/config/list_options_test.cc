#include "config/list_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"

namespace leumund::config {
namespace {

using model::AbuseKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Loaded load(std::string_view text) { return load_text(text, "t.toml", Surroundings()); }

TEST(ListZone, IsANameAZoneAndWhatItListsFor) {
  const auto zone =
      parse_list_zone("traps Traps.Example.org  kinds=pristine_trap,typo_trap answer=127.0.0.3");
  ASSERT_TRUE(zone.ok());
  EXPECT_EQ(zone->name, "traps");
  EXPECT_EQ(zone->zone, "traps.example.org");
  EXPECT_THAT(zone->kinds, ElementsAre(false, true, false, true, false));
  EXPECT_EQ(zone->answer, 0x7f000003U);
  EXPECT_THAT(parse_list_zone("bl bl.example.org")->kinds,
              ElementsAre(true, true, true, true, true));
}

TEST(ListZone, SaysWhatIsWrong) {
  for (const char* text : {"", "bl", "Bl bl.example.org", "bl bl.example.org kinds"}) {
    EXPECT_THAT(parse_list_zone(text).error().message, HasSubstr("want a name and a zone")) << text;
  }
  EXPECT_THAT(parse_list_zone("bl .ex").error().message, HasSubstr("bl: want a domain"));
  EXPECT_THAT(parse_list_zone("bl bl.ex kinds=spam").error().message, HasSubstr("kinds are"));
  for (const char* answer : {"127.0.0.1", "192.0.2.1", "::1", "x"}) {
    EXPECT_THAT(parse_list_zone(std::string("bl bl.ex answer=") + answer).error().message,
                HasSubstr("127.0.0.0/8"))
        << answer;
  }
  EXPECT_THAT(parse_list_zone("bl bl.ex ttl=1").error().message, HasSubstr("knows of, kinds"));
  EXPECT_EQ(parse_list_zone("dbl dbl.ex of=domains")->of, model::ListKind::domains);
  EXPECT_EQ(parse_list_zone("ebl ebl.ex of=sha256 answer=127.0.0.9")->of, model::ListKind::sha256);
  EXPECT_THAT(parse_list_zone("dbl dbl.ex of=md5").error().message, HasSubstr("sha1 or sha256"));
}

TEST(TrapAddress, IsAnAddressOrAWholeDomain) {
  const auto trap = parse_trap_address("pristine Trap@Example.org");
  ASSERT_TRUE(trap.ok());
  EXPECT_EQ(trap->address, "trap@example.org");
  EXPECT_EQ(trap->kind, AbuseKind::pristine_trap);
  EXPECT_EQ(parse_trap_address("typo @exmaple.org")->address, "@exmaple.org");
  for (const char* text : {"", "trap@example.org", "honeypot a@b.example", "typo", "typo @",
                           "typo a@b.example c@d.example"}) {
    EXPECT_FALSE(parse_trap_address(text).ok()) << text;
  }
}

TEST(Honeypots, AreLoginNamesWithStars) {
  EXPECT_TRUE(is_honeypot("sales@example.org", "sales@example.org"));
  EXPECT_TRUE(is_honeypot("x.y@old.example.org", "*@old.example.org"));
  EXPECT_TRUE(is_honeypot("scan-12@example.org", "scan*@example.*"));
  EXPECT_TRUE(is_honeypot("scan@example.", "scan*@example.*"));
  for (const char* other : {"", "sales", "sales@example.org2", "xsales@example.org"}) {
    EXPECT_FALSE(is_honeypot(other, "sales@example.org")) << other;
  }
  EXPECT_FALSE(is_honeypot("a@old.example.org.evil.example", "*@old.example.org"));
}

TEST(Honeypots, NonsenseIsNamed) {
  for (const char* text :
       {"", "*", "*@*", "a*", "*@a.b", "two names", "a@b@example.org", "a*b*c*example"}) {
    const auto problems =
        load("[list]\nzones = [\"bl bl.ex\"]\nhoneypots = [\"" + std::string(text) + "\"]")
            .problems;
    ASSERT_FALSE(problems.empty()) << text;
    EXPECT_THAT(problems.front(), HasSubstr("want a login name")) << text;
  }
  const auto loaded = load("[list]\nzones = [\"bl bl.ex\"]\nhoneypots = [\"*@OLD.example.org\"]");
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(loaded.settings.run.list_honeypots.front(), "*@old.example.org");
}

TEST(ReporterWeight, IsANameAndANumberUpToOne) {
  EXPECT_EQ(parse_reporter_weight("FBL.example.net 0.5")->name, "fbl.example.net");
  EXPECT_EQ(parse_reporter_weight("fbl.example.net 0.5")->weight, 0.5);
  const auto placed = parse_reporter_weight("fbl.example.net 1 192.0.2.0/24 2001:db8::/32");
  ASSERT_EQ(placed->networks.size(), 2U);
  EXPECT_EQ(placed->networks[0].to_string(), "192.0.2.0/24");
  for (const char* text :
       {"", "fbl", "fbl 2", "fbl -1", "fbl nan", "fbl 1 2", "fbl 1x", "fbl 1 192.0.2.0/24 x"}) {
    EXPECT_FALSE(parse_reporter_weight(text).ok()) << text;
  }
}

TEST(ListOptions, AreOffUntilAZoneIsNamed) {
  EXPECT_THAT(default_settings(Surroundings()).start.list_zones, IsEmpty());
}

TEST(ListOptions, WhatDoesNotGoTogetherIsNamed) {
  const auto problem = [](std::string_view text) {
    const auto problems = load(text).problems;
    return problems.empty() ? std::string() : problems.front();
  };
  EXPECT_THAT(problem("[list]\nzones = [\"bl a.ex\", \"bl b.ex\"]"), HasSubstr("two lists"));
  EXPECT_THAT(problem("[list]\nzones = [\"a bl.ex\", \"b bl.ex\"]"), HasSubstr("two lists"));
  EXPECT_THAT(problem("[list]\nzones = [\"own bl.ex\"]"), HasSubstr("own"));
  EXPECT_THAT(problem("[list]\nlisten = [\"inet:127.0.0.1:53\"]"), HasSubstr("no zone"));
  EXPECT_THAT(problem("[list]\ncounts_for = \"1h\""), HasSubstr("fades_over"));
  EXPECT_THAT(problem("[list]\nlisten = [\"unix:/x\"]"), HasSubstr("address and port"));
  EXPECT_THAT(problem("[list]\nlookup_url = \"https://x.example/bl\""), HasSubstr("want $"));
  EXPECT_THAT(problem("[list]\ntext = \"\u00e4\""), HasSubstr("printable"));
  const std::string honeypots = "]\nhoneypots = [\"scan@a.ex\"]";
  EXPECT_THAT(problem("[list]\nzones = [" + honeypots), HasSubstr("takes kind honeypot"));
  EXPECT_THAT(problem("[list]\nzones = [\"bl bl.ex kinds=complaint\"" + honeypots),
              HasSubstr("takes kind honeypot"));
  EXPECT_THAT(problem("[list]\nzones = [\"dbl bl.ex of=domains\"" + honeypots),
              HasSubstr("takes kind honeypot"));
  EXPECT_EQ(problem("[list]\nzones = [\"bl bl.ex\"" + honeypots), "");
  EXPECT_EQ(problem("[list]\nzones = [\"bl bl.ex\"]\nlisten = [\"inet:127.0.0.1:53\"]"), "");
}

}  // namespace
}  // namespace leumund::config
