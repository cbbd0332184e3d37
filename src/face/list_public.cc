#include "face/list_public.h"

#include <algorithm>
#include <chrono>

namespace leumund::face {
namespace {

using std::chrono::hours;

listing::ListHistoryRecord& line_of(listing::ListHistoryRecord& one) { return one; }
listing::ListHistoryRecord& line_of(listing::NameHistoryRecord& one) { return one.line; }

base::TimePoint next_hour(base::TimePoint at) { return std::chrono::ceil<hours>(at); }

template <typename Why>
void reduce(Why& why) {
  auto& facts = why.standing.facts;
  const auto kinds = [&]() -> listing::ReportHistory::KindCounts {
    if (!facts.listed) return {};
    const auto begun =
        std::ranges::find_if(why.history, [](auto& one) { return line_of(one).move == "listed"; });
    return begun == why.history.end() ? listing::ReportHistory::KindCounts()
                                      : line_of(*begun).kinds;
  }();
  const double mail = facts.listed ? facts.weighed.mail : 0;
  facts.kinds = kinds;
  facts.weighed = {};
  facts.weighed.mail = mail;
  facts.last_report_at = {};
  facts.until = next_hour(facts.until);
  for (auto& one : why.history) {
    listing::ListHistoryRecord& line = line_of(one);
    if (line.move == "expired") line.at = next_hour(line.at);
    line = {.what = line.what,
            .at = line.at,
            .move = line.move,
            .until = next_hour(line.until),
            .reason = {},
            .by = {}};
  }
}

}  // namespace

void keep_what_is_public(std::vector<ListWhy>& lists) {
  for (ListWhy& one : lists) {
    reduce(one);
    one.hours.clear();
    one.reporters.clear();
  }
}

void keep_what_is_public(std::vector<NameWhy>& lists) {
  for (NameWhy& one : lists) reduce(one);
}

}  // namespace leumund::face
