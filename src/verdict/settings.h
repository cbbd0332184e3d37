// The constants of the detectors. Fitted values come from data/detection/ by the fit command.
#pragma once

namespace leumund::verdict {

struct Settings {
  // The operator's error budget: false alarms per account and day.
  double allowed_false_alarms_per_account_day = 1e-4;
};

}  // namespace leumund::verdict
