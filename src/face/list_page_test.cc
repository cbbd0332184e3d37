// The public page about our own lists: what visitors see, and what must never reach them.
#include "face/list_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "face/explain_form.h"
#include "face/report_line.h"

namespace leumund::face {
namespace {

using config::Language;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const base::TimePoint start = base::from_unix_seconds(1'800'000'000);

class FakeLists final : public ListControl {
 public:
  [[nodiscard]] ListReport list_report(std::size_t) const override { return {}; }
  using ListControl::list_why;
  [[nodiscard]] std::vector<ListWhy> list_why(const base::IpPrefix& what,
                                              std::size_t most) const override {
    ++looked_up;
    ListWhy why;
    why.name = "bl";
    why.zone = "bl.example.org";
    why.standing = standing;
    why.standing.facts.what = listing::ListEngine::place_of(what.address);
    if (most > 0) why.history = history;
    return {why};
  }
  [[nodiscard]] std::vector<NameWhy> name_why(const std::string& name, std::size_t) const override {
    if (!takes_names || !name.contains('.')) return {};
    NameWhy why;
    why.list = "dbl";
    why.zone = "dbl.example.org";
    why.of = name.contains('@') ? model::ListKind::sha1 : model::ListKind::domains;
    why.standing.facts.name = name.contains('@') ? "0123abcd" : name;
    why.standing.facts.listed = standing.facts.listed;
    why.standing.facts.since = start;
    why.standing.facts.until = start + std::chrono::hours(12);
    listing::NameHistoryRecord begun;
    begun.line.move = "listed";
    begun.line.kinds = {2, 0, 0, 0, 0};
    why.history = {begun};
    return {why};
  }
  base::Status list_add(const ListOrder&) override { return {}; }
  base::Status list_remove(const ListOrder&) override { return {}; }
  [[nodiscard]] base::Result<std::string> list_export(const std::string&, bool) const override {
    return std::string();
  }
  base::Result<ReportsTaken> take_reports(std::string_view) override { return ReportsTaken(); }
  base::Status delist_on_request(const base::IpAddress& address, std::string_view reason) override {
    asked = address.to_string() + ": " + std::string(reason);
    if (refusal) return *refusal;
    standing.facts.listed = false;
    return {};
  }

  base::Status delist_name_on_request(const std::string& name, std::string_view reason) override {
    asked = name + ": " + std::string(reason);
    standing.facts.listed = false;
    return {};
  }

  mutable int looked_up = 0;
  bool takes_names = false;
  listing::ServedList::Standing standing;
  std::vector<listing::ListHistoryRecord> history;
  std::optional<base::Error> refusal;
  std::string asked;
};

class ListPageTest : public testing::Test {
 protected:
  ListPageTest() {
    lists.standing.facts.listed = true;
    lists.standing.facts.since = start;
    lists.standing.facts.until = start + std::chrono::hours(24);
    lists.standing.facts.kinds = {7, 4, 1, 0, 0};
    lists.standing.facts.weighed.mail = 41;
    listing::ListHistoryRecord line;
    line.at = start;
    line.move = "listed";
    line.kinds = {3, 2, 0, 0, 0};
    line.by = "admin anna";
    line.reason = "secret<b>";
    lists.history = {line};
  }
  net::HttpResponse get(const std::string& ip, const std::string& lang = "en",
                        const std::string& path = "/bl") {
    net::HttpRequest request;
    request.method = "GET";
    request.path = path;
    request.remote = "203.0.113.99";
    if (!ip.empty()) request.params[ip] = "";
    request.params["lang"] = lang;
    return answer(request);
  }
  net::HttpResponse post(const std::string& body) {
    net::HttpRequest request;
    request.method = "POST";
    request.path = "/bl";
    request.remote = "203.0.113.99";
    request.body = body;
    return answer(request);
  }
  net::HttpResponse answer(const net::HttpRequest& request) {
    net::HttpResponse response;
    for (const auto& route : page.routes()) {
      if (route.method == request.method && route.pattern == request.path) {
        route.handler(request, response);
      }
    }
    return response;
  }

  FakeLists lists;
  std::uint32_t per_hour = 2;
  base::TimePoint now = start;
  ListPage page{lists,
                {.rate = {.per_minute = 30, .all_per_second = 100},
                 .requests_per_hour = [this] { return per_hour; }},
                [this] { return now; }};
};

TEST_F(ListPageTest, SaysSinceWhenWhyAndUntilWhenInBothLanguages) {
  const auto english = get("192.0.2.1");
  EXPECT_EQ(english.status, 200);
  EXPECT_THAT(
      english.body,
      AllOf(HasSubstr("192.0.2.1 is listed on bl.example.org."),
            HasSubstr("Since 2027-01-15 08:00:00."), HasSubstr("ends by 2027-01-16 08:00:00"),
            HasSubstr("3 complaints"), HasSubstr("2 hits of traps that never were"),
            HasSubstr("about 41."), HasSubstr("<button>Take it off the list</button>")));
  EXPECT_THAT(get("192.0.2.1", "de").body,
              AllOf(HasSubstr("192.0.2.1 steht auf bl.example.org."), HasSubstr("3 Beschwerden"),
                    HasSubstr("Von der Liste nehmen"), HasSubstr("lang=\"de\"")));
}

TEST_F(ListPageTest, NeverTellsWhoSaidItNorRunsAnything) {
  const auto page_of_it = get("192.0.2.1");
  EXPECT_THAT(page_of_it.body,
              AllOf(Not(HasSubstr("anna")), Not(HasSubstr("secret")), Not(HasSubstr("<script"))));
  const auto json = get("192.0.2.1", "en", "/v1/bl");
  EXPECT_THAT(json.body, AllOf(HasSubstr("\"listed\":true"), HasSubstr("\"complaint\":3"),
                               Not(HasSubstr("anna")), Not(HasSubstr("secret"))));
  bool policy = false;
  for (const auto& [name, value] : page_of_it.headers) {
    policy =
        policy || (name == "Content-Security-Policy" && value.starts_with("default-src 'none'"));
  }
  EXPECT_TRUE(policy);
}

TEST_F(ListPageTest, ShowsAStrangersTextAsText) {
  const auto hostile = get("\"><img src=x>");
  EXPECT_EQ(hostile.status, 400);
  EXPECT_THAT(hostile.body, AllOf(HasSubstr("no address"), Not(HasSubstr("<img"))));
  lists.standing.hand = listing::HandListing{
      *base::IpPrefix::parse("192.0.2.0/24"), start, {}, "<img src=x>", "anna"};
  EXPECT_THAT(get("192.0.2.1").body, Not(HasSubstr("<img")));
}

TEST_F(ListPageTest, AnAddressThatIsNotListedHasNoButton) {
  lists.standing.facts.listed = false;
  EXPECT_THAT(get("192.0.2.1").body,
              AllOf(HasSubstr("is not listed on"), Not(HasSubstr("Take it off"))));
  EXPECT_THAT(get("").body, Not(HasSubstr("role=\"alert\"")));
  EXPECT_EQ(get("", "en", "/v1/bl").status, 400);
}

TEST_F(ListPageTest, WhatTheOperatorPutThereOnlyHeTakesOff) {
  lists.standing.facts.listed = false;
  lists.standing.hand = listing::HandListing{*base::IpPrefix::parse("192.0.2.0/24"), start,
                                             start + std::chrono::hours(24), "shop", "anna"};
  EXPECT_THAT(get("192.0.2.1").body,
              AllOf(HasSubstr("write to the operator"), HasSubstr("The listing ends at 2027-01-16"),
                    Not(HasSubstr("<textarea"))));
  lists.refusal = base::Error{base::ErrorCode::refused, "192.0.2.1 is not listed"};
  EXPECT_THAT(post("ip=192.0.2.1&lang=en&reason=x").body,
              AllOf(HasSubstr("Only the operator"), Not(HasSubstr("is not listed<"))));
}

TEST_F(ListPageTest, ADomainOrMailAddressIsShownAndTakenOffWhereAListTakesIt) {
  EXPECT_EQ(get("spam.example").status, 400);
  lists.takes_names = true;
  EXPECT_THAT(
      get("spam.example").body,
      AllOf(HasSubstr("spam.example is listed on dbl.example.org."), HasSubstr("2 complaints"),
            Not(HasSubstr("Known mail from it")), HasSubstr("name=\"ip\" value=\"spam.example\"")));
  const auto person = get("a+b@spam.example", "de");
  EXPECT_THAT(person.body, AllOf(HasSubstr("a+b@spam.example steht auf dbl.example.org."),
                                 HasSubstr("?ip=a%2Bb%40spam.example&amp;lang=en")));
  EXPECT_THAT(get("spam.example", "en", "/v1/bl").body,
              AllOf(HasSubstr("\"name\":\"spam.example\""), HasSubstr("\"of\":\"domains\""),
                    Not(HasSubstr("\"network\""))));
  const auto done = post("ip=spam.example&lang=en&reason=a+cracked+shop");
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(lists.asked, "spam.example: a cracked shop");
  EXPECT_THAT(done.body, AllOf(HasSubstr("It is taken off."), HasSubstr("is not listed on")));
  EXPECT_EQ(post("ip=nothing&lang=en&reason=x").status, 400);
}

TEST_F(ListPageTest, WhoHasTheAddressTakesItOffWithAReason) {
  const auto done = post("ip=192.0.2.1&lang=en&reason=a+hacked+%22form%22");
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(lists.asked, "192.0.2.1: a hacked \"form\"");
  EXPECT_THAT(done.body, AllOf(HasSubstr("It is taken off."), HasSubstr("is not listed on")));
}

TEST_F(ListPageTest, ARefusalIsToldAndTheNextRequestHasItsDate) {
  lists.refusal = base::Error{base::ErrorCode::refused, "it was delisted already"};
  const auto refused = post("ip=192.0.2.1&lang=en&reason=x");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, AllOf(HasSubstr("It cannot be taken off here now."),
                                  Not(HasSubstr("delisted already"))));
  lists.refusal = base::Error{base::ErrorCode::malformed, "the reason has 0 bytes"};
  const auto empty = post("ip=192.0.2.1&lang=de&reason=");
  EXPECT_EQ(empty.status, 400);
  EXPECT_THAT(empty.body,
              AllOf(HasSubstr("Bitte sagen Sie in wenigen Worten"), Not(HasSubstr("the reason"))));
  lists.refusal.reset();
  lists.standing.facts.next_request_at = start + std::chrono::hours(24);
  EXPECT_THAT(get("192.0.2.1").body,
              AllOf(HasSubstr("counts from 2027-01-16"), Not(HasSubstr("<textarea"))));
}

TEST_F(ListPageTest, DelistingsOfAnHourAreBounded) {
  for (int i = 0; i < 2; ++i) {
    lists.standing.facts.listed = true;
    EXPECT_EQ(post("ip=192.0.2.1&lang=en&reason=x").status, 200);
  }
  lists.standing.facts.listed = true;
  EXPECT_EQ(post("ip=192.0.2.1&lang=en&reason=x").status, 429);
  now += std::chrono::hours(1);
  EXPECT_EQ(post("ip=192.0.2.1&lang=en&reason=x").status, 200);
}

TEST_F(ListPageTest, NobodyLearnsByAMailWhichAddressIsATrap) {
  const auto seen = [this] {
    return get("192.0.2.1").body + get("192.0.2.1", "en", "/v1/bl").body;
  };
  const std::string before = seen();
  lists.standing.facts.kinds = {7, 5, 1, 0, 0};
  lists.standing.facts.weighed.spam = 30;
  lists.standing.facts.weighed.reporters = 9;
  lists.standing.facts.last_report_at = start + std::chrono::minutes(3);
  lists.standing.facts.until = start + std::chrono::hours(23) + std::chrono::minutes(3);
  EXPECT_EQ(seen(), before) << "of a listed address";
  lists.standing.facts.listed = false;
  lists.history.clear();
  const std::string free = seen();
  lists.standing.facts.kinds = {0, 1, 0, 0, 0};
  lists.standing.verdict = listing::ListVerdict::too_few_reporters;
  EXPECT_EQ(seen(), free) << "of one that is not";
}

TEST_F(ListPageTest, AVisitorTakesOffThreeAddressesADay) {
  per_hour = 100;
  for (int i = 0; i < 4; ++i) {
    lists.standing.facts.listed = true;
    EXPECT_EQ(post("ip=192.0.2.1&lang=en&reason=x").status, i < 3 ? 200 : 429);
  }
  now += std::chrono::hours(24);
  EXPECT_EQ(post("ip=192.0.2.1&lang=en&reason=x").status, 200);
}

TEST_F(ListPageTest, WhoSitsInTheListedNetworkNeedsNoShareOfStrangers) {
  per_hour = 0;
  EXPECT_EQ(post("ip=192.0.2.1&lang=en&reason=x").status, 429);
  lists.standing.facts.listed = true;
  EXPECT_EQ(post("ip=203.0.113.7&lang=en&reason=x").status, 200) << "he is 203.0.113.99";
}

TEST_F(ListPageTest, AFormOfAnotherSiteTakesNothingOff) {
  net::HttpRequest request;
  request.method = "POST";
  request.path = "/bl";
  request.remote = "203.0.113.99";
  request.headers["sec-fetch-site"] = "cross-site";
  request.body = "ip=192.0.2.1&lang=en&reason=x";
  EXPECT_EQ(answer(request).status, 403);
  EXPECT_EQ(lists.asked, "");
  request.headers["sec-fetch-site"] = "same-origin";
  EXPECT_EQ(answer(request).status, 200);
}

TEST_F(ListPageTest, WhoAsksTooOftenIsToldSo) {
  for (int i = 0; i < 30; ++i) EXPECT_EQ(get("192.0.2.1").status, 200);
  const auto often = get("192.0.2.1");
  EXPECT_EQ(often.status, 429);
  EXPECT_THAT(often.body, AllOf(HasSubstr("very often"), Not(HasSubstr("is listed"))));
  const int looked_up = lists.looked_up;
  EXPECT_EQ(post("ip=192.0.2.1&lang=en&reason=x").status, 429);
  EXPECT_EQ(lists.looked_up, looked_up) << "nor is a list asked for him";
}

TEST(ReportLine, IsReadWithItsLimits) {
  const auto line = parse_report_line(
      R"({"client":"192.0.2.1","kind":"typo_trap","reporter":"A@B.example","at":12.5,"x":[1]})",
      start);
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->kind, model::AbuseKind::typo_trap);
  EXPECT_EQ(line->reporter, "a@b.example");
  EXPECT_EQ(line->at, base::from_unix_seconds(12.5));
  EXPECT_EQ(parse_report_line(R"({"client":"::1","reporter":"a"})", start)->at, start);
  const auto wrong = [](std::string_view text) {
    return parse_report_line(text, start).error().message;
  };
  EXPECT_THAT(wrong("x"), HasSubstr("no JSON object"));
  EXPECT_THAT(wrong(R"({"client":7,"reporter":"a"})"), HasSubstr("client"));
  EXPECT_THAT(wrong(R"({"client":"::1"})"), HasSubstr("reporter"));
  EXPECT_THAT(wrong(R"({"client":"::1","reporter":"a","kind":"spam"})"), HasSubstr("kind"));
  EXPECT_THAT(wrong(R"({"client":"::1","reporter":"a","at":-1})"), HasSubstr("at is no time"));
  EXPECT_THAT(wrong(std::string(5000, ' ')), HasSubstr("limit of 4096"));
}

}  // namespace
}  // namespace leumund::face
