#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "face/api.h"
#include "face/case_json.h"
#include "face/fake_control.h"

namespace leumund::face {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct CaseRoutesTest : testing::Test {
  FakeControl control;
  Api api{control, [] { return std::string("metrics\n"); }, {}};

  Reply ask(std::string_view method, std::string_view path,
            std::map<std::string, std::string> params, std::string_view body,
            Door door = Door::unix_socket) {
    Call call;
    call.door = door;
    call.method = method;
    call.path = path;
    call.params = std::move(params);
    call.body = body;
    call.host = "localhost";
    return api.handle(call, base::TimePoint(std::chrono::seconds(1'700'000'000)));
  }
};

TEST_F(CaseRoutesTest, CasesAreListedAndOneIsShownWithItsNextStep) {
  EXPECT_THAT(ask("GET", "/v1/cases", {}, "").body, HasSubstr(R"("cases":[{"case":7,)"));
  EXPECT_EQ(ask("GET", "/v1/cases", {{"all", "true"}}, "").status, 200);
  const auto one = ask("GET", "/v1/case", {{"number", "7"}}, "");
  EXPECT_THAT(one.body, HasSubstr(R"("party":"provider:t-online")"));
  EXPECT_THAT(one.body, HasSubstr(R"("next":"postmaster")"));
  EXPECT_THAT(control.asked, ElementsAre("cases", "cases all", "case 7"));
  EXPECT_EQ(ask("GET", "/v1/case", {}, "").status, 400);
  EXPECT_EQ(ask("GET", "/v1/case", {{"number", "seven"}}, "").status, 400);
  EXPECT_EQ(ask("GET", "/v1/cases", {{"all", "perhaps"}}, "").status, 400);
}

TEST_F(CaseRoutesTest, OrdersAreReadWholeAndWrongOnesNamed) {
  const auto post = [&](std::string_view body) { return ask("POST", "/v1/case", {}, body); };
  EXPECT_EQ(
      post(R"({"number":7,"do":"attempt","party":"list:xbl","channel":"legal","text":"t"})").status,
      200);
  EXPECT_EQ(post(R"({"number":7,"do":"answer","outcome":"accepted"})").status, 200);
  EXPECT_THAT(control.asked, ElementsAre("case 7 1 list:xbl legal t", "case 7 2  next "));
  EXPECT_EQ(post(R"({"number":7,"do":"add_cause","subject":"anna@v.example"})").status, 200);
  EXPECT_EQ(control.asked.back(), "case 7 6 account:anna@v.example next ");
  for (const char* wrong :
       {R"({"number":7,"do":"remove_cause"})", R"({"number":7,"do":"_cause"})",
        R"({"number":7,"do":"note","text":"t","subject":"anna@v.example"})",
        R"({"do":"note","text":"t"})", R"({"number":7})", R"({"number":7,"do":"pay"})",
        R"({"number":7,"do":"attempt","channel":"bribe"})", R"({"number":7,"do":"answer"})",
        R"({"number":7,"do":"answer","outcome":"waiting"})",
        R"({"number":7,"do":"note","text":"t","outcome":"refused"})"}) {
    EXPECT_EQ(post(wrong).status, 400) << wrong;
  }
  EXPECT_EQ(ask("POST", "/v1/case", {}, R"({"number":7,"do":"review"})", Door::tcp).status, 403);
}

TEST_F(CaseRoutesTest, ACaseThatIsNotThereIsNotFound) {
  control.error = base::Error{base::ErrorCode::unavailable, "there is no case 9"};
  EXPECT_EQ(ask("GET", "/v1/case", {{"number", "9"}}, "").status, 404);
}

}  // namespace
}  // namespace leumund::face
