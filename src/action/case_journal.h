// The port through which cases are kept. `storage` implements it.
//
// Cases follow from the journal's decisions and from people's orders. How far the journal has been
// read is kept in the same transaction, so that a kill neither loses a line nor writes one twice.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/case.h"

namespace leumund::action {

struct CaseProgress {
  std::uint64_t last_decision = 0;  // of the journal, that was read
  std::uint64_t last_case = 0;      // number given away

  bool operator==(const CaseProgress&) const = default;
};

struct CaseSave {
  std::span<const model::Case> changed;
  std::span<const std::uint64_t> forgotten;
  CaseProgress progress;
};

struct CaseRecord {
  std::vector<model::Case> cases;  // by number
  CaseProgress progress;
  std::vector<std::string> unreadable = {};  // number and why; they stay where they are
};

class CaseJournal {
 public:
  virtual ~CaseJournal() = default;

  // One transaction, all or nothing.
  virtual base::Status save_cases(const CaseSave& save) = 0;
  virtual base::Result<CaseRecord> load_cases() = 0;
};

}  // namespace leumund::action
