// The public page: what visitors paste, what they see, and what must never reach their browser.
#include "face/explain_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "face/explain_form.h"
#include "net/http_client.h"

namespace leumund::face {
namespace {

using config::Language;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* hostile =
    "550 <script>alert(1)</script> \"onmouseover=x\" 'y' </textarea><b> &amp;";

// --- the form -----------------------------------------------------------------------------------

TEST(ExplainForm, ReadsWhatBrowsersAndPeopleSend) {
  const auto encoded = read_pasted("application/x-www-form-urlencoded; charset=utf-8",
                                   "lang=de&text=550+5.7.1%20%3Ca%3E+%C3%A4%0D%0Ab&x=1");
  ASSERT_TRUE(encoded);
  EXPECT_EQ(encoded->text, "550 5.7.1 <a> \u00e4\r\nb");
  EXPECT_EQ(encoded->language, "de");
  const auto plain = read_pasted("text/plain", "lang=de\r\ntext=550 a=b&c\r\nlang=en\r\n");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->text, "550 a=b&c\r\nlang=en\r\n");
  EXPECT_EQ(plain->language, "de");
  EXPECT_EQ(read_pasted("text/plain", "550 no form at all")->text, "550 no form at all");
  EXPECT_EQ(read_pasted("text/plain", "lang=fr\ntext=x")->language, "");
}

TEST(ExplainForm, HalfAnEscapeStaysAsItIs) {
  EXPECT_EQ(read_pasted("application/x-www-form-urlencoded", "text=a%4")->text, "a%4");
  EXPECT_EQ(read_pasted("application/x-www-form-urlencoded", "text=%zz%41")->text, "%zzA");
}

TEST(ExplainForm, BrokenCharactersAreReplacedAndTooMuchIsRefused) {
  EXPECT_EQ(read_pasted("text/plain", "text=a\xff z")->text, "a\ufffd z");
  EXPECT_TRUE(read_pasted("text/plain", std::string(pasted_text_max, 'x')));
  const auto over = read_pasted("text/plain", std::string(pasted_text_max + 1, 'x'));
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, base::ErrorCode::too_large);
}

TEST(ExplainForm, OnlyPlainWebAddressesBecomeLinks) {
  EXPECT_EQ(safe_link("https://www.spamcop.net/bl.shtml?192.0.2.1&x=1"),
            "https://www.spamcop.net/bl.shtml?192.0.2.1&amp;x=1");
  for (const char* bad : {"javascript:alert(1)", "https://a\" onclick=x", "data:text/html,x",
                          "https://a b", "//x.example", "", "https://x/\n", "https://x/<"}) {
    EXPECT_EQ(safe_link(bad), "") << bad;
  }
  EXPECT_EQ(safe_link("https://" + std::string(600, 'x')), "");
}

TEST(ExplainForm, TheBrowsersLanguageDecides) {
  EXPECT_EQ(preferred_language("de-DE,de;q=0.9,en;q=0.8"), Language::de);
  EXPECT_EQ(preferred_language("en-US,en;q=0.9,de;q=0.8"), Language::en);
  EXPECT_EQ(preferred_language("fr, de;q=0.3"), Language::de);
  EXPECT_EQ(preferred_language("de;q=0, en"), Language::en);
  EXPECT_EQ(preferred_language("fr"), Language::en);
  EXPECT_EQ(preferred_language(""), Language::en);
}

// --- the page -----------------------------------------------------------------------------------

TEST(ExplainHtml, NothingOfAStrangerBecomesMarkup) {
  const std::vector<ExplainedReply> results = {{.recipient = hostile,
                                                .explanation = hostile,
                                                .evidence = hostile,
                                                .lookup_url = "javascript:alert(1)",
                                                .permanent = true,
                                                .sure = true,
                                                .json = ""}};
  const std::string html = explain_html({.text = hostile, .results = &results, .trouble = ""});
  EXPECT_THAT(html, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<b>")),
                          Not(HasSubstr("\"onmouseover")), Not(HasSubstr("javascript"))));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_THAT(html, HasSubstr("&lt;/textarea&gt;"));
}

TEST(ExplainHtml, SpeaksBothLanguagesAndSaysWhenThereIsNothing) {
  const std::vector<ExplainedReply> none;
  EXPECT_THAT(explain_html({.text = "x", .results = &none, .trouble = ""}),
              AllOf(HasSubstr("lang=\"en\""), HasSubstr("no refusal")));
  EXPECT_THAT(
      explain_html({.language = Language::de, .text = "x", .results = &none, .trouble = ""}),
      AllOf(HasSubstr("lang=\"de\""), HasSubstr("keine Abweisung")));
  EXPECT_THAT(explain_html({.text = "", .results = nullptr, .trouble = ""}),
              Not(HasSubstr("no refusal")));
}

TEST(ExplainHtml, ALongEvidenceIsCutBetweenCharacters) {
  std::vector<ExplainedReply> results(1);
  for (int i = 0; i < 300; ++i) results[0].evidence += "\u00e4";
  results[0].evidence.insert(0, "x");
  const std::string html = explain_html({.text = "", .results = &results, .trouble = ""});
  EXPECT_THAT(html, Not(HasSubstr("\xc3<")));
}

// --- over a socket ------------------------------------------------------------------------------

