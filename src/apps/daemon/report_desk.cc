#include "apps/daemon/report_desk.h"

#include <fmt/core.h>

#include <pthread.h>
#include <algorithm>

#include <filesystem>
#include <utility>
#include <variant>

#include "base/filled.h"
#include "base/log.h"
#include "wire/trace_token.h"

namespace leumund::apps {
namespace {

// A mail's recipients are asked for within minutes, and Postfix uses no instance name again.
constexpr std::chrono::minutes marked_for{30};
constexpr std::size_t marked_max = 50'000;

face::MetricSample sample(const char* label, const char* value, std::uint64_t count) {
  return {{{label, value}}, static_cast<double>(count)};
}

}  // namespace

ReportDesk::ReportDesk(ReportDeskSettings settings, intake::ReportIntake::Handler handler,
                       std::function<base::TimePoint()> clock)
    : settings_(std::move(settings)),
      clock_(clock),
      intake_(settings_.naming, std::move(handler), std::move(clock)),
      marked_(marked_for, marked_max),
      troubles_(std::vector<std::string>(settings_.maildirs.size())) {
  intake_.set_returned(settings_.returned);
}

ReportDesk::~ReportDesk() { stop(std::chrono::milliseconds(0)); }

base::Result<std::unique_ptr<ReportDesk>> ReportDesk::open(ReportDeskSettings settings,
                                                           intake::ReportIntake::Handler handler,
                                                           std::function<base::TimePoint()> clock) {
  std::unique_ptr<ReportDesk> desk(new ReportDesk(settings, std::move(handler), std::move(clock)));
  if (desk->settings_.listen.empty()) return desk;
  auto loop = net::EventLoop::open();
  if (!loop) return loop.error();
  desk->loop_ = std::move(*loop);
  for (const net::Endpoint& where : desk->settings_.listen) {
    intake::ReportService::Options options{.listen = where, .host_name = desk->settings_.host_name};
    options.first = desk->settings_.first;
    if (where.is_unix()) {
      std::error_code failed;
      std::filesystem::create_directories(std::filesystem::path(where.path).parent_path(), failed);
      options.stream.unix_access = desk->settings_.socket_access;
    }
    options.mail_server_only = where.is_unix() ? (desk->settings_.socket_access.mode & 0002U) == 0
                                               : desk->settings_.trust_tcp;
    auto service = intake::ReportService::open(*desk->loop_, std::move(options), desk->intake_);
    if (!service) return service.error();
    desk->services_.push_back(std::move(*service));
  }
  return desk;
}

void ReportDesk::start() {
  if (loop_) loop_->start("report");
  if (settings_.maildirs.empty()) return;
  maildir_thread_ = std::jthread([this](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "report-dir");
    watch_maildirs(stop);
  });
}

void ReportDesk::stop(std::chrono::milliseconds grace) {
  maildir_thread_.request_stop();
  if (maildir_thread_.joinable()) maildir_thread_.join();
  for (auto& service : services_) service->stop(grace);
  services_.clear();
  if (loop_) loop_->stop();
  loop_.reset();
}

// The desk may be asked to end at any time; a folder that is not there is tried again for ever.
void ReportDesk::watch_maildirs(const std::stop_token& stop) {
  constexpr std::chrono::milliseconds step{100};
  while (!stop.stop_requested()) {
    for (std::size_t i = 0; i < settings_.maildirs.size() && !stop.stop_requested(); ++i) {
      const std::string& folder = settings_.maildirs[i];
      const auto poll = intake::poll_maildir(
          {.folder = folder, .remove = settings_.maildir_remove, .first = settings_.first},
          intake_);
      const std::string trouble = poll ? "" : poll.error().message;
      const bool news = troubles_.with([&](std::vector<std::string>& troubles) {
        return std::exchange(troubles[i], trouble) != trouble;
      });
      if (news && !trouble.empty()) {
        base::log(base::LogLevel::error, "event=maildir_unreadable what=\"{}\"", trouble);
      }
    }
    for (auto waited = step; waited < settings_.maildir_every && !stop.stop_requested();
         waited += step) {
      std::this_thread::sleep_for(step);
    }
  }
}

