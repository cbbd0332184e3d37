// The values of the daemon as JSON lines: the words of formats.md, the same in every face.
//
// Threads: any; nothing is kept.
#pragma once

#include <string>
#include <vector>

#include "face/control.h"
#include "model/decision.h"

namespace leumund::face {

// {"decision":"restricted","at":...,"subject":"account:...","kind":"burst","score":14.1,
//  "held_queue_ids":[...],"terms":[...]} and what else the decision carries; one line.
[[nodiscard]] std::string decision_json(const model::Decision& decision);
[[nodiscard]] std::string order_json(const OrderDone& done);  // the decision and what came with it
[[nodiscard]] std::string decisions_json(const std::vector<model::Decision>& decisions);
[[nodiscard]] std::string status_json(const StatusReport& report);
[[nodiscard]] std::string subject_json(const SubjectReport& report);
[[nodiscard]] std::string unattended_json(const action::Unattended& unattended,
                                          base::TimePoint now);
[[nodiscard]] std::string held_mail_json(const std::vector<HeldMessage>& messages);
[[nodiscard]] std::string queue_json(const QueueReport& report);
[[nodiscard]] std::string feed_json(const FeedReport& report);
[[nodiscard]] std::string reload_json(const std::vector<std::string>& changes);
// {"error":{"code":"refused","message":"..."}}
[[nodiscard]] std::string error_json(std::string_view code, std::string_view message);

}  // namespace leumund::face
