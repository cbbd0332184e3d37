// Flow data of any bytes: no crash, what is read keeps its bounds, and a line is either counted or
// named.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/flow_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = leumund::wire::read_flow_file(text);
  if (!read) {
    CHECK(!read.error().message.empty() && read.error().message.size() < 300);
    return 0;
  }
  CHECK(read->problems.size() <= 20 && read->problems.size() <= read->bad);
  std::uint64_t flows = 0;
  for (const auto& sender : read->senders) {
    CHECK(sender.flows > 0 && sender.first <= sender.last);
    flows += sender.flows;
  }
  for (const auto& cover : read->covers) CHECK(cover.since < cover.until);
  CHECK(std::is_sorted(read->senders.begin(), read->senders.end(),
                       [](const auto& a, const auto& b) { return a.address < b.address; }));
  const auto lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  CHECK(flows + read->bad + read->covers.size() <= lines);
  return 0;
}