void ReportDesk::mark(const model::MailEvent& event, const model::Subject& subject,
                      model::Answer& answer) {
  const auto* submission = std::get_if<model::Submission>(&event.what);
  if (!settings_.marks || submission == nullptr || subject.name.empty() ||
      !(submission->stage == model::SubmissionStage::recipient ||
        submission->source == model::Source::milter) ||
      answer.disposition > model::Disposition::warn || submission->id.empty()) {
    return;
  }
  const auto now = clock_();
  const base::HashKey& key = settings_.naming.key;
  // The milter sees the mark that the policy answer put on. A mark of somebody else's mail is no
  // mark of this one: a sender may have copied it from a mail that he was sent.
  const auto marked = [&](const auto& header) {
    if (header.first != wire::trace_header) return false;
    const auto token = wire::read_trace_token(key, header.second);
    return token && token->subject == subject.to_string();
  };
  if (std::ranges::any_of(submission->headers, marked)) return;
  if (!marked_.first(base::keyed_hash(key, submission->id), now)) return;
  wire::TraceToken token{.made_at = now, .id = submission->id, .subject = subject.to_string()};
  if (!submission->recipients.empty()) {
    token.recipient_mark =
        intake::mark_of_recipient(settings_.naming, submission->recipients.front());
  }
  answer.trace = wire::make_trace_token(key, token);
}

std::vector<std::string> ReportDesk::addresses() const {
  std::vector<std::string> out;
  for (const auto& service : services_) out.push_back("reports " + service->bound().to_string());
  return out;
}

std::vector<face::PartStatus> ReportDesk::parts() const {
  std::vector<face::PartStatus> out;
  if (services_.empty() && settings_.maildirs.empty()) return out;
  const auto counts = intake_.counters();
  std::string trouble = troubles_.with([](const std::vector<std::string>& troubles) {
    std::string all;
    for (const std::string& one : troubles) all += (all.empty() || one.empty() ? "" : "; ") + one;
    return all;
  });
  std::string detail = base::fill(
      "{} <bounce|bounces>, {} <delay|delays>, {} <complaint|complaints>, {} automatic "
      "<answer|answers>; {} taken as events, {} about no mail of ours",
      counts.bounces, counts.delays, counts.complaints, counts.automatic, counts.events,
      counts.unverified);
  const bool well = trouble.empty();
  out.push_back({"reports", well, well ? std::move(detail) : std::move(trouble)});
  return out;
}

void ReportDesk::add_metrics(std::vector<face::Metric>& metrics) const {
  if (services_.empty() && settings_.maildirs.empty()) return;
  const auto counts = intake_.counters();
  metrics.push_back(
      {"leumund_reports_total",
       "Reports read, by what they are; ordinary is no report.",
       {sample("kind", "bounce", counts.bounces), sample("kind", "delay", counts.delays),
        sample("kind", "success", counts.successes), sample("kind", "automatic", counts.automatic),
        sample("kind", "complaint", counts.complaints),
        sample("kind", "ordinary", counts.ordinary)}});
  metrics.push_back({"leumund_report_results_total",
                     "Recipient results and complaints of reports: taken as event, about no mail "
                     "of ours, or heard before.",
                     {sample("outcome", "event", counts.events),
                      sample("outcome", "unverified", counts.unverified),
                      sample("outcome", "repeated", counts.repeated)}});
  metrics.push_back({"leumund_reports_failed_total",
                     "Reports that could not be taken and will come again.",
                     {{{}, static_cast<double>(counts.put_off + counts.handler_failed)}}});
  net::StreamCounters streams;
  for (const auto& service : services_) {
    const auto one = service->connections();
    streams.open += one.open;
    streams.refused += one.refused;
    streams.displaced += one.displaced;
  }
  metrics.push_back({"leumund_report_connections",
                     "Open LMTP connections.",
                     {{{}, static_cast<double>(streams.open)}}});
  metrics.push_back({"leumund_report_connections_refused_total",
                     "LMTP connections closed at once, over the limit of open files.",
                     {{{}, static_cast<double>(streams.refused)}}});
  metrics.push_back({"leumund_report_connections_displaced_total",
                     "LMTP connections ended for a new one, at the limit of 32.",
                     {{{}, static_cast<double>(streams.displaced)}}});
}

}  // namespace leumund::apps
