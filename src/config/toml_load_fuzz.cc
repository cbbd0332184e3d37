// The loader takes any bytes: settings without problems satisfy every bound, so that showing them
// and loading that text again gives the same settings.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leumund::config;
  const Surroundings surroundings;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Loaded loaded = load_text(text, "fuzz.toml", surroundings);
  if (!loaded.problems.empty()) return 0;
  const std::string shown = show_settings(loaded.settings, surroundings, false);
  const Loaded again = load_text(shown, "again.toml", surroundings);
  if (!again.problems.empty()) std::abort();
  if (show_settings(again.settings, surroundings, false) != shown) std::abort();
  return 0;
}
