#include <fmt/core.h>

#include "wire/event_line.h"

namespace leumund::wire {
namespace {

// Length of the UTF-8 sequence at the front, 0 when it is not valid (overlong and surrogates are
// not).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xc0) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first < 0xf0) {
    if (!follows(1) || !follows(2)) return 0;
    if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) >= 0xa0)) return 0;
    return 3;
  }
  if (first >= 0xf0 && first < 0xf5) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    if ((first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) >= 0x90)) return 0;
    return 4;
  }
  return 0;
}

// Writes one object; fields that say nothing are left out.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }

  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    key(name);
    write_json_string(value, out_);
  }
  void text_or_null(std::string_view name, std::string_view value) {
    key(name);
    if (value.empty()) {
      out_ += "null";
    } else {
      write_json_string(value, out_);
    }
  }
  // The null reverse-path is a fact, not a gap.
  void sender(std::string_view value) {
    key("envelope_sender");
    write_json_string(value, out_);
  }
  void time(std::string_view name, base::TimePoint at) {
    key(name);
    const std::int64_t micros = at.time_since_epoch().count();
    const std::int64_t whole = micros / 1'000'000;
    const std::int64_t rest = micros % 1'000'000;
    out_ +=
        rest < 0 ? fmt::format("-{}.{:06}", -whole, -rest) : fmt::format("{}.{:06}", whole, rest);
    while (out_.back() == '0') out_.pop_back();
    if (out_.back() == '.') out_.pop_back();
  }
  void number(std::string_view name, std::uint64_t value) {
    key(name);
    out_ += std::to_string(value);
  }
  void real(std::string_view name, float value) {
    key(name);
    out_ += fmt::format("{}", value);
  }
  void flag(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
  }
  void address(std::string_view name, const std::optional<base::IpAddress>& value) {
    if (value) text(name, value->to_string());
  }
  void list(std::string_view name, const std::vector<std::string>& values) {
    key(name);
    out_ += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out_ += ',';
      write_json_string(values[i], out_);
    }
    out_ += ']';
  }
  void pairs(std::string_view name,
             const std::vector<std::pair<std::string, std::string>>& values) {
    key(name);
    out_ += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      out_ += i > 0 ? ",[" : "[";
      write_json_string(values[i].first, out_);
      out_ += ',';
      write_json_string(values[i].second, out_);
      out_ += ']';
    }
    out_ += ']';
  }
  void close() { out_ += '}'; }

  void queue(const model::QueueKey& value) {
    text("queue_id", value.queue_id);
    text("queue_host", value.host);
    text("queue_instance", value.instance);
  }
  void client(const std::optional<base::IpAddress>& address_of, const model::ClientFacts& facts) {
    address("client", address_of);
    if (facts.as_number) number("client_as", *facts.as_number);
    text("client_country", facts.country);
    if (facts.place) {
      real("client_latitude", facts.place->first);
      real("client_longitude", facts.place->second);
    }
    if (!facts.listed.empty()) list("client_listed", facts.listed);
  }

 private:
  void key(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    write_json_string(name, out_);
    out_ += ':';
  }

  std::string& out_;
  bool first_ = true;
};

std::string_view source_name(model::Source source) {
  constexpr std::string_view names[] = {"api", "policy", "milter", "log", "report"};
  return names[static_cast<std::size_t>(source)];
}

struct Body {
  const model::MailEvent& event;
  ObjectWriter& out;

  void head(std::string_view type) const {
    out.text("type", type);
    out.time("at", event.occurred_at);
    if (event.received_at != event.occurred_at) out.time("received_at", event.received_at);
  }

  void operator()(const model::Submission& s) const {
    head("submission");
    out.text("id", s.id);
    out.text_or_null("account", s.account);
    out.text_or_null("script", s.script);
    out.client(s.client, s.client_facts);
    out.text("helo", s.helo);
    if (s.envelope_sender) out.sender(*s.envelope_sender);
    out.list("recipients", s.recipients);
    if (s.recipient_count > s.recipients.size()) out.number("recipient_count", s.recipient_count);
    if (s.size_bytes) out.number("size", *s.size_bytes);
    if (!s.headers.empty()) out.pairs("headers", s.headers);
    if (s.forwarded) out.flag("forwarded", true);
    out.text("source", source_name(s.source));
    if (s.stage == model::SubmissionStage::recipient) out.text("stage", "recipient");
    out.queue(s.queue);
    if (s.continues) out.text("continues", s.continues->queue_id);
  }
  void operator()(const model::Delivery& d) const {
    constexpr std::string_view statuses[] = {"sent", "deferred", "bounced", "expired"};
    constexpr std::string_view stages[] = {"",     "connect", "greeting", "mail",
                                           "rcpt", "data",    "end"};
    head("delivery");
    out.text("id", d.id);
    out.text("recipient", d.recipient);
    out.text("egress", d.egress);
    out.text("remote", d.remote);
    out.text("provider", d.provider);
    out.text("transport", d.transport);
    out.text("status", statuses[static_cast<std::size_t>(d.status)]);
    out.text("stage", stages[static_cast<std::size_t>(d.stage)]);
    out.text("reply", d.reply);
    out.text("source", source_name(d.source));
    out.queue(d.queue);
  }
  void operator()(const model::Complaint& c) const {
    head("complaint");
    out.text_or_null("id", c.id);
    out.text_or_null("account", c.account);
    out.address("source_ip", c.source_ip);
    out.text("reporter", c.reporter);
    out.text("kind", c.kind);
  }
  void operator()(const model::TrapHit& t) const {
    head("trap");
    out.text("id", t.id);
    out.text("account", t.account);
    out.address("source_ip", t.source_ip);
    out.text("trap", t.trap);
  }
  void operator()(const model::Login& l) const {
    head("login");
    out.text("account", l.account);
    out.client(l.client, l.client_facts);
    out.text("service", l.service);
    out.flag("ok", l.ok);
  }
  void operator()(const model::Announcement& a) const {
    head("announcement");
    out.text("account", a.account);
    out.number("recipients", a.recipients);
    out.time("until", a.until);
  }
  void operator()(const model::QueueRemoval& r) const {
    head("removal");
    out.queue(r.queue);
  }
  void operator()(const model::Retraction& r) const {
    head("retraction");
    out.text("id", r.id);
    out.text("account", r.account);
  }
};

}  // namespace

void write_json_string(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.front());
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += "\xef\xbf\xbd";
      text.remove_prefix(1);
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", c);
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  out += '"';
}

void write_event_line(const model::MailEvent& event, std::string& out) {
  ObjectWriter writer(out);
  std::visit(Body{event, writer}, event.what);
  writer.close();
}

}  // namespace leumund::wire
