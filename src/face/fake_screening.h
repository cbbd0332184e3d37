// For tests: a scoring list with a proposed weight, and an allow list, which never has one.
#pragma once

#include "model/screen_report.h"

namespace leumund::face {

inline model::ScreenReport fake_screening() {
  model::ScreenReport report;
  report.on = true;
  report.lists.resize(2);
  report.lists[0].list = "bl.example";
  report.lists[0].role = "score";
  report.lists[0].proposed = 3;
  report.lists[1].list = "wl.example";
  report.lists[1].role = "allow";
  return report;
}

}  // namespace leumund::face
