// Answers Postfix's policy requests about clients from outside, by what DNS lists say of them.
//
// Flow:    StreamListener -> wire::PolicyRequestParser -> all lists at once through DnsAsker ->
//          diagnosis::screen() -> 554 or 451 with list and page, or a header, or DUNNO;
//          MilterService -> header_of() -> the header, from what was said or by asking.
// Time:    an answer within `deadline`; what is not said by then counts for nothing. A list is
//          tried by its test points every `trial_every`, and not asked while it is out of order.
// Limits:  `asking_max` clients are asked about at a time, one more passes; Options::limits for a
//          request and Options::stream for connections. One connection remembers its last client.
// Threads: requests on the loop's; answers of the DNS on whatever thread they come; tick() on one.
// Errors:  mail goes on: whoever logged in, sends from here, or cannot be asked about is let pass.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "base/time.h"
#include "diagnosis/screening.h"
#include "diagnosis/screening_worth.h"
#include "intake/rare_line.h"
#include "intake/screen_health.h"
#include "intake/screen_marks.h"
#include "net/endpoint.h"
#include "net/event_loop.h"
#include "net/resolver.h"
#include "net/stream_listener.h"
#include "wire/policy_request.h"

namespace leumund::intake {

inline constexpr std::string_view screen_header = "X-Leumund-Screen";

struct ScreenCounters {
  std::uint64_t requests = 0;
  std::uint64_t spared = 0;  // logged in, or from our own networks
  std::uint64_t screened = 0;
  std::uint64_t remembered = 0;  // of these, answered from the connection's memory
  std::uint64_t refused = 0;     // or would have been
  std::uint64_t allowed = 0;
  std::uint64_t late = 0;  // some list had not answered at the deadline
  std::uint64_t overload = 0;
  std::uint64_t malformed = 0;
  std::uint64_t marked = 0;  // asked about for the milter alone
  std::vector<ScreenListFigures> lists;
};

class ScreenService {
 public:
  struct Options {
    net::Endpoint listen;
    net::StreamOptions stream = {};
    wire::PolicyLimits limits = {};
    diagnosis::ScreenRules rules = {};
    bool enforce = false;  // else a refusal is only told, in header and log
    bool header = true;    // X-Leumund-Screen on mail whose client some list lists
    std::vector<base::IpPrefix> own_networks = {};
    std::chrono::milliseconds deadline{2000};
    std::chrono::seconds trial_every{300};
    std::size_t asking_max = 1000;
    std::uint64_t seed = 0;  // of the control names
    std::function<base::TimePoint()> clock = base::system_now;
  };

  // `dns` must outlive every question it was asked: it ends after the service.
  [[nodiscard]] static base::Result<std::unique_ptr<ScreenService>> open(net::EventLoop& loop,
                                                                         net::DnsAsker& dns,
                                                                         Options options);
  ~ScreenService();

  // The value of X-Leumund-Screen for mail of a client from outside, "" none; nothing: he is being
  // asked about, which takes no longer than the deadline. Refuses nothing. From any thread.
  [[nodiscard]] std::optional<std::string> header_of(const base::IpAddress& client);

  // About once a second: tries lists that are due.
  void tick();
  void stop(std::chrono::milliseconds grace);

  [[nodiscard]] const net::Endpoint& bound() const { return listener_->bound(); }
  [[nodiscard]] ScreenCounters counters() const;
  // Somebody complained of mail from there, or a trap got it. From any thread.
  void complained(const base::IpAddress& client);
  // What the lists are worth by that. From any thread.
  [[nodiscard]] diagnosis::ScreenWorth worth() const;

 private:
  class Session;
  class Question;  // one client, asked about
  struct Outcome {
    std::string header;
    std::string refusal;  // where `refused`
    bool refused = false;
    bool complete = false;
  };
  struct LiveCounters {
    std::atomic<std::uint64_t> requests, spared, screened, remembered, refused, allowed, late,
        overload, malformed, marked;
  };

  ScreenService(net::EventLoop& loop, net::DnsAsker& dns, Options options);
  [[nodiscard]] bool is_own(const base::IpAddress& client) const;
  // Null: too many are being asked about.
  [[nodiscard]] std::shared_ptr<Question> ask_about(const base::IpAddress& client);
  static void confirm(net::DnsAsker& dns, const std::shared_ptr<Question>& question,
                      const std::shared_ptr<ScreenHealth>& lists,
                      const std::vector<std::uint32_t>& rows, std::chrono::milliseconds left,
                      base::TimePoint now);
  // Where `may_refuse`, the answer can be a refusal.
  [[nodiscard]] Outcome conclude(const Question& question, bool may_refuse);
  void refuse(const base::Error& error, std::string& out);

  net::EventLoop& loop_;
  net::DnsAsker& dns_;
  const Options options_;
  std::shared_ptr<ScreenHealth> lists_;  // shared with answers that come late
  std::shared_ptr<std::atomic<std::size_t>> asking_;
  ScreenMarks marks_;
  base::Guarded<std::map<base::IpAddress, std::shared_ptr<Question>>> asked_for_marks_;
  base::Guarded<diagnosis::ScreenMemory> memory_;
  LiveCounters counters_{};
  RareLine rare_line_{"screening"};
  std::unique_ptr<net::StreamListener> listener_;
};

}  // namespace leumund::intake
