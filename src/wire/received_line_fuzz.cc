// Received headers of any bytes: no crash, and what is read keeps its bounds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/received_line.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = leumund::wire::read_received_line(text);
  CHECK(line.helo.size() <= 255 && line.by.size() <= 255 && line.client_name.size() <= 255);
  CHECK(line.id.size() <= 255 && line.protocol.size() <= 255);
  CHECK(!(line.local && line.client) || !line.protocol.empty());
  return 0;
}
