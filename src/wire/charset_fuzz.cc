// The first line names the charset, the rest is the text: what comes out is UTF-8, not longer than
// promised, and the same whatever was read before.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "wire/charset.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static leumund::wire::CharsetReader used;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t newline = input.find('\n');
  if (newline == std::string_view::npos) return 0;
  const std::string_view text = input.substr(newline + 1);
  std::string out;
  used.append_utf8(text, input.substr(0, newline), out);
  CHECK(leumund::wire::valid_utf8(out));
  CHECK(out.size() <= 4 * text.size() + 8);
  std::string again;
  leumund::wire::CharsetReader().append_utf8(text, input.substr(0, newline), again);
  CHECK(out == again);
  std::string repaired;
  leumund::wire::append_repaired_utf8(text, repaired);
  CHECK(leumund::wire::valid_utf8(repaired));
  return 0;
}
