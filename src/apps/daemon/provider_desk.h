// What providers say of us, as files in a folder: SNDS, Postmaster Tools, summaries of feedback
// loops. Whoever fetches them drops them there; they stay, and are the record.
//
// Flow:    watch.reports_folder -> wire::read_provider_file() -> latest figures by place; an own
//          address that SNDS calls red or blocked -> decision `listed`, and so a case.
// Time:    looks every two seconds; a file is read when it has been the same for one of them.
// Limits:  500 files of 16 MiB, 200,000 places; of each the last seven rows are kept. Metrics are
//          of own addresses and of domains, 1,000 at most.
// Threads: `provider`; report() and listings() from any.
// Errors:  a file that cannot be read is named with its reason; the others are taken.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "apps/clock.h"
#include "apps/daemon/pipeline.h"
#include "base/bounded_queue.h"
#include "base/guarded.h"
#include "config/settings.h"
#include "face/control.h"
#include "face/metrics.h"
#include "model/listing.h"
#include "model/provider_report.h"

namespace leumund::apps {

// When each source has told something last: its rows, and its files, also those with no row. A file
// that is empty is SNDS of addresses without traffic.
[[nodiscard]] std::map<std::string, base::TimePoint, std::less<>> last_told(
    const model::ProviderReports& report, base::TimePoint now);
// A word holds for a week behind what its source told last, for a month where nothing newer came.
[[nodiscard]] bool holds(const model::ProviderFigure& figure, base::TimePoint told,
                         base::TimePoint now);

class ProviderDesk {
 public:
  struct Around {
    Pipeline& pipeline;
    const Clock& clock;
    std::function<config::Settings()> settings;
    std::string state_folder;  // keeps what stands red
  };

  explicit ProviderDesk(Around around);
  ~ProviderDesk();

  void start();
  void stop();
  // After a reload: the folder, or what is ours, may be another. Does not wait for it.
  void look_soon();

  [[nodiscard]] model::ProviderReports report() const;
  // Own addresses that a provider calls red.
  [[nodiscard]] std::vector<model::Listing> listings() const;
  [[nodiscard]] std::optional<face::PartStatus> part() const;
  void add_metrics(std::vector<face::Metric>& out) const;

 private:
  using Stamp = std::pair<std::int64_t, std::uint64_t>;  // time of change, size
  struct File {
    Stamp stamp;
    model::ProviderFile told;
    std::vector<model::ProviderFigure> figures;
  };
  // What follows from the files, made when one of them changes.
  struct Told {
    model::ProviderReports report;
    std::vector<model::ProviderFigure> shown;  // as metrics: the newest of each place
  };

  void run(const std::stop_token& stop);
  // `fresh`: something was read or has gone; `complete`: every file that lies there is known.
  struct Taken {
    bool fresh = false;
    bool complete = false;
  };
  Taken take_files();
  [[nodiscard]] std::map<std::string, Stamp> listed_files();
  [[nodiscard]] File read(const std::string& name, Stamp stamp) const;
  void publish();
  void judge();
  void load();
  void save() const;

  const Around around_;
  // Of the thread.
  std::string folder_;                 // "" is off
  std::map<std::string, Stamp> seen_;  // at the last look
  std::map<std::string, File> files_;
  std::string trouble_;

  base::Published<Told> told_{std::make_shared<const Told>()};
  base::Guarded<std::map<std::string, model::Listing>> standing_;  // by address
  base::BoundedQueue<int> wake_{1, base::WhenFull::push_back};
  std::jthread thread_;
};

}  // namespace leumund::apps
