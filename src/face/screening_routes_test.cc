#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "face/api.h"
#include "face/fake_control.h"

namespace leumund::face {
namespace {

using ::testing::HasSubstr;

TEST(ScreeningRoutes, ProposedWeightsAreToldAndNullWhereNothingCanBeSaid) {
  FakeControl control;
  Api api(control, [] { return std::string(); }, {});
  Call call;
  call.door = Door::unix_socket;
  call.method = "GET";
  call.path = "/v1/screening";
  call.host = "localhost";
  const Reply reply = api.handle(call, base::from_unix_seconds(2'000));
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, HasSubstr(R"("list":"bl.example")"));
  EXPECT_THAT(reply.body, HasSubstr(R"("proposed":3)"));
  EXPECT_THAT(reply.body, HasSubstr(R"("proposed":null)"));
  call.params = {{"nonsense", "1"}};
  EXPECT_EQ(api.handle(call, base::from_unix_seconds(2'001)).status, 400);
}

}  // namespace
}  // namespace leumund::face
