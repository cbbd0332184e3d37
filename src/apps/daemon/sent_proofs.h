// What the operator's own network says of mail that leaves past us: the counters of a firewall and
// flow data, as files that a cron job writes.
//
// Flow:    watch.counters_file, watch.flows_file -> what they say as of their last change -> the
//          proof for a place, in words.
// Time:    looks every ten seconds. A file is read when it has changed and was the same for two
//          looks, so no half-written one; at the start and after a reload at once. Its figures end
//          when it was written: what is said of a file nobody writes any more says how old it is.
// Limits:  1 MiB of counters, 64 MiB of flows.
// Threads: `proof` reads; set_settings() and start() read too, and wait for it. The rest from any,
//          without waiting.
// Errors:  of a file that cannot be read nothing is used, and problems() names it.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "apps/clock.h"
#include "base/bounded_queue.h"
#include "base/guarded.h"
#include "config/settings.h"

namespace leumund::apps {

class SentProofs {
 public:
  SentProofs(const config::RunSettings& run, const Clock& clock);
  ~SentProofs();

  void start();
  void stop();
  void set_settings(const config::RunSettings& run);

  // "" where nothing is known.
  [[nodiscard]] std::string of(const std::string& place) const;
  [[nodiscard]] std::vector<std::string> problems() const;

  // One look, as the thread does it.
  void look();

 private:
  struct Source;  // of the configuration
  struct Told;    // what the files say

  [[nodiscard]] std::shared_ptr<const Told> read(const Told& before, bool at_once) const;
  void run(const std::stop_token& stop);

  const Clock& clock_;
  base::Published<Source> source_;
  base::Published<Told> told_;
  base::BoundedQueue<int> wake_{1, base::WhenFull::push_back};
  std::jthread thread_;
};

}  // namespace leumund::apps
