#include "storage/detour_codec.h"

#include <gtest/gtest.h>

#include "storage/stored_name.h"

namespace leumund::storage {
namespace {

StoredDetours stored() {
  StoredDetours out;
  model::Detour& detour = out.detours.emplace_back();
  detour.provider = "gmx";
  detour.pool = "tenant";
  detour.phase = model::DetourPhase::open;
  detour.home = "out3";
  detour.via = "out4";
  detour.counted = "out4";
  detour.warning = "out4 has no reverse name";
  detour.probe = model::DetourProbe{
      {"mx", "postfix", "4XyZ"}, base::from_unix_seconds(1'700'000'000), "r@gmx.net"};
  detour.home_took_at = base::from_unix_seconds(1'700'000'500);
  StoredDetours::Held held{
      "gmx", {"mx", "", "4A"}, {model::SubjectKind::account, "a@t.example"}, "tenant"};
  held.mail_class = model::MailClass::bulk;
  held.for_room = true;
  held.recipients = 12;
  held.also = {{{"web", ""}, 3}, {{"t-online", "tenant"}, 1}};
  out.held = {held,
              {"gmx", {"mx", "", "4C"}, {}},  // nobody knows whose it is
              {"web", {"mx", "", "4B"}, {model::SubjectKind::account, "b@t.example"}}};
  out.holding = {{"policy/7f.1", out.held.back()}};
  out.returning = {{"web", ""}, {"gmx", "tenant"}};
  return out;
}

TEST(StoredDetours, ComeBackAsTheyWere) {
  const auto read = decode_detours(encode_detours(stored()));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->detours, stored().detours);
  EXPECT_EQ(read->held, stored().held);
  EXPECT_EQ(read->holding, stored().holding);
  EXPECT_EQ(read->returning, stored().returning);
}

TEST(StoredDetours, OfAVersionWithoutPoolsAndClassesAreRead) {
  const auto read =
      decode_detours(R"({"detours":[],"held":[["web","mx","","4B","account:b@t.example"]]})");
  ASSERT_TRUE(read.ok()) << read.error().message;
  ASSERT_EQ(read->held.size(), 1U);
  EXPECT_EQ(read->held.front(), stored().held.back());
}

TEST(StoredDetours, ThatAreDamagedAreRefusedWithAReason) {
  const std::string text = encode_detours(stored());
  for (const std::string& bad :
       {text.substr(0, text.size() / 2), std::string("[]"), std::string("{}"), std::string("")}) {
    const auto read = decode_detours(bad);
    ASSERT_FALSE(read.ok()) << bad;
    EXPECT_NE(read.error().message.find("detour"), std::string::npos);
  }
}

TEST(StoredDetours, OneBadEntryIsNamedAndCostsTheOthersNothing) {
  std::string text = encode_detours(stored());
  const auto put_in = [&](std::string_view where, std::string_view what) {
    const auto at = text.find(where);
    ASSERT_NE(at, std::string::npos) << where;
    text.insert(at + where.size(), what);
  };
  put_in("\"detours\": [", R"({"phase":"lost","provider":"t-online"},7,)");
  put_in("\"held\": [", R"(["web"],{},)");
  put_in("\"holding\": [", R"(["policy/1",["web"]],)");
  put_in("\"returning\": [", R"(["web"],)");
  const auto read = decode_detours(text);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->detours, stored().detours);
  EXPECT_EQ(read->held, stored().held);
  EXPECT_EQ(read->holding, stored().holding);
  EXPECT_EQ(read->returning, stored().returning);
  ASSERT_EQ(read->unreadable.size(), 6U);
  EXPECT_NE(read->unreadable.front().find("t-online"), std::string::npos);
}

// It would be let go as nobody's, be its sender stopped or not.
TEST(DetourCodec, HeldMailOfANameThatIsNoTextStaysItsOwn) {
  StoredDetours stored;
  StoredDetours::Held held{"gmx", {"", "", "4A"}, {}};
  for (const char* name : {"m\xfcller", "bytes:6d", "m\xc3\xbcller"}) {
    held.subject = {model::SubjectKind::account, name};
    stored.held = {held};
    const auto read = decode_detours(encode_detours(stored));
    ASSERT_TRUE(read && read->held.size() == 1);
    EXPECT_EQ(read->held[0].subject, held.subject);
  }
  EXPECT_EQ(name_of_stored("bytes:6"), "bytes:6");
  EXPECT_EQ(name_of_stored("bytes:zz"), "bytes:zz");
  EXPECT_EQ(name_of_stored(stored_name("bytes:6d")), "bytes:6d");
}

}  // namespace
}  // namespace leumund::storage
