// What screening does, and what its lists are worth: as people see it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace leumund::model {

struct ScreenListReport {
  std::string list;  // its zone; its id where the zone holds an account's key
  std::string role;  // "block", "score", "allow"
  int weight = 0;    // as configured
  std::string state;
  std::string reason;  // of a list that is not well
  // Since the start.
  std::uint64_t asked = 0;
  std::uint64_t alone = 0;    // listed by no other list
  std::uint64_t decided = 0;  // refused, or taken, for this list
  std::uint64_t unanswered = 0;
  // Of the clients of the last week whose mail was taken.
  std::uint64_t listed = 0;
  std::uint64_t complained = 0;  // of these, later
  std::string shares_with;       // the list that lists most of the same; "" none
  std::uint64_t shared = 0;
  std::optional<int> proposed;  // weight; nothing: too few complaints or listed clients to tell
};

struct ScreenReport {
  bool on = false;
  bool enforce = false;
  int refuse_at = 0;
  bool hears_complaints = false;  // own lists are configured, which take them
  std::uint64_t clients = 0;      // of the last week, whose mail was taken
  std::uint64_t complained = 0;   // of these, later
  std::vector<ScreenListReport> lists;
};

}  // namespace leumund::model
