#include "storage/case_codec.h"

#include <gtest/gtest.h>

namespace leumund::storage {
namespace {

base::TimePoint at(int seconds) {
  return base::TimePoint(std::chrono::seconds(1'700'000'000 + seconds));
}

model::Case full_case() {
  model::Case one;
  one.number = 7;
  one.subject = {model::SubjectKind::egress, "out1"};
  one.state = model::CaseState::closed;
  one.opened_at = at(1);
  one.quiet_since = at(2);
  one.closed_at = at(3);
  one.recurs_of = 4;
  one.parties = {{"list:xbl",
                  "XBL",
                  at(1),
                  at(2),
                  2,
                  {"192.0.2.25"},
                  "words",
                  "us",
                  "https://list.example/",
                  "form",
                  true,
                  {1, 2, 3, 4, {0, 5, 6, 7, 8, 9, 10, 11}},
                  at(9),
                  {"127.0.0.2"},
                  "our words"}};
  one.causes = {{{model::SubjectKind::account, "a@b.test"}, 12, at(0), at(5), "burst", true}};
  one.more_causes = 3;
  one.attempts = {{1, "list:xbl", at(2), "admin", model::CaseStep::postmaster, "x@list.example",
                   "please", model::CaseOutcome::refused, at(3), "no"}};
  one.lines = {{at(1), "cases", model::CaseEvent::began, "list:xbl", "192.0.2.25", 11}};
  one.dropped_lines = 5;
  one.reviews = {at(100), at(200)};
  return one;
}

TEST(CaseCodec, ACaseIsReadAsItWasWritten) {
  EXPECT_EQ(decode_case(encode_case(full_case())).value(), full_case());
  model::Case fresh;
  fresh.subject = {model::SubjectKind::list, "x"};
  EXPECT_EQ(decode_case(encode_case(fresh)).value(), fresh);
}

TEST(CaseCodec, ACaseFromBeforeThereWereClassesIsRead) {
  std::string text = encode_case(full_case());
  const std::string classes = ",[0,5,6,7,8,9,10,11]";
  ASSERT_NE(text.find(classes), std::string::npos) << text;
  text.erase(text.find(classes), classes.size());
  model::Case wanted = full_case();
  wanted.parties.front().impact.classes = {};
  EXPECT_EQ(decode_case(text).value(), wanted);
}

TEST(CaseCodec, ACauseFromBeforeItToldThrottlesIsAStop) {
  std::string text = encode_case(full_case());
  const std::string throttled = R"("throttled":true)";
  ASSERT_NE(text.find(throttled), std::string::npos) << text;
  text.replace(text.find(throttled), throttled.size(), R"("other":1)");
  EXPECT_FALSE(decode_case(text).value().causes.front().throttled);
}

TEST(CaseCodec, NewsAreReadAsTheyWereWritten) {
  model::CaseNews news;
  news.what = model::CaseNews::What::due;
  news.number = 7;
  news.line = full_case().lines[0];
  news.title = "XBL";
  news.url = "https://list.example/";
  news.predatory = true;
  EXPECT_EQ(decode_case_news(encode_case_news(news)).value(), news);
  news.step = model::CaseStep::upstream;
  EXPECT_EQ(decode_case_news(encode_case_news(news)).value(), news);
}

TEST(CaseCodec, WhatIsNoCaseIsRefusedAndNamed) {
  const std::string good = encode_case(full_case());
  for (const auto& [from, to] : {std::pair("\"closed\"", "\"lost\""),
                                 {"\"postmaster\"", "\"bribe\""},
                                 {"\"egress:out1\"", "\"\""},
                                 {"\"number\":7", "\"number\":\"7\""},
                                 {"\"parties\"", "\"partys\""},
                                 {"}", ""}}) {
    std::string bad = good;
    bad.replace(bad.find(from), std::string_view(from).size(), to);
    const auto read = decode_case(bad);
    ASSERT_FALSE(read.ok()) << from;
    EXPECT_EQ(read.error().code, base::ErrorCode::malformed);
    EXPECT_TRUE(read.error().message.starts_with("a stored case cannot be read: "));
  }
  EXPECT_FALSE(decode_case("").ok());
}

TEST(CaseCodec, BytesThatAreNoTextDoNotLoseTheCase) {
  auto one = full_case();
  one.parties[0].words = "550 \xff\xfe no";
  const auto read = decode_case(encode_case(one));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->parties[0].id, "list:xbl");
}

}  // namespace
}  // namespace leumund::storage
