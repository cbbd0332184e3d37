#include "apps/daemon/log_intake.h"

#include <fmt/core.h>
#include <pthread.h>

#include <stop_token>
#include <utility>

#include "intake/journal_reader.h"
#include "intake/log_follower.h"
#include "net/host_addresses.h"

namespace leumund::apps {

class LogIntake::Receiver final : public intake::LogReceiver {
 public:
  Receiver(std::string position, Sink sink)
      : position_(std::move(position)), sink_(std::move(sink)) {}

  // From the first event after a position to the next position the gate is ours, so that nobody
  // takes counts that the position does not cover yet: after a crash they would be counted twice.
  void on_event(const model::MailEvent& event) override {
    if (!pass_) pass_ = gate_.enter();
    sink_(event);
  }
  void on_position(const std::string& position) override {
    position_.with([&](std::string& kept) { kept = position; });
    pass_.reset();
  }
  void end() { pass_.reset(); }
  [[nodiscard]] base::Gate& gate() { return gate_; }
  [[nodiscard]] std::string position() const {
    return position_.with([](const std::string& kept) { return kept; });
  }

 private:
  base::Guarded<std::string> position_;
  Sink sink_;
  base::Gate gate_;
  std::optional<base::Gate::Pass> pass_;  // the reader's thread only
};

// File and journal behind one face.
class LogIntake::Reader {
 public:
  virtual ~Reader() = default;
  virtual void run(const std::stop_token& stop, intake::LogReceiver& receiver) = 0;
  [[nodiscard]] virtual intake::LogStatus status() const = 0;

  template <typename Source>
  class Of;
};

template <typename Source>
class LogIntake::Reader::Of final : public Reader {
 public:
  explicit Of(std::unique_ptr<Source> source) : source_(std::move(source)) {}
  void run(const std::stop_token& stop, intake::LogReceiver& receiver) override {
    source_->run(stop, receiver);
  }
  [[nodiscard]] intake::LogStatus status() const override { return source_->status(); }

 private:
  std::unique_ptr<Source> source_;
};

LogIntake::LogIntake() = default;
LogIntake::~LogIntake() { stop(); }

base::Result<std::unique_ptr<LogIntake>> LogIntake::open(const Options& options, Sink sink) {
  const auto& [source, position, everything, certificate_accounts, local_senders] = options;
  const auto start = everything ? intake::LogStart::everything : intake::LogStart::end;
  std::unique_ptr<LogIntake> intake(new LogIntake());
  intake->source_ = source;
  intake::CorrelatorSettings correlator;
  correlator.own_hosts = {"*"};  // the log of this machine, by whatever name it calls itself
  correlator.own_addresses = net::addresses_of_this_host();
  correlator.certificate_accounts = certificate_accounts;
  correlator.local_senders = local_senders;
  if (source == "journal") {
    intake::JournalReaderSettings settings;
    settings.start = start;
    settings.correlator = correlator;
    auto reader = intake::JournalReader::open(std::move(settings), position);
    if (!reader) return reader.error();
    intake->reader_ = std::make_unique<Reader::Of<intake::JournalReader>>(std::move(*reader));
  } else if (source.starts_with("file:")) {
    intake::LogFollowerSettings settings;
    settings.path = source.substr(5);
    settings.start = start;
    settings.correlator = correlator;
    auto reader = intake::LogFollower::open(std::move(settings), position);
    if (!reader) return reader.error();
    intake->reader_ = std::make_unique<Reader::Of<intake::LogFollower>>(std::move(*reader));
  } else {
    return base::Error{base::ErrorCode::malformed,
                       fmt::format("log source '{}' is neither file:/path nor journal", source)};
  }
  intake->receiver_ = std::make_unique<Receiver>(position, std::move(sink));
  return intake;
}

void LogIntake::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "follow");
    reader_->run(stop, *receiver_);
    receiver_->end();
  });
}

void LogIntake::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

std::optional<base::Gate::Pass> LogIntake::pause(std::chrono::milliseconds patience) {
  return receiver_->gate().try_enter(patience);
}

std::string LogIntake::position() const { return receiver_->position(); }
intake::LogStatus LogIntake::status() const { return reader_->status(); }

}  // namespace leumund::apps
