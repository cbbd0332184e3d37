// The daemon's watch of ourselves on DNS lists: what is configured, made into a running service,
// and what it finds, made into decisions that are kept.
//
// Flow:    settings, registry -> WatchBook -> WatchService -> decision (journal, notice, stream)
//          and a record of what stands.
// Time:    a reload that changes what is watched asks anew, at the rate that is set; what stood
//          stands until a list says otherwise, and what was asked today counts.
// Threads: `watch` makes decisions, and waits for the journal as everybody does; set_settings() one
//          at a time, report() and look_up() from any. Nothing of the mail path comes here.
// Errors:  a list, key or file that cannot be had is a problem that is shown; the rest is watched.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/clock.h"
#include "apps/daemon/pipeline.h"
#include "apps/daemon/sent_proofs.h"
#include "base/guarded.h"
#include "config/settings.h"
#include "evidence/ledger_journal.h"
#include "face/control.h"
#include "face/metrics.h"
#include "intake/watch_service.h"
#include "storage/store.h"

namespace leumund::apps {

class WatchDesk {
 public:
  struct Around {
    Pipeline& pipeline;
    storage::Store& store;
    const Clock& clock;
  };

  // Whether a record of the store is the watch's and no subject's.
  [[nodiscard]] static bool is_record(std::string_view subject);

  // `standing` are the records kept at the last stop. Never fails: what cannot be watched is a
  // problem.
  WatchDesk(const config::Settings& settings, const std::vector<evidence::SubjectRecord>& standing,
            Around around);
  ~WatchDesk();

  void start();
  void stop();
  // After a reload; also where only the content of a file it names has changed.
  void set_settings(const config::Settings& settings);

  [[nodiscard]] model::WatchReport report() const;
  // Something is to be watched, and nobody can be asked: what stands is not known.
  [[nodiscard]] bool is_blind() const;
  [[nodiscard]] base::Result<std::vector<model::ListSaid>> look_up(const std::string& subject);
  [[nodiscard]] std::optional<face::PartStatus> part() const;
  void add_metrics(std::vector<face::Metric>& out) const;

 private:
  struct Inputs;  // of the configuration, as far as it tells what is watched and how
  struct Watch;   // by one configuration
  using Records = std::map<std::string, std::string>;  // of what stands, as the store has them

  [[nodiscard]] std::unique_ptr<Watch> make(const config::Settings& settings, Inputs inputs,
                                            const std::vector<intake::ListHealth>& before);
  void start_watch();
  void restore(Watch& watch, intake::WatchBook& book) const;
  void on_change(const intake::WatchChange& change);
  void keep(const std::string& subject, const std::string& state);

  const Around around_;
  SentProofs proofs_;
  base::Guarded<Records> standing_;
  base::Published<Watch> watch_;
};

}  // namespace leumund::apps
