#include "wire/event_line.h"

#include <fmt/core.h>

// Without its exceptions an unchecked result does not compile.
#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace leumund::wire {
namespace {

namespace od = simdjson::ondemand;
using base::Error;
using base::ErrorCode;

constexpr std::size_t headers_max = 1000;
constexpr std::size_t header_bytes_max = 65'536;
constexpr std::size_t name_bytes_max = 320;
constexpr std::size_t reply_bytes_max = 65'536;
constexpr std::size_t listed_max = 64;
// A date beyond the year 3000 or before 1900 is a mistake, and sums with it could overflow.
constexpr double unix_seconds_least = -2'208'988'800;
constexpr double unix_seconds_most = 32'503'680'000;

// All fields of all kinds; what a kind does not have is ignored.
struct Fields {
  std::string type;
  std::optional<base::TimePoint> at;
  std::optional<base::TimePoint> received_at;
  std::string id;
  std::string account;
  std::string script;
  std::optional<base::IpAddress> client;
  model::ClientFacts facts;
  std::string helo;
  std::optional<std::string> envelope_sender;
  std::vector<std::string> recipients;
  std::optional<std::uint64_t> count;  // recipients as a number: announcement, or not all known
  std::optional<std::uint64_t> size;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool forwarded = false;
  model::QueueKey queue;
  std::optional<model::QueueKey> continues;
  std::string source;
  std::string stage;
  std::string recipient;
  std::string egress;
  std::string remote;
  std::string provider;
  std::string transport;
  std::string status;
  std::string reply;
  std::optional<base::IpAddress> source_ip;
  std::string reporter;
  std::string kind;
  std::string trap;
  std::string service;
  bool ok = true;
  std::optional<base::TimePoint> until;
};

Error wrong(std::string_view field, std::string_view why, ErrorCode code = ErrorCode::malformed) {
  return Error{code, fmt::format("field \"{}\" {}", field, why)};
}

// "nul" and the like are not null; whoever reads the value next says what is wrong with it.
bool null(od::value& value) {
  bool is = false;
  return value.is_null().get(is) == simdjson::SUCCESS && is;
}

base::Status read_text(std::string_view field, od::value& value, std::string& out,
                       std::size_t most = name_bytes_max) {
  if (null(value)) {
    out.clear();
    return {};
  }
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return wrong(field, "is not a string");
  if (text.size() > most) {
    return wrong(field, fmt::format("has {} bytes, allowed are {}", text.size(), most),
                 ErrorCode::too_large);
  }
  out = text;
  return {};
}

base::Status read_count(std::string_view field, od::value& value,
                        std::optional<std::uint64_t>& out) {
  if (null(value)) return {};
  std::uint64_t number = 0;
  if (value.get_uint64().get(number) != simdjson::SUCCESS)
    return wrong(field, "is not a whole number");
  out = number;
  return {};
}

base::Status read_flag(std::string_view field, od::value& value, bool& out) {
  if (null(value)) return {};
  if (value.get_bool().get(out) != simdjson::SUCCESS) return wrong(field, "is not true or false");
  return {};
}

base::Status read_time(std::string_view field, od::value& value,
                       std::optional<base::TimePoint>& out) {
  if (null(value)) return {};
  od::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return wrong(field, "is not a time");
  if (type == od::json_type::string) {
    std::string text;
    if (auto status = read_text(field, value, text, 64); !status.ok()) return status;
    const auto parsed = base::parse_rfc3339(text);
    if (!parsed) return wrong(field, parsed.error().message);
    const double seconds = base::to_unix_seconds(*parsed);
    if (seconds < unix_seconds_least || seconds > unix_seconds_most)
      return wrong(field, "is out of range");
    out = *parsed;
    return {};
  }
  double seconds = 0;
  if (value.get_double().get(seconds) != simdjson::SUCCESS) return wrong(field, "is not a time");
  if (!(seconds >= unix_seconds_least && seconds <= unix_seconds_most))
    return wrong(field, "is out of range");
  out = base::from_unix_seconds(seconds);
  return {};
}

base::Status read_address(std::string_view field, od::value& value,
                          std::optional<base::IpAddress>& out) {
  std::string text;
  if (auto status = read_text(field, value, text, 64); !status.ok()) return status;
  if (text.empty()) return {};
  out = base::IpAddress::parse(text);
  if (!out) return wrong(field, fmt::format("is not an IP address: \"{}\"", text));
  return {};
}

// A list of strings, or for announcements and logs their number.
base::Status read_recipients(std::string_view field, od::value& value, Fields& fields) {
  od::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return wrong(field, "is broken");
  if (type != od::json_type::array) return read_count(field, value, fields.count);
  od::array list;
  if (value.get_array().get(list) != simdjson::SUCCESS) return wrong(field, "is not a list");
  for (auto item : list) {
    od::value element;
    if (item.get(element) != simdjson::SUCCESS) return wrong(field, "is broken");
    if (fields.recipients.size() >= event_recipients_max) {
      return wrong(field, fmt::format("has more than {} members", event_recipients_max),
                   ErrorCode::too_large);
    }
    if (auto status = read_text(field, element, fields.recipients.emplace_back()); !status.ok())
      return status;
  }
  return {};
}

base::Status read_headers(std::string_view field, od::value& value, Fields& fields) {
  od::array list;
  if (value.get_array().get(list) != simdjson::SUCCESS) return wrong(field, "is not a list");
  for (auto item : list) {
    od::array pair;
    if (item.get_array().get(pair) != simdjson::SUCCESS)
      return wrong(field, "has a member that is not a pair");
    if (fields.headers.size() >= headers_max) {
      return wrong(field, fmt::format("has more than {} members", headers_max),
                   ErrorCode::too_large);
    }
    auto& header = fields.headers.emplace_back();
    std::size_t index = 0;
    for (auto part : pair) {
      od::value text;
      if (part.get(text) != simdjson::SUCCESS || index > 1)
        return wrong(field, "has a member that is not a pair");
      auto status =
          read_text(field, text, index == 0 ? header.first : header.second, header_bytes_max);
      if (!status.ok()) return status;
      ++index;
    }
    if (index != 2) return wrong(field, "has a member that is not a pair");
  }
  return {};
}

base::Status read_listed(std::string_view field, od::value& value, Fields& fields) {
  od::array list;
  if (value.get_array().get(list) != simdjson::SUCCESS) return wrong(field, "is not a list");
  for (auto item : list) {
    od::value element;
    if (item.get(element) != simdjson::SUCCESS) return wrong(field, "is broken");
    if (fields.facts.listed.size() >= listed_max)
      return wrong(field, "is too long", ErrorCode::too_large);
    if (auto status = read_text(field, element, fields.facts.listed.emplace_back()); !status.ok())
      return status;
  }
  return {};
}

base::Status read_client_facts(std::string_view key, od::value& value, Fields& f) {
  if (key == "client_country") {
    if (auto status = read_text(key, value, f.facts.country, 2); !status.ok()) return status;
    for (char& c : f.facts.country) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return {};
  }
  if (key == "client_as") {
    std::optional<std::uint64_t> number;
    if (auto status = read_count(key, value, number); !status.ok()) return status;
    if (number && *number > std::numeric_limits<std::uint32_t>::max())
      return wrong(key, "is out of range");
    if (number) f.facts.as_number = static_cast<std::uint32_t>(*number);
    return {};
  }
  if (key == "client_listed") return read_listed(key, value, f);
  if (key == "client_latitude" || key == "client_longitude") {
    double degrees = 0;
    if (value.get_double().get(degrees) != simdjson::SUCCESS || std::fabs(degrees) > 360) {
      return wrong(key, "is not a number of degrees");
    }
    if (!f.facts.place) f.facts.place.emplace();
    (key == "client_latitude" ? f.facts.place->first : f.facts.place->second) =
        static_cast<float>(degrees);
    return {};
  }
  return {};
}

// Texts by their field name; nothing when the name is none of them.
std::string* text_field(std::string_view key, Fields& f, std::size_t& most) {
  constexpr std::size_t short_most = 1024;
  most = name_bytes_max;
  if (key == "type") return &f.type;
  if (key == "account") return &f.account;
  if (key == "recipient") return &f.recipient;
  if (key == "status") return &f.status;
  if (key == "stage") return &f.stage;
  if (key == "source") return &f.source;
  most = short_most;
  if (key == "id") return &f.id;
  if (key == "script") return &f.script;
  if (key == "helo") return &f.helo;
  if (key == "egress") return &f.egress;
  if (key == "remote") return &f.remote;
  if (key == "provider") return &f.provider;
  if (key == "transport") return &f.transport;
  if (key == "reporter") return &f.reporter;
  if (key == "kind") return &f.kind;
  if (key == "trap") return &f.trap;
  if (key == "service") return &f.service;
  if (key == "queue_id") return &f.queue.queue_id;
  if (key == "queue_host") return &f.queue.host;
  if (key == "queue_instance") return &f.queue.instance;
  most = reply_bytes_max;
  if (key == "reply") return &f.reply;
  return nullptr;
}

base::Status read_field(std::string_view key, od::value value, Fields& f, bool keep_body) {
  std::size_t most = 0;
  if (std::string* text = text_field(key, f, most)) return read_text(key, value, *text, most);
  if (key == "at") return read_time(key, value, f.at);
  if (key == "received_at") return read_time(key, value, f.received_at);
  if (key == "until") return read_time(key, value, f.until);
  if (key == "client") return read_address(key, value, f.client);
  if (key == "source_ip") return read_address(key, value, f.source_ip);
  if (key == "recipients") return null(value) ? base::Status() : read_recipients(key, value, f);
  if (key == "recipient_count") return read_count(key, value, f.count);
  if (key == "size") return read_count(key, value, f.size);
  if (key == "headers") return null(value) ? base::Status() : read_headers(key, value, f);
  if (key == "body")
    return keep_body ? read_text(key, value, f.body, event_line_bytes_max) : base::Status();
  if (key == "forwarded") return read_flag(key, value, f.forwarded);
  if (key == "ok") return read_flag(key, value, f.ok);
  if (key == "envelope_sender") {
    if (null(value)) return {};
    return read_text(key, value, f.envelope_sender.emplace());
  }
  if (key == "continues") {
    if (null(value)) return {};
    return read_text(key, value, f.continues.emplace().queue_id);
  }
  if (key.starts_with("client_"))
    return null(value) ? base::Status() : read_client_facts(key, value, f);
  return {};
}

template <typename Value, std::size_t size>
bool by_name(std::string_view name, const std::pair<std::string_view, Value> (&table)[size],
             Value& out) {
  for (const auto& [known, value] : table) {
    if (known != name) continue;
    out = value;
    return true;
  }
  return false;
}

constexpr std::pair<std::string_view, model::Source> sources[] = {
    {"api", model::Source::api},
    {"policy", model::Source::policy},
    {"milter", model::Source::milter},
    {"log", model::Source::log},
    {"report", model::Source::report}};
constexpr std::pair<std::string_view, model::DeliveryStatus> statuses[] = {
    {"sent", model::DeliveryStatus::sent},
    {"deferred", model::DeliveryStatus::deferred},
    {"bounced", model::DeliveryStatus::bounced},
    {"expired", model::DeliveryStatus::expired}};
constexpr std::pair<std::string_view, model::DeliveryStage> stages[] = {
    {"", model::DeliveryStage::unknown},
    {"connect", model::DeliveryStage::connect},
    {"greeting", model::DeliveryStage::greeting},
    {"mail", model::DeliveryStage::mail},
    {"rcpt", model::DeliveryStage::rcpt},
    {"data", model::DeliveryStage::data},
    {"end", model::DeliveryStage::end}};

base::Result<model::Source> source_of(const Fields& f) {
  model::Source source = model::Source::api;
  if (!f.source.empty() && !by_name(f.source, sources, source))
    return wrong("source", "is not known: " + f.source);
  return source;
}

base::Status make_submission(Fields&& f, model::MailEvent& event) {
  model::Submission what;
  const auto source = source_of(f);
  if (!source) return source.error();
  what.source = *source;
  if (f.stage == "recipient") {
    what.stage = model::SubmissionStage::recipient;
  } else if (!f.stage.empty() && f.stage != "accepted") {
    return wrong("stage", "is not \"recipient\" or \"accepted\"");
  }
  if (f.count && *f.count > std::numeric_limits<std::uint32_t>::max())
    return wrong("recipient_count", "is out of range");
  what.id = std::move(f.id);
  what.queue = std::move(f.queue);
  what.account = std::move(f.account);
  what.script = std::move(f.script);
  what.client = f.client;
  what.client_facts = std::move(f.facts);
  what.helo = std::move(f.helo);
  what.envelope_sender = std::move(f.envelope_sender);
  what.recipients = std::move(f.recipients);
  what.recipient_count = std::max(static_cast<std::uint32_t>(what.recipients.size()),
                                  static_cast<std::uint32_t>(f.count.value_or(0)));
  what.size_bytes = f.size;
  what.headers = std::move(f.headers);
  what.body = std::move(f.body);
  what.forwarded = f.forwarded;
  if (f.continues) {
    f.continues->host = what.queue.host;
    f.continues->instance = what.queue.instance;
    what.continues = std::move(f.continues);
  }
  event.what = std::move(what);
  return {};
}

base::Status make_delivery(Fields&& f, model::MailEvent& event) {
  model::Delivery what;
  const auto source = source_of(f);
  if (!source) return source.error();
  what.source = *source;
  if (!by_name(f.status, statuses, what.status))
    return wrong("status", "is missing or not known: \"" + f.status + "\"");
  if (!by_name(f.stage, stages, what.stage))
    return wrong("stage", "is not known: \"" + f.stage + "\"");
  if (f.recipient.empty()) return wrong("recipient", "is missing");
  what.id = std::move(f.id);
  what.queue = std::move(f.queue);
  what.recipient = std::move(f.recipient);
  what.egress = std::move(f.egress);
  what.remote = std::move(f.remote);
  what.provider = std::move(f.provider);
  what.transport = std::move(f.transport);
  what.reply = std::move(f.reply);
  event.what = std::move(what);
  return {};
}

base::Status make_announcement(Fields&& f, model::MailEvent& event) {
  if (f.account.empty()) return wrong("account", "is missing");
  if (!f.until) return wrong("until", "is missing");
  const std::uint64_t count = f.count.value_or(f.recipients.size());
  if (count > std::numeric_limits<std::uint32_t>::max())
    return wrong("recipients", "is out of range");
  event.what =
      model::Announcement{std::move(f.account), static_cast<std::uint32_t>(count), *f.until};
  return {};
}

base::Status make_event(Fields&& f, model::MailEvent& event) {
  if (!f.at) return wrong("at", "is missing");
  event.occurred_at = *f.at;
  event.received_at = f.received_at.value_or(*f.at);
  if (f.type == "submission") return make_submission(std::move(f), event);
  if (f.type == "delivery") return make_delivery(std::move(f), event);
  if (f.type == "login") {
    if (f.account.empty()) return wrong("account", "is missing");
    event.what = model::Login{std::move(f.account), f.client, std::move(f.service), f.ok,
                              std::move(f.facts)};
    return {};
  }
  if (f.type == "complaint") {
    event.what = model::Complaint{std::move(f.id), std::move(f.account), f.source_ip,
                                  std::move(f.reporter), std::move(f.kind)};
    return {};
  }
  if (f.type == "trap") {
    event.what =
        model::TrapHit{std::move(f.id), std::move(f.account), f.source_ip, std::move(f.trap)};
    return {};
  }
  if (f.type == "announcement") return make_announcement(std::move(f), event);
  if (f.type == "removal") {
    if (!f.queue.known()) return wrong("queue_id", "is missing");
    event.what = model::QueueRemoval{std::move(f.queue)};
    return {};
  }
  if (f.type == "retraction") {
    if (f.id.empty()) return wrong("id", "is missing");
    event.what = model::Retraction{std::move(f.id), std::move(f.account)};
    return {};
  }
  return wrong("type", f.type.empty() ? "is missing" : "is not known: \"" + f.type + "\"");
}

}  // namespace

