// Where a mail came from: its Received lines from our border outwards.
//
// Believed is what a host of ours wrote about who handed it the mail. Where that was a relay that
// we are told of, the next line is one of ours again; where it was loopback or a private address,
// it may be one of ours, but any program there can write the same, and nothing is proven. Where a
// user of the host handed the mail in, all below is his. Further lines are the client's word; what
// contradicts itself is called forged.
//
// Flow:    raw message -> HeaderFields -> ReceivedLine -> trace_injection() -> people, list engine.
// Limits:  the first `trace_lines_most` lines; further ones are left out and `cut` says so.
// Threads: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "wire/received_line.h"

namespace leumund::intake {

inline constexpr std::size_t trace_lines_most = 64;

enum class HopStanding : std::uint8_t {
  ours,      // written by a host of ours, about another one of ours
  border,    // written by a host of ours, about a stranger
  claimed,   // the stranger's word, and nothing speaks against it
  doubtful,  // it does not fit the line above
  forged,    // it cannot be true, or stands below one that is not
};
[[nodiscard]] std::string_view hop_standing_name(HopStanding standing);

// Why a line is doubted.
enum class HopFault : std::uint8_t {
  none,
  our_name,      // it says that one of our hosts wrote it
  later,         // it was written after the mail had moved on
  no_date,       // it has none that could be read
  other_writer,  // written by another than who handed the mail on
  unreadable,    // it names neither writer nor client
  below_a_forged,
};
[[nodiscard]] std::string_view hop_fault_name(HopFault fault);

// Whose lines are believed.
struct OurHosts {
  // Hosts that hand on what they took and let nobody write lines of his own.
  std::span<const base::IpPrefix> relays;
  // As they call themselves in Received lines, lower case; none: as whoever wrote the newest one.
  std::span<const std::string> names;
};

struct TracedHop {
  wire::ReceivedLine line;
  HopStanding standing = HopStanding::claimed;
  HopFault fault = HopFault::none;
};

struct InjectionTrace {
  std::vector<TracedHop> hops;  // newest first, as in the header
  // Who handed the mail to the outermost host that we believe; nothing when it was made by one of
  // ours, or when `border_unreadable`.
  std::optional<base::IpAddress> injector;
  // Nobody but the hosts that we were told of can have written what `injector` or `border` says.
  bool proven = false;
  // A line of ours tells of another host without its address: who that was is not known, and what
  // stands below may be anybody's word.
  bool border_unreadable = false;
  std::size_t border = 0;  // index in `hops` of the outermost line of ours
  // The public address furthest out that nothing speaks against; a hint, no proof. Nothing when
  // that is `injector`.
  std::optional<base::IpAddress> claimed_origin;
  bool cut = false;
};

// `lines` as they stand in the header, the newest first.
[[nodiscard]] InjectionTrace trace_injection(std::span<const std::string_view> lines,
                                             const OurHosts& ours);

// The Received lines of a header block.
[[nodiscard]] std::vector<std::string_view> received_lines(std::string_view header);

}  // namespace leumund::intake
