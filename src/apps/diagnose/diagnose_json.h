// A diagnosis as JSON: the object that `leumund diagnose --json` prints and /v1/explain-reply
// answers.
//
// Threads: any. Replies come in any charset; what is no UTF-8 is replaced.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "diagnosis/diagnosis.h"
#include "diagnosis/explain.h"
#include "wire/delivery_report.h"

namespace leumund::apps {

// The sentences in both languages.
struct Explanations {
  const diagnosis::Explainer& english;
  const diagnosis::Explainer& german;
};

// Where a diagnosis was read: a file, and for a report its recipient result.
struct DiagnosisPlace {
  std::string_view file;                         // "" leaves the field out
  const wire::DeliveryReport* report = nullptr;  // both or none
  const wire::RecipientReport* recipient = nullptr;
  const std::vector<std::string_view>* patterns = nullptr;  // null leaves the field out
};

// One line, without its end.
[[nodiscard]] std::string diagnosis_json(const diagnosis::Diagnosis& diagnosis,
                                         const DiagnosisPlace& place,
                                         const Explanations& explanations);

}  // namespace leumund::apps
