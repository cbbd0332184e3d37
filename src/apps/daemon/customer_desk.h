// Tells customers which of their mails a provider has not taken: only where the operator wants it.
//
// Flow:    refused deliveries -> see() -> UndeliveredBook -> tick() -> one notice for each account,
//          or for the contact of its domain, and period, through the queue of notices. Kept in
//          the state folder (0600); the file goes when this is, or was meanwhile, switched off.
// Time:    looks every ten seconds, writes the file once a minute and at the end.
// Limits:  UndeliveredBook's; 64 MiB of file.
// Threads: see() and add_metrics() from any; the rest on the daemon's own.
// Errors:  a file that cannot be written is said in the log once; notices go on without it.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "action/undelivered_book.h"
#include "apps/clock.h"
#include "apps/daemon/pipeline.h"
#include "base/guarded.h"
#include "config/settings.h"
#include "diagnosis/reader.h"
#include "diagnosis/refusal.h"
#include "face/metrics.h"
#include "model/mail_event.h"

namespace leumund::apps {

class CustomerDesk {
 public:
  using Tell = std::function<void(const std::string& to, action::NoticeText text)>;
  struct Around {
    Pipeline& pipeline;
    const Clock& clock;
    std::shared_ptr<const diagnosis::Reader> replies;
    std::function<config::RunSettings()> settings;
    Tell tell;
    std::string file;
  };

  explicit CustomerDesk(Around around);
  ~CustomerDesk();

  // After the engine has fed on it: it knows whose the mail is.
  void see(const model::MailEvent& event);
  void tick();
  void add_metrics(std::vector<face::Metric>& out) const;

 private:
  struct State {
    explicit State(std::shared_ptr<const diagnosis::Reader> replies) : reader(std::move(replies)) {}
    action::UndeliveredBook book;
    diagnosis::RefusalReader reader;
    // A mail that Postfix queues anew gets another id: by the engine's number it stays the same.
    std::unordered_map<std::uint64_t, std::string> queues;
    bool changed = false;
    std::uint64_t told = 0;
    std::uint64_t no_address = 0;
  };

  using Contacts = std::map<std::string, std::string>;  // domain -> who is told for it

  void send(const action::UndeliveredBook::Notice& notice, const Contacts& contacts,
            const config::RunSettings& run);
  void forget();
  void save();

  Around around_;
  std::atomic<bool> on_ = false;
  base::Guarded<State> state_;
  std::optional<base::TimePoint> looked_at_;
  std::optional<base::TimePoint> saved_at_;
  bool complained_ = false;
};

}  // namespace leumund::apps
