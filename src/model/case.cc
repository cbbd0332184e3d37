#include "model/case.h"

#include <array>

namespace leumund::model {
namespace {

template <typename Enum, std::size_t count>
std::optional<Enum> find_name(const std::array<std::string_view, count>& names,
                              std::string_view text) {
  for (std::size_t i = 0; i < count; ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

constexpr std::array<std::string_view, 3> state_names = {"open", "quiet", "closed"};
constexpr std::array<std::string_view, 6> step_names = {"form",     "reply", "postmaster",
                                                        "upstream", "legal", "given_up"};
constexpr std::array<std::string_view, 5> outcome_names = {"waiting", "accepted", "refused",
                                                           "unanswered", "ended"};
constexpr std::array<std::string_view, 16> event_names = {
    "began", "joined", "ended",  "stopped",  "freed",    "detour", "attempt",     "answer",
    "note",  "quiet",  "closed", "reopened", "reminder", "review", "cause_added", "cause_removed"};
constexpr std::array<std::string_view, 4> news_names = {"opened", "closed", "reopened", "due"};

}  // namespace

std::string_view case_state_name(CaseState state) {
  return state_names.at(static_cast<std::size_t>(state));
}
std::string_view case_step_name(CaseStep step) {
  return step_names.at(static_cast<std::size_t>(step));
}
std::string_view case_outcome_name(CaseOutcome outcome) {
  return outcome_names.at(static_cast<std::size_t>(outcome));
}
std::string_view case_event_name(CaseEvent event) {
  return event_names.at(static_cast<std::size_t>(event));
}
std::string_view case_news_name(CaseNews::What what) {
  return news_names.at(static_cast<std::size_t>(what));
}
std::optional<CaseState> parse_case_state(std::string_view text) {
  return find_name<CaseState>(state_names, text);
}
std::optional<CaseStep> parse_case_step(std::string_view text) {
  return find_name<CaseStep>(step_names, text);
}
std::optional<CaseOutcome> parse_case_outcome(std::string_view text) {
  return find_name<CaseOutcome>(outcome_names, text);
}
std::optional<CaseEvent> parse_case_event(std::string_view text) {
  return find_name<CaseEvent>(event_names, text);
}
std::optional<CaseNews::What> parse_case_news(std::string_view text) {
  return find_name<CaseNews::What>(news_names, text);
}

}  // namespace leumund::model
