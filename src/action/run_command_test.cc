#include "action/run_command.h"

#include <gtest/gtest.h>

namespace leumund::action {
namespace {

using namespace std::chrono_literals;

TEST(RunCommand, GivesInputAndTakesOutputComplaintsAndStatus) {
  const auto result =
      run_command({.arguments = {"/bin/sh", "-c", "cat; echo oh >&2; exit 3"}, .input = "text\n"});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->exit_status, 3);
  EXPECT_EQ(result->output, "text\n");
  EXPECT_EQ(result->complaints, "oh\n");
}

TEST(RunCommand, MovesMoreThanABufferBothWays) {
  const std::string input(600'000, 'x');
  const auto result = run_command({.arguments = {"/bin/cat"}, .input = input});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->output, input);
  EXPECT_FALSE(result->cut);
}

TEST(RunCommand, CutsOutputAndGoesOn) {
  const auto result = run_command(
      {.arguments = {"/bin/cat"}, .input = std::string_view("0123456789"), .output_bytes_max = 4});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->output, "0123");
  EXPECT_TRUE(result->cut);
}

TEST(RunCommand, EndsAProgramThatHangsWithWhatItStarted) {
  const auto begun = std::chrono::steady_clock::now();
  const auto result =
      run_command({.arguments = {"/bin/sh", "-c", "sleep 30 & sleep 30"}, .patience = 100ms});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, base::ErrorCode::timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
}

TEST(RunCommand, DoesNotWaitForAGrandchildThatKeepsTheOutputOpen) {
  const auto begun = std::chrono::steady_clock::now();
  const auto result = run_command({.arguments = {"/bin/sh", "-c", "sleep 2 & echo done"}});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->output, "done\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 1900ms);
}

TEST(RunCommand, SurvivesAProgramThatDoesNotRead) {
  const std::string input(1'000'000, 'x');
  const auto result = run_command({.arguments = {"/bin/true"}, .input = input});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->exit_status, 0);
}

TEST(RunCommand, SaysWhatCannotBeStarted) {
  EXPECT_FALSE(run_command({.arguments = {"/no/such/program"}}).ok());
  EXPECT_FALSE(run_command({.arguments = {"sh"}}).ok());
  EXPECT_FALSE(run_command({.arguments = {}}).ok());
}

TEST(RunCommand, TellsASignal) {
  const auto result = run_command({.arguments = {"/bin/sh", "-c", "kill -9 $$"}});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->exit_status, 128 + 9);
}

}  // namespace
}  // namespace leumund::action
