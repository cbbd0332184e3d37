// What the daemon keeps on disk: counts, decisions with what stands, cases, lists of
// our own, and a few named marks.
//
// Flow:    keeper -> save(), commit(); start -> load(), load_standing(), load_marks(),
//          load_queue().
// Time:    none; decisions carry theirs.
// Threads: any; one call at a time has the database.
// Errors:  by code: `exhausted` the disk is full, `unavailable` the file cannot be read or written
//          now, `malformed` the file is damaged, `refused` it was written by a newer version.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "action/case_journal.h"
#include "action/decision_journal.h"
#include "base/result.h"
#include "base/time.h"
#include "evidence/ledger_journal.h"
#include "listing/list_journal.h"
#include "model/queued_mail.h"
#include "model/subject.h"

namespace leumund::storage {

// A small named text that must be true together with the counts: "log/file:/var/log/mail.log" is
// the place up to which that log is counted.
using Mark = std::pair<std::string, std::string>;

// All of one moment.
struct Checkpoint {
  std::span<const evidence::SubjectRecord> records;
  std::span<const Mark> marks;
  std::span<const model::QueuedMail> queue;  // changes; without a subject: gone
};

// What is known of queued mail.
struct QueueRecords {
  std::uint64_t mails = 0;
  std::map<std::string, std::uint64_t> of_campaigns = {};  // "campaign:ID" -> mails
};

class Store : public evidence::LedgerJournal,
              public action::DecisionJournal,
              public action::CaseJournal,
              public listing::ListJournal {
 public:
  // One transaction, all or nothing.
  virtual base::Status save(const Checkpoint& checkpoint) = 0;
  base::Status save_checkpoint(std::span<const evidence::SubjectRecord> records,
                               std::span<const Mark> marks) {
    return save(Checkpoint{records, marks, {}});
  }
  // Mail that was in the queue at the last checkpoint, oldest first; the newest `most` of it.
  virtual base::Result<std::vector<model::QueuedMail>> load_queue(std::size_t most) = 0;
  // Mail of which the store knows that it is this subject's, or of this campaign, by queue key:
  // what comes after `after`, `most` of it.
  virtual base::Result<std::vector<model::QueuedMail>> queued_of(const model::Subject& subject,
                                                                 const model::QueueKey& after,
                                                                 std::size_t most) = 0;
  // All of it in the same way.
  virtual base::Result<std::vector<model::QueuedMail>> queued_after(const model::QueueKey& after,
                                                                    std::size_t most) = 0;
  virtual base::Result<QueueRecords> queue_records() = 0;
  // Drops the oldest beyond `keep`; returns how many.
  virtual base::Result<std::uint64_t> forget_queued(std::uint64_t keep) = 0;
  virtual base::Result<std::map<std::string, std::string>> load_marks() = 0;

  base::Status save(std::span<const evidence::SubjectRecord> records) final {
    return save(Checkpoint{records, {}, {}});
  }

  // What stands is `standing` and nothing else: after decisions had to be dropped.
  virtual base::Status replace_standing(const action::StandingRecord& standing) = 0;

  // Drops decisions made before `before` that nothing in force goes back to.
  virtual base::Result<std::uint64_t> forget_decisions(base::TimePoint before) = 0;
};

}  // namespace leumund::storage
