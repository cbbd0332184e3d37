// What a mail about mail says: a delivery status notification, a bounce in any program's own words,
// a warning that mail is late, a receipt, an automatic reply, a complaint.
//
// The standard parts (RFC 3464, 6522, 5965) are read first; then the text written for people, by
// general rules: where the returned message begins, which addresses are the recipients, which words
// are the remote server's answer. No program has a reader of its own.
//
// Flow:    raw message -> DeliveryReportReader -> DeliveryReport -> diagnosis, intake.
// Time:    none. Linear in the size of the message; attachments are passed over, not decoded.
// Limits:  ReportLimits; what lies beyond them is not read.
// Threads: none of its own; one reader per thread.
// Errors:  none: whatever the bytes are, the answer is a report, at worst of kind `ordinary`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/mail_event.h"
#include "wire/feedback_report.h"

namespace leumund::wire {

enum class ReportKind : std::uint8_t {
  ordinary,    // mail that is no report
  bounce,      // at least one recipient failed for good
  delayed,     // not delivered yet, the server goes on trying
  success,     // delivered, relayed or expanded
  vacation,    // a person is away
  auto_reply,  // any other automatic answer, read receipts too
  feedback,    // a complaint or an authentication failure report
};
[[nodiscard]] std::string_view report_kind_name(ReportKind kind);

// RFC 3464, 2.3.3.
enum class ReportAction : std::uint8_t { none, failed, delayed, delivered, relayed, expanded };
[[nodiscard]] std::string_view report_action_name(ReportAction action);

struct RecipientReport {
  std::string recipient;           // "" when only the rest is known
  std::string original_recipient;  // as the sender wrote it, where the report tells and it differs
  ReportAction action = ReportAction::none;
  std::optional<std::uint16_t> code;  // SMTP reply code
  std::string status;                 // enhanced status code; "" unknown
  // The answer of whoever refused: one line, decoded, with everything nested in it.
  std::string text;
  // What else the report says about this recipient, nearest first: the text for people beside the
  // Diagnostic-Code, lines of the SMTP dialogue, and last the whole notice.
  std::vector<std::string> notes;
  std::string remote_mta;
  model::DeliveryStage stage = model::DeliveryStage::unknown;
};

// One server that had the message: "by HOST (...) with ESMTP id ID" of a Received line.
struct ReceivedStep {
  std::string by;
  std::string id;
};

// What the report returns of the message that it is about. Every field may be "".
struct OriginalMessage {
  std::string message_id;  // without brackets
  std::string envelope_id;
  std::string queue_id;  // at the reporting server, where it names one (X-Postfix-Queue-ID and kin)
  std::string envelope_sender;
  std::string from;  // address only
  std::string to;    // first address
  std::string subject;
  std::string date;
  std::string trace;                    // value of X-Leumund-Trace, our own mark
  std::vector<ReceivedStep> received;   // newest first, at most 30
  std::vector<std::string> signatures;  // DKIM-Signature lines as they came back, at most 10
};

struct DeliveryReport {
  ReportKind kind = ReportKind::ordinary;
  std::vector<RecipientReport> recipients;  // in order of appearance
  std::string reporting_mta;
  std::string arrival_date;  // of the original at the reporting server, as written
  std::string from;          // of the report itself: address only
  std::string subject;       // of the report itself
  std::string date;          // of the report itself, as written
  OriginalMessage original;
  std::optional<FeedbackReport> feedback;  // for kind `feedback`
};

struct ReportLimits {
  std::size_t text_bytes = 256UL * 1024;     // of each text part
  std::size_t status_bytes = 1024UL * 1024;  // of the delivery-status part
  std::size_t recipients = 1'000;
  std::size_t answer_bytes = 4UL * 1024;  // of each text and note
};

class DeliveryReportReader {
 public:
  explicit DeliveryReportReader(ReportLimits limits = {});
  ~DeliveryReportReader();
  DeliveryReportReader(DeliveryReportReader&&) noexcept;
  DeliveryReportReader& operator=(DeliveryReportReader&&) noexcept;

  // Any bytes; an mbox "From " line in front is passed over.
  [[nodiscard]] DeliveryReport read(std::string_view raw);

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

}  // namespace leumund::wire
