// Pools of ways out for senders of their own, as the option `detour.pools` spells them:
//
//   "tenant ways=out3,out2 senders=@tenant.example,chief@other.example"
//
// The first way is the pool's usual one. A name that comes once more adds senders to its pool.
// Limits:  pools_max pools; a sender in several belongs to the first that names it.
// Errors:  what is wrong with the text, and what was wanted.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/detour_options.h"

namespace leumund::config {

constexpr std::size_t pools_max = 100;

struct DetourPool {
  std::string name;
  std::vector<DetourWay> ways;       // never empty in DetourPools
  std::vector<std::string> senders;  // "@domain", "local@domain", or "<>" for bounces
};

[[nodiscard]] base::Result<DetourPool> parse_detour_pool(std::string_view text);

class DetourPools {
 public:
  DetourPools() = default;
  // Leaves out what `config check` complains of.
  explicit DetourPools(const std::vector<std::string>& texts);

  [[nodiscard]] const std::vector<DetourPool>& all() const { return all_; }
  [[nodiscard]] const DetourPool* find(std::string_view name) const;
  // Whose mail this envelope sender's is, as Postfix looks it up: the address, the address without
  // its extension, the domain. Null: nobody's.
  [[nodiscard]] const DetourPool* of_sender(std::string_view sender) const;

 private:
  std::vector<DetourPool> all_;
  std::map<std::string, std::size_t, std::less<>> by_sender_;
};

// The ways of all pools that are nobody's usual one: mail takes them only by detours. None while
// there are no detours.
[[nodiscard]] std::set<std::string, std::less<>> spare_ways(const RunSettings& settings);

// The keys under which Postfix looks an envelope sender up, in its order, lower case.
[[nodiscard]] std::vector<std::string> sender_keys(std::string_view sender);

}  // namespace leumund::config
