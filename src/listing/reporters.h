// What the word of each reporter weighs, and how many words a day he has.
//
// Time:    passed in; a day is one of UTC.
// Limits:  `most` reporters; when the table is full, who was heard longest ago among a few is
//          forgotten, unless the operator named him or he was wrong before.
// Threads: none of its own and no lock.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "base/time.h"
#include "listing/list_journal.h"

namespace leumund::listing {

class Reporters {
 public:
  struct Settings {
    double unknown_weight = 1;         // of who was never judged, 0 to 1
    std::uint32_t per_day_most = 500;  // reports of one
    std::size_t most = 100'000;
  };
  struct Standing {
    double weight = 1;
    std::uint32_t right = 0;  // his reports that stood when the listing was looked at
    std::uint32_t wrong = 0;
  };

  explicit Reporters(Settings settings) : settings_(settings) {}

  // The weight of one more report of his; 0 for one beyond his day's share.
  [[nodiscard]] double hear(std::uint64_t reporter, base::TimePoint at);
  // What he said just now was nothing new: it uses up nothing of his day's share. Whoever writes to
  // one trap again and again would else silence all of its domain.
  void said_nothing(std::uint64_t reporter);
  // Takes over all but the size.
  void set_settings(const Settings& settings);
  // The operator's word on how far to believe him, before what he was right or wrong about.
  void set_weight(std::uint64_t reporter, double weight);
  void judged(std::uint64_t reporter, bool right);

  [[nodiscard]] Standing standing(std::uint64_t reporter) const;
  [[nodiscard]] ListReporterRecord record(std::uint64_t reporter) const;
  void restore(const ListReporterRecord& record);
  [[nodiscard]] std::size_t size() const { return all_.size(); }

 private:
  struct Reporter {
    float prior = 1;
    bool named = false;
    std::uint32_t right = 0;
    std::uint32_t wrong = 0;
    std::int32_t day = 0;
    std::uint32_t today = 0;
  };

  Reporter& of(std::uint64_t reporter);
  [[nodiscard]] static double weight(const Reporter& reporter);

  Settings settings_;
  std::unordered_map<std::uint64_t, Reporter> all_;
};

}  // namespace leumund::listing
