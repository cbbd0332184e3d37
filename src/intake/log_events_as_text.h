// For tests: events as one line of text each, so that what a log means reads beside the log.
#pragma once

#include <fmt/core.h>

#include <string>
#include <variant>

#include "model/mail_event.h"

namespace leumund::intake::log_test {

inline std::string key_text(const model::QueueKey& key) {
  std::string out = key.host.empty() ? "" : key.host + ":";
  if (!key.instance.empty()) out += key.instance + ":";
  return out + key.queue_id;
}

inline std::string text_of(const model::Submission& what) {
  std::string out = fmt::format("submission {}", key_text(what.queue));
  if (!what.account.empty()) out += " account=" + what.account;
  if (!what.script.empty()) out += " script=" + what.script;
  if (what.client) out += " client=" + what.client->to_string();
  out += fmt::format(" from=<{}>", what.envelope_sender.value_or("unknown"));
  if (what.continues) return out + " continues " + key_text(*what.continues);
  return out +
         fmt::format(" recipients={} size={}", what.recipient_count, what.size_bytes.value_or(0));
}

inline std::string text_of(const model::Delivery& what) {
  static constexpr const char* statuses[] = {"sent", "deferred", "bounced", "expired"};
  static constexpr const char* stages[] = {"unknown", "connect", "greeting", "mail",
                                           "rcpt",    "data",    "end"};
  std::string out =
      fmt::format("delivery {} to=<{}{}> {} {}", key_text(what.queue), what.recipient,
                  what.to.empty() ? "" : " at " + what.to, statuses[static_cast<int>(what.status)],
                  stages[static_cast<int>(what.stage)]);
  if (!what.transport.empty()) out += " by " + what.transport;
  if (!what.egress.empty()) out += " egress=" + what.egress;
  if (!what.remote.empty()) out += " remote=" + what.remote;
  return out;
}

inline std::string text_of(const model::Login& what) {
  return fmt::format("login {} {} {} {}", what.account.empty() ? "?" : what.account,
                     what.client ? what.client->to_string() : "?", what.service,
                     what.ok ? "ok" : "failed");
}

inline std::string text_of(const model::QueueRemoval& what) {
  return "removal " + key_text(what.queue);
}

template <typename Other>
std::string text_of(const Other&) {
  return "an event the log does not have";
}

inline std::string text_of(const model::MailEvent& event) {
  return std::visit([](const auto& what) { return text_of(what); }, event.what);
}

}  // namespace leumund::intake::log_test