struct EventLineReader::Parser {
  od::parser parser;
  std::string padded;
  bool keep_bodies = true;
};

EventLineReader::EventLineReader(Bodies bodies) : parser_(std::make_unique<Parser>()) {
  parser_->keep_bodies = bodies == Bodies::keep;
}
EventLineReader::~EventLineReader() = default;
EventLineReader::EventLineReader(EventLineReader&&) noexcept = default;
EventLineReader& EventLineReader::operator=(EventLineReader&&) noexcept = default;

base::Result<model::MailEvent> EventLineReader::read(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.empty()) return Error{ErrorCode::malformed, "empty line"};
  if (line.size() > event_line_bytes_max) {
    return Error{ErrorCode::too_large, fmt::format("line has {} bytes, allowed are {}", line.size(),
                                                   event_line_bytes_max)};
  }
  std::string& padded = parser_->padded;
  padded.assign(line);
  padded.append(simdjson::SIMDJSON_PADDING, '\0');
  const simdjson::padded_string_view view(padded.data(), line.size(), padded.size());
  od::document document;
  if (const auto error = parser_->parser.iterate(view).get(document); error != simdjson::SUCCESS) {
    return Error{ErrorCode::malformed, fmt::format("not JSON: {}", simdjson::error_message(error))};
  }
  od::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS) {
    return Error{ErrorCode::malformed, "not a JSON object"};
  }
  Fields fields;
  for (auto item : object) {
    od::field field;
    std::string_view key;
    if (std::move(item).get(field) != simdjson::SUCCESS ||
        field.unescaped_key().get(key) != simdjson::SUCCESS) {
      return Error{ErrorCode::malformed, "broken JSON object"};
    }
    const std::string name(key.substr(0, 64));  // the view ends with the next string
    if (auto status = read_field(name, field.value(), fields, parser_->keep_bodies); !status.ok()) {
      return status.error();
    }
  }
  const char* rest = nullptr;
  if (document.current_location().get(rest) != simdjson::OUT_OF_BOUNDS) {
    return Error{ErrorCode::malformed, "text after the JSON object"};
  }
  model::MailEvent event;
  if (auto status = make_event(std::move(fields), event); !status.ok()) return status.error();
  return event;
}

}  // namespace leumund::wire
