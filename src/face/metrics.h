// The text of /metrics for Prometheus, from a plain snapshot of the daemon's counters.
//
// Names are leumund_*; counters end in _total, and no account, recipient or client is ever a label.
// Only egresses, lists, configured places and registered providers are, of at most 500 cells of the
// block matrix: the number of series stays small whatever comes in.
// Threads: any; nothing is kept.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "engine/engine.h"

namespace leumund::face {

struct MetricSample {
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

// One named figure of a room that the snapshot does not know by itself.
struct Metric {
  std::string name;  // "leumund_policy_requests_total"; a counter ends in _total
  std::string help;  // a sentence
  std::vector<MetricSample> samples;
};

// How long something took: counts of answers up to each bound, as they add up.
struct LatencySnapshot {
  std::vector<std::pair<double, std::uint64_t>> up_to_seconds;  // rising bounds, rising counts
  std::uint64_t count = 0;
  double sum_seconds = 0;
};

struct MetricsSnapshot {
  std::string version;
  base::TimePoint started_at;
  bool enforcing = false;
  bool unattended = false;
  engine::Counters engine;
  std::map<std::string, std::uint64_t> decisions;     // by decision_kind_name()
  std::map<std::string, std::uint64_t> restrictions;  // in force now, by level_name()
  std::uint64_t exemptions = 0;
  std::map<std::string, std::uint64_t> answers;  // by disposition_name()
  std::map<std::string, bool> parts;             // as `leumund status` shows them: well or not
  LatencySnapshot policy_answers;
  std::vector<Metric> more;
};

[[nodiscard]] std::string metrics_text(const MetricsSnapshot& snapshot);

}  // namespace leumund::face
