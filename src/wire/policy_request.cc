#include "wire/policy_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "wire/trace_token.h"

namespace leumund::wire {
namespace {

constexpr std::size_t answer_text_max = 400;  // an SMTP reply line may have 512 bytes

constexpr std::array<std::string_view, policy_attribute_count> names = {"request",
                                                                        "protocol_state",
                                                                        "protocol_name",
                                                                        "client_address",
                                                                        "client_name",
                                                                        "client_port",
                                                                        "reverse_client_name",
                                                                        "server_address",
                                                                        "server_port",
                                                                        "helo_name",
                                                                        "sender",
                                                                        "recipient",
                                                                        "recipient_count",
                                                                        "queue_id",
                                                                        "instance",
                                                                        "size",
                                                                        "etrn_domain",
                                                                        "stress",
                                                                        "sasl_method",
                                                                        "sasl_username",
                                                                        "sasl_sender",
                                                                        "ccert_subject",
                                                                        "ccert_issuer",
                                                                        "ccert_fingerprint",
                                                                        "ccert_pubkey_fingerprint",
                                                                        "encryption_protocol",
                                                                        "encryption_cipher",
                                                                        "encryption_keysize",
                                                                        "policy_context",
                                                                        "compatibility_level",
                                                                        "mail_version"};

// The index of a known name, or `names.size()`.
std::size_t find_name(std::string_view name, std::size_t expected) {
  if (expected < names.size() && names[expected] == name) return expected;
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

// A stranger's bytes, fit for a log line.
std::string excerpt(std::string_view bytes) {
  std::string out;
  for (const char c : bytes.substr(0, 40)) out += (c >= ' ' && c < 0x7f) ? c : '?';
  if (bytes.size() > 40) out += "...";
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "5.7.1" at the beginning of `text`, followed by a space or the end.
bool has_status_code(std::string_view text, char status_class) {
  if (text.size() < 5 || text[0] != status_class || text[1] != '.') return false;
  std::size_t at = 2;
  for (const char end : {'.', ' '}) {
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == begin || at - begin > 3) return false;
    if (at == text.size()) return end == ' ';
    if (text[at] != end) return false;
    ++at;
  }
  return true;
}

void append_text(std::string_view text, std::string& out) {
  for (const char c : text.substr(0, answer_text_max)) {
    if (c >= ' ' && c < 0x7f) {
      out += c;
    } else {
      out += (c >= 0 && c < ' ') ? ' ' : '?';  // a line end must never split the answer
    }
  }
}

void append_action(std::string_view action, char status_class, std::string_view fallback,
                   std::string_view text, std::string& out) {
  out += action;
  out += ' ';
  if (!has_status_code(text, status_class)) {
    out += status_class;
    out += ".7.1 ";
  }
  append_text(text.empty() ? fallback : text, out);
}

// To Postfix, adding a header is like DUNNO: the restrictions after ours are asked as well.
void append_pass(const model::Answer& answer, std::string& out) {
  const auto fits = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_';
  };
  const auto routes = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
           std::string_view(".-_:[]").contains(c);
  };
  if (!answer.filter.empty() && std::all_of(answer.filter.begin(), answer.filter.end(), routes)) {
    out.append("FILTER ").append(answer.filter);
    return;
  }
  if (answer.trace.empty() || answer.trace.size() > trace_token_bytes ||
      !std::all_of(answer.trace.begin(), answer.trace.end(), fits)) {
    out += "DUNNO";
    return;
  }
  out.append("PREPEND ").append(trace_header).append(": ").append(answer.trace);
}

}  // namespace

std::string_view policy_attribute_name(PolicyAttribute attribute) {
  return names[static_cast<std::size_t>(attribute)];
}

PolicyRequestParser::PolicyRequestParser(PolicyLimits limits) : limits_(limits) {}

PolicyRequestParser::State PolicyRequestParser::fail(base::ErrorCode code, std::string message) {
  error_ = {code, std::move(message)};
  return state_ = State::failed;
}

bool PolicyRequestParser::take_line(std::string_view line, const char* input_begin) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    (void)fail(base::ErrorCode::malformed,
               fmt::format("policy request line {} is not name=value: \"{}\"", attributes_ + 1,
                           excerpt(line)));
    return false;
  }
  const std::string_view name = line.substr(0, equals);
  const std::string_view value = line.substr(equals + 1);
  if (value.size() > limits_.value_bytes) {
    (void)fail(base::ErrorCode::too_large,
               fmt::format("policy attribute \"{}\" has {} bytes, the limit is {}", excerpt(name),
                           value.size(), limits_.value_bytes));
    return false;
  }
  if (++attributes_ > limits_.attributes) {
    (void)fail(base::ErrorCode::too_large,
               fmt::format("policy request has more than {} attributes", limits_.attributes));
    return false;
  }
  const std::size_t known = find_name(name, expected_);
  if (known == names.size()) return true;
  request_.places_[known] = {static_cast<std::uint32_t>(value.data() - input_begin),
                             static_cast<std::uint32_t>(value.size())};
  expected_ = known + 1;
  return true;
}

PolicyRequestParser::State PolicyRequestParser::feed(std::string_view input) {
  if (state_ == State::failed) return state_;
  if (state_ == State::complete) {
    state_ = State::incomplete;
    line_begin_ = scanned_ = attributes_ = expected_ = 0;
    request_.places_ = {};
  }
  // What stands behind the limit can only be another request, or too much.
  const std::string_view window = input.substr(0, limits_.request_bytes);
  while (scanned_ < window.size()) {
    const auto* newline = static_cast<const char*>(
        std::memchr(window.data() + scanned_, '\n', window.size() - scanned_));
    if (newline == nullptr) {
      scanned_ = window.size();
      break;
    }
    const auto line_end = static_cast<std::size_t>(newline - window.data());
    std::string_view line = window.substr(line_begin_, line_end - line_begin_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      if (attributes_ == 0) {
        return fail(base::ErrorCode::malformed, "policy request without attributes");
      }
      line_begin_ = line_end + 1;
      request_.base_ = input.data();
      return state_ = State::complete;
    }
    if (!take_line(line, input.data())) return state_;
    line_begin_ = scanned_ = line_end + 1;
  }
  if (window.size() == limits_.request_bytes) {
    return fail(base::ErrorCode::too_large,
                fmt::format("policy request does not end within {} bytes", limits_.request_bytes));
  }
  return state_;
}

void append_policy_answer(const model::Answer& answer, std::string& out) {
  out += "action=";
  switch (answer.disposition) {
    case model::Disposition::pass: append_pass(answer, out); break;
    case model::Disposition::warn:
      if (answer.text.empty()) {
        append_pass(answer, out);
      } else {
        out += "WARN ";
        append_text(answer.text, out);
      }
      break;
    case model::Disposition::throttle:
      append_action("DEFER_IF_PERMIT", '4', "Too much mail, please try again later", answer.text,
                    out);
      break;
    case model::Disposition::hold:
      out += "HOLD ";
      append_text(answer.text.empty() ? "held for review" : answer.text, out);
      break;
    case model::Disposition::reject:
      append_action("REJECT", '5', "Sending is suspended", answer.text, out);
      break;
  }
  out += "\n\n";
}

}  // namespace leumund::wire
