// Which domains belong to which provider, as the DNS has told while mail went there: what a detour
// must know beyond the registry's own table.
//
// Flow:    deliveries and questions -> learn() -> file "DOMAIN PROVIDER" a line, by rename.
// Limits:  `domains_max`; when full, what is new is not learnt and counted.
// Threads: any for learn() and of(); load() and save() are called by one.
// Errors:  lines that are none are left out; a file that cannot be read means learning anew.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"

namespace leumund::apps {

class ProviderDomains {
 public:
  explicit ProviderDomains(std::string path, std::size_t domains_max = 1'000'000)
      : path_(std::move(path)), domains_max_(domains_max) {}

  base::Status load();
  // Writes what has changed since the last time, all of it: not every second. What is learnt
  // meanwhile is in the file of the next time.
  base::Status save();

  // True when that was not known.
  bool learn(const std::string& domain, const std::string& provider);
  // The provider of a domain; "" unknown.
  [[nodiscard]] std::string provider_of(const std::string& domain) const;
  [[nodiscard]] std::vector<std::string> of(std::string_view provider) const;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::uint64_t refused_full() const { return refused_full_; }

 private:
  const std::string path_;
  const std::size_t domains_max_;
  base::Guarded<std::map<std::string, std::string>> domains_;
  std::atomic<bool> changed_ = false;
  std::atomic<std::uint64_t> refused_full_ = 0;
};

}  // namespace leumund::apps
