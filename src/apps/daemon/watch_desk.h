// The daemon's watch of ourselves on DNS lists: what is configured, made into a running service,
// and what it finds, made into decisions that are kept.
//
// Flow:    settings, registry -> WatchBook -> WatchService -> decision (journal, notice, stream)
//          and a record of what stands.
// Threads: `watch` makes decisions, and waits for the journal as everybody does; report() and
//          look_up() from any. Nothing of the mail path comes here.
// Errors:  a list, key or file that cannot be had is a problem that is shown; the rest is watched.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/clock.h"
#include "apps/daemon/pipeline.h"
#include "config/settings.h"
#include "evidence/ledger_journal.h"
#include "face/control.h"
#include "face/metrics.h"
#include "intake/watch_files.h"
#include "intake/watch_service.h"
#include "net/resolver.h"
#include "net/screen_asker.h"
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
  WatchDesk(const config::Settings& settings, std::vector<evidence::SubjectRecord> standing,
            Around around);
  ~WatchDesk();

  void start();
  void stop();

  [[nodiscard]] model::WatchReport report() const;
  [[nodiscard]] base::Result<std::vector<model::ListSaid>> look_up(const std::string& subject);
  // Of an egress, an own address, a network, a domain or a list.
  [[nodiscard]] std::vector<model::Listing> listings_of(const model::Subject& subject) const;
  [[nodiscard]] std::optional<face::PartStatus> part() const;
  void add_metrics(std::vector<face::Metric>& out) const;

 private:
  [[nodiscard]] std::vector<diagnosis::DnsList> choose(const config::StartSettings& start);
  [[nodiscard]] intake::WatchTargets targets_of(const config::Settings& settings);
  void read_counters(const std::string& file);
  void restore(const std::vector<evidence::SubjectRecord>& standing, intake::WatchBook& book);
  void on_change(const intake::WatchChange& change);
  void decide(model::Decision decision);
  void keep(std::string subject, std::string state);

  Around around_;
  std::vector<std::string> problems_;
  std::vector<intake::SentCounter> counters_;
  std::vector<std::string> forgotten_;  // records of what is no longer watched
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<net::ScreenAsker> screen_;
  std::unique_ptr<intake::WatchService> service_;  // null: nothing to watch
};

}  // namespace leumund::apps
