// The bytes as the feedback part of a report, and as a whole message.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "wire/feedback_report.h"

namespace {

using namespace leumund::wire;  // NOLINT: one file, one subject

void check_feedback(std::string_view raw, bool must) {
  CharsetReader charsets;
  MimeTree tree;
  scan_mime(raw, tree);
  const auto report = read_feedback_report(tree, raw.substr(0, 100), raw, must, charsets);
  CHECK(!must || report.has_value());
  if (!report) return;
  CHECK(!report->type.empty());
  CHECK(report->incidents > 0);
  CHECK(report->original_recipients.size() <= 100);
  for (const auto& recipient : report->original_recipients) {
    CHECK(recipient.find('@') != std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_feedback(input, false);
  check_feedback("Content-Type: message/feedback-report\n\n" + std::string(input), true);
  return 0;
}
