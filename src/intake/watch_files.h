// The two small files an operator points the watch to, keys of lists and counters of a firewall,
// and what counters and flow data (wire/flow_file.h) say of mail that leaves past us.
//
// Limits:  1 MiB, 10,000 lines. Threads: pure. Errors: the line that is wrong; nothing of a bad
// file is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/time.h"
#include "wire/flow_file.h"

namespace leumund::intake {

inline constexpr std::size_t watch_file_bytes_max = 1UL << 20;

// "spamhaus-dqs abcdef..." a line, # begins a remark. Key: 8 to 63 letters and digits.
[[nodiscard]] base::Result<std::map<std::string, std::string>> parse_list_keys(
    std::string_view text);

// Packets to port 25 that left a network in that time, as a firewall rule counts them.
struct SentCounter {
  base::IpPrefix network;
  std::uint64_t packets = 0;
  base::TimePoint since;
  base::TimePoint until;  // when the figure was written down
};
// "192.0.2.0/24 0 2026-11-01T00:00:00Z" a line.
// A counter that begins behind `written` says nothing and is left out.
[[nodiscard]] base::Result<std::vector<SentCounter>> parse_sent_counters(std::string_view text,
                                                                         base::TimePoint written);

// What is known of mail from a place ("192.0.2.0/24", "192.0.2.7") that none of our servers sends
// from: a sentence, "" when nothing covers it. Whatever says that something was sent comes first.
// Flow data with a line that could not be read proves nothing of what is not in it. What `own`
// servers send is theirs: their flows are left out, and a counter over one of them says nothing of
// the others.
[[nodiscard]] std::string sent_proof(const std::vector<SentCounter>& counters,
                                     const wire::FlowFile& flows, const std::string& place,
                                     const std::vector<base::IpAddress>& own = {});

// Of a proof that nothing was sent.
struct UnsentTime {
  base::TimePoint since;
  base::TimePoint until;
  bool counted = false;  // by a firewall; else it is flow data

  bool operator==(const UnsentTime&) const = default;
};
// Nothing for any other text.
[[nodiscard]] std::optional<UnsentTime> unsent_time(std::string_view proof);
// What holds of both places; nothing where a counter speaks of one and flow data of the other.
[[nodiscard]] std::optional<UnsentTime> unsent_in_both(const UnsentTime& one,
                                                       const UnsentTime& other);

}  // namespace leumund::intake
