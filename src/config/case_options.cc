#include "config/case_options.h"

#include <algorithm>

#include "base/time.h"
#include "config/option_kinds.h"

namespace leumund::config {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

constexpr seconds review_most = days(3650);

std::string check_review(std::string& text) {
  const auto span = base::parse_span(text);
  if (!span) return span.error().message;
  return span->count() > 0 && *span <= review_most ? "" : "want a span of up to ten years, like 7d";
}

}  // namespace

std::vector<seconds> case_reviews(const RunSettings& settings) {
  std::vector<seconds> out;
  for (const std::string& text : settings.cases_reviews) {
    if (const auto span = base::parse_span(text)) out.push_back(*span);
  }
  std::sort(out.begin(), out.end());
  return out;
}

void add_case_options(std::vector<Option>& table) {
  table.push_back(span_option("cases.ask_after", &RunSettings::cases_ask_after, hours(4),
                              seconds(10), days(30),
                              "You are reminded of a case when nobody was asked for so long."));
  table.push_back(span_option(
      "cases.remind_after", &RunSettings::cases_remind_after, hours(48), seconds(10), days(365),
      "You are reminded when a request has no answer, or has not helped, for so long."));
  table.push_back(span_option(
      "cases.close_after", &RunSettings::cases_close_after, hours(72), seconds(1), days(365),
      "A case closes by itself when nobody was against us for so long; what comes back before "
      "belongs to it."));
  table.push_back(list_option("cases.reviews", &RunSettings::cases_reviews, "list of spans",
                              {"7d", "30d"}, check_review,
                              "When you are asked to look again, counted from the end of the "
                              "trouble."));
  table.push_back(span_option("cases.keep", &RunSettings::cases_keep, days(1095), days(1),
                              days(36'500), "How long a closed case is kept."));
}

}  // namespace leumund::config
