#include "face/case_json.h"

#include <nlohmann/json.hpp>

#include "face/hygiene_json.h"

namespace leumund::face {
namespace {

using Json = nlohmann::ordered_json;

// What a list or provider said may hold bytes that are no UTF-8.
std::string line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json at_json(base::TimePoint at) { return base::to_unix_seconds(at); }
Json at_json(const std::optional<base::TimePoint>& at) {
  return at ? Json(base::to_unix_seconds(*at)) : Json(nullptr);
}

Json step_json(const std::optional<model::CaseStep>& step) {
  return step ? Json(model::case_step_name(*step)) : Json(nullptr);
}

Json attempt_json(const model::CaseAttempt& attempt) {
  return {{"number", attempt.number},
          {"party", attempt.party},
          {"at", at_json(attempt.at)},
          {"by", attempt.by},
          {"channel", model::case_step_name(attempt.step)},
          {"to", attempt.to},
          {"text", attempt.text},
          {"outcome", model::case_outcome_name(attempt.outcome)},
          {"answered_at", at_json(attempt.answered_at)},
          {"answer", attempt.answer}};
}

Json line_json(const model::CaseLine& one) {
  return {{"at", at_json(one.at)},
          {"by", one.by},
          {"event", model::case_event_name(one.event)},
          {"party", one.party},
          {"text", one.text},
          {"number", one.number == 0 ? Json(nullptr) : Json(one.number)}};
}

Json party_json(const model::Case& one, const model::CaseParty& party) {
  return {{"party", party.id},
          {"title", party.title},
          {"since", at_json(party.since)},
          {"until", at_json(party.until)},
          {"times", party.times},
          {"places", party.places},
          {"words", party.words},
          {"codes", party.codes},
          {"meaning", party.meaning},
          {"mender", party.mender},
          {"url", party.url},
          {"method", party.method},
          {"predatory", party.predatory},
          {"mails", party.impact.mails},
          {"recipients", party.impact.recipients},
          {"sender_domains", party.impact.sender_domains},
          {"accounts", party.impact.accounts},
          {"classes", model::counted_classes(party.impact.classes)},
          {"remind_at", at_json(party.remind_at)},
          {"next", step_json(action::next_step(one, party))}};
}

Json figures_json(const action::PartyFigures& figures) {
  Json worked = Json::array();
  for (const auto& attempt : figures.worked) worked.push_back(attempt_json(attempt));
  return {{"party", figures.party},
          {"title", figures.title},
          {"times", figures.times},
          {"standing", figures.standing},
          {"attempts", figures.attempts},
          {"accepted", figures.accepted},
          {"median_s", figures.median ? Json(figures.median->count()) : Json(nullptr)},
          {"last_case", figures.last_case == 0 ? Json(nullptr) : Json(figures.last_case)},
          {"worked", std::move(worked)}};
}

Json head_json(const model::Case& one) {
  Json parties = Json::array();
  for (const auto& party : one.parties) parties.push_back(party_json(one, party));
  return {{"case", one.number},
          {"subject", one.subject.to_string()},
          {"state", model::case_state_name(one.state)},
          {"opened_at", at_json(one.opened_at)},
          {"quiet_since", at_json(one.quiet_since)},
          {"closed_at", at_json(one.closed_at)},
          {"recurs_of", one.recurs_of == 0 ? Json(nullptr) : Json(one.recurs_of)},
          {"parties", std::move(parties)}};
}

Json all_figures(const std::vector<action::PartyFigures>& parties) {
  Json out = Json::array();
  for (const auto& one : parties) out.push_back(figures_json(one));
  return out;
}

}  // namespace

std::string case_news_json(const model::CaseNews& news) {
  return line({{"case", news.number},
               {"news", model::case_news_name(news.what)},
               {"event", model::case_event_name(news.line.event)},
               {"party", news.line.party},
               {"title", news.title},
               {"text", news.line.text},
               {"url", news.url},
               {"next", step_json(news.step)},
               {"predatory", news.predatory}});
}

std::string cases_json(const CasesReport& report) {
  Json cases = Json::array();
  for (const auto& one : report.cases) cases.push_back(head_json(one));
  return line({{"cases", std::move(cases)}, {"parties", all_figures(report.parties)}});
}

std::string case_json(const CaseReport& report) {
  const model::Case& one = report.one;
  Json out = head_json(one);
  Json causes = Json::array();
  for (const auto& cause : one.causes) {
    causes.push_back({{"subject", cause.subject.to_string()},
                      {"decision", cause.decision},
                      {"stopped_at", at_json(cause.stopped_at)},
                      {"free_at", at_json(cause.free_at)},
                      {"reason", cause.reason}});
  }
  Json attempts = Json::array();
  for (const auto& attempt : one.attempts) attempts.push_back(attempt_json(attempt));
  Json lines = Json::array();
  for (const auto& each : one.lines) lines.push_back(line_json(each));
  Json reviews = Json::array();
  for (const auto at : one.reviews) reviews.push_back(at_json(at));
  out["causes"] = std::move(causes);
  out["more_causes"] = one.more_causes;
  out["attempts"] = std::move(attempts);
  out["lines"] = std::move(lines);
  out["dropped_lines"] = one.dropped_lines;
  out["reviews"] = std::move(reviews);
  out["before"] = all_figures(report.parties);
  out["setup"] = Json::parse(hygiene_findings_json(report.setup));
  return line(out);
}

}  // namespace leumund::face
