// Cases as JSON.
#pragma once

#include <string>

#include "face/control.h"
#include "model/case.h"

namespace leumund::face {

[[nodiscard]] std::string case_news_json(const model::CaseNews& news);
[[nodiscard]] std::string cases_json(const CasesReport& report);
// With timeline, attempts, causes, and what its parties did in earlier cases.
[[nodiscard]] std::string case_json(const CaseReport& report);

}  // namespace leumund::face
