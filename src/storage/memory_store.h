// The store without a disk: what a daemon runs on when its state folder cannot be written.
//
// Limits:  the newest `decisions_max` decisions, reports and lines of a list's history; counts are
//          not kept at all (the engine has them).
// Threads: any.
// Errors:  none.
#pragma once

#include <deque>

#include "base/guarded.h"
#include "storage/store.h"

namespace leumund::storage {

class MemoryStore : public Store {
 public:
  static constexpr std::size_t decisions_max = 100'000;

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
  [[nodiscard]] bool keeps() const override { return false; }
  base::Status forget_list(listing::ListForgetting& way) override;

 private:
  struct Standing {
    model::Restriction restriction;
    std::vector<model::Restriction> beneath;
    action::Attempts attempts;
  };
  struct ListState {
    std::deque<listing::ListReportRecord> reports;
    std::map<base::IpAddress, listing::ListPlaceRecord> places;
    std::map<std::pair<std::int32_t, base::IpAddress>, listing::ListTrafficRecord> traffic;
    std::map<std::uint64_t, listing::ListReporterRecord> reporters;
    std::map<std::string, listing::HandListing> hand;
    std::deque<listing::ListHistoryRecord> history;
    std::deque<listing::NameReportRecord> name_reports;
    std::map<std::string, listing::NamePlaceRecord> names;
    std::map<std::string, listing::HandName> hand_names;
    std::deque<listing::NameHistoryRecord> name_history;
  };
  struct State {
    std::map<std::string, std::string> ledger;
    std::map<std::string, std::string> marks;
    std::map<model::QueueKey, model::QueuedMail> queue;
    std::deque<model::Decision> decisions;  // by number
    std::map<model::Subject, Standing> standing;
    std::map<model::Subject, bool> exempt;
    std::uint64_t last_number = 0;
    std::map<std::uint64_t, model::Case> cases;
    action::CaseProgress case_progress;
    std::map<std::string, ListState> lists;
  };
  static void apply(State& state, const model::Decision& decision);

  base::Guarded<State> state_;
};

}  // namespace leumund::storage
