// Whatever the bytes are: no crash, every limit holds, all text is UTF-8 without line ends, and the
// same bytes give the same report, whatever was read before.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/charset.h"
#include "wire/delivery_report.h"
#include "wire/mime.h"

namespace {

using namespace leumund::wire;  // NOLINT: one file, one subject

constexpr ReportLimits limits{
    .text_bytes = 8'192, .status_bytes = 8'192, .recipients = 20, .answer_bytes = 256};

void check_report(const DeliveryReport& report) {
  // A complaint names more recipients than a bounce may.
  CHECK(report.kind == ReportKind::feedback || report.recipients.size() <= limits.recipients);
  CHECK(report.kind != ReportKind::feedback || report.feedback.has_value());
  for (const auto& recipient : report.recipients) {
    CHECK(recipient.text.size() <= limits.answer_bytes);
    CHECK(recipient.text.find('\n') == std::string::npos);
    CHECK(recipient.recipient.find('\n') == std::string::npos);
    CHECK(!recipient.code || (*recipient.code >= 200 && *recipient.code < 600));
    CHECK(recipient.notes.size() <= 8);
  }
}

bool same(const DeliveryReport& a, const DeliveryReport& b) {
  if (a.kind != b.kind || a.recipients.size() != b.recipients.size()) return false;
  for (std::size_t i = 0; i < a.recipients.size(); ++i) {
    const RecipientReport& x = a.recipients[i];
    const RecipientReport& y = b.recipients[i];
    if (x.recipient != y.recipient || x.text != y.text || x.notes != y.notes ||
        x.status != y.status || x.code != y.code || x.stage != y.stage) {
      return false;
    }
  }
  return a.original.message_id == b.original.message_id && a.original.trace == b.original.trace;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static DeliveryReportReader used(limits);
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const DeliveryReport report = used.read(input);
  check_report(report);
  CHECK(same(report, DeliveryReportReader(limits).read(input)));
  for (const std::string_view message : split_mbox(input)) check_report(used.read(message));
  return 0;
}