class ExplainSocket : public ::testing::Test {
 protected:
  void SetUp() override {
    net::HttpOptions options;
    options.listen = net::Endpoint::tcp("127.0.0.1", 0);
    options.threads = 2;
    options.streams_max = 0;
    auto server = net::HttpServer::open(std::move(options), page_.routes());
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  net::HttpReply call(std::string method, std::string target, std::string body = "",
                      std::string type = "text/plain",
                      std::vector<std::pair<std::string, std::string>> headers = {}) {
    net::HttpCall call;
    call.server = "http://127.0.0.1:" + std::to_string(server_->bound().port);
    call.method = std::move(method);
    call.target = std::move(target);
    call.body = std::move(body);
    call.content_type = std::move(type);
    call.headers = std::move(headers);
    auto reply = net::http_call(call);
    EXPECT_TRUE(reply) << reply.error().message;
    return reply ? *reply : net::HttpReply{};
  }

  ExplainPage page_{[](std::string_view text, Language language) {
                      return std::vector<ExplainedReply>{
                          {.recipient = "",
                           .explanation = (language == Language::de ? "deutsch: " : "english: ") +
                                          std::string(text),
                           .evidence = "",
                           .lookup_url = "",
                           .permanent = true,
                           .sure = true,
                           .json = R"({"kind":"other"})"}};
                    },
                    RateSettings{.per_minute = 4, .all_per_second = 50},
                    [] { return base::from_unix_seconds(1795284000); }};
  std::unique_ptr<net::HttpServer> server_;
};

TEST_F(ExplainSocket, AnswersTheFormInTheVisitorsLanguage) {
  const auto form = call("GET", "/explain", "", "", {{"Accept-Language", "de"}});
  EXPECT_EQ(form.status, 200);
  EXPECT_THAT(form.body, HasSubstr("Erkl\u00e4ren"));
  EXPECT_THAT(
      call("GET", "/explain?lang=en&text=550%20no", "", "", {{"Accept-Language", "de"}}).body,
      HasSubstr("english: 550 no"));
  EXPECT_THAT(call("POST", "/explain", "lang=de\r\ntext=550 <nein>\r\n").body,
              HasSubstr("deutsch: 550 &lt;nein&gt;"));
  EXPECT_THAT(
      call("POST", "/explain", "text=550+%3Cx%3E&lang=en", "application/x-www-form-urlencoded")
          .body,
      HasSubstr("english: 550 &lt;x&gt;"));
}

TEST_F(ExplainSocket, TheBrowserMayRunNothing) {
  const auto reply = call("GET", "/explain");
  EXPECT_THAT(reply.headers.at("content-security-policy"), HasSubstr("default-src 'none'"));
  EXPECT_EQ(reply.headers.at("cache-control"), "no-store");
  EXPECT_THAT(reply.headers.at("content-type"), HasSubstr("text/html; charset=utf-8"));
}

TEST_F(ExplainSocket, AnswersMachinesWithTheWholeDiagnosis) {
  EXPECT_EQ(call("POST", "/v1/explain-reply", "550 no").body,
            "{\"results\":[{\"kind\":\"other\"}]}\n");
  EXPECT_EQ(call("GET", "/v1/explain-reply?text=550").status, 200);
  EXPECT_EQ(call("GET", "/v1/explain-reply").status, 400);
}

TEST_F(ExplainSocket, NothingElseIsThere) {
  for (const char* path : {"/", "/v1/status", "/metrics", "/healthz", "/v1/events"}) {
    EXPECT_EQ(call("GET", path).status, 404) << path;
  }
}

TEST_F(ExplainSocket, TooMuchAndTooOftenAreRefusedWithASentence) {
  EXPECT_EQ(call("POST", "/explain", "text=" + std::string(pasted_text_max + 1, 'x')).status, 413);
  EXPECT_EQ(call("POST", "/explain", std::string(4 * pasted_text_max, 'x')).status, 413);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(call("GET", "/explain?text=550").status, 200);
  const auto refused = call("GET", "/explain?text=550");
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.body, HasSubstr("wait a minute"));
  EXPECT_EQ(call("GET", "/v1/explain-reply?text=550").status, 429);
  EXPECT_EQ(call("GET", "/explain").status, 200) << "the empty form costs nothing";
  EXPECT_EQ(call("GET", "/explain?text=550", "", "", {{"X-Forwarded-For", "192.0.2.9"}}).status,
            200)
      << "behind a web server on this host its visitors count one by one";
}

// --- the rate limit ------------------------------------------------------------------------------

TEST(RateLimit, FillsAgainWithTimeAndCountsNetworksOfIpv6) {
  RateLimit rate({.per_minute = 2, .all_per_second = 50}, {});
  const auto at = [](int seconds) { return base::TimePoint(std::chrono::seconds(1000 + seconds)); };
  EXPECT_TRUE(rate.take("192.0.2.1", at(0)));
  EXPECT_TRUE(rate.take("192.0.2.1", at(0)));
  EXPECT_FALSE(rate.take("192.0.2.1", at(1)));
  EXPECT_TRUE(rate.take("192.0.2.2", at(1)));
  EXPECT_TRUE(rate.take("192.0.2.1", at(31)));
  EXPECT_FALSE(rate.take("192.0.2.1", at(10))) << "a clock set back gives nothing";
  EXPECT_TRUE(rate.take("2001:db8::1", at(40)));
  EXPECT_TRUE(rate.take("2001:db8::2", at(40)));
  EXPECT_FALSE(rate.take("2001:db8::ffff:3", at(40)));
}

TEST(RateLimit, AllTogetherHaveALimitToo) {
  RateLimit rate({.per_minute = 100, .all_per_second = 10}, {});
  int taken = 0;
  for (int i = 0; i < 200; ++i) {
    taken += rate.take("198.51.100." + std::to_string(i), base::TimePoint(std::chrono::hours(1)));
  }
  EXPECT_EQ(taken, 10);
}

}  // namespace
}  // namespace leumund::face
