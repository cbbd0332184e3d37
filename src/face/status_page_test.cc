#include "face/status_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http_client.h"

namespace leumund::face {
namespace {

using config::Language;
using std::chrono::hours;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const base::TimePoint day = base::parse_rfc3339("2026-11-21T03:12:00Z").value();

OutageReport report() {
  OutageReport out;
  out.organisation = "Beispiel & Co";
  out.affected = {{"microsoft-consumer",
                   "Microsoft <consumer>",
                   {"hotmail.com", "outlook.com"},
                   day,
                   {},
                   OutageCare::another}};
  out.over = {
      {"t-online", "Telekom", {"t-online.de"}, day - hours(30), day - hours(2), OutageCare::none}};
  out.unaffected = {"Microsoft 365", "Google (Gmail and Workspace)"};
  out.unregistered = 2;
  out.now = day + hours(1);
  out.next_update = day + hours(3);
  return out;
}

TEST(StatusPageText, WhatIsAffectedAndWhatIsNotIsToldInBothLanguages) {
  EXPECT_THAT(status_html(report(), Language::en),
              AllOf(HasSubstr("<html lang=\"en\">"), HasSubstr("Microsoft &lt;consumer&gt;"),
                    HasSubstr("hotmail.com, outlook.com"),
                    HasSubstr("refused there since 21 November 2026 at 03:12 UTC"),
                    HasSubstr("takes another way"), HasSubstr("Not affected"),
                    HasSubstr("Microsoft 365, Google"), HasSubstr("servers that refuse us: 2."),
                    HasSubstr("From 19 November 2026 at 21:12 UTC to 21 November 2026 at 01:12")));
  EXPECT_THAT(status_html(report(), Language::de),
              AllOf(HasSubstr("<html lang=\"de\">"), HasSubstr("Nicht betroffen"),
                    HasSubstr("Microsoft 365, Google (Gmail und Workspace)"),
                    HasSubstr("seit dem 21. November 2026 um 03:12 Uhr UTC abgewiesen"),
                    HasSubstr("Nächster Stand bis: 21. November 2026 um 06:12 Uhr UTC")));
  OutageReport calm;
  EXPECT_THAT(status_html(calm, Language::en), HasSubstr("Mail gets through: no provider"));
  calm.unregistered = 1;
  EXPECT_THAT(status_html(calm, Language::de), HasSubstr("Bei allen großen Anbietern"));
}

TEST(StatusPageText, NothingInItIsScriptOrMarkupFromElsewhere) {
  auto hostile = report();
  hostile.organisation = hostile.affected[0].name = hostile.affected[0].provider =
      "<script>x</script>\"";
  for (const auto& text :
       {status_html(hostile, Language::en), status_atom(hostile, Language::en)}) {
    EXPECT_THAT(text, Not(HasSubstr("<script")));
  }
}

TEST(StatusPageText, AFeedsEntryKeepsItsNameWhenItsOutageEnds) {
  const auto before = status_atom(report(), Language::en);
  const std::string id = "<id>urn:leumund:outage:microsoft-consumer:1795230720</id>";
  EXPECT_THAT(before, AllOf(HasSubstr(id), HasSubstr("refuses mail from us</title>\n<updated>"
                                                     "2026-11-21T03:12:00Z")));
  auto ended = report();
  ended.over = ended.affected;
  ended.over[0].until = day + hours(5);
  ended.affected.clear();
  EXPECT_THAT(status_atom(ended, Language::en),
              AllOf(HasSubstr(id), HasSubstr("takes our mail again</title>\n<updated>"
                                             "2026-11-21T08:12:00Z")));
  EXPECT_THAT(
      status_json(report()),
      AllOf(HasSubstr(R"("since":"2026-11-21T03:12:00Z","until":null,"mail":"another_way")"),
            HasSubstr(R"j("unaffected":["Microsoft 365","Google (Gmail and Workspace)"])j")));
}

class StatusSocket : public ::testing::Test {
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
  net::HttpReply get(std::string target, const std::string& language = "en") {
    net::HttpCall call;
    call.server = "http://127.0.0.1:" + std::to_string(server_->bound().port);
    call.method = "GET";
    call.target = std::move(target);
    call.headers = {{"Accept-Language", language}};
    auto reply = net::http_call(call);
    EXPECT_TRUE(reply) << reply.error().message;
    return reply ? *reply : net::HttpReply{};
  }

  std::atomic<int> looks_ = 0;
  std::atomic<bool> on_ = true;
  std::atomic<std::int64_t> seconds_ = 0;
  StatusPage page_{[this]() -> std::optional<OutageReport> {
                     ++looks_;
                     return on_ ? std::optional(report()) : std::nullopt;
                   },
                   RateSettings{.per_minute = 6, .all_per_second = 50},
                   [this] { return day + std::chrono::seconds(seconds_); }};
  std::unique_ptr<net::HttpServer> server_;
};

TEST_F(StatusSocket, TheLanguageIsTheVisitorsAndTheMatrixIsLookedAtOnce) {
  EXPECT_THAT(get("/status", "de").body, HasSubstr("Betroffen"));
  EXPECT_THAT(get("/status?lang=en", "de").body, HasSubstr("Affected"));
  EXPECT_THAT(get("/status.json").body, HasSubstr("\"affected\""));
  EXPECT_THAT(get("/status.atom?lang=de").body, HasSubstr("weist Post von uns ab"));
  EXPECT_EQ(looks_, 1);
  seconds_ = 20;
  EXPECT_EQ(get("/status").status, 200);
  EXPECT_EQ(looks_, 2);
}

TEST_F(StatusSocket, SwitchedOffItIsNotThereAndTooOftenIsRefused) {
  on_ = false;
  EXPECT_EQ(get("/status").status, 404);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get("/status.json").status, 404);
  const auto often = get("/status", "de");
  EXPECT_EQ(often.status, 429);
  EXPECT_THAT(often.body, HasSubstr("<p>zu viele Anfragen, bitte eine Minute warten</p>"));
  EXPECT_THAT(get("/status.json").body, HasSubstr("{\"error\":\"too many requests")) << "a program";
}

}  // namespace
}  // namespace leumund::face
