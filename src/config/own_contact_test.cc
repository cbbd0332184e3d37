#include "config/own_contact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"

namespace leumund::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(OwnContact, FieldsAreReadAndANoteMayHoldBlanks) {
  const auto contact = parse_own_contact(
      "provider:t-online email=TOSA@rx.t-online.de form=https://x.example/a "
      "note=\"ask for Ms X, before 17:00\" language=de upstream=noc@net.example");
  ASSERT_TRUE(contact) << contact.error().message;
  EXPECT_EQ(contact->party, "provider:t-online");
  EXPECT_EQ(contact->email, "tosa@rx.t-online.de");
  EXPECT_EQ(contact->form, "https://x.example/a");
  EXPECT_EQ(contact->own_note, "ask for Ms X, before 17:00");
  EXPECT_EQ(contact->language, "de");
  EXPECT_EQ(contact->upstream, "noc@net.example");
  EXPECT_TRUE(contact->own);
}

TEST(OwnContact, WhatIsWrongIsNamed) {
  const std::pair<const char*, const char*> wrong[] = {
      {"", "want list:ID"},
      {"t-online email=a@b.example", "want list:ID"},
      {"list:psbl", "what is known"},
      {"list: email=a@b.example", "want list:ID"},
      {"list:psbl email=nobody", "list:psbl: email:"},
      {"list:psbl email=", "is empty"},
      {"list:psbl form=ftp://x.example", "form:"},
      {"list:psbl language=fr", "language is de or en"},
      {"list:psbl fax=1", "knows email"},
      {"list:psbl note=\"open", "not closed"},
      {"list:psbl note=", "note is empty"},
      {"list:psbl note=a\nb", "control character"}};
  for (const auto& [text, told] : wrong) {
    const auto contact = parse_own_contact(text);
    ASSERT_FALSE(contact) << text;
    EXPECT_THAT(contact.error().message, HasSubstr(told)) << text;
  }
  const auto loaded =
      load_text("[cases]\ncontacts = [\"list:psbl fax=1\"]", "t.toml", Surroundings());
  EXPECT_THAT(loaded.problems, ElementsAre(HasSubstr("cases.contacts")));
}

TEST(OwnContact, WhatTheOperatorKnowsGoesOverTheRegistryForItsPartyOnly) {
  model::Contact contact;
  contact.party = "provider:t-online";
  contact.method = "unknown";
  contact.email = "old@x.example";
  contact.page = "https://x.example/";
  contact.sure = false;
  add_own_contact({"list:psbl email=psbl@x.example", "provider:t-online postmaster=p@x.example",
                   "provider:t-online email=new@x.example note=now"},
                  contact);
  EXPECT_EQ(contact.email, "new@x.example");
  EXPECT_EQ(contact.postmaster, "p@x.example");
  EXPECT_EQ(contact.page, "https://x.example/");
  EXPECT_EQ(contact.method, "email") << "it can be asked by mail now";
  EXPECT_TRUE(contact.sure);
  EXPECT_EQ(contact.own_note, "now");
}

}  // namespace
}  // namespace leumund::config
