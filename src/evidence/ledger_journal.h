// The port through which the ledger's counts are kept across a restart. `storage` implements it.
//
// Counts are checkpointed about once a second, so a kill loses at most that much of counting.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace leumund::evidence {

struct SubjectRecord {
  std::string subject;  // Subject::to_string()
  std::string state;    // opaque, versioned by the ledger
};

class LedgerJournal {
 public:
  virtual ~LedgerJournal() = default;

  // Writes all or nothing. An empty state deletes the subject.
  virtual base::Status save(std::span<const SubjectRecord> records) = 0;

  // Calls `visit` for every record. The views end with the call.
  virtual base::Status load(
      const std::function<void(std::string_view subject, std::string_view state)>& visit) = 0;
};

}  // namespace leumund::evidence
