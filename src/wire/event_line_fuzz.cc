// One line of events as anybody may post it: read, and what was accepted written and read again.
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/event_line.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leumund;
  wire::EventLineReader reader;
  const auto event = reader.read({reinterpret_cast<const char*>(data), size});
  if (!event) return 0;
  std::string once;
  wire::write_event_line(*event, once);
  const auto again = reader.read(once);
  // Control characters and broken UTF-8 grow when written, so a line at a limit may be refused.
  if (!again && again.error().code != base::ErrorCode::too_large) __builtin_trap();
  return 0;
}
