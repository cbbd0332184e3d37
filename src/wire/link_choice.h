// The links of a message of which only some are kept: all as long as there is room, in their order;
// of more than that one for each registrable domain, and of the domains those with the lowest keyed
// hashes. So no order of theirs decides, nor how often one domain comes.
//
// Limits: `max` links.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"

namespace leumund::wire {

class LinkChoice {
 public:
  // Chooses into `links`, which outlives it and may hold some already.
  LinkChoice(std::vector<std::string>& links, std::size_t max, const base::HashKey& key)
      : links_(links), max_(max), key_(key) {}

  void add(std::string link);
  // Whether any link was left out.
  [[nodiscard]] bool chose() const { return chose_; }

 private:
  struct Place {
    std::uint64_t link = 0;  // keyed hash
    std::size_t index = 0;   // in links_
  };
  void choose_of_all();
  void choose(std::string link);

  std::vector<std::string>& links_;
  std::size_t max_;
  base::HashKey key_;
  std::map<std::uint64_t, Place> places_;  // by keyed hashes of domains, once there is no room
  bool chose_ = false;
};

// What is counted once: the registrable domain of a link or address, the last two labels of a host
// without one, or all of what has no host.
[[nodiscard]] std::string link_owner(std::string_view link);

}  // namespace leumund::wire
