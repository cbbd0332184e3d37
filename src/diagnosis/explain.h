// Says in plain words, in English or German, what a refusal means and what to do.
//
// Flow:    Diagnosis -> sentence by kind and detail, the list and where to look it up, whose fault
//          it is, the advice.
// Limits:  about 1 KiB of text; names from the reply are cut to 200 bytes each.
// Threads: an Explainer never changes and is shared.
// Errors:  open() names the missing or malformed sentence.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "diagnosis/diagnosis.h"
#include "diagnosis/explanation_texts.h"
#include "diagnosis/registry.h"

namespace leumund::diagnosis {

class Explainer {
 public:
  // The registry tells the names of providers and lists.
  static base::Result<std::unique_ptr<Explainer>> open(const Registry& registry, Language language);

  [[nodiscard]] std::string explain(const Diagnosis& diagnosis) const;

 private:
  using Texts = std::unordered_map<std::string, std::string>;
  Explainer() = default;
  [[nodiscard]] base::Status check() const;
  [[nodiscard]] const std::string& sentence(const Texts& texts, const std::string& key) const;
  [[nodiscard]] std::string filled(std::string_view sentence, const Diagnosis& diagnosis) const;

  Texts details_;
  Texts kinds_;
  Texts faults_;
  Texts advice_;
  Texts parts_;
  Texts provider_names_;
  Texts list_names_;
};

}  // namespace leumund::diagnosis
