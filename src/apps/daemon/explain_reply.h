// Explains what somebody pasted: a bare reply, the text of a bounce, or a whole mail.
//
// Flow:    text -> diagnose_message (a mail, or a text read as the body of one) or Reader
//          -> face::ExplainedReply.
// Limits:  those of the readers; at most 20 results.
// Threads: any, one text at a time.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "apps/diagnose/diagnose_json.h"
#include "base/guarded.h"
#include "base/result.h"
#include "config/settings.h"
#include "diagnosis/explain.h"
#include "diagnosis/reader.h"
#include "face/explain_page.h"
#include "wire/delivery_report.h"

namespace leumund::apps {

class ReplyExplainer {
 public:
  // Errors: a sentence is missing for something in the reader's registry.
  [[nodiscard]] static base::Result<std::unique_ptr<ReplyExplainer>> open(
      std::shared_ptr<const diagnosis::Reader> reader);

  [[nodiscard]] std::vector<face::ExplainedReply> explain(std::string_view text,
                                                          config::Language language);

 private:
  struct Session {
    explicit Session(const diagnosis::Reader& reader) : words(reader) {}
    diagnosis::Reader::Session words;
    wire::DeliveryReportReader reports;
  };
  ReplyExplainer() = default;
  [[nodiscard]] face::ExplainedReply shown(const diagnosis::Diagnosis& diagnosis,
                                           const DiagnosisPlace& place,
                                           config::Language language) const;

  std::shared_ptr<const diagnosis::Reader> reader_;
  std::unique_ptr<diagnosis::Explainer> english_;
  std::unique_ptr<diagnosis::Explainer> german_;
  std::unique_ptr<base::Guarded<Session>> session_;
};

}  // namespace leumund::apps
