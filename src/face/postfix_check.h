// What `connect postfix` would fail on, or what would not work afterwards, looked at before
// anything is changed, so that a dry run can say it.
#pragma once

#include <string>

#include "config/settings.h"
#include "face/postfix_plan.h"
#include "face/postfix_record.h"

namespace leumund::face {

// Adds to `plan.problems` what makes connect fail: files and folders that cannot be written, a
// table folder that not everybody can look into, a table type this Postfix does not read. Adds to
// `plan.remarks` what it can do without, such as a queue helper that is not there.
void check_surroundings(const std::string& postfix_folder, const PostfixRecordPlace& record,
                        const config::Settings& settings, PostfixPlan& plan);

}  // namespace leumund::face
