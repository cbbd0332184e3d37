// Mail from outside is marked with what DNS lists say of its client, and only by us.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "intake/milter_test_host.h"

namespace leumund::intake {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

const std::string told = "score=2/3 client=198.51.100.7 bl.example=127.0.0.2*2";

class MilterScreenTest : public MilterTestHost {
 protected:
  void serve_screened(milliseconds patience = seconds(5)) {
    MilterService::Options options{.listen = net::Endpoint::tcp("127.0.0.1", 0)};
    options.own_networks = {*base::IpPrefix::parse("203.0.113.0/24")};
    options.screen = [this](const base::IpAddress& client) -> std::optional<std::string> {
      asked_.with([&](auto& asked) { asked.push_back(client.to_string()); });
      if (unknown_ > 0) {
        --unknown_;
        return std::nullopt;
      }
      return say_;
    };
    options.screen_patience = patience;
    serve(std::move(options));
    answer_ = [](const auto&) { return model::Answer{}; };
  }
  // One message with these headers of the name, and what is answered to its end.
  std::vector<std::string> bring(std::string_view client, const std::vector<std::string>& screens,
                                 std::string_view account = "") {
    std::string bytes = connect(client);
    if (!account.empty()) {
      bytes += packet('D', "M{auth_authen}\0"s + std::string(account) + "\0"s);
    }
    bytes += packet('M', "<a@away.example>\0"s) + packet('R', "<x@c.test>\0"s);
    bytes += packet('L', "Subject\0hello\0"s);
    for (const std::string& one : screens) {
      bytes += packet('L', "X-LEUMUND-screen\0"s + one + "\0"s);
    }
    const auto fd = dial();
    say(fd, postfix_offer());
    EXPECT_THAT(hear(fd, 1), SizeIs(1));
    say(fd, bytes + packet('N') + packet('E'));
    std::vector<std::string> out;
    while (out.empty() || out.back() != "c") {
      const auto more = hear(fd, 1);
      if (more.empty()) break;
      out.insert(out.end(), more.begin(), more.end());
    }
    return out;
  }
  std::vector<std::string> asked() {
    return asked_.with([](const auto& asked) { return asked; });
  }

  std::string say_ = told;
  std::atomic<int> unknown_ = 0;
  base::Guarded<std::vector<std::string>> asked_;
};

const std::string ours = "i\0\0\0\0X-Leumund-Screen\0"s + told + "\0"s;
const std::string first_goes = "m\0\0\0\1X-Leumund-Screen\0\0"s;
const std::string second_goes = "m\0\0\0\2X-Leumund-Screen\0\0"s;

TEST_F(MilterScreenTest, AStrangersMailIsMarkedAndHisOwnMarksGo) {
  serve_screened();
  EXPECT_THAT(bring("198.51.100.7", {}), ElementsAre(ours, "c"));
  EXPECT_THAT(bring("198.51.100.7", {"score=-9/3", told}),
              ElementsAre(second_goes, first_goes, ours, "c"));
  EXPECT_EQ(service_->counters().screened, 2U);
  EXPECT_EQ(service_->counters().screen_forged, 1U);
  say_ = "";
  EXPECT_THAT(bring("198.51.100.7", {"score=-9/3"}), ElementsAre(first_goes, "c"));
  EXPECT_THAT(bring("198.51.100.7", {}), ElementsAre("c"))
      << "nothing to say, nothing to take away";
  EXPECT_EQ(service_->counters().screened, 2U);
}

TEST_F(MilterScreenTest, WhatOurPolicyServicePutThereStaysOnce) {
  serve_screened();
  EXPECT_THAT(bring("198.51.100.7", {told}), ElementsAre("c"));
  EXPECT_THAT(bring("198.51.100.7", {told, told}), ElementsAre(second_goes, first_goes, ours, "c"));
  EXPECT_EQ(service_->counters().screen_forged, 0U);
}

TEST_F(MilterScreenTest, WhoLoggedInOrSendsFromHereIsNeitherAskedAboutNorMarked) {
  serve_screened();
  EXPECT_THAT(bring("198.51.100.7", {"a user's own"}, "a@verein.example"), ElementsAre("c"));
  EXPECT_THAT(bring("203.0.113.5", {"a relay's"}), ElementsAre("c"));
  EXPECT_THAT(bring("10.1.2.3", {}), ElementsAre("c"));
  EXPECT_THAT(bring("127.0.0.1", {}), ElementsAre("c"));
  EXPECT_THAT(asked(), SizeIs(0));
}

TEST_F(MilterScreenTest, IsAskedWhileTheMailComesAndWaitedForAtItsEndOnlySoLong) {
  serve_screened(milliseconds(200));
  unknown_ = 3;
  EXPECT_THAT(bring("198.51.100.7", {}), ElementsAre(ours, "c"));
  EXPECT_THAT(asked(), SizeIs(4)) << "with MAIL, and then again and again";
  unknown_ = 1'000'000;
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THAT(bring("198.51.100.7", {"score=-9/3"}), ElementsAre(first_goes, "c"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(5));
}

TEST_F(MilterScreenTest, OfAServerThatCannotTakeHeadersAwayTheyAreCounted) {
  serve_screened();
  const auto fd = dial();
  say(fd, offer(0x01, 0x1fffff) + connect("198.51.100.7") + packet('M', "<a@b.example>\0"s) +
              packet('R', "<x@c.test>\0"s) + packet('L', "X-Leumund-Screen\0x\0"s) + packet('N') +
              packet('E'));
  EXPECT_THAT(hear(fd, 3), ElementsAre(testing::StartsWith("O"), ours, "c"));
  EXPECT_EQ(service_->counters().screen_forged, 1U);
}

}  // namespace
}  // namespace leumund::intake
