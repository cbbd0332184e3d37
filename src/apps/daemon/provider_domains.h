// Which domains belong to which provider, as the DNS has told while mail went there: what a detour
// must know beyond the registry's own table.
//
// Flow:    deliveries and questions -> learn(), see() -> file "DOMAIN PROVIDER DAY" a line, by
//          rename, for the daemon's user only (0600): it tells where customers write to. Nobody
//          but we read it. DAY counts from 1970; without one the domain is seen when it is read.
// Time:    passed in; days are all that is kept of it.
// Limits:  `domains_max`; when full, what is new is not learnt and counted.
// Threads: any for learn(), see() and of(); load(), forget() and save() are called by one.
// Errors:  lines that are none are left out; a file that cannot be read means learning anew.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/time.h"

namespace leumund::apps {

class ProviderDomains {
 public:
  explicit ProviderDomains(std::string path, std::size_t domains_max = 1'000'000)
      : path_(std::move(path)), domains_max_(domains_max) {}

  base::Status load(base::TimePoint now);
  // Writes what has changed since the last time, all of it: not every second. What is learnt
  // meanwhile is in the file of the next time.
  base::Status save();

  // True when that was not known.
  bool learn(const std::string& domain, const std::string& provider, base::TimePoint now);
  // Mail went there.
  void see(const std::string& domain, base::TimePoint now);
  // Those that were seen before that day last; true when there were any. All are looked at, so
  // that only a day's first call does it.
  bool forget(base::TimePoint before);
  // The provider of a domain; "" unknown.
  [[nodiscard]] std::string provider_of(const std::string& domain) const;
  [[nodiscard]] std::vector<std::string> of(std::string_view provider) const;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::uint64_t refused_full() const { return refused_full_; }

 private:
  using Day = std::chrono::sys_days;
  struct Known {
    std::string provider;
    Day seen;
  };

  bool keep(const std::string& domain, const std::string& provider, Day seen);

  const std::string path_;
  const std::size_t domains_max_;
  Day forgotten_;  // of save()'s thread
  base::Guarded<std::map<std::string, Known>> domains_;
  std::atomic<bool> changed_ = false;
  std::atomic<std::uint64_t> refused_full_ = 0;
};

}  // namespace leumund::apps
