// Proofs follow their files without a reload, and never outlive them.
#include "apps/daemon/sent_proofs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace leumund::apps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SentProofsTest : public testing::Test {
 protected:
  SentProofsTest() {
    std::filesystem::create_directories(folder);
    run.watch_counters_file = folder / "sent";
  }
  ~SentProofsTest() override { std::filesystem::remove_all(folder); }

  static void write(const std::string& file, const std::string& text,
                    std::chrono::hours ago = std::chrono::hours(1)) {
    std::ofstream(file) << text;
    const auto now = std::filesystem::file_time_type::clock::now();
    std::filesystem::last_write_time(file, now - ago);
  }
  // What was seen twice is read.
  static void look(SentProofs& proofs) {
    proofs.look();
    proofs.look();
  }

  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("sent_proofs_" + std::to_string(::getpid()));
  config::RunSettings run;
  Clock clock;
};

TEST_F(SentProofsTest, AChangedFileIsReadOnceItIsTheSameForTwoLooks) {
  write(run.watch_counters_file, "192.0.2.0/24 0 2026-01-01T00:00:00Z\n");
  SentProofs proofs(run, clock);
  EXPECT_THAT(proofs.of("192.0.2.7"), HasSubstr("no packet to port 25 left 192.0.2.0/24 between"));
  write(run.watch_counters_file, "192.0.2.0/24 7", std::chrono::hours(0));
  proofs.look();
  EXPECT_THAT(proofs.of("192.0.2.7"), HasSubstr("no packet")) << "half of a line is not read";
  write(run.watch_counters_file, "192.0.2.0/24 77 2026-01-01T00:00:00Z\n", std::chrono::hours(0));
  look(proofs);
  EXPECT_THAT(proofs.of("192.0.2.7"), HasSubstr("77 packets"));
  EXPECT_THAT(proofs.problems(), IsEmpty());
}

TEST_F(SentProofsTest, OfABadOrLostFileNothingIsUsed) {
  write(run.watch_counters_file, "192.0.2.0/24 0 2026-01-01T00:00:00Z\n");
  SentProofs proofs(run, clock);
  write(run.watch_counters_file,
        "192.0.2.0/24 0 2026-01-01T00:00:00Z\n198.51.100.0/24 many 2026-01-01T00:00:00Z\n");
  look(proofs);
  EXPECT_EQ(proofs.of("192.0.2.7"), "");
  EXPECT_THAT(proofs.problems(), ElementsAre(HasSubstr("line 2: 'many' is no number")));
  write(run.watch_counters_file, "192.0.2.0/24 0 2026-01-01T00:00:00Z\n");
  look(proofs);
  EXPECT_THAT(proofs.of("192.0.2.7"), HasSubstr("no packet"));
  std::filesystem::remove(run.watch_counters_file);
  look(proofs);
  EXPECT_EQ(proofs.of("192.0.2.7"), "");
  EXPECT_THAT(proofs.problems(), ElementsAre(HasSubstr("cannot be read")));
}

TEST_F(SentProofsTest, AProofEndsWhenItsFileWasWritten) {
  const auto month = std::chrono::hours(24 * 30);
  write(run.watch_counters_file, "192.0.2.0/24 0 2026-01-01T00:00:00Z\n", month);
  run.watch_flows_file = folder / "flows";
  write(run.watch_flows_file,
        "# covers 198.51.100.0/24 2026-01-01T00:00:00Z 2999-01-01T00:00:00Z\nts,te,sa,dp,pr\n",
        month);
  const SentProofs proofs(run, clock);
  const auto day = base::format_rfc3339(clock.now() - month).substr(0, 10);
  EXPECT_THAT(proofs.of("192.0.2.7"), HasSubstr(" and " + day));
  EXPECT_THAT(proofs.of("198.51.100.7"), HasSubstr(" and " + day)) << "whatever it says it covers";
  EXPECT_THAT(proofs.problems(), ElementsAre(HasSubstr("was last written " + day),
                                             HasSubstr("was last written " + day)));
}

TEST_F(SentProofsTest, FlowsAreFollowedAndAReloadTakesAnotherFileAtOnce) {
  run.watch_flows_file = folder / "flows";
  const std::string head =
      "# covers 192.0.2.0/24 2026-01-01T00:00:00Z 2026-01-02T00:00:00Z\nts,te,sa,dp,pr\n";
  write(run.watch_counters_file, "");
  write(run.watch_flows_file, head);
  SentProofs proofs(run, clock);
  EXPECT_THAT(proofs.of("192.0.2.7"), HasSubstr("no flow to port 25 left 192.0.2.7"));
  const std::string flow = "2026-01-01 08:00:00,2026-01-01 08:00:09,192.0.2.7,25,TCP\n";
  write(run.watch_flows_file, head + flow);
  look(proofs);
  EXPECT_THAT(proofs.of("192.0.2.7"), HasSubstr("1 flows"));
  run.watch_addresses = {"192.0.2.7"};
  proofs.set_settings(run);
  EXPECT_THAT(proofs.of("192.0.2.7"), HasSubstr("no flow")) << "our own server's";
  run.watch_flows_file = "";
  proofs.set_settings(run);
  EXPECT_EQ(proofs.of("192.0.2.7"), "");
}

}  // namespace
}  // namespace leumund::apps
