#include "apps/daemon/pipeline.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "engine/engine_test_world.h"

namespace leumund::apps {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

// A disk that answers at once, after a while, or hangs until let_go().
class DiskWriter final : public DecisionWriter {
 public:
  enum class Manner { well, fails, hangs };
  Manner manner = Manner::well;

  std::future<bool> write(std::vector<model::Decision>) override {
    std::promise<bool> promise;
    auto written = promise.get_future();
    if (manner == Manner::hangs) {
      hanging_.push_back(std::move(promise));
    } else {
      threads_.emplace_back(
          [promise = std::move(promise), well = manner == Manner::well]() mutable {
            std::this_thread::sleep_for(5ms);
            promise.set_value(well);
          });
    }
    return written;
  }
  void let_go() {
    for (auto& promise : hanging_) promise.set_value(true);
    hanging_.clear();
  }

 private:
  std::vector<std::promise<bool>> hanging_;
  std::vector<std::jthread> threads_;
};

class PipelineTest : public testing::Test {
 protected:
  // How many decisions went out before they were on disk, in all.
  std::uint64_t unwritten_after_one_more() {
    std::ignore = pipeline_.command([&](engine::Engine& engine) {
      model::Restriction order;
      order.subject = {model::SubjectKind::account, "a" + std::to_string(++serial_) + "@c.test"};
      const auto now = base::from_unix_seconds(1'700'000'000);
      return std::pair(0, std::vector{engine.book().suspend(order, now)});
    });
    return pipeline_.counters().unwritten_answers;
  }

  DiskWriter disk_;
  Pipeline pipeline_{engine::Settings{}, engine::shipped_replies(), disk_};
  int serial_ = 0;
};

TEST_F(PipelineTest, AnswersWaitAgainAsSoonAsWhatWasLateIsOnDisk) {
  EXPECT_EQ(unwritten_after_one_more(), 0U);
  disk_.manner = DiskWriter::Manner::hangs;
  EXPECT_EQ(unwritten_after_one_more(), 1U);
  const auto began = steady_clock::now();
  for (std::uint64_t n = 2; n <= 20; ++n) EXPECT_EQ(unwritten_after_one_more(), n);
  EXPECT_LT(steady_clock::now() - began, 2s) << "only the first of an outbreak waits";
  disk_.let_go();
  disk_.manner = DiskWriter::Manner::well;
  for (int n = 0; n < 5; ++n) EXPECT_EQ(unwritten_after_one_more(), 20U);
}

TEST_F(PipelineTest, AfterAFailureTheNextDecisionButOneIsWaitedForAgain) {
  disk_.manner = DiskWriter::Manner::fails;
  for (std::uint64_t n = 1; n <= 5; ++n) EXPECT_EQ(unwritten_after_one_more(), n);
  disk_.manner = DiskWriter::Manner::well;
  std::this_thread::sleep_for(100ms);
  std::ignore = unwritten_after_one_more();  // finds the last failure
  std::this_thread::sleep_for(100ms);
  const auto before = unwritten_after_one_more();
  std::this_thread::sleep_for(100ms);
  for (int n = 0; n < 5; ++n) EXPECT_EQ(unwritten_after_one_more(), before);
}

}  // namespace
}  // namespace leumund::apps
