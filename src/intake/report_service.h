// Takes reports by LMTP: the mail server delivers bounces, complaints and what else comes back to a
// transport that points here.
//
// Flow:    net::StreamListener -> LmtpDialogue -> ReportIntake::take -> model::MailEvent ->
//          Handler.
// Time:    the system clock is read once per report, here.
// Limits:  Options::limits for a conversation, `memory_bytes` for all messages being received
//          together, Options::stream for connections.
// Threads: everything on the loop's thread, which a report of 30 MB keeps for about 20 ms: give the
//          service a loop of its own, not that of the policy service. Counters from any thread.
// Errors:  a handler that throws, or says that it cannot keep the facts now, is answered 451, so
//          that the mail server tries again. What is no report is taken and counted.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/time.h"
#include "intake/report_event.h"
#include "intake/report_lmtp.h"
#include "model/mail_event.h"
#include "net/endpoint.h"
#include "net/event_loop.h"
#include "net/stream_listener.h"
#include "wire/delivery_report.h"

namespace leumund::intake {

struct ReportCounters {
  std::uint64_t reports = 0;   // messages, of any kind
  std::uint64_t ordinary = 0;  // of these, no report
  std::uint64_t bounces = 0;
  std::uint64_t delays = 0;
  std::uint64_t successes = 0;
  std::uint64_t automatic = 0;  // vacations and other automatic answers
  std::uint64_t complaints = 0;
  std::uint64_t events = 0;
  std::uint64_t unverified = 0;      // results about no message of ours: forged, or too old
  std::uint64_t repeated = 0;        // results that were told before
  std::uint64_t put_off = 0;         // the handler could not keep the facts
  std::uint64_t handler_failed = 0;  // it threw
};

// Sees a message before it is read as a report; nothing, or no_header: it is one.
using FirstLook =
    std::function<std::optional<ReportTaken>(const LmtpEnvelope& envelope, std::string_view raw)>;

// Raw message in, mail events out; whichever way the message came.
class ReportIntake {
 public:
  // False when the event cannot be kept now; the report is then tried again as a whole, so that the
  // handler must bear an event twice.
  using Handler = std::function<bool(const model::MailEvent&)>;

  ReportIntake(ReportNaming naming, Handler handler,
               std::function<base::TimePoint()> clock = base::system_now);
  // Sees what came back of mails that were ours, of each report once; before the first take().
  using Returned = std::function<void(const wire::OriginalMessage&, base::TimePoint)>;
  void set_returned(Returned returned) { returned_ = std::move(returned); }

  // Threads: any; one message at a time, and ReportNaming::find_message is called meanwhile.
  [[nodiscard]] ReportTaken take(std::string_view raw);
  // `first` may be null; its no_header stands where nothing else is found in the message.
  [[nodiscard]] ReportTaken take(const LmtpEnvelope& envelope, std::string_view raw,
                                 const FirstLook& first);
  [[nodiscard]] ReportCounters counters() const;

 private:
  void count(wire::ReportKind kind);

  struct Reading {
    wire::DeliveryReportReader reader;
    ReportJudge judge;
  };

  const Handler handler_;
  const std::function<base::TimePoint()> clock_;
  Returned returned_;
  base::Guarded<Reading> reading_;
  base::Guarded<ReportCounters> counters_;
};

class ReportService {
 public:
  struct Options {
    net::Endpoint listen;
    std::string host_name;  // for the greeting
    net::StreamOptions stream = {.connections_max = 32,
                                 .idle = std::chrono::seconds(120),
                                 .half_input = std::chrono::seconds(120)};
    LmtpLimits limits = {};
    std::size_t memory_bytes = 256UL * 1024 * 1024;
    bool mail_server_only = false;  // LmtpEnvelope::of_mail_server
    FirstLook first = {};           // may be null
  };

  // `intake` must outlive the service.
  [[nodiscard]] static base::Result<std::unique_ptr<ReportService>> open(net::EventLoop& loop,
                                                                         Options options,
                                                                         ReportIntake& intake);
  ~ReportService();

  // As StreamListener::stop.
  void stop(std::chrono::milliseconds grace);

  [[nodiscard]] const net::Endpoint& bound() const { return listener_->bound(); }
  [[nodiscard]] net::StreamCounters connections() const { return listener_->counters(); }

 private:
  class Session;
  ReportService(Options options, ReportIntake& intake);

  const Options options_;
  LmtpBudget budget_;
  const LmtpDialogue::Handler handler_;
  std::unique_ptr<net::StreamListener> listener_;
};

}  // namespace leumund::intake
