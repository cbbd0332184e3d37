// For tests with a real peer: where its program is missing the test fails in CI (a gap there would
// stay unseen) and is skipped, with the package's name, elsewhere.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace leumund::base {

[[nodiscard]] inline bool in_ci() {
  const char* said = std::getenv("CI");
  const std::string_view ci = said == nullptr ? "" : said;
  return ci == "1" || ci == "true" || ci == "yes";
}

}  // namespace leumund::base

// In a test's body or SetUp().
#define NEED_PEER(program, package)                                               \
  do {                                                                            \
    if (std::filesystem::exists(program)) break;                                  \
    if (::leumund::base::in_ci()) FAIL() << (program) << " is missing: " package; \
    GTEST_SKIP() << (program) << " is missing: install the package " package;     \
  } while (false)
