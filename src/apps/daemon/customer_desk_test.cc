#include "apps/daemon/customer_desk.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "apps/daemon/fake_writer.h"
#include "engine/engine_test_world.h"

namespace leumund::apps {
namespace {

namespace fs = std::filesystem;

class CustomerDeskTest : public testing::Test {
 protected:
  CustomerDeskTest() : pipeline_(engine::Settings{}, engine::shipped_replies(), written_) {
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
    file_ = folder_ + "/undelivered";
    action::UndeliveredBook book;
    book.refused({{model::SubjectKind::account, "anna@verein.example"},
                  "mx1  4Q1",
                  "bob1@gmx.net",
                  "gmx",
                  clock_.now()});
    std::ofstream(file_) << book.to_text();
  }
  ~CustomerDeskTest() override { fs::remove_all(folder_); }

  std::unique_ptr<CustomerDesk> desk() {
    return std::make_unique<CustomerDesk>(
        CustomerDesk::Around{.pipeline = pipeline_,
                             .clock = clock_,
                             .replies = engine::shipped_replies(),
                             .settings = [this] { return run_; },
                             .tell = [](const std::string&, const action::NoticeText&) {},
                             .file = file_});
  }
  static double kept_in(const CustomerDesk& desk) {
    std::vector<face::Metric> all;
    desk.add_metrics(all);
    for (const auto& metric : all) {
      if (metric.name == "leumund_undelivered_mails") return metric.samples.at(0).value;
    }
    return -1;
  }

  std::string folder_ = "/tmp/leumund-customers-XXXXXX";
  std::string file_;
  Clock clock_;
  FakeWriter written_;
  Pipeline pipeline_;
  config::RunSettings run_;
};

TEST_F(CustomerDeskTest, WhatAnEarlierRunKeptIsReadWhereCustomersAreTold) {
  run_.customers_told = true;
  EXPECT_EQ(kept_in(*desk()), 1);
  EXPECT_TRUE(fs::exists(file_));
}

TEST_F(CustomerDeskTest, SwitchedOffByARestartNothingIsKept) {
  const auto off = desk();
  EXPECT_FALSE(fs::exists(file_));
  EXPECT_EQ(kept_in(*off), 0);
}

TEST_F(CustomerDeskTest, SwitchedOffByAReloadNothingIsKept) {
  run_.customers_told = true;
  run_.customers_keep = std::chrono::hours(24 * 30);
  auto told = desk();
  run_.customers_told = false;
  told->tick();
  EXPECT_FALSE(fs::exists(file_));
  told.reset();
  EXPECT_FALSE(fs::exists(file_)) << "nothing writes it again at the end";
}

}  // namespace
}  // namespace leumund::apps
