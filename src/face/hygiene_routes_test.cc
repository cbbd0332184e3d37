#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "face/api.h"
#include "face/fake_control.h"

namespace leumund::face {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct HygieneRoutes : ::testing::Test {
  FakeControl control;
  Api api{control, [] { return std::string(); }, {}};

  Reply ask(std::string_view method, std::string_view path,
            std::map<std::string, std::string> params, std::string_view body = "",
            Door door = Door::unix_socket) {
    Call call;
    call.door = door;
    call.method = method;
    call.path = path;
    call.params = std::move(params);
    call.body = body;
    call.host = "localhost";
    return api.handle(call, base::from_unix_seconds(2'000));
  }
};

TEST_F(HygieneRoutes, FindingsAreToldWholeOrOfOnePlace) {
  const auto all = ask("GET", "/v1/hygiene", {});
  EXPECT_EQ(all.status, 200);
  EXPECT_THAT(all.body, HasSubstr(R"("faults":1,"grave":1)"));
  EXPECT_THAT(all.body, HasSubstr(R"("text":"192.0.2.25 has no reverse name")"));
  EXPECT_THAT(all.body, HasSubstr(R"("domain":"example.org")"));
  const auto one = ask("GET", "/v1/hygiene", {{"place", "OUT1"}});
  EXPECT_THAT(one.body, HasSubstr("192.0.2.25"));
  EXPECT_THAT(one.body, Not(HasSubstr("example.org\",\"seen")));
  EXPECT_EQ(ask("GET", "/v1/hygiene", {{"place", "192.0.2.99"}}).status, 404);
  EXPECT_EQ(ask("GET", "/v1/hygiene", {{"nonsense", "1"}}).status, 400);
}

TEST_F(HygieneRoutes, LookingAnewIsAnOrder) {
  EXPECT_EQ(ask("POST", "/v1/hygiene", {}, R"({"place":"example.org"})").status, 200);
  EXPECT_THAT(control.asked, ElementsAre("hygiene now"));
  EXPECT_NE(ask("POST", "/v1/hygiene", {}, "{}", Door::tcp).status, 200) << "needs a token";
}

TEST_F(HygieneRoutes, WhatProvidersSayIsTold) {
  const auto reports = ask("GET", "/v1/provider-reports", {});
  EXPECT_EQ(reports.status, 200);
  EXPECT_THAT(reports.body, HasSubstr(R"("colour":"red","mails":100,"complaint_share":0.02)"));
  EXPECT_THAT(reports.body, HasSubstr(R"("complaints":null,"trap_hits":3)"));
}

}  // namespace
}  // namespace leumund::face
