// The store in one SQLite file (WAL), with numbered migrations.
//
// Limits:  none of its own; the disk's.
// Threads: any; one lock around the connection. Decisions and our own lists are written with
//          synchronous=FULL, counts with NORMAL: a kill loses none of it, a power failure at
//          most the last counts.
// Errors:  as Store says. A damaged file is not repaired in place: open_or_replace() moves it
//          aside.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "base/guarded.h"
#include "storage/store.h"

namespace SQLite {
class Database;
}

namespace leumund::storage {

class SqliteStore final : public Store {
 public:
  // Opens or makes the file and brings its tables to this version. `refused`: a newer version made
  // it; nothing was touched.
  [[nodiscard]] static base::Result<std::unique_ptr<SqliteStore>> open(const std::string& path);

  struct Opened {
    std::unique_ptr<SqliteStore> store;
    std::string moved_to;                  // where the damaged file lies now; "" if it was well
    action::StandingRecord salvaged;       // what could still be read of it
    std::uint64_t list_rows_salvaged = 0;  // of our own lists
  };
  // As open(), but a damaged file is renamed to PATH.damaged-N, whatever of the standing can be
  // read is written into the new one, and the caller is told.
  [[nodiscard]] static base::Result<Opened> open_or_replace(const std::string& path);

  ~SqliteStore() override;

  using Store::save;
  base::Status save(const Checkpoint& checkpoint) override;
  base::Result<std::vector<model::QueuedMail>> load_queue(std::size_t most) override;
  base::Status load(
      const std::function<void(std::string_view subject, std::string_view state)>& visit) override;
  base::Result<std::vector<model::QueuedMail>> queued_of(const model::Subject& subject,
                                                         const model::QueueKey& after,
                                                         std::size_t most) override;
  base::Result<std::vector<model::QueuedMail>> queued_after(const model::QueueKey& after,
                                                            std::size_t most) override;
  base::Result<QueueRecords> queue_records() override;
  base::Result<std::uint64_t> forget_queued(std::uint64_t keep) override;
  base::Result<std::map<std::string, std::string>> load_marks() override;

  base::Status commit(std::span<const model::Decision> decisions) override;
  base::Result<action::StandingRecord> load_standing() override;
  base::Result<std::vector<model::Decision>> decisions(std::uint64_t after,
                                                       std::size_t limit) override;
  base::Result<std::vector<model::Decision>> decisions_about(const model::Subject& subject,
                                                             std::size_t limit) override;
  base::Status save_attempts(
      std::span<const std::pair<model::Subject, action::Attempts>> attempts) override;
  base::Status replace_standing(const action::StandingRecord& standing) override;
  base::Result<std::uint64_t> forget_decisions(base::TimePoint before) override;

  base::Status save_cases(const action::CaseSave& save) override;
  base::Result<action::CaseRecord> load_cases() override;

  base::Status save_list(const listing::ListSave& save) override;
  base::Result<listing::ListRecord> load_list(const std::string& list,
                                              base::TimePoint since) override;
  base::Result<listing::ListRecord> load_listed(const std::string& list,
                                                base::TimePoint now) override;
  base::Result<std::vector<listing::ListHistoryRecord>> list_history(
      const std::string& list, const std::optional<base::IpPrefix>& what,
      std::size_t most) override;
  base::Result<std::vector<listing::NameHistoryRecord>> name_history(
      const std::string& list, const std::optional<std::string>& name, std::size_t most) override;
  [[nodiscard]] bool keeps() const override { return true; }
  base::Status forget_list(listing::ListForgetting& way) override;

 private:
  explicit SqliteStore(std::unique_ptr<SQLite::Database> database);
  // Hands `work` a reader for one table after the other.
  template <typename Work>
  base::Result<listing::ListRecord> read_list(Work&& work);
  // Whether every table can be read.
  base::Status look_over();
  // Takes over what can be read of our own lists from a damaged file.
  std::uint64_t take_lists_of(const std::string& damaged);

  base::Guarded<std::unique_ptr<SQLite::Database>> database_;
  std::set<std::int64_t> told_unreadable_;  // decisions, each told once; under the lock above
};

}  // namespace leumund::storage
