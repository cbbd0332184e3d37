#include "intake/policy_event.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <variant>

#include "base/ascii.h"

namespace leumund::intake {
namespace {

using Name = wire::PolicyAttribute;

constexpr std::size_t name_max = 320;  // model::Subject::parse takes no longer one
constexpr std::string_view script_context = "script:";

bool is_control(char c) { return (c >= 0 && c < ' ') || c == 0x7f; }

void assign_clean(std::string_view from, std::string& to) {
  to.assign(from.substr(0, name_max));
  for (char& c : to) {
    if (is_control(c)) c = '?';
  }
}

void append_lower(std::string_view from, std::string& to) {
  for (const char c : from.substr(0, name_max - std::min(name_max, to.size()))) {
    to += is_control(c) ? '?' : base::ascii_lower(c);
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Certificate names arrive as xtext: "+20" is a space (Postfix 2.2.11 and later).
std::string decode_xtext(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
        hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

template <typename Number>
Number number_of(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? number : Number{0};
}

void fill_subject(const wire::PolicyRequest& request, const PolicyNaming& naming,
                  model::Submission& submission) {
  submission.account.clear();
  submission.script.clear();
  const std::string_view sasl = request.get(Name::sasl_username);
  const std::string_view certificate = request.get(Name::ccert_subject);
  const std::string_view fingerprint = request.get(Name::ccert_fingerprint);
  const std::string_view context = request.get(Name::policy_context);
  if (!sasl.empty()) {
    append_lower(sasl, submission.account);
  } else if (naming.certificate_accounts && !certificate.empty()) {
    submission.account = "cert:";
    append_lower(decode_xtext(certificate), submission.account);
  } else if (naming.certificate_accounts && !fingerprint.empty()) {
    submission.account = "cert:";
    append_lower(fingerprint, submission.account);
  } else if (context.starts_with(script_context)) {
    assign_clean(context.substr(script_context.size()), submission.script);
  }
}

}  // namespace

bool fill_policy_event(const wire::PolicyRequest& request, const PolicyNaming& naming,
                       base::TimePoint now, model::MailEvent& event) {
  const std::string_view state = request.get(Name::protocol_state);
  const bool at_end = state == "END-OF-MESSAGE";
  if (!at_end && state != "RCPT") return false;
  if (request.get(Name::request) != "smtpd_access_policy") return false;

  event.occurred_at = event.received_at = now;
  auto* submission = std::get_if<model::Submission>(&event.what);
  if (submission == nullptr) submission = &event.what.emplace<model::Submission>();
  submission->source = model::Source::policy;
  submission->stage = at_end ? model::SubmissionStage::accepted : model::SubmissionStage::recipient;
  fill_subject(request, naming, *submission);

  const std::string_view instance = request.get(Name::instance);
  submission->id.clear();
  if (!instance.empty()) submission->id.append("policy/").append(instance.substr(0, name_max));
  submission->queue.instance = naming.instance;
  assign_clean(request.get(Name::queue_id), submission->queue.queue_id);

  submission->client = base::IpAddress::parse(request.get(Name::client_address));
  assign_clean(request.get(Name::helo_name), submission->helo);
  if (!request.has(Name::sender)) {
    submission->envelope_sender.reset();
  } else {
    if (!submission->envelope_sender) submission->envelope_sender.emplace();
    assign_clean(request.get(Name::sender), *submission->envelope_sender);
  }
  const std::string_view recipient = request.get(Name::recipient);
  submission->recipients.resize(recipient.empty() ? 0 : 1);
  if (!recipient.empty()) assign_clean(recipient, submission->recipients.front());
  // Before the end of message Postfix sends 0: the question is about this one recipient.
  const auto count = at_end ? number_of<std::uint32_t>(request.get(Name::recipient_count)) : 0U;
  submission->recipient_count = std::max(count, 1U);
  const auto size = number_of<std::uint64_t>(request.get(Name::size));
  submission->size_bytes = size > 0 ? std::optional(size) : std::nullopt;
  return true;
}

}  // namespace leumund::intake
