// Files of providers of any bytes: no crash, and what is read keeps its bounds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/csv_line.h"
#include "wire/provider_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto fields = leumund::wire::split_csv(text)) CHECK(!fields->empty());
  const auto rows = leumund::wire::read_provider_file(text);
  if (!rows) return 0;
  CHECK(rows->problems.size() <= 20 && rows->problems.size() <= rows->bad);
  for (const auto& figure : rows->figures) {
    CHECK(!figure.place.empty() && figure.place.size() <= 300 && figure.until >= figure.from);
    CHECK(!figure.complaint_share ||
          (*figure.complaint_share >= 0 && *figure.complaint_share <= 1));
  }
  return 0;
}
