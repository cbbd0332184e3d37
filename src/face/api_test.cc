#include "face/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "face/api_routes.h"
#include "face/fake_control.h"
#include "face/metrics.h"
#include "face/report_json.h"
#include "face/stream_ring.h"

namespace leumund::face {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const base::TimePoint now = *base::parse_rfc3339("2026-11-21T18:00:00Z");

struct ApiTest : ::testing::Test {
  FakeControl control;
  Api api{control, [] { return std::string("metrics\n"); }, {}};

  Reply ask(std::string_view method, std::string_view path,
            std::map<std::string, std::string> params, std::string_view body,
            Door door = Door::unix_socket, std::string_view token = "") {
    Call call;
    call.door = door;
    call.method = method;
    call.path = path;
    call.params = std::move(params);
    call.body = body;
    call.authorization = token;
    call.host = "localhost";
    return api.handle(call, now);
  }
  Reply get(std::string_view path, std::map<std::string, std::string> params = {}) {
    return ask("GET", path, std::move(params), "");
  }
  Reply post(std::string_view path, std::string_view body) { return ask("POST", path, {}, body); }
};

TEST_F(ApiTest, DetoursAreToldSetAndEnded) {
  EXPECT_THAT(
      get("/v1/detours").body,
      HasSubstr(
          R"("provider":"t-online","pool":null,"phase":"open","home":"default","via":"out2")"));
  EXPECT_THAT(get("/v1/route", {{"recipient", "x@hotmail.com"}}).body,
              HasSubstr(R"("way":"out2","target":"out2:","pool":null,"detour":null)"));
  EXPECT_EQ(post("/v1/detours", R"({"provider":"gmx","via":"out2"})").status, 200);
  EXPECT_EQ(post("/v1/detours", R"({"provider":"gmx","end":true})").status, 200);
  EXPECT_THAT(post("/v1/detours", R"({"provider":"gmx","pool":"tenant","via":"out3"})").body,
              HasSubstr(R"("pool":"tenant")"));
  EXPECT_EQ(get("/v1/route", {{"recipient", "x@gmx.de"}, {"sender", "a@t.example"}}).status, 200);
  EXPECT_THAT(control.asked,
              ElementsAre("detours", "route x@hotmail.com", "set_detour gmx out2 admin",
                          "set_detour gmx  admin", "set_detour gmx out3 admin pool tenant",
                          "route x@gmx.de from a@t.example"));
  for (const char* wrong : {R"({"provider":"gmx"})", R"({"via":"out2"})",
                            R"({"provider":"gmx","via":"out2","end":true})"}) {
    EXPECT_EQ(post("/v1/detours", wrong).status, 400) << wrong;
  }
  EXPECT_EQ(get("/v1/route", {{"recipient", "x"}}).status, 400);
}

TEST_F(ApiTest, TheBlockMatrixAndReachabilityAreTold) {
  const Reply matrix = get("/v1/block-matrix");
  EXPECT_EQ(matrix.status, 200);
  EXPECT_THAT(matrix.body, HasSubstr(R"("egress":"out1","provider":"t-online","state":"refused")"));
  EXPECT_THAT(matrix.body, HasSubstr(R"("last_accepted_at":null)")) << "never";
  const Reply reach = ask("GET", "/v1/reachable", {{"recipient", "x@hotmail.com"}}, "", Door::tcp);
  EXPECT_EQ(reach.status, 200) << "web forms ask without a token";
  EXPECT_THAT(reach.body, HasSubstr(R"("reachable":false)"));
  EXPECT_THAT(control.asked, ElementsAre("block_matrix", "reachable x@hotmail.com"));
  for (const char* wrong : {"", "x", "x@", "x@localhost"}) {
    EXPECT_EQ(get("/v1/reachable", {{"recipient", wrong}}).status, 400) << wrong;
  }
}

TEST_F(ApiTest, EveryVerbReachesTheDaemonWithItsArguments) {
  EXPECT_EQ(get("/v1/status", {{"most", "5"}}).status, 200);
  EXPECT_EQ(get("/v1/explain", {{"subject", "a@c.test"}}).status, 200);
  EXPECT_EQ(post("/v1/suspend",
                 R"({"subject":"a@c.test","level":"hold","for":"2h","reason":"x","by":"hans"})")
                .status,
            200);
  EXPECT_EQ(
      post("/v1/release", R"({"subject":"a@c.test","done":{"password":"hans"},"mail":"delete"})")
          .status,
      200);
  EXPECT_EQ(post("/v1/exempt", R"({"subject":"script:uid33","off":true})").status, 200);
  EXPECT_EQ(post("/v1/announce",
                 R"({"subject":"a@c.test","recipients":600,"until":"2026-11-22T00:00:00Z"})")
                .status,
            200);
  EXPECT_EQ(post("/v1/undo", R"({"number":12})").status, 200);
  EXPECT_EQ(post("/v1/unattended", R"({"until":1795392000})").status, 200);
  EXPECT_EQ(get("/v1/events", {{"after", "3"}, {"limit", "9"}}).status, 200);
  EXPECT_EQ(post("/v1/events", "{}\n").status, 200);
  EXPECT_EQ(get("/v1/queue", {{"subject", "a@c.test"}}).status, 200);
  EXPECT_EQ(post("/v1/queue", R"({"subject":"a@c.test","do":"release"})").status, 200);
  EXPECT_EQ(post("/v1/reload", "").status, 200);
  EXPECT_THAT(
      control.asked,
      ElementsAre("status 5", "explain account:a@c.test",
                  "suspend account:a@c.test hold 7200 x by admin hans",
                  "release account:a@c.test password=hans mail 2", "exempt off script:uid33",
                  "announce account:a@c.test 600 2026-11-22T00:00:00Z", "undo 12",
                  "unattended 2026-11-23T00:00:00Z", "decisions 3 9", "feed 3",
                  "queue account:a@c.test", "queue release account:a@c.test", "reload"));
}

TEST_F(ApiTest, OverTcpWithoutATokenNothingCanBeChanged) {
  for (const Route& route : routes()) {
    const Reply reply = ask(route.method, route.path, {}, "{}", Door::tcp);
    EXPECT_EQ(reply.status == 403, route.guarded) << route.method << ' ' << route.path;
  }
  EXPECT_THAT(control.asked, ::testing::Each(::testing::Not(HasSubstr("suspend"))));
}

// A question to every list, or a visit of the privileged queue helper.
TEST_F(ApiTest, OverTcpWithoutATokenNobodyMakesOthersWork) {
  EXPECT_EQ(ask("GET", "/v1/queue", {{"subject", "a@c.test"}}, "", Door::tcp).status, 403);
  EXPECT_EQ(ask("GET", "/v1/lookup", {{"subject", "192.0.2.1"}}, "", Door::tcp).status, 403);
  EXPECT_THAT(control.asked, IsEmpty());
}

TEST_F(ApiTest, ATokenOpensTcpAndIsThenNeededForAll) {
  api.set_settings({.token = "0123456789abcdef", .metrics = true});
  const std::string_view body = R"({"subject":"a","reason":"x"})";
  EXPECT_EQ(ask("POST", "/v1/suspend", {}, body, Door::tcp, "Bearer 0123456789abcdef").status, 200);
  EXPECT_EQ(ask("POST", "/v1/suspend", {}, body, Door::tcp, "Bearer 0123456789abcdeg").status, 401);
  EXPECT_EQ(ask("POST", "/v1/suspend", {}, body, Door::tcp, "Bearer ").status, 401);
  EXPECT_EQ(ask("GET", "/v1/status", {}, "", Door::tcp).status, 401);
  EXPECT_EQ(ask("GET", "/metrics", {}, "", Door::tcp).status, 200);
  EXPECT_EQ(ask("POST", "/v1/suspend", {}, body, Door::unix_socket).status, 200);
}

TEST_F(ApiTest, APageInABrowserCannotRead) {
  Call call;
  call.door = Door::tcp;
  call.method = "GET";
  call.path = "/v1/status";
  call.host = "127.0.0.1:10080";
  EXPECT_EQ(api.handle(call, now).status, 200);
  call.origin = "https://evil.example";
  EXPECT_EQ(api.handle(call, now).status, 403);
  call.origin = "";
  for (const char* embedded : {"cross-site", "same-site"}) {
    call.fetch_site = embedded;
    EXPECT_EQ(api.handle(call, now).status, 403) << embedded;
  }
  for (const char* own : {"none", "same-origin"}) {
    call.fetch_site = own;
    EXPECT_EQ(api.handle(call, now).status, 200) << own;
  }
  call.host = "rebound.example:10080";
  EXPECT_EQ(api.handle(call, now).status, 403);
  call.host = "[::1]:10080";
  EXPECT_EQ(api.handle(call, now).status, 200);
}

TEST_F(ApiTest, APageInABrowserCannotReadTheFiguresEither) {
  Call call;
  call.door = Door::tcp;
  call.method = "GET";
  call.path = "/metrics";
  for (const char* token : {"", "0123456789abcdef"}) {
    api.set_settings({.token = token, .metrics = true});
    for (const char* host : {"127.0.0.1:10080", "[::1]:10080", "localhost:10080", ""}) {
      call.host = host;
      EXPECT_EQ(api.handle(call, now).status, 200) << host;
    }
    call.host = "rebound.example:10080";
    EXPECT_EQ(api.handle(call, now).status, 403);
    call.host = "127.0.0.1:10080";
    call.origin = "https://evil.example";
    EXPECT_EQ(api.handle(call, now).status, 403);
    call.origin = "";
  }
  call.host = "mail.example.org:10080";
  call.authorization = "Bearer 0123456789abcdef";
  EXPECT_EQ(api.handle(call, now).status, 200) << "who has the token may ask by any name";
}

TEST_F(ApiTest, WrongInputNamesTheField) {
  EXPECT_THAT(get("/v1/explain").body, HasSubstr("subject is missing"));
  EXPECT_THAT(post("/v1/suspend", R"({"subject":"a"})").body, HasSubstr("reason is missing"));
  EXPECT_THAT(post("/v1/suspend", R"({"subject":"a","reason":"x","untill":"z"})").body,
              HasSubstr("unknown field 'untill'"));
  EXPECT_THAT(post("/v1/suspend", R"({"subject":"a","reason":"x","for":"soon"})").body,
              HasSubstr("for is no span of time"));
  EXPECT_THAT(
      post("/v1/suspend", R"({"subject":"a","reason":"x","until":"2020-01-01T00:00:00Z"})").body,
      HasSubstr("until is in the past"));
  EXPECT_THAT(post("/v1/release", R"({"subject":"a","mail":"burn"})").body,
              HasSubstr("mail is none of"));
  EXPECT_THAT(post("/v1/announce", R"({"subject":"a","recipients":1e300,"until":0})").body,
              HasSubstr("recipients is no whole number"));
  EXPECT_EQ(post("/v1/suspend", "[]").status, 400);
  EXPECT_EQ(post("/v1/suspend", "{").status, 400);
  EXPECT_THAT(control.asked, IsEmpty());
}

TEST_F(ApiTest, ErrorsOfTheDaemonHaveFittingStatus) {
  control.error = base::Error{base::ErrorCode::refused, "password is not done"};
  const Reply refused = post("/v1/release", R"({"subject":"a"})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.body, R"({"error":{"code":"refused","message":"password is not done"}})");
  control.error = base::Error{base::ErrorCode::unavailable, "nothing stands"};
  EXPECT_EQ(post("/v1/release", R"({"subject":"a"})").status, 404);
  EXPECT_EQ(get("/v1/status").status, 503);
}

TEST_F(ApiTest, UnknownPathsMethodsAndSizesAreTold) {
  EXPECT_EQ(get("/v1/nothing").status, 404);
  EXPECT_EQ(get("/v1/suspend").status, 405);
  EXPECT_EQ(post("/v1/suspend", std::string(verb_body_max + 1, ' ')).status, 413);
  std::map<std::string, std::string> many;
  for (int i = 0; i < 65; ++i) many["p" + std::to_string(i)] = "";
  EXPECT_EQ(get("/v1/status", many).status, 413);
  EXPECT_EQ(get("/healthz").body, "ok\n");
  EXPECT_EQ(get("/metrics").body, "metrics\n");
  api.set_settings({.token = "", .metrics = false});
  EXPECT_EQ(get("/metrics").status, 404);
}

TEST_F(ApiTest, TheStreamStartsWhereAsked) {
  const Reply reply = get("/v1/stream", {{"after", "17"}});
  EXPECT_TRUE(reply.stream);
  EXPECT_EQ(reply.stream_after, 17U);
  EXPECT_EQ(get("/v1/stream").stream_after, UINT64_MAX);
}

TEST(Openapi, DescriptionIsTheCommittedOne) {
  std::ifstream in(LEUMUND_SOURCE_DIR "/docs/reference/openapi.json");
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_TRUE(text.str() == openapi_json())
      << "write it anew: leumund config show --openapi > docs/reference/openapi.json";
}

TEST(ReadToken, WantsOnePrintableLine) {
  const std::string file = ::testing::TempDir() + "leumund_token";
  const auto write = [&](const std::string& text) { std::ofstream(file) << text; };
  write("0123456789abcdef\nmore\n");
  EXPECT_EQ(*read_token(file), "0123456789abcdef");
  for (const char* bad : {"short\n", "0123456789 abcdef\n", ""}) {
    write(bad);
    EXPECT_FALSE(read_token(file)) << bad;
  }
  std::remove(file.c_str());
  EXPECT_FALSE(read_token(file));
}

TEST(ReportJson, ADecisionHasTheWordsOfTheEventFormat) {
  model::Decision decision;
  decision.number = 9;
  decision.at = now;
  decision.subject = {model::SubjectKind::account, "a@verein.example"};
  decision.detector = "burst";
  decision.score = 14.1;
  decision.terms = {{"new_recipient", 9.7, "31 of 33 recipients never written to", {"m1"}}};
  decision.held = {{"", "", "4XyZ"}};
  EXPECT_EQ(
      decision_json(decision),
      R"({"decision":"restricted","number":9,"at":1795284000.0,"subject":)"
      R"("account:a@verein.example",)"
      R"("kind":"burst","score":14.1,"held_queue_ids":["4XyZ"],"terms":[{"name":"new_recipient",)"
      R"("value":9.7,"text":"31 of 33 recipients never written to","events":["m1"]}],"by":"",)"
      R"("unattended":false,"level":"no_sending","mode":"enforce","until":null,)"
      R"("recipients_before":0,"reason":""})");
}

TEST(ReportJson, BytesThatAreNoUtf8DoNotBreakALine) {
  model::Decision decision;
  decision.subject = {model::SubjectKind::account, "a\xff\n@c"};
  EXPECT_THAT(decision_json(decision), HasSubstr("a\xef\xbf\xbd\\n@c"));
}

TEST(StreamRing, KeepsTheNewestWithinItsBoundsAndNumbersThem) {
  StreamRing ring(3, 100);
  for (int i = 1; i <= 5; ++i) ring.publish("event", std::to_string(i));
  const auto all = ring.read(0, 10);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all.front().sequence, 3U);
  EXPECT_EQ(ring.read(4, 10).front().json, "5");
  EXPECT_EQ(ring.read(0, 1).size(), 1U);
  EXPECT_THAT(ring.read(5, 10), IsEmpty());
  ring.publish("event", std::string(99, 'x'));
  EXPECT_EQ(ring.read(0, 10).size(), 2U);
}

TEST(Metrics, TextHasHelpTypesAndLabels) {
  MetricsSnapshot snapshot;
  snapshot.version = "0.1.0";
  snapshot.engine.events = 12;
  snapshot.decisions["restricted"] = 3;
  snapshot.parts["store"] = false;
  snapshot.policy_answers = {{{0.001, 8}, {0.01, 9}}, 10, 0.5};
  snapshot.more.push_back({"leumund_policy_requests_total", "Questions.", {{{}, 5}}});
  const std::string text = metrics_text(snapshot);
  EXPECT_THAT(text, HasSubstr("# HELP leumund_events_total Mail events taken by the engine.\n"
                              "# TYPE leumund_events_total counter\nleumund_events_total 12\n"));
  EXPECT_THAT(text, HasSubstr("leumund_decisions_total{decision=\"restricted\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE leumund_part_up gauge\nleumund_part_up{part=\"store\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("leumund_policy_answer_seconds_bucket{le=\"0.001\"} 8\n"));
  EXPECT_THAT(text, HasSubstr("leumund_policy_answer_seconds_bucket{le=\"+Inf\"} 10\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE leumund_policy_requests_total counter\n"));
}

}  // namespace
}  // namespace leumund::face
