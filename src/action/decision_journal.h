// The port through which decisions are kept. `storage` implements it.
//
// A decision is committed before the answer that follows from it goes out (bounded wait), so that
// `kill -9` loses none.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/decision.h"

namespace leumund::action {

// What was tried while restricted: tells whether the attacker is still there.
struct Attempts {
  std::uint64_t recipients = 0;
  std::optional<base::TimePoint> last_at;
};

// What stands after all decisions so far.
struct StandingRecord {
  std::vector<model::Restriction> restrictions;
  std::vector<model::Subject> exempt;
  std::uint64_t last_number = 0;
  // Milder restrictions under the one that stands, mildest first.
  std::map<model::Subject, std::vector<model::Restriction>> beneath;
  std::vector<std::pair<model::Subject, Attempts>> attempts;
  // When automatic restrictions of the unattended time were made, so that a restart does not
  // hand out the bounds anew; the last day suffices.
  std::vector<base::TimePoint> unattended_at;
  // Restrictions that stood and cannot be read: subject and why. A person must see them.
  std::vector<std::string> unreadable = {};
};

class DecisionJournal {
 public:
  virtual ~DecisionJournal() = default;

  // One transaction: appends the decisions and changes the standing accordingly.
  virtual base::Status commit(std::span<const model::Decision> decisions) = 0;

  virtual base::Result<StandingRecord> load_standing() = 0;

  // Decisions with number > `after`, oldest first, at most `limit`.
  virtual base::Result<std::vector<model::Decision>> decisions(std::uint64_t after,
                                                               std::size_t limit) = 0;

  // The newest decisions about one subject, newest first.
  virtual base::Result<std::vector<model::Decision>> decisions_about(const model::Subject& subject,
                                                                     std::size_t limit) = 0;

  // Counts of what was tried; kept with the standing, gone when the restriction goes.
  virtual base::Status save_attempts(
      std::span<const std::pair<model::Subject, Attempts>> attempts) = 0;
};

}  // namespace leumund::action
