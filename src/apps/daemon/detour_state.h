// What the detours' desk keeps under its lock.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "apps/daemon/detour_tries.h"
#include "base/time.h"
#include "model/detour.h"
#include "model/subject.h"
#include "storage/detour_codec.h"

namespace leumund::apps {

struct DetourState {
  using Held = storage::StoredDetours::Held;
  using Key = DetourTries::Key;
  using Detours = std::map<Key, model::Detour>;
  using SteadyTime = std::chrono::steady_clock::time_point;

  struct LetGo {  // mailings and forwards of a detour, in an hour
    base::TimePoint hour;
    std::uint32_t mails = 0;
  };
  // Held by the answer to a recipient.
  struct Holding {
    Held held;
    SteadyTime since;
  };

  Detours detours;
  std::set<std::string> watched;  // providers with a cell in trouble
  std::vector<Held> held;
  std::map<std::string, Holding> holding;  // by submission id, until its queue id is known
  std::map<std::string, int> unknown;      // domains that the DNS was asked for
  DetourTries tries;
  std::map<Key, SteadyTime> probe_tries;  // of queued probes, once the table lets them out
  std::map<Key, std::set<model::QueueKey>> probed;  // another mail may tell more
  std::map<Key, LetGo> let_go;
  std::set<model::Subject> stopped;      // whose held mail waits until their restriction ends
  std::vector<model::QueueKey> requeue;  // probes that were refused
  std::string trouble;
  std::string helper_trouble;  // as of its last answer
  std::string lost;  // what an earlier run left and this one could not read; until the next start
  bool keep_tables = false;  // ... so the tables stay until something is known to put there
  bool dirty = true;         // state file and tables
  bool counts = false;       // only the state file
  bool new_holds = false;    // ... and soon
  std::uint64_t probes = 0;
  std::uint64_t flushed = 0;
  std::uint64_t held_total = 0;
  std::uint64_t delivered = 0;
  std::uint64_t helper_failures = 0;
};

}  // namespace leumund::apps
