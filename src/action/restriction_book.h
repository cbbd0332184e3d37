// All restrictions, exemptions and the rules by which a finding becomes one. No clock, no I/O.
//
// Flow:    verdict's Finding or a person's command -> RestrictionBook -> Decision; and at each
//          submission -> Answer.
// Time:    passed in. A restriction ends at `until`; tick() reports it.
// Limits:  `restrictions_max` restrictions (default 1,000,000); beyond it a finding becomes
//          would_restrict and refused_full() counts.
// Threads: none of its own and no lock; the engine's owner guards it.
// Errors:  a command that cannot be done says why (release without its checklist, unknown subject).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "action/decision_journal.h"
#include "base/result.h"
#include "base/time.h"
#include "model/answer.h"
#include "model/decision.h"
#include "model/finding.h"
#include "model/restriction.h"
#include "model/subject.h"

namespace leumund::action {

// When nobody watches: detectors in observe mode act all the same, within these bounds.
struct Unattended {
  std::optional<base::TimePoint> from;   // nothing: off
  std::optional<base::TimePoint> until;
  std::uint32_t restrictions_per_hour = 20;
  std::uint32_t restrictions_per_day = 100;
};

struct BookSettings {
  std::map<std::string, model::Mode> detector_modes;  // by Finding::kind; absent: `default_mode`
  model::Mode default_mode = model::Mode::observe;
  std::map<std::string, std::optional<std::chrono::seconds>> detector_spans;  // nothing: until released
  std::uint32_t throttle_recipients_per_hour = 20;
  std::vector<std::string> helpdesk;     // addresses, lower case; always reachable
  std::vector<std::string> own_domains;  // lower case; what `external_only` lets through
  std::string contact;                   // in the refusal text, e.g. "postmaster@c.test"
  std::vector<std::string> release_requires = {"password", "sessions", "forwards"};
  std::size_t restrictions_max = 1'000'000;
};

// What the owner or the helpdesk did before the release. `password` names who changed it.
struct Recovery {
  std::map<std::string, std::string> done;  // item -> by whom: password, sessions, forwards, filters, script
  bool without_checklist = false;           // a person takes the responsibility; recorded
};

// What is asked at one submission.
struct Ask {
  const model::Subject& subject;
  std::string_view recipient;      // "" at end of data when there are several
  bool only_helpdesk = false;      // every recipient accepted so far is a helpdesk address
  bool only_internal = false;      // ... is at an own domain
  std::uint32_t recipients = 1;    // that this question would let out
};

// What was tried while restricted: tells whether the attacker is still there.
struct Attempts {
  std::uint64_t recipients = 0;
  std::optional<base::TimePoint> last_at;
};

class RestrictionBook {
 public:
  explicit RestrictionBook(BookSettings settings);

  // Takes over what stood at the last stop.
  void restore(const StandingRecord& standing);
  // New settings from now on; restrictions stay as they are.
  void set_settings(BookSettings settings);
  void set_unattended(Unattended unattended);
  [[nodiscard]] const Unattended& unattended() const { return unattended_; }

  // The answer to a submission of a subject, pass when nothing stands against it. Counts attempts
  // and throttled recipients.
  [[nodiscard]] model::Answer answer(const Ask& ask, base::TimePoint now);

  // A detector's finding at the level it proposes; nothing when the subject is exempt or already
  // restricted at least as hard (or would be, in observe mode, within the last day).
  [[nodiscard]] std::optional<model::Decision> apply(const model::Finding& finding,
                                                     model::Level level, base::TimePoint now);

  // A person's commands; `by` is "admin", "file", "api", ...
  [[nodiscard]] model::Decision suspend(const model::Restriction& restriction, base::TimePoint now);
  [[nodiscard]] base::Result<model::Decision> release(const model::Subject& subject,
                                                      const Recovery& recovery,
                                                      const std::string& by, base::TimePoint now);
  // Undoes an automatic decision by its number: the subject is as before it, and its release
  // needs no checklist.
  [[nodiscard]] base::Result<model::Decision> undo(std::uint64_t number, const std::string& by,
                                                   base::TimePoint now);
  [[nodiscard]] std::vector<model::Decision> exempt(const model::Subject& subject, bool on,
                                                    const std::string& by, base::TimePoint now);

  // Ends what is over.
  [[nodiscard]] std::vector<model::Decision> tick(base::TimePoint now);

  [[nodiscard]] const model::Restriction* find(const model::Subject& subject) const;
  [[nodiscard]] bool is_exempt(const model::Subject& subject) const;
  [[nodiscard]] bool is_helpdesk(std::string_view recipient) const;
  [[nodiscard]] bool is_internal(std::string_view recipient) const;
  [[nodiscard]] std::vector<model::Restriction> restrictions() const;  // sorted by subject
  [[nodiscard]] std::vector<model::Subject> exemptions() const;        // sorted
  [[nodiscard]] Attempts attempts(const model::Subject& subject) const;
  [[nodiscard]] std::uint64_t refused_full() const { return refused_full_; }
  // Gives the next decision number; the engine uses it for decisions made outside the book.
  [[nodiscard]] std::uint64_t next_number() { return ++last_number_; }

 private:
  struct Entry;
  BookSettings settings_;
  Unattended unattended_;
  std::uint64_t last_number_ = 0;
  std::uint64_t refused_full_ = 0;
  // The rest of the state is the action helper's to shape.
};

}  // namespace leumund::action
