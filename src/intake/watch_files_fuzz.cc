// The files an operator points the watch to: read or refused with the line, and a key is in no
// message.
#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "intake/watch_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leumund::intake;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto keys = parse_list_keys(text)) {
    for (const auto& [list, key] : *keys) CHECK(!list.empty() && key.size() >= 8);
  } else {
    CHECK(keys.error().message.size() < 200);
  }
  const leumund::base::TimePoint written(std::chrono::seconds(1'790'000'000));
  const auto counters = parse_sent_counters(text, written);
  if (!counters) {
    CHECK(!counters.error().message.empty());
    return 0;
  }
  for (const auto& one : *counters) {
    const std::string proof = sent_proof(*counters, {}, one.network.to_string());
    CHECK(proof.find("packet") != std::string::npos);
  }
  return 0;
}
