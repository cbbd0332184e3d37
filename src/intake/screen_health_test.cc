// Which lists a client is asked about: those that answer.
#include "intake/screen_health.h"

#include <gtest/gtest.h>

namespace leumund::intake {
namespace {

using std::chrono::seconds;

constexpr int silent_enough = 50;

class ScreenHealthTest : public testing::Test {
 protected:
  ScreenHealthTest() : health_(rows()) { try_it(); }

  // One zone, named twice: two codes, two weights.
  static std::vector<diagnosis::ScreenList> rows() {
    diagnosis::ChosenScreen chosen;
    choose_screen(diagnosis::ScreenRole::score,
                  std::vector<std::string>{"z.example=127.0.0.2*1", "z.example=127.0.0.3*2"}, {},
                  {}, chosen);
    return std::move(chosen.lists);
  }

  // A trial by a point that answers well.
  void try_it() {
    for (int i = 0; i < 5 && state() != ListState::well; ++i) {
      now_ += std::chrono::hours(1);
      for (const auto row : health_.due(now_, seconds(1), [](auto) { return 1U; })) {
        health_.see_point(row, "", false, now_);
      }
    }
    ASSERT_EQ(state(), ListState::well);
  }
  // How many clients' questions go unanswered until the list is left out.
  int clients_until_left_out() {
    net::DnsAnswer nothing;
    nothing.trouble = "no answer in time";
    for (int client = 1; client <= silent_enough; ++client) {
      for (const auto& zone : health_.to_ask(*base::IpAddress::parse("203.0.113.9"))) {
        for (const auto row : zone) health_.see(row, nothing, {}, now_);
      }
      if (state() != ListState::well) return client;
    }
    return 0;
  }
  [[nodiscard]] ListState state() const { return health_.figures().front().state; }

  base::TimePoint now_ = base::from_unix_seconds(1'800'000'000);
  ScreenHealth health_;
};

TEST_F(ScreenHealthTest, AListThatFallsSilentIsLeftOutEachTimeItDoes) {
  const int first = clients_until_left_out();
  EXPECT_GT(first, 0);
  try_it();
  EXPECT_EQ(clients_until_left_out(), first) << "counted anew, and once for both rows";
  try_it();
  EXPECT_EQ(clients_until_left_out(), first);
}

}  // namespace
}  // namespace leumund::intake
