#include "storage/case_codec.h"
#include "storage/stored_name.h"
#include "storage/stored_time.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>
#include <utility>

namespace leumund::storage {
namespace {

using nlohmann::json;

constexpr std::size_t text_bytes_max = 32U << 20;

// What a provider said may hold any bytes.
std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

using storage::micros;  // beside the one for times that may be missing
json micros(const std::optional<base::TimePoint>& at) {
  return at ? json(micros(*at)) : json(nullptr);
}

std::optional<base::TimePoint> maybe_moment(const json& value) {
  return value.is_null() ? std::nullopt : std::optional(moment(value));
}

// The first word that this version does not know; "" while all are.
struct Reading {
  std::string wrong;

  template <typename Parse>
  auto word(const json& value, Parse parse) {
    const auto text = value.get<std::string>();
    const auto found = parse(text);
    if (!found && wrong.empty()) wrong = "unknown word " + text.substr(0, 40);
    return found ? *found : std::remove_cvref_t<decltype(*found)>{};
  }
  model::Subject subject(const json& value) {
    auto subject = subject_of_stored(value.get<std::string>());
    if (subject) return *subject;
    if (wrong.empty()) wrong = "no subject";
    return {};
  }
};

json to_json(const model::CaseAttempt& attempt) {
  return {{"number", attempt.number},
          {"party", attempt.party},
          {"at", micros(attempt.at)},
          {"by", attempt.by},
          {"step", model::case_step_name(attempt.step)},
          {"to", attempt.to},
          {"text", attempt.text},
          {"outcome", model::case_outcome_name(attempt.outcome)},
          {"answered_at", micros(attempt.answered_at)},
          {"answer", attempt.answer}};
}

model::CaseAttempt attempt_of(Reading& reading, const json& value) {
  model::CaseAttempt out;
  out.number = value.at("number");
  out.party = value.at("party");
  out.at = moment(value.at("at"));
  out.by = value.at("by");
  out.step = reading.word(value.at("step"), model::parse_case_step);
  out.to = value.at("to");
  out.text = value.at("text");
  out.outcome = reading.word(value.at("outcome"), model::parse_case_outcome);
  out.answered_at = maybe_moment(value.at("answered_at"));
  out.answer = value.at("answer");
  return out;
}

json to_json(const model::CaseParty& party) {
  return {{"id", party.id},
          {"title", party.title},
          {"since", micros(party.since)},
          {"until", micros(party.until)},
          {"times", party.times},
          {"places", party.places},
          {"words", party.words},
          {"codes", party.codes},
          {"meaning", party.meaning},
          {"mender", party.mender},
          {"url", party.url},
          {"method", party.method},
          {"predatory", party.predatory},
          {"impact",
           {party.impact.mails, party.impact.recipients, party.impact.sender_domains,
            party.impact.accounts, party.impact.classes}},
          {"remind_at", micros(party.remind_at)}};
}

model::CaseParty party_of(const json& value) {
  model::CaseParty out;
  out.id = value.at("id");
  out.title = value.at("title");
  out.since = moment(value.at("since"));
  out.until = maybe_moment(value.at("until"));
  out.times = value.at("times");
  out.places = value.at("places").get<std::vector<std::string>>();
  out.words = value.at("words");
  out.codes = value.value("codes", std::vector<std::string>());
  out.meaning = value.value("meaning", "");
  out.mender = value.at("mender");
  out.url = value.at("url");
  out.method = value.at("method");
  out.predatory = value.at("predatory");
  const json& impact = value.at("impact");
  out.impact = {impact.at(0), impact.at(1), impact.at(2), impact.at(3)};
  if (impact.size() > 4) out.impact.classes = impact.at(4).get<model::ClassCounts>();
  out.remind_at = maybe_moment(value.at("remind_at"));
  return out;
}

json to_json(const model::CaseCause& cause) {
  return {{"subject", stored_subject(cause.subject)},
          {"decision", cause.decision},
          {"stopped_at", micros(cause.stopped_at)},
          {"free_at", micros(cause.free_at)},
          {"reason", cause.reason},
          {"throttled", cause.throttled}};
}

model::CaseCause cause_of(Reading& reading, const json& value) {
  model::CaseCause out;
  out.subject = reading.subject(value.at("subject"));
  out.decision = value.at("decision");
  out.stopped_at = moment(value.at("stopped_at"));
  out.free_at = maybe_moment(value.at("free_at"));
  out.reason = value.at("reason");
  out.throttled = value.value("throttled", false);
  return out;
}

json to_json(const model::CaseLine& line) {
  return {
      {"at", micros(line.at)}, {"by", line.by},     {"event", model::case_event_name(line.event)},
      {"party", line.party},   {"text", line.text}, {"number", line.number}};
}

model::CaseLine line_of(Reading& reading, const json& value) {
  model::CaseLine out;
  out.at = moment(value.at("at"));
  out.by = value.at("by");
  out.event = reading.word(value.at("event"), model::parse_case_event);
  out.party = value.at("party");
  out.text = value.at("text");
  out.number = value.at("number");
  return out;
}

model::Case case_of(Reading& reading, const json& value) {
  model::Case out;
  out.number = value.at("number");
  out.subject = reading.subject(value.at("subject"));
  out.state = reading.word(value.at("state"), model::parse_case_state);
  out.opened_at = moment(value.at("opened_at"));
  out.quiet_since = maybe_moment(value.at("quiet_since"));
  out.closed_at = maybe_moment(value.at("closed_at"));
  out.recurs_of = value.at("recurs_of");
  for (const json& one : value.at("parties")) out.parties.push_back(party_of(one));
  for (const json& one : value.at("causes")) out.causes.push_back(cause_of(reading, one));
  out.more_causes = value.at("more_causes");
  for (const json& one : value.at("attempts")) out.attempts.push_back(attempt_of(reading, one));
  for (const json& one : value.at("lines")) out.lines.push_back(line_of(reading, one));
  out.dropped_lines = value.at("dropped_lines");
  for (const json& one : value.at("reviews")) out.reviews.push_back(moment(one));
  return out;
}

model::CaseNews news_of(Reading& reading, const json& value) {
  model::CaseNews out;
  out.what = reading.word(value.at("what"), model::parse_case_news);
  out.number = value.at("number");
  out.line = line_of(reading, value.at("line"));
  out.title = value.at("title");
  out.url = value.at("url");
  if (!value.at("step").is_null())
    out.step = reading.word(value.at("step"), model::parse_case_step);
  out.predatory = value.at("predatory");
  return out;
}

template <typename T>
base::Result<T> decode(std::string_view text, const char* what, T (*read)(Reading&, const json&)) {
  if (text.size() > text_bytes_max) {
    return base::Error{base::ErrorCode::too_large,
                       fmt::format("a stored {} of {} bytes is over the limit of {}", what,
                                   text.size(), text_bytes_max)};
  }
  Reading reading;
  std::optional<T> out;
  try {
    out = read(reading, json::parse(text));
  } catch (const json::exception& error) {
    reading.wrong = error.what();
  }
  if (reading.wrong.empty()) return std::move(*out);
  return base::Error{base::ErrorCode::malformed,
                     fmt::format("a stored {} cannot be read: {}", what, reading.wrong)};
}

template <typename T>
json list_of(const std::vector<T>& all) {
  json out = json::array();
  for (const T& one : all) out.push_back(to_json(one));
  return out;
}

}  // namespace

std::string encode_case(const model::Case& one) {
  json reviews = json::array();
  for (const auto at : one.reviews) reviews.push_back(micros(at));
  return dump({{"number", one.number},
               {"subject", stored_subject(one.subject)},
               {"state", model::case_state_name(one.state)},
               {"opened_at", micros(one.opened_at)},
               {"quiet_since", micros(one.quiet_since)},
               {"closed_at", micros(one.closed_at)},
               {"recurs_of", one.recurs_of},
               {"parties", list_of(one.parties)},
               {"causes", list_of(one.causes)},
               {"more_causes", one.more_causes},
               {"attempts", list_of(one.attempts)},
               {"lines", list_of(one.lines)},
               {"dropped_lines", one.dropped_lines},
               {"reviews", std::move(reviews)}});
}

base::Result<model::Case> decode_case(std::string_view text) {
  return decode<model::Case>(text, "case", case_of);
}

std::string encode_case_news(const model::CaseNews& news) {
  return dump({{"what", model::case_news_name(news.what)},
               {"number", news.number},
               {"line", to_json(news.line)},
               {"title", news.title},
               {"url", news.url},
               {"step", news.step ? json(model::case_step_name(*news.step)) : json(nullptr)},
               {"predatory", news.predatory}});
}

base::Result<model::CaseNews> decode_case_news(std::string_view text) {
  return decode<model::CaseNews>(text, "news of a case", news_of);
}

}  // namespace leumund::storage
