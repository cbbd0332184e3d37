#include "apps/daemon/case_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "apps/daemon/fake_writer.h"
#include "engine/engine_test_world.h"
#include "storage/memory_store.h"

namespace leumund::apps {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kept_number = 7;

class SleepyStore final : public storage::MemoryStore {
 public:
  std::atomic<bool> asleep = false;
  base::Result<action::CaseRecord> load_cases() override {
    if (asleep) return base::Error{base::ErrorCode::unavailable, "the disk is away"};
    return storage::MemoryStore::load_cases();
  }
};

// A case that is kept under number 7, and the decision that made it, as the last one read.
class CaseDeskTest : public testing::Test {
 protected:
  CaseDeskTest() : pipeline_(engine::Settings{}, engine::shipped_replies(), told_) {
    model::Decision refused;
    refused.number = 3;
    refused.kind = model::DecisionKind::provider_refuses;
    refused.at = clock_.now();
    model::BlockChange change;
    change.facts.egress = "out1";
    change.facts.provider = "gmx";
    refused.block = change;
    EXPECT_TRUE(store_.commit(std::vector{refused}));
    model::Case kept;
    kept.number = kept_number;
    kept.subject = {model::SubjectKind::egress, "out9"};
    kept.state = model::CaseState::closed;
    EXPECT_TRUE(store_.save_cases({std::vector{kept}, {}, {3, kept_number}}));
  }
  std::vector<std::uint64_t> numbers() {
    std::vector<std::uint64_t> out;
    for (const auto& one : desk_.report(true).cases) out.push_back(one.number);
    return out;
  }
  bool within(std::chrono::milliseconds patience, const std::function<bool()>& true_now) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < end) {
      if (true_now()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  Clock clock_;
  SleepyStore store_;
  FakeWriter told_;
  Pipeline pipeline_;
  CaseDesk desk_{{.pipeline = pipeline_,
                  .store = store_,
                  .clock = clock_,
                  .listings = [] { return std::vector<model::Listing>(); },
                  .settings = [] { return config::RunSettings(); }}};
};

TEST_F(CaseDeskTest, NothingIsMadeOfTheJournalBeforeTheKeptCasesAreRead) {
  store_.asleep = true;
  desk_.start();
  std::this_thread::sleep_for(1500ms);  // a look and more
  EXPECT_THAT(numbers(), IsEmpty());
  ASSERT_TRUE(desk_.part());
  EXPECT_THAT(desk_.part()->detail, testing::HasSubstr("the disk is away"));
  action::CaseOrder order;
  order.number = 1;
  EXPECT_FALSE(desk_.work(order));
  store_.asleep = false;
  EXPECT_TRUE(within(5s, [&] { return numbers() == std::vector<std::uint64_t>{kept_number}; }));
  std::this_thread::sleep_for(1200ms);
  EXPECT_THAT(numbers(), ElementsAre(kept_number)) << "the old refusal was read before";
  EXPECT_FALSE(desk_.part());
  told_.decisions.with([](const auto& all) { EXPECT_THAT(all, IsEmpty()); });
}

}  // namespace
}  // namespace leumund::apps
