// Flow data as nfdump writes it (`-o csv`): who has sent to port 25, and when nothing else did.
// Columns are told by their titles, of nfdump 1.6 and 1.7.1 (ts, te, sa, dp, pr) as well
// as of later ones (firstSeen, duration, srcAddr, dstPort, proto). In front, or in between, the
// lines that only the operator knows:
//
//     # covers 192.0.2.0/24 2026-11-01T00:00:00Z 2026-11-22T00:00:00Z
//
// Time:    times without a zone are UTC.
// Limits:  64 MiB, lines of 16 KiB, 100,000 senders, 10,000 lines of cover; the first 20 problems
//          are kept in words.
// Threads: pure.
// Errors:  a line that cannot be read is counted and named, the others are taken. Malformed: no
//          titles. Too large: nothing of the file is taken, since what is left out may be a flow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/time.h"

namespace leumund::wire {

inline constexpr std::size_t flow_file_bytes_max = 64UL << 20;

// All that left the network then is in the file, as far as it went to port 25.
struct FlowCover {
  base::IpPrefix network;
  base::TimePoint since;
  base::TimePoint until;

  bool operator==(const FlowCover& other) const {
    return network.address == other.network.address && network.bits == other.network.bits &&
           since == other.since && until == other.until;
  }
};

// Flows by TCP to port 25.
struct FlowSender {
  base::IpAddress address;
  std::uint64_t flows = 0;
  base::TimePoint first;
  base::TimePoint last;

  bool operator==(const FlowSender&) const = default;
};

struct FlowFile {
  std::vector<FlowCover> covers;
  std::vector<FlowSender> senders;    // by address, each once
  std::uint64_t bad = 0;              // lines: what they hold nobody knows
  std::vector<std::string> problems;  // "line 3: ..."

  bool operator==(const FlowFile&) const = default;
};

[[nodiscard]] base::Result<FlowFile> read_flow_file(std::string_view text);

}  // namespace leumund::wire
