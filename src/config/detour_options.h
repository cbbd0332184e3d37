// The options of table [detour], and what their texts mean.
//
// A way is the name of an egress, "default", or a relay host behind a transport of master.cf:
// "relay=[smarthost.example.net]:587".
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/option_table.h"
#include "config/settings.h"

namespace leumund::config {

struct DetourWay {
  std::string name;    // as the block matrix calls it
  std::string target;  // right-hand side of transport_maps, "out2:" or "relay:[host]:587"
};

// Errors: malformed, with what was wanted.
[[nodiscard]] base::Result<DetourWay> parse_detour_way(std::string_view text);

// The pool in its order, the usual way first; never empty.
[[nodiscard]] std::vector<DetourWay> detour_ways(const RunSettings& settings);
[[nodiscard]] std::vector<std::uint32_t> detour_warm_up(const RunSettings& settings);

// No shorter than the first one, whatever is configured.
[[nodiscard]] std::chrono::seconds longest_probe_pause(const RunSettings& settings);

void add_detour_options(std::vector<Option>& table);

}  // namespace leumund::config
