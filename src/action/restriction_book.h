// All restrictions, exemptions and the rules by which a finding becomes one. No clock, no I/O.
//
// Flow:    verdict's Finding or a person's command -> RestrictionBook -> Decision; and at each
//          submission -> Answer.
// Time:    passed in. A restriction ends at `until`; tick() reports it.
// Limits:  `restrictions_max` restrictions (default 1,000,000); beyond it a finding becomes
//          would_restrict and refused_full() counts. A person's command is never refused for it.
// Threads: none of its own and no lock; the engine's owner guards it.
// Errors:  a command that cannot be done says why (release without its checklist, unknown subject).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
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
  std::optional<base::TimePoint> from;  // nothing: off
  std::optional<base::TimePoint> until;
  std::uint32_t restrictions_per_hour = 20;
  std::uint32_t restrictions_per_day = 100;

  [[nodiscard]] bool at(base::TimePoint now) const {
    return from && now >= *from && (!until || now < *until);
  }
};

struct BookSettings {
  std::map<std::string, model::Mode> detector_modes;  // by Finding::kind; absent: `default_mode`
  model::Mode default_mode = model::Mode::observe;
  std::map<std::string, std::optional<std::chrono::seconds>>
      detector_spans;  // nothing: until released
  std::uint32_t throttle_recipients_per_hour = 20;
  std::vector<std::string> helpdesk;     // addresses, lower case; always reachable
  std::vector<std::string> own_domains;  // lower case; what `external_only` lets through
  std::string contact;                   // in the refusal text, e.g. "postmaster@c.test"
  std::vector<std::string> release_requires = {"password", "sessions", "forwards"};
  std::size_t restrictions_max = 1'000'000;

  [[nodiscard]] model::Mode mode_of(const std::string& kind) const {
    const auto own = detector_modes.find(kind);
    return own == detector_modes.end() ? default_mode : own->second;
  }
};

// What the owner or the helpdesk did before the release. `password` names who changed it.
struct Recovery {
  std::map<std::string, std::string>
      done;                        // item -> by whom: password, sessions, forwards, filters, script
  bool without_checklist = false;  // a person takes the responsibility; recorded
};

// What is asked at one submission.
struct Ask {
  const model::Subject& subject;
  std::string_view recipient;    // "" at end of data when there are several
  bool only_helpdesk = false;    // every recipient accepted so far is a helpdesk address
  bool only_internal = false;    // ... is at an own domain or a helpdesk address
  std::uint32_t recipients = 1;  // that this question would let out; 0 if all were asked about
};

class RestrictionBook {
 public:
  explicit RestrictionBook(BookSettings settings);

  // Takes over what stood at the last stop.
  void restore(const StandingRecord& standing);
  // All that stands, as restore() takes it.
  [[nodiscard]] StandingRecord standing() const;
  // New settings from now on; restrictions stay as they are.
  void set_settings(BookSettings settings);
  void set_unattended(Unattended unattended);
  [[nodiscard]] const Unattended& unattended() const { return unattended_; }

  // The answer to a submission of a subject, pass when nothing stands against it. Counts attempts
  // and throttled recipients.
  [[nodiscard]] model::Answer answer(const Ask& ask, base::TimePoint now);

  // A detector's finding at the level it proposes; nothing when the subject is exempt or already
  // restricted at least as hard (or would be, in observe mode, within the last day). A finding
  // about a subject that is already restricted moves its end; tick() tells that as `extended`.
  [[nodiscard]] std::optional<model::Decision> apply(const model::Finding& finding,
                                                     model::Level level, base::TimePoint now);

  // A person's commands; `by` is "admin", "file", "api", ... A person's word replaces what stands,
  // milder or harder, exempt or not; a restriction in observe mode becomes would_restrict.
  [[nodiscard]] model::Decision suspend(const model::Restriction& restriction, base::TimePoint now);
  // Errors: unavailable when nothing stands against the subject, refused when the checklist is
  // not complete (the message names what is missing), malformed for an item nobody knows.
  [[nodiscard]] base::Result<model::Decision> release(const model::Subject& subject,
                                                      const Recovery& recovery,
                                                      const std::string& by, base::TimePoint now);
  // As release(), where nothing stands any more and what rested on it is let go.
  [[nodiscard]] model::Decision release_over(const model::Subject& subject, const std::string& by,
                                             base::TimePoint now);
  // Undoes an automatic decision by its number: the subject is as before it, and its release
  // needs no checklist. The decision is `released`, or `restricted` with what returned.
  [[nodiscard]] base::Result<model::Decision> undo(std::uint64_t number, const std::string& by,
                                                   base::TimePoint now);
  [[nodiscard]] std::vector<model::Decision> exempt(const model::Subject& subject, bool on,
                                                    const std::string& by, base::TimePoint now);

  // Ends an automatic restriction before its time; what lies beneath it ends as well. Nothing where
  // none stands, or a person's.
  [[nodiscard]] std::optional<model::Decision> end(const model::Subject& subject,
                                                   const std::string& by, base::TimePoint now);
  // The finding once more, of what stands already: nothing else is changed. Nothing where nothing
  // stands.
  [[nodiscard]] std::optional<model::Decision> tell_again(const model::Finding& finding,
                                                          base::TimePoint now);

