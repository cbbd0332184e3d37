// A small world for tests: a few weeks of habits, then whatever the test wants to happen.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "diagnosis/reader.h"
#include "engine/engine.h"

namespace leumund::engine {

inline Settings test_settings() {
  Settings settings;
  settings.book.default_mode = model::Mode::enforce;
  settings.limits.campaign_bytes = 4UL << 20;  // many worlds are made
  return settings;
}

// Compiled once: it takes a third of a second and never changes.
inline std::shared_ptr<const diagnosis::Reader> shipped_replies() {
  static const std::shared_ptr<const diagnosis::Reader> reader = [] {
    auto made = diagnosis::Reader::shipped();
    CHECK(made.ok());
    return std::move(*made);
  }();
  return reader;
}

class World {
 public:
  explicit World(Settings settings = test_settings())
      : engine(std::move(settings), shipped_replies()) {}

  Engine engine;
  base::TimePoint now = base::from_unix_seconds(1'600'000'000);
  std::vector<model::Decision> decisions;
  int serial = 0;

  void pass_time(base::Micros span) { now += span; }

  Outcome feed(model::MailEvent event) {
    event.received_at = now;
    Outcome outcome = engine.feed(event, now);
    decisions.insert(decisions.end(), outcome.decisions.begin(), outcome.decisions.end());
    return outcome;
  }

  model::Submission mail(const std::string& account, std::vector<std::string> recipients,
                         const std::string& client = "203.0.113.7") {
    model::Submission what;
    what.id = "m" + std::to_string(++serial);
    what.account = account;
    what.client = base::IpAddress::parse(client);
    what.envelope_sender = account;
    what.recipient_count = static_cast<std::uint32_t>(recipients.size());
    what.recipients = std::move(recipients);
    return what;
  }
  Outcome send(model::Submission what) { return feed({now, now, std::move(what)}); }
  Outcome send(const std::string& account, std::vector<std::string> recipients,
               const std::string& client = "203.0.113.7") {
    return send(mail(account, std::move(recipients), client));
  }
  Outcome deliver(const std::string& id, const std::string& recipient,
                  const std::string& reply = "250 2.0.0 Ok") {
    model::Delivery what;
    what.id = id;
    what.recipient = recipient;
    what.reply = reply;
    what.status = reply.front() == '2'   ? model::DeliveryStatus::sent
                  : reply.front() == '4' ? model::DeliveryStatus::deferred
                                         : model::DeliveryStatus::bounced;
    return feed({now, now, what});
  }
  std::string stranger() { return "stranger" + std::to_string(++serial) + "@elsewhere.test"; }

  // Five weeks of a mail every workday or so to five friends.
  void live(const std::string& account, const std::string& client = "203.0.113.7") {
    for (int day = 0; day < 35; ++day) {
      send(account, {"friend" + std::to_string(day % 5) + "@away.test"}, client);
      pass_time(std::chrono::hours(24));
    }
  }
  [[nodiscard]] bool restricted(const std::string& account) {
    return engine.book().find({model::SubjectKind::account, account}) != nullptr;
  }
  // Sends single mails to strangers every few seconds until one is not let in.
  int recipients_until_stopped(const std::string& account, const std::string& client,
                               int most = 100) {
    for (int i = 0; i < most; ++i) {
      if (send(account, {stranger()}, client).answer.disposition != model::Disposition::pass)
        return i;
      pass_time(std::chrono::seconds(3));
    }
    return most;
  }
};

}  // namespace leumund::engine
