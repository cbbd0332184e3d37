// Socketmap requests of any bytes: no crash, views within the bytes, and progress.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/socketmap.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using leumund::wire::SocketmapRequest;
  std::string_view waiting(reinterpret_cast<const char*>(data), size);
  for (;;) {
    const auto request = leumund::wire::parse_socketmap_request(waiting);
    if (request.state != SocketmapRequest::State::complete) break;
    CHECK(request.consumed > 0 && request.consumed <= waiting.size());
    CHECK(!request.map.empty() && request.map.data() >= waiting.data());
    CHECK(request.key.data() + request.key.size() < waiting.data() + waiting.size());
    waiting.remove_prefix(request.consumed);
  }
  return 0;
}
