// Whatever comes as a report is one about something and with a reporter, or an error.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "face/report_line.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = leumund::face::parse_report_line(text, leumund::base::TimePoint());
  if (line) {
    CHECK(!line->reporter.empty() && line->reporter.size() <= 320);
    CHECK(line->client || !line->domain.empty() || !line->account.empty());
  }
  return 0;
}
