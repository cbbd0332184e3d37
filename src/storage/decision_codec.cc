#include "storage/decision_codec.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "storage/case_codec.h"
#include "storage/detour_codec.h"
#include "storage/listing_codec.h"
#include "storage/stored_name.h"
#include "storage/stored_time.h"

namespace leumund::storage {
namespace {

using nlohmann::json;

constexpr std::size_t text_bytes_max = 4U << 20;

// A login name may hold any bytes; what is not UTF-8 is kept as U+FFFD rather than refused.
std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json to_json(const model::Restriction& restriction) {
  json out = {{"subject", stored_subject(restriction.subject)},
              {"level", model::level_name(restriction.level)},
              {"mode", model::mode_name(restriction.mode)},
              {"reason", restriction.reason},
              {"by", restriction.by},
              {"since", micros(restriction.since)},
              {"decision", restriction.decision},
              {"automatic", restriction.automatic}};
  if (restriction.until) out["until"] = micros(*restriction.until);
  if (!restriction.rests_on.empty()) out["rests_on"] = restriction.rests_on;
  return out;
}

// Nothing: a subject or level that this version does not know. What is missing altogether throws in
// the JSON library; decode() catches both.
std::optional<model::Restriction> restriction_of(
    const json& value, std::optional<model::Subject> (*read_subject)(std::string_view)) {
  model::Restriction out;
  const auto subject = read_subject(value.at("subject").get<std::string>());
  const auto level = model::parse_level(value.at("level").get<std::string>());
  if (!subject || !level) return std::nullopt;
  out.subject = *subject;
  out.level = *level;
  out.mode = value.at("mode") == "observe" ? model::Mode::observe : model::Mode::enforce;
  out.reason = value.at("reason");
  out.by = value.at("by");
  out.since = moment(value.at("since"));
  if (value.contains("until")) out.until = moment(value.at("until"));
  out.decision = value.value("decision", std::uint64_t{0});
  out.automatic = value.value("automatic", false);
  out.rests_on = value.value("rests_on", std::string());
  return out;
}

std::optional<model::Restriction> restriction_of(const json& value) {
  return restriction_of(value, subject_of_stored);
}

// An alarm is about nobody.
std::optional<model::Subject> subject_or_nobody(std::string_view text) {
  if (text == model::Subject().to_string()) return model::Subject();
  return subject_of_stored(text);
}

json to_json(const model::Term& term) {
  return {{"name", term.name}, {"value", term.value}, {"text", term.text}, {"events", term.events}};
}

json to_json(const model::BlockExample& example) {
  return {micros(example.at), example.remote, example.stage, example.queue_id, example.reply};
}

json to_json(const model::BlockChange& change) {
  const model::BlockFacts& facts = change.facts;
  json out = {{"from", model::cell_state_name(change.from)},
              {"state", model::cell_state_name(facts.state)},
              {"egress", facts.egress},
              {"provider", facts.provider},
              {"since", micros(facts.since)},
              {"last_refused_at", micros(facts.last_refused_at)},
              {"last_accepted_at", micros(facts.last_accepted_at)},
              {"lists", facts.lists},
              {"private_list", facts.private_list},
              {"listed_address", facts.listed_address},
              {"refused_share", facts.refused_share},
              {"usual_share", facts.usual_share},
              {"mails", facts.mails},
              {"recipients", facts.recipients},
              {"sender_domains", facts.sender_domains},
              {"accounts", facts.accounts},
              {"classes", facts.classes},
              {"other_refusals", facts.other_refusals},
              {"evidence", facts.evidence},
              {"threshold", facts.threshold}};
  for (const auto& example : facts.examples) out["examples"].push_back(to_json(example));
  for (const auto& example : facts.other_examples) out["others"].push_back(to_json(example));
  return out;
}

model::BlockExample example_of(const json& value) {
  return {moment(value.at(0)), value.at(1), value.at(2), value.at(3), value.at(4)};
}

// Nothing: a state that this version does not know.
std::optional<model::BlockChange> block_of(const json& value) {
  const auto from = model::parse_cell_state(value.at("from").get<std::string>());
  const auto state = model::parse_cell_state(value.at("state").get<std::string>());
  if (!from || !state) return std::nullopt;
  model::BlockChange out{*from, {}};
  model::BlockFacts& facts = out.facts;
  facts.state = *state;
  facts.egress = value.at("egress");
  facts.provider = value.at("provider");
  facts.since = moment(value.at("since"));
  facts.last_refused_at = moment(value.at("last_refused_at"));
  facts.last_accepted_at = moment(value.at("last_accepted_at"));
  facts.lists = value.at("lists").get<std::vector<std::string>>();
  facts.private_list = value.at("private_list");
  facts.listed_address = value.at("listed_address");
  facts.refused_share = value.at("refused_share");
  facts.usual_share = value.at("usual_share");
  facts.mails = value.at("mails");
  facts.recipients = value.at("recipients");
  facts.sender_domains = value.at("sender_domains");
  facts.accounts = value.at("accounts");
  facts.classes = value.value("classes", model::ClassCounts());  // not in earlier versions
  facts.other_refusals = value.at("other_refusals");
  facts.evidence = value.at("evidence");
  facts.threshold = value.at("threshold");
  const json none = json::array();
  for (const auto& one : value.value("examples", none)) facts.examples.push_back(example_of(one));
  for (const auto& one : value.value("others", none)) {
    facts.other_examples.push_back(example_of(one));
  }
  return out;
}

json to_json(const model::Decision& decision) {
  json out = {{"number", decision.number},
              {"kind", model::decision_kind_name(decision.kind)},
              {"at", micros(decision.at)},
              {"subject", stored_subject(decision.subject)},
              {"by", decision.by},
              {"detector", decision.detector},
              {"score", decision.score},
              {"restriction", to_json(decision.restriction)},
              {"unattended", decision.unattended},
              {"recipients_before", decision.recipients_before},
              {"undoes", decision.undoes},
              {"without_checklist", decision.without_checklist},
              {"mistake", decision.mistake}};
  for (const auto& term : decision.terms) out["terms"].push_back(to_json(term));
  for (const auto& key : decision.held)
    out["held"].push_back({key.host, key.instance, key.queue_id});
  for (const auto& below : decision.beneath) out["beneath"].push_back(to_json(below));
  for (const auto& [item, who] : decision.recovery) out["recovery"].push_back({item, who});
  for (const auto& account : decision.accounts) out["accounts"].push_back(stored_name(account));
  if (!decision.messages.empty()) out["messages"] = decision.messages;
  if (decision.block) out["block"] = to_json(*decision.block);
  if (decision.detour) out["detour"] = json::parse(encode_detour(*decision.detour));
  if (decision.case_news) out["case"] = json::parse(encode_case_news(*decision.case_news));
  if (decision.listing) out["listing"] = json::parse(encode_listing(*decision.listing));
  if (decision.list_fault) out["list_fault"] = json::parse(encode_list_fault(*decision.list_fault));
  return out;
}

std::optional<model::Decision> decision_of(const json& value) {
  model::Decision out;
  out.number = value.at("number");
  const auto kind = model::parse_decision_kind(value.at("kind").get<std::string>());
  const auto read_subject =
      kind == model::DecisionKind::alarm ? subject_or_nobody : subject_of_stored;
  const auto subject = read_subject(value.at("subject").get<std::string>());
  auto restriction = restriction_of(value.at("restriction"), read_subject);
  if (!kind || !subject || !restriction) return std::nullopt;
  out.kind = *kind;
  out.at = moment(value.at("at"));
  out.subject = *subject;
  out.by = value.at("by");
  out.detector = value.at("detector");
  out.score = value.at("score");
  out.restriction = std::move(*restriction);
  out.unattended = value.value("unattended", false);
  out.recipients_before = value.value("recipients_before", 0U);
  out.undoes = value.value("undoes", std::uint64_t{0});
  out.without_checklist = value.value("without_checklist", false);
  out.mistake = value.value("mistake", false);
  const json none = json::array();
  for (const auto& term : value.value("terms", none)) {
    out.terms.push_back({term.at("name"), term.at("value"), term.at("text"),
                         term.at("events").get<std::vector<std::string>>()});
  }
  for (const auto& key : value.value("held", none)) {
    out.held.push_back({key.at(0), key.at(1), key.at(2)});
  }
  for (const auto& below : value.value("beneath", none)) {
    auto one = restriction_of(below);
    if (!one) return std::nullopt;
    out.beneath.push_back(std::move(*one));
  }
  for (const auto& item : value.value("recovery", none)) {
    out.recovery.emplace_back(item.at(0), item.at(1));
  }
  for (const auto& account : value.value("accounts", none)) {
    out.accounts.push_back(name_of_stored(account.get<std::string>()));
  }
  out.messages = value.value("messages", std::vector<std::string>());
  if (value.contains("block")) {
    out.block = block_of(value.at("block"));
    if (!out.block) return std::nullopt;
  }
  if (value.contains("detour")) {
    auto detour = decode_detour(value.at("detour").dump());
    if (!detour) return std::nullopt;
    out.detour = std::move(*detour);
  }
  if (value.contains("case")) {
    auto news = decode_case_news(dump(value.at("case")));
    if (!news) return std::nullopt;
    out.case_news = std::move(*news);
  }
  if (value.contains("listing")) {
    auto listing = decode_listing(dump(value.at("listing")));
    if (!listing) return std::nullopt;
    out.listing = std::move(*listing);
  }
  if (value.contains("list_fault")) {
    auto fault = decode_list_fault(dump(value.at("list_fault")));
    if (!fault) return std::nullopt;
    out.list_fault = std::move(*fault);
  }
  return out;
}

template <typename T>
base::Result<T> decode(std::string_view text, const char* what,
                       std::optional<T> (*read)(const json&)) {
  if (text.size() > text_bytes_max) {
    return base::Error{base::ErrorCode::too_large,
                       fmt::format("a stored {} of {} bytes is over the limit of {}", what,
                                   text.size(), text_bytes_max)};
  }
  try {
    auto value = read(json::parse(text));
    if (value) return std::move(*value);
    return base::Error{
        base::ErrorCode::malformed,
        fmt::format("a stored {} names a kind, subject or level nobody knows", what)};
  } catch (const json::exception& error) {
    return base::Error{base::ErrorCode::malformed,
                       fmt::format("a stored {} cannot be read: {}", what, error.what())};
  }
}

}  // namespace

std::string encode_decision(const model::Decision& decision) { return dump(to_json(decision)); }

base::Result<model::Decision> decode_decision(std::string_view text) {
  return decode<model::Decision>(text, "decision", decision_of);
}

std::string encode_restriction(const model::Restriction& restriction) {
  return dump(to_json(restriction));
}

base::Result<model::Restriction> decode_restriction(std::string_view text) {
  return decode<model::Restriction>(text, "restriction", restriction_of);
}

}  // namespace leumund::storage
