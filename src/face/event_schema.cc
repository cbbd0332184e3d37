#include "face/event_schema.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/time.h"
#include "face/report_json.h"
#include "model/decision.h"
#include "model/mail_event.h"
#include "wire/event_line.h"

namespace leumund::face {
namespace {

using Json = nlohmann::ordered_json;
using Samples = std::vector<Json>;

const base::TimePoint when = base::from_unix_seconds(1'795'334'400.5);
constexpr const char* word = "x";

// Texts that are one of few words: the samples have them all.
constexpr std::array<std::string_view, 11> chosen = {"type",   "decision", "status", "stage",
                                                     "source", "level",    "mode",   "news",
                                                     "event",  "phase",    "block"};
// Objects whose names are data.
constexpr std::array<std::string_view, 2> maps = {"recovery", "classes"};

template <typename Names>
bool is_one(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// --- schemas -------------------------------------------------------------------------------------

Json schema_of(std::string_view name, const Samples& samples);

Json object_schema(const Samples& samples) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Json& sample : samples) {
    for (const auto& [name, unused] : sample.items()) {
      if (properties.contains(name)) continue;
      Samples values;
      for (const Json& other : samples) {
        if (other.contains(name)) values.push_back(other[name]);
      }
      properties[name] = schema_of(name, values);
      if (values.size() == samples.size()) required.push_back(name);
    }
  }
  Json out = {{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

Json text_schema(std::string_view name, const Samples& samples) {
  Json out = {{"type", "string"}};
  if (!is_one(chosen, name)) return out;
  Json words = Json::array();
  for (const Json& sample : samples) {
    if (std::find(words.begin(), words.end(), sample) == words.end()) words.push_back(sample);
  }
  out["enum"] = std::move(words);
  return out;
}

Json array_schema(std::string_view name, const Samples& samples) {
  Samples items;
  for (const Json& sample : samples) items.insert(items.end(), sample.begin(), sample.end());
  return {{"type", "array"}, {"items", items.empty() ? Json::object() : schema_of(name, items)}};
}

Json schema_of(std::string_view name, const Samples& all) {
  Samples samples;
  std::copy_if(all.begin(), all.end(), std::back_inserter(samples),
               [](const Json& sample) { return !sample.is_null(); });
  Json out = Json::object();
  if (!samples.empty()) {
    const Json& one = samples.front();
    const bool whole = std::all_of(samples.begin(), samples.end(),
                                   [](const Json& sample) { return sample.is_number_integer(); });
    if (one.is_string()) {
      out = text_schema(name, samples);
    } else if (one.is_number()) {
      out = {{"type", whole ? "integer" : "number"}};
    } else if (one.is_boolean()) {
      out = {{"type", "boolean"}};
    } else if (one.is_array()) {
      out = array_schema(name, samples);
    } else if (is_one(maps, name)) {
      Samples values;
      for (const Json& sample : samples) values.insert(values.end(), sample.begin(), sample.end());
      out = {{"type", "object"}, {"additionalProperties", schema_of("", values)}};
    } else {
      out = object_schema(samples);
    }
  }
  if (samples.size() < all.size()) out["nullable"] = true;
  return out;
}

// --- samples of mail events ----------------------------------------------------------------------

template <typename Enum>
Enum nth(std::size_t i) {
  return static_cast<Enum>(static_cast<std::uint8_t>(i));
}

model::QueueKey queue() { return {word, word, word}; }
const base::IpAddress address = base::IpAddress::v4(0xc0000219);

model::ClientFacts client_facts() {
  model::ClientFacts facts;
  facts.as_number = 64'496;
  facts.country = "DE";
  facts.place = {52.5F, 13.5F};
  facts.listed = {word};
  return facts;
}

model::Submission submission(std::size_t i) {
  model::Submission out;
  out.id = out.account = out.script = out.helo = word;
  out.queue = queue();
  out.source = nth<model::Source>(i % 5);
  out.stage = nth<model::SubmissionStage>(i % 2);
  out.client = address;
  out.client_facts = client_facts();
  out.envelope_sender = word;
  out.recipients = {word};
  out.recipient_count = 2;
  out.size_bytes = 1;
  out.headers = {{word, word}};
  out.forwarded = true;
  out.continues = queue();
  return out;
}

model::Delivery delivery(std::size_t i) {
  model::Delivery out;
  out.id = out.recipient = out.egress = out.remote = out.provider = out.transport = out.reply =
      word;
  out.queue = queue();
  out.source = nth<model::Source>(i % 5);
  out.status = nth<model::DeliveryStatus>(i % 4);
  out.stage = nth<model::DeliveryStage>(1 + i % 6);
  return out;
}

using What = decltype(model::MailEvent::what);

// Each kind with all it can have; the first that a variant makes has the least.
std::vector<What> full_kinds(std::size_t i) {
  model::Login login{word, address, word, true, client_facts()};
  return {submission(i),
          delivery(i),
          model::Complaint{word, word, address, word, word},
          model::TrapHit{word, word, address, word},
          login,
          model::Announcement{word, 1, when},
          model::QueueRemoval{queue()},
          model::Retraction{word, word}};
}
std::vector<What> bare_kinds() {
  model::Delivery delivery;
  delivery.recipient = word;
  return {model::Submission{},   delivery,           model::Complaint{},
          model::TrapHit{},      model::Login{},     model::Announcement{"", 0, when},
          model::QueueRemoval{}, model::Retraction{}};
}

Json event_of(What what, bool full) {
  model::MailEvent event{when, full ? when + std::chrono::seconds(1) : when, std::move(what)};
  std::string line;
  wire::write_event_line(event, line);
  return Json::parse(line);
}

// --- samples of decisions ------------------------------------------------------------------------

constexpr std::size_t decision_kinds = static_cast<std::size_t>(model::DecisionKind::case_due) + 1;

model::BlockChange block_change(std::size_t i) {
  model::BlockChange out;
  out.from = nth<model::CellState>(i % 4);
  out.facts.state = nth<model::CellState>(i % 4);
  out.facts.since = out.facts.last_refused_at = out.facts.last_accepted_at = when;
  out.facts.refused_share = out.facts.usual_share = out.facts.evidence = out.facts.threshold = 0.5;
  out.facts.lists = {word};
  out.facts.classes.fill(1);
  for (const char* stage : {"", "connect", "greeting", "mail", "rcpt", "data", "end"}) {
    model::BlockExample example;
    example.at = when;
    example.stage = stage;
    out.facts.examples.push_back(example);
  }
  out.facts.other_examples = out.facts.examples;
  return out;
}

model::CaseNews case_news(std::size_t i) {
  model::CaseNews out;
  out.what = nth<model::CaseNews::What>(i % 4);
  out.line.event = nth<model::CaseEvent>(i % 14);
  out.step = nth<model::CaseStep>(i % 6);
  return out;
}

model::Decision full_decision(std::size_t i) {
  model::Decision out;
  out.kind = nth<model::DecisionKind>(i);
  out.at = when;
  out.score = 0.5;
  out.terms = {{word, 0.5, word, {word}}};
  out.restriction.level = nth<model::Level>(i % 4);
  out.restriction.mode = nth<model::Mode>(i % 2);
  out.restriction.until = when;
  out.held = {queue()};
  out.undoes = 1;
  out.recovery = {{word, word}};
  out.without_checklist = out.mistake = true;
  out.accounts = out.messages = {word};
  out.block = block_change(i);
  out.detour.emplace();
  out.detour->pool = word;
  out.detour->phase = nth<model::DetourPhase>(i % 5);
  out.detour->since = out.detour->began_at = out.detour->next_probe_at = when;
  out.listing.emplace();
  out.listing->egress = word;
  out.listing->since = out.listing->last_seen = when;
  out.listing->until = when;
  out.listing->codes = out.listing->examples = {word};
  out.list_fault.emplace();
  out.list_fault->since = when;
  out.list_fault->until = when;
  out.case_news = case_news(i);
  return out;
}

// With the parts that are written whole, and nothing that may be missing in them.
model::Decision bare_decision() {
  model::Decision out;
  out.kind = model::DecisionKind::restricted;
  out.at = when;
  out.terms = {{word, 0.5, word, {}}};
  out.block.emplace();
  out.detour.emplace();
  out.listing.emplace();
  out.list_fault.emplace();
  out.case_news.emplace();
  return out;
}

Json decision_schema() {
  Samples samples = {Json::parse(decision_json(bare_decision()))};
  for (std::size_t i = 0; i < decision_kinds; ++i) {
    samples.push_back(Json::parse(decision_json(full_decision(i))));
  }
  model::Decision none;
  none.kind = model::DecisionKind::exempted;
  none.at = when;
  samples.push_back(Json::parse(decision_json(none)));
  return object_schema(samples);
}

}  // namespace

std::string event_schemas_json() {
  constexpr std::size_t variants = 60;  // so that every word of every choice comes
  Json out = Json::object();
  out["decision"] = decision_schema();
  const std::vector<What> bare = bare_kinds();
  Json one_of = Json::array();
  for (std::size_t kind = 0; kind < bare.size(); ++kind) {
    Samples samples = {event_of(bare[kind], false)};
    for (std::size_t i = 0; i < variants; ++i) {
      samples.push_back(event_of(full_kinds(i)[kind], true));
    }
    const std::string name = samples.front()["type"].get<std::string>();
    out[name] = object_schema(samples);
    one_of.push_back({{"$ref", "#/components/schemas/" + name}});
  }
  out["mail_event"] = {{"oneOf", std::move(one_of)}, {"discriminator", {{"propertyName", "type"}}}};
  return out.dump();
}

}  // namespace leumund::face
