// Sees every message with headers and body before it is taken, by the milter protocol: what came by
// SMTP (smtpd_milters) and what programs of this host sent (non_smtpd_milters).
//
// Answers once, at the end of a message: pass (with our trace header on top), hold (quarantine),
// reject or tempfail. Mail from outside gets what DNS lists say of its client instead (Screen), and
// loses headers of that name that came with it. Bodies are never changed and never kept: a
// fingerprint is made of them as they come by.
//
// Flow:    net::StreamListener -> wire milter packets -> MailEvent -> Handler -> answer.
// Time:    the system clock is read once a message and stands in the event.
// Limits:  Options::limits. What is beyond them of headers, recipients and body is left out of the
//          event (recipients stay counted), and the server is told to skip the rest of the body. A
//          packet over `packet_bytes` closes the connection: the server's default action holds.
// Threads: the handler runs on the loop's thread and must not block; the rest from any thread.
// Errors:  mail goes on: a handler that throws passes the message and is counted. Mail from outside
//          without a login is never stopped.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "base/hash.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "base/time.h"
#include "fingerprint/attribution.h"
#include "intake/milter_prints.h"
#include "intake/rare_line.h"
#include "model/answer.h"
#include "model/mail_event.h"
#include "net/endpoint.h"
#include "net/event_loop.h"
#include "net/stream_listener.h"

namespace leumund::intake {

struct MilterLimits {
  std::size_t packet_bytes = 1 << 20;
  std::size_t screen_headers = 1000;        // of strangers, that are taken away
  std::size_t body_bytes = 1 << 20;         // within which attachments are read
  std::size_t streamed_bytes = 64UL << 20;  // within which text is looked for
  std::size_t recipients = 10'000;
};

struct MilterCounters {
  std::uint64_t messages = 0;
  std::array<std::uint64_t, 5> answers{};  // by model::Disposition
  std::uint64_t bytes = 0;                 // of headers and bodies, as far as they were read
  std::uint64_t cut = 0;                   // messages with more than the limits let in
  std::uint64_t malformed = 0;             // connections closed for it
  std::uint64_t handler_failed = 0;
  std::uint64_t incoming = 0;         // from outside, no account
  std::uint64_t incoming_spared = 0;  // of these, that the handler would have stopped
  std::uint64_t waited = 0;           // of local mail, for its sender to be known
  std::uint64_t waited_in_vain = 0;
  std::uint64_t screened = 0;       // from outside, marked with what lists say of the client
  std::uint64_t screen_forged = 0;  // from outside, came with such a mark that is not ours
  std::array<std::uint64_t, model::mail_classes> classes{};  // by model::MailClass
  std::uint64_t names_refused = 0;  // of scripts and forward rules, too many new ones
  net::StreamCounters connections;
};

class MilterService {
 public:
  using Handler = std::function<model::Answer(const model::MailEvent&)>;
  // The script ("uid33") behind local mail: the log knows it, a little later than the milter.
  using LocalSender = std::function<std::optional<std::string>(const model::QueueKey&)>;

  // What ScreenService::header_of says.
  using Screen = std::function<std::optional<std::string>(const base::IpAddress& client)>;

  struct Options {
    net::Endpoint listen;
    net::StreamOptions stream = {};
    MilterLimits limits = {};
    std::string instance = {};  // of the Postfix that asks, QueueKey::instance
    bool certificate_accounts = false;
    std::vector<base::IpPrefix> own_networks = {};  // as PolicyService
    MilterPrintSettings prints = {};
    base::HashKey key = {};  // of the fingerprints: the installation's
    // Without it local mail is told by its headers alone, and at once.
    LocalSender local_sender = {};
    std::chrono::milliseconds local_sender_patience{1500};
    Screen screen = {};  // without it such headers are left alone
    std::chrono::milliseconds screen_patience{2000};
    std::function<base::TimePoint()> clock = base::system_now;
  };

  [[nodiscard]] static base::Result<std::unique_ptr<MilterService>> open(net::EventLoop& loop,
                                                                         Options options,
                                                                         Handler handler);
  ~MilterService();

  // From the next message on; any thread.
  void set_own_networks(std::vector<base::IpPrefix> networks);
  void set_prints(MilterPrintSettings prints) { prints_.set(std::move(prints)); }

  // As StreamListener::stop.
  void stop(std::chrono::milliseconds grace);

  [[nodiscard]] const net::Endpoint& bound() const { return listener_->bound(); }
  [[nodiscard]] MilterCounters counters() const;

 private:
  class Session;
  struct LiveCounters {
    std::atomic<std::uint64_t> messages, bytes, cut, malformed, handler_failed;
    std::atomic<std::uint64_t> incoming, incoming_spared, waited, waited_in_vain;
    std::atomic<std::uint64_t> screened, screen_forged;
    std::array<std::atomic<std::uint64_t>, 5> answers;
    std::array<std::atomic<std::uint64_t>, model::mail_classes> classes;
    std::atomic<std::uint64_t> names_refused;
  };

  MilterService(net::EventLoop& loop, Options options);
  [[nodiscard]] model::Answer judge(const model::MailEvent& event);
  [[nodiscard]] model::Answer ask_handler(const model::MailEvent& event);
  void refuse(const base::Error& error);

  net::EventLoop& loop_;
  const Options options_;
  base::Published<std::vector<base::IpPrefix>> own_networks_;
  Handler handler_;
  MilterPrints prints_;
  fingerprint::Attribution attribution_;
  LiveCounters counters_{};
  RareLine rare_line_{"milter"};
  std::unique_ptr<net::StreamListener> listener_;
};

}  // namespace leumund::intake
