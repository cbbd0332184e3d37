#include "intake/report_service.h"

#include <exception>
#include <tuple>
#include <utility>

#include "base/log.h"

namespace leumund::intake {

ReportIntake::ReportIntake(ReportNaming naming, Handler handler,
                           std::function<base::TimePoint()> clock)
    : handler_(std::move(handler)),
      clock_(std::move(clock)),
      reading_(Reading{.reader = wire::DeliveryReportReader(),
                       .judge = ReportJudge(std::move(naming))}) {}

void ReportIntake::count(wire::ReportKind kind) {
  counters_.with([&](ReportCounters& counters) {
    ++counters.reports;
    switch (kind) {
      case wire::ReportKind::ordinary: ++counters.ordinary; break;
      case wire::ReportKind::bounce: ++counters.bounces; break;
      case wire::ReportKind::delayed: ++counters.delays; break;
      case wire::ReportKind::success: ++counters.successes; break;
      case wire::ReportKind::vacation:
      case wire::ReportKind::auto_reply: ++counters.automatic; break;
      case wire::ReportKind::feedback: ++counters.complaints; break;
    }
  });
}

ReportTaken ReportIntake::take(const LmtpEnvelope& envelope, std::string_view raw,
                               const FirstLook& first) {
  const auto seen = first ? first(envelope, raw) : std::nullopt;
  if (seen && *seen != ReportTaken::no_header) return *seen;
  const ReportTaken taken = take(raw);
  return seen && taken == ReportTaken::ordinary ? ReportTaken::no_header : taken;
}

ReportTaken ReportIntake::take(std::string_view raw) {
  JudgedReport judged;
  try {
    wire::ReportKind kind{};
    wire::OriginalMessage original;
    const auto now = clock_();
    std::tie(kind, judged) = reading_.with([&](Reading& reading) {
      wire::DeliveryReport report = reading.reader.read(raw);
      JudgedReport found = reading.judge.judge(report, now);
      original = std::move(report.original);
      return std::pair(report.kind, std::move(found));
    });
    for (const auto& event : judged.events) {
      if (handler_(event)) continue;
      reading_.with([&](Reading& reading) { reading.judge.forget(judged); });
      counters_.with([](ReportCounters& counters) { ++counters.put_off; });
      return ReportTaken::try_later;
    }
    if (returned_ && !judged.events.empty()) returned_(original, now);
    count(kind);
    counters_.with([&](ReportCounters& counters) {
      counters.events += judged.events.size();
      counters.unverified += judged.unverified;
      counters.repeated += judged.repeated;
    });
    return kind == wire::ReportKind::ordinary ? ReportTaken::ordinary : ReportTaken::taken;
  } catch (const std::exception& error) {
    base::log(base::LogLevel::error, "event=report_failed bytes={} what=\"{}\"", raw.size(),
              error.what());
  }
  reading_.with([&](Reading& reading) { reading.judge.forget(judged); });
  counters_.with([](ReportCounters& counters) { ++counters.handler_failed; });
  return ReportTaken::try_later;
}

ReportCounters ReportIntake::counters() const {
  return counters_.with([](const ReportCounters& counters) { return counters; });
}

class ReportService::Session final : public net::StreamSession {
 public:
  explicit Session(ReportService& service)
      : dialogue_(service.options_.host_name, service.options_.limits, service.budget_,
                  service.handler_) {}

  void on_open(std::string& out) override { dialogue_.greet(out); }

  Step on_bytes(std::string_view waiting, std::string& out) override {
    const LmtpDialogue::Step step = dialogue_.on_bytes(waiting, out);
    return {.consumed = step.consumed, .next = step.close ? Next::close : Next::keep};
  }

  [[nodiscard]] bool busy() const override { return dialogue_.amid_mail(); }

 private:
  LmtpDialogue dialogue_;
};

ReportService::ReportService(Options options, ReportIntake& intake)
    : options_(std::move(options)),
      budget_(options_.memory_bytes),
      handler_([this, &intake](const LmtpEnvelope& envelope, std::string_view raw) {
        LmtpEnvelope known = envelope;
        known.of_mail_server = options_.mail_server_only;
        return intake.take(known, raw, options_.first);
      }) {}

ReportService::~ReportService() = default;

base::Result<std::unique_ptr<ReportService>> ReportService::open(net::EventLoop& loop,
                                                                 Options options,
                                                                 ReportIntake& intake) {
  std::unique_ptr<ReportService> out(new ReportService(std::move(options), intake));
  auto listener = net::StreamListener::open(
      loop, out->options_.listen, out->options_.stream,
      [service = out.get()] { return std::make_unique<Session>(*service); });
  if (!listener) return listener.error();
  out->listener_ = std::move(listener).value();
  return out;
}

void ReportService::stop(std::chrono::milliseconds grace) { listener_->stop(grace); }

}  // namespace leumund::intake
