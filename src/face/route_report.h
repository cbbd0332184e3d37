// Whether mail reaches a recipient, which way it takes, and the order to take another.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/block.h"
#include "model/detour.h"

namespace leumund::face {

// Whether a recipient can be reached now.
struct ReachReport {
  std::string domain;
  std::string provider;  // "" when nothing tells
  bool reachable = true;
  std::vector<std::string> through;        // egresses
  std::vector<model::BlockFacts> refused;  // ways that are closed
  std::optional<base::TimePoint> not_since;
};

// Which way mail to a recipient takes now.
struct RouteReport {
  std::string domain;
  std::string provider;   // "" when nothing tells
  std::string way;        // of the ways' names; "" where it waits
  std::string target;     // as transport_maps spells it; "" leaves the usual way
  std::string pool = {};  // that the sender belongs to; "" none
  std::optional<model::Detour> detour;
};

struct DetourOrder {
  std::string provider;
  std::string pool = {};  // of senders; "" everybody's mail
  std::string via;        // "" ends the detour
  std::string by;
};

}  // namespace leumund::face