  // Ends what is over, brings back what lay beneath, and tells extensions and alarms.
  [[nodiscard]] std::vector<model::Decision> tick(base::TimePoint now);

  // Whether such a finding is more than reported now; the bounds of the unattended time may forbid
  // it still.
  [[nodiscard]] bool acts_on(const std::string& kind, const model::Subject& subject,
                             base::TimePoint now) const {
    const bool wanted = settings_.mode_of(kind) == model::Mode::enforce || unattended_.at(now);
    return wanted && !is_exempt(subject);
  }
  [[nodiscard]] const model::Restriction* find(const model::Subject& subject) const;
  [[nodiscard]] bool is_exempt(const model::Subject& subject) const;
  [[nodiscard]] bool is_helpdesk(std::string_view recipient) const;
  // At an own domain, and not routed onwards by "%", "!" or a second "@" in the local part.
  [[nodiscard]] bool is_internal(std::string_view recipient) const;
  [[nodiscard]] std::vector<model::Restriction> restrictions() const;  // sorted by subject
  // What observe mode would have restricted within the last day, the newest first; it is not kept
  // over a restart.
  [[nodiscard]] std::vector<model::Restriction> would_be(base::TimePoint now) const;
  // Subjects whose automatic restriction was made only because of this campaign, sorted.
  [[nodiscard]] std::vector<model::Subject> resting_on(const model::Subject& campaign) const;
  [[nodiscard]] std::vector<model::Subject> exemptions() const;  // sorted
  [[nodiscard]] Attempts attempts(const model::Subject& subject) const;
  // Attempts counted since the last call, for DecisionJournal::save_attempts().
  [[nodiscard]] std::vector<std::pair<model::Subject, Attempts>> drain_attempts();
  // The items a release of this subject needs, in the order of the settings.
  [[nodiscard]] std::vector<std::string> checklist(const model::Subject& subject) const;
  [[nodiscard]] std::uint64_t refused_full() const { return refused_full_; }
  [[nodiscard]] std::uint64_t last_number() const { return last_number_; }
  // Gives the next decision number; the engine uses it for decisions made outside the book.
  [[nodiscard]] std::uint64_t next_number() { return ++last_number_; }

 private:
  struct SubjectHash {
    std::size_t operator()(const model::Subject& subject) const;
  };
  // Recipients let out under `throttle` in the last hour, in slots of ten minutes; never more than
  // the limit in any hour.
  struct ThrottleWindow {
    std::array<std::uint32_t, 7> slots{};
    std::int64_t newest = 0;
  };
  struct Entry {
    model::Restriction restriction;
    std::vector<model::Restriction> beneath;  // mildest first
    Attempts attempts;
    bool attempts_dirty = false;
    ThrottleWindow throttle;
  };
  using Entries = std::unordered_map<model::Subject, Entry, SubjectHash>;

  [[nodiscard]] model::Decision decide(model::DecisionKind kind, const model::Subject& subject,
                                       const std::string& by, base::TimePoint now);
  void put(const model::Subject& subject, Entry entry);
  void remove(Entries::iterator it);
  [[nodiscard]] std::optional<model::Restriction> next_beneath(Entry& entry, base::TimePoint now);
  void extend(Entry& entry, const model::Finding& finding, base::TimePoint now);
  [[nodiscard]] std::optional<model::Decision> would(model::Decision decision, base::TimePoint now);
  void forget_old_unattended(base::TimePoint now);
  [[nodiscard]] bool within_bounds(base::TimePoint now);
  void alarm(const std::string& text, base::TimePoint now);
  [[nodiscard]] bool throttle_lets(Entry& entry, std::uint32_t recipients, base::TimePoint now);
  [[nodiscard]] model::Answer refuse(Entry& entry, const Ask& ask, model::Disposition disposition,
                                     std::string text, base::TimePoint now);

  BookSettings settings_;
  std::unordered_set<std::string> helpdesk_;
  std::unordered_set<std::string> own_domains_;
  Unattended unattended_;
  std::uint64_t last_number_ = 0;
  std::uint64_t refused_full_ = 0;
  Entries entries_;
  std::unordered_set<model::Subject, SubjectHash> exempt_;
  std::unordered_map<model::Subject, model::Restriction, SubjectHash> observed_;
  // Ends of restrictions, soonest first; an entry that no longer matches its restriction is stale.
  std::multimap<base::TimePoint, model::Subject> ends_;
  std::unordered_map<std::uint64_t, model::Subject> automatic_;  // standing ones, for undo
  std::deque<base::TimePoint> unattended_at_;                    // oldest first, the last day
  std::optional<base::TimePoint> alarmed_at_;
  std::vector<model::Decision> pending_;  // for the next tick()
  std::vector<model::Subject> attempted_;
  base::TimePoint observed_swept_at_;
};

}  // namespace leumund::action
