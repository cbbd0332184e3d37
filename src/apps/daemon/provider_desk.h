// What providers say of us, as files in a folder: SNDS, Postmaster Tools, summaries of feedback
// loops. Whoever fetches them drops them there; they stay, and are the record.
//
// Flow:    watch.reports_folder -> wire::read_provider_file() -> latest figures by place; an own
//          address that SNDS calls red or blocked -> decision `listed`, and so a case.
// Time:    looks every two seconds; a file is read when it has been the same for one of them.
// Limits:  500 files of 16 MiB, 200,000 places; of each the last seven rows are kept.
// Threads: `provider`; report() and listings() from any.
// Errors:  a file that cannot be read is named with its reason; the others are taken.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "apps/clock.h"
#include "apps/daemon/pipeline.h"
#include "base/guarded.h"
#include "config/settings.h"
#include "face/control.h"
#include "face/metrics.h"
#include "model/listing.h"
#include "model/provider_report.h"

namespace leumund::apps {

class ProviderDesk {
 public:
  struct Around {
    Pipeline& pipeline;
    const Clock& clock;
    std::function<config::Settings()> settings;
    std::string folder;        // "" is off
    std::string state_folder;  // keeps what stands red
  };

  explicit ProviderDesk(Around around);
  ~ProviderDesk();

  void start();
  void stop();

  [[nodiscard]] model::ProviderReports report() const;
  // Own addresses that a provider calls red, as listings; all, or of one egress or address.
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
  struct State {
    std::map<std::string, File> files;
    std::string trouble;
    std::map<std::string, model::Listing> standing;  // by address
  };

  void run(const std::stop_token& stop);
  // `fresh`: something was read or has gone; `complete`: every file that lies there is known.
  struct Taken {
    bool fresh = false;
    bool complete = false;
  };
  Taken take_files();
  [[nodiscard]] std::map<std::string, Stamp> listed_files(std::string& trouble) const;
  [[nodiscard]] File read(const std::string& name, Stamp stamp) const;
  void judge();
  void tell(const model::Listing& listing);
  void load();
  void save() const;

  Around around_;
  std::map<std::string, Stamp> seen_;  // at the last look; of the thread
  base::Guarded<State> state_;
  std::jthread thread_;
};

}  // namespace leumund::apps
