// What the public page about our own lists says, in English and German.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "config/settings.h"
#include "model/abuse_report.h"

namespace leumund::face {

struct ListPageWords {
  std::string_view code, title, lead, label, look_up, other_code, other_name, no_address, too_often,
      listed_on, not_on, since, until, until_hand, hand_until, reports, because, mail, what_to_do,
      advice, advice_here, advice_operator, delist, reason, reason_hint, once, next_request,
      delisted, history, nothing_known, by_hand, spared, reason_needed, not_now, hand_stays,
      from_elsewhere;
  std::array<std::string_view, model::abuse_kinds> kinds;
  std::array<std::pair<std::string_view, std::string_view>, 8> moves;
};

[[nodiscard]] const ListPageWords& list_page_words(config::Language language);

}  // namespace leumund::face
