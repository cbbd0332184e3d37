// Any text: parsing ends, what is written is read back, and rewriting with the same entries is
// stable.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "action/suspended_text.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using leumund::action::parse_suspended;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = parse_suspended(text);
  for (const auto& [subject, entry] : parsed.entries) {
    const auto line = leumund::action::suspended_line(subject, entry);
    const auto again = parse_suspended(line);
    CHECK(again.entries.size() == 1 && again.entries.begin()->first == subject);
    CHECK(again.entries.begin()->second.same_measure(entry));
  }
  const auto once = leumund::action::rewrite_suspended(text, parsed.entries, 7);
  const auto reread = parse_suspended(once);
  CHECK(reread.entries.size() == parsed.entries.size());
  CHECK(reread.problems == parsed.problems);
  CHECK(reread.as_of == 7u);
  CHECK(leumund::action::rewrite_suspended(once, reread.entries, 7) == once);
  return 0;
}
