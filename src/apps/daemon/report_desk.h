// Reports in the running daemon: the LMTP listeners, the Maildirs, and the mark that we put into
// the mail we let pass, so that a complaint about it names the account.
//
// Flow:    ReportService, poll_maildir -> ReportIntake -> handler -> engine; Answer <- mark().
// Time:    the Clock's; Maildirs are looked at every `maildir_every`.
// Limits:  LmtpLimits for a conversation; 256 MiB for all messages being received.
// Threads: `report` for all listeners and `report-dir` for the Maildirs, none where there are none;
//          mark() on the policy service's thread only; the rest from any.
// Errors:  open() names a listener that cannot be; a Maildir that is not there stands in parts()
//          and is tried again.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "base/hash.h"
#include "base/result.h"
#include "base/time.h"
#include "face/control.h"
#include "face/metrics.h"
#include "intake/recent_keys.h"
#include "intake/report_maildir.h"
#include "intake/report_service.h"
#include "model/answer.h"
#include "net/endpoint.h"
#include "net/event_loop.h"
#include "net/socket.h"

namespace leumund::apps {

struct ReportDeskSettings {
  std::vector<net::Endpoint> listen;
  net::UnixAccess socket_access;
  bool trust_tcp = false;  // nobody but the mail server reaches the TCP addresses
  std::vector<std::string> maildirs;
  bool maildir_remove = false;
  bool marks = false;  // put our mark into mail that passes
  std::string host_name;
  intake::ReportNaming naming;
  intake::FirstLook first = {};                  // of mail whose envelope is known; may be null
  intake::ReportIntake::Returned returned = {};  // may be null
  std::chrono::milliseconds maildir_every{5000};
};

class ReportDesk {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<ReportDesk>> open(
      ReportDeskSettings settings, intake::ReportIntake::Handler handler,
      std::function<base::TimePoint()> clock);
  ~ReportDesk();

  void start();
  // Takes no more and ends the threads.
  void stop(std::chrono::milliseconds grace);

  // Fills Answer::trace for the first recipient of a mail of `subject` (name "" is nobody's).
  void mark(const model::MailEvent& event, const model::Subject& subject, model::Answer& answer);

  [[nodiscard]] std::vector<std::string> addresses() const;
  [[nodiscard]] std::vector<face::PartStatus> parts() const;
  void add_metrics(std::vector<face::Metric>& metrics) const;

 private:
  explicit ReportDesk(ReportDeskSettings settings, intake::ReportIntake::Handler handler,
                      std::function<base::TimePoint()> clock);
  void watch_maildirs(const std::stop_token& stop);

  const ReportDeskSettings settings_;
  const std::function<base::TimePoint()> clock_;
  intake::ReportIntake intake_;
  std::unique_ptr<net::EventLoop> loop_;
  std::vector<std::unique_ptr<intake::ReportService>> services_;
  intake::RecentKeys marked_;                         // policy thread only
  base::Guarded<std::vector<std::string>> troubles_;  // of each Maildir, "" when well
  std::jthread maildir_thread_;
};

}  // namespace leumund::apps
