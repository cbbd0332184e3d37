// The thread `cases`: reads the journal on, makes cases of it, keeps them, and says what is due.
//
// Flow:    journal -> CaseBook -> news as decisions -> store; orders of people the same way.
// Time:    looks once a second; compares with watch and matrix every half minute.
// Limits:  a thousand decisions a look; CaseBook's.
// Threads: report(), find(), work(), of(), part() from any; the rest on `cases`.
// Errors:  kept cases that cannot be read are tried again each second, and nothing new is made of
//          the journal before. Trouble is shown by `status`. News go out before they are kept: a
//          kill in between tells them twice, never none.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "action/case_book.h"
#include "apps/clock.h"
#include "apps/daemon/pipeline.h"
#include "base/guarded.h"
#include "config/settings.h"
#include "face/control.h"
#include "face/metrics.h"
#include "model/listing.h"
#include "storage/store.h"

namespace leumund::apps {

class CaseDesk {
 public:
  struct Around {
    Pipeline& pipeline;
    storage::Store& store;
    const Clock& clock;
    // That stand now; nothing while the watch cannot say: they stay as they were.
    std::function<std::optional<std::vector<model::Listing>>()> listings;
    std::function<config::RunSettings()> settings;
  };

  explicit CaseDesk(Around around) : around_(std::move(around)) {}
  ~CaseDesk();

  // Takes up what an earlier run left, and begins.
  void start();
  void stop();

  [[nodiscard]] face::CasesReport report(bool closed_too) const;
  [[nodiscard]] base::Result<face::CaseReport> find(std::uint64_t number) const;
  base::Result<face::CaseReport> work(action::CaseOrder order);
  // Cases, not closed, about a subject or with it as a party or stopped sender.
  [[nodiscard]] std::vector<std::uint64_t> of(const model::Subject& subject) const;
  [[nodiscard]] std::optional<face::PartStatus> part() const;
  void add_metrics(std::vector<face::Metric>& out) const;

 private:
  struct State {
    action::CaseBook book;
    std::string trouble;
    std::uint64_t reminders = 0;
    std::uint64_t attempts = 0;
    bool loaded = false;  // before that nothing is read on: numbers would be given twice
  };

  [[nodiscard]] std::optional<model::CaseCause> standing_against(
      const model::Subject& subject) const;
  bool load();
  void prime(action::CaseBook& book, std::uint64_t last) const;
  void run(const std::stop_token& stop);
  void look();
  [[nodiscard]] bool read_on();
  void compare(base::TimePoint now);
  void tell(const std::vector<model::CaseNews>& news, const std::vector<model::Subject>& subjects,
            const std::vector<std::vector<model::Term>>& worked, base::TimePoint now);
  base::Status keep(State& state);
  void set_trouble(std::string trouble);

  Around around_;
  std::string journal_trouble_;
  bool catching_up_ = false;  // the first way through an old journal tells nothing
  std::chrono::steady_clock::time_point compared_at_;
  base::Guarded<State> state_;
  std::jthread thread_;
};

}  // namespace leumund::apps
