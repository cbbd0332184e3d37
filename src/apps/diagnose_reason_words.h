// Which words of a report stand for which reason (diagnose_reason.h). The first that is found
// decides, so what is more exact stands higher.
#pragma once

#include <span>
#include <string_view>

namespace leumund::apps {

struct ReasonWords {
  std::string_view reason;
  std::string_view words;  // lower case
};

// Of a mail system that gives up, or of a gateway: without a reply code.
[[nodiscard]] std::span<const ReasonWords> sending_side_words();
// What servers usually say, where neither these words nor the diagnosis told anything.
[[nodiscard]] std::span<const ReasonWords> usual_words();
// Words that say more than a diagnosis that only refuses.
[[nodiscard]] std::span<const ReasonWords> telling_words();
// Registered meanings that leave no doubt (RFC 3463, 5248, 7293, 7372, 8689) as ".SUBJECT.DETAIL".
[[nodiscard]] std::span<const ReasonWords> registered_statuses();
// The same for those that servers use loosely: where nothing else was told.
[[nodiscard]] std::span<const ReasonWords> loose_statuses();

}  // namespace leumund::apps
