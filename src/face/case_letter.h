// Letters and dossiers of cases as people and machines get them.
//
// Threads: pure functions. Whatever comes from a case is escaped where it becomes HTML; the pages
//          hold no script and fetch nothing.
#pragma once

#include <string>

#include "face/control.h"

namespace leumund::face {

[[nodiscard]] std::string letter_json(const action::Letter& letter);

// To be printed, or to be copied from; what the operator must know stands above and is not printed.
[[nodiscard]] std::string letter_html(const action::Letter& letter, config::Language people);

struct DossierView {
  config::Language language = config::Language::en;
  bool names = false;  // of accounts, and what people noted; else both are left out
};
// Parties, evidence, impact, measures, requests and the timeline on pages to print.
[[nodiscard]] std::string dossier_html(const DossierReport& dossier, const DossierView& view);

}  // namespace leumund::face
