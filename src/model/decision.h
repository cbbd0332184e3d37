// What changed because of an event, a command or the passing of time. The journal keeps every one;
// the edges turn them into queue holds, tables, notices and lines of `leumund events`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/finding.h"
#include "model/mail_event.h"
#include "model/restriction.h"
#include "model/subject.h"

namespace leumund::model {

enum class DecisionKind : std::uint8_t {
  restricted,        // a restriction began or became harder
  would_restrict,    // the same in observe mode, or beyond the unattended bounds
  released,          // lifted by a person, a file edit or an undo
  ended,             // its time was over
  exempted,          // never restrict this subject from now on
  exemption_ended,
  announced,         // a bulk mailing is expected
};

[[nodiscard]] std::string_view decision_kind_name(DecisionKind kind);

struct Decision {
  std::uint64_t number = 0;  // rising, unique in one installation; the handle for `undo`
  DecisionKind kind = DecisionKind::restricted;
  base::TimePoint at;
  Subject subject;
  std::string detector;  // "burst"; "" for a person's decision
  double score = 0;
  std::vector<Term> terms;
  Restriction restriction;            // as it is after `restricted`, as it was before `released`
  std::vector<QueueKey> held;         // this subject's mail that was still queued
  bool unattended = false;            // made automatically while the admin is away
  std::uint32_t recipients_before = 0;  // that left in the burst before the stop, as counted
};

}  // namespace leumund::model
