// Postfix's socketmap: "MAP KEY" as a netstring, answered by a netstring (socketmap_table(5)).
//
// Limits:  requests of 10,000 bytes; more is no request.
// Threads: pure.
// Owner:   views point into the bytes that were parsed.
// Errors:  `failed`: what was sent is no request, and where the next one begins is not known.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace leumund::wire {

struct SocketmapRequest {
  enum class State : std::uint8_t { incomplete, complete, failed };
  State state = State::incomplete;
  std::size_t consumed = 0;  // of a complete one
  std::string_view map;
  std::string_view key;
};
[[nodiscard]] SocketmapRequest parse_socketmap_request(std::string_view waiting);

// "OK VALUE", "NOTFOUND ", "TEMP WHY", "PERM WHY".
enum class SocketmapStatus : std::uint8_t { ok, not_found, temporary, permanent };
void append_socketmap_reply(SocketmapStatus status, std::string_view text, std::string& out);

}  // namespace leumund::wire
