// One followed mail log of the daemon: a thread that reads, and the position that is kept with the
// counts.
//
// Flow:    LogFollower or JournalReader -> LogIntake -> Pipeline; position() -> Keeper.
// Time:    events carry the log's stamps; `now` is the Clock's.
// Threads: one of its own, `follow`; position() and status() from any.
// Errors:  a source that cannot be read stands in status() and is tried again.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/gate.h"
#include "base/guarded.h"
#include "base/result.h"
#include "intake/local_senders.h"
#include "intake/log_receiver.h"
#include "model/mail_event.h"

namespace leumund::apps {

class LogIntake {
 public:
  using Sink = std::function<void(const model::MailEvent&)>;

  struct Options {
    std::string source;       // "file:/path" or "journal"
    std::string position;     // what was kept at the last stop, "" if nothing
    bool everything = false;  // without a position: what is there already, not only what comes
    bool certificate_accounts = false;
    intake::LocalSenders* local_senders = nullptr;  // told of every pickup; outlives the intake
  };

  [[nodiscard]] static base::Result<std::unique_ptr<LogIntake>> open(const Options& options,
                                                                     Sink sink);
  ~LogIntake();

  void start();
  // Ends the thread after the line at hand.
  void stop();

  // While the pass is held no event is fed, and position() is that of all events fed so far.
  // Nothing when the reader is busy for longer than `patience`.
  [[nodiscard]] std::optional<base::Gate::Pass> pause(std::chrono::milliseconds patience);

  [[nodiscard]] const std::string& source() const { return source_; }
  [[nodiscard]] std::string position() const;
  [[nodiscard]] intake::LogStatus status() const;

 private:
  class Reader;
  class Receiver;
  LogIntake();

  std::string source_;
  std::unique_ptr<Reader> reader_;
  std::unique_ptr<Receiver> receiver_;
  std::jthread thread_;
};

}  // namespace leumund::apps
