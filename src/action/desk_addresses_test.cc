#include "action/desk_addresses.h"

#include <gtest/gtest.h>

namespace leumund::action {
namespace {

std::string masked(std::string_view text) {
  return shown_addresses(
      text,
      [](std::string_view local_part, std::string_view) {
        return is_desk_name(local_part) ? ShownAddress::whole : ShownAddress::domain;
      },
      "[address]");
}

TEST(DeskAddresses, EveryFormOfAnAddressIsSeen) {
  for (const auto& [text, wanted] : std::initializer_list<std::pair<const char*, const char*>>{
           {"<bob@gmx.net>: no", "<...@gmx.net>: no"},
           {"'Bob.Meier+x@Gmx.Net'.", "'...@Gmx.Net'."},
           {"bob@gmx.net,anna@gmx.net;carl@[192.0.2.1]", "...@gmx.net,...@gmx.net;...@[192.0.2.1]"},
           {"(\"bob \\\"the\\\" meier\"@gmx.net)", "(...@gmx.net)"},
           {"said: \"550 no\" of \"bob meier\"@gmx.net", "said: \"550 no\" of ...@gmx.net"},
           {"\"bob@gmx.net\"@relay.example", "...@relay.example"},
           {"bob@gmx.net@relay.example", "...@gmx.net@relay.example"},
           {"bob%gmx.net@relay.example", "...@relay.example"},
           {"prvs=0123=bob@gmx.net", "...@gmx.net"},
           {"bounces+bob=gmx.net@list.example", "...@list.example"},
           {"bounces+bob=3Dgmx.net@list.example", "...@list.example"},
           {"SRS1=aa=b.example==cc=dd=gmx.net=bob@c.example", "...@c.example"},
           {"to=3Dbob@gmx.net orig_to=<bob@gmx.net>", "to=3D...@gmx.net orig_to=<...@gmx.net>"},
           {"contact=abuse@gmx.net, mailto:Postmaster@gmx.net",
            "contact=abuse@gmx.net, mailto:Postmaster@gmx.net"},
           {"http://a.example/x?m=bob@gmx.net&ip=192.0.2.1",
            "http://a.example/x?m=...@gmx.net&ip=192.0.2.1"},
           {"http://a.example/b/bob%40gmx.net", "http://a.example/b/...%40gmx.net"},
           {"www.a.example/x?m=SRS0=aa=bob@gmx.net", "www.a.example/x?m=...@gmx.net"},
           {"j\xc3\xb6rg@gmx.net", "...@gmx.net"},
           {"...@gmx.net", "...@gmx.net"},
           {"cut off: bob@", "cut off: ...@"},
           {"at 10 @ home @", "at 10 @ home @"},
           {"", ""}}) {
    EXPECT_EQ(masked(text), wanted) << text;
  }
}

TEST(DeskAddresses, OnlyNamesOfDesksAreDesks) {
  for (const char* desk : {"abuse", "Postmaster", "delist", "abuse-desk", "spam_reports",
                           "unblock.request", "abuse-support"}) {
    EXPECT_TRUE(is_desk_name(desk)) << desk;
  }
  for (const char* name : {"", "...", "anna", "abuse.meier", "abuse+bob=gmx.net", "abuse2",
                           "support", "info", "block"}) {
    EXPECT_FALSE(is_desk_name(name)) << name;
  }
  EXPECT_TRUE(is_help_name("support"));
  EXPECT_FALSE(is_help_name("anna"));
  EXPECT_TRUE(is_desk_domain("abuse.earthlink.net"));
  EXPECT_FALSE(is_desk_domain("abuse.net")) << "people of that name have mailboxes";
}

TEST(DeskAddresses, OfAPartyItsDesksStayAndItsCustomersDoNot) {
  model::Contact contact;
  contact.email = "unblock.request@cox.net";
  contact.domain = "cox.net";
  EXPECT_EQ(without_strangers("ask Unblock.Request@cox.net or support@cox.net, not bob1@cox.net",
                              contact, config::Language::en),
            "ask Unblock.Request@cox.net or support@cox.net, not [address]");
  contact.email = "tosa@rx.t-online.de";
  contact.domain = "t-online.de";
  EXPECT_EQ(
      without_strangers("tobr@rx.t-online.de, bob1@t-online.de, abuse@kunde.example, ...@gmx.net",
                        contact, config::Language::de),
      "tobr@rx.t-online.de, [Adresse], [Adresse], [Adresse]");
  EXPECT_EQ(without_strangers("delist@filter.example", contact, config::Language::en),
            "delist@filter.example")
      << "whoever filters for them";
}

}  // namespace
}  // namespace leumund::action
