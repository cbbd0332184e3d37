// A raw mail, diagnosed: every recipient result of a delivery report with what its refusal means.
#pragma once

#include <string_view>
#include <vector>

#include "diagnosis/reader.h"
#include "wire/delivery_report.h"

namespace leumund::apps {

struct RecipientDiagnosis {
  wire::RecipientReport report;
  diagnosis::Diagnosis diagnosis;
};

struct MessageDiagnosis {
  wire::DeliveryReport report;  // its recipients have moved into `recipients`
  std::vector<RecipientDiagnosis> recipients;
};

// The answer itself decides; the rest of the report (the words for people, the dialogue, the
// notice) is asked only where the answer alone says too little, and only the surest of it counts.
[[nodiscard]] MessageDiagnosis diagnose_message(std::string_view raw,
                                                wire::DeliveryReportReader& reports,
                                                const diagnosis::Reader& reader,
                                                diagnosis::Reader::Session& session);

// True when the bytes begin as a mail does: header lines, or an mbox "From " line before them.
[[nodiscard]] bool looks_like_message(std::string_view bytes);

}  // namespace leumund::apps
