// How the daemon looks from outside: the parts of `leumund status` and the figures of /metrics.
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "apps/daemon/daemon.h"
#include "apps/version.h"
#include "base/filled.h"
#include "face/metrics.h"

namespace leumund::apps {
namespace {

face::Metric single(std::string name, std::string help, std::uint64_t value) {
  return {std::move(name), std::move(help), {{{}, static_cast<double>(value)}}};
}

face::PartStatus part(std::string name, std::string trouble, std::string detail) {
  const bool well = trouble.empty();
  return {std::move(name), well, well ? std::move(detail) : std::move(trouble)};
}

std::string queue_helper_trouble(const std::string& helper) {
  if (helper.empty()) return "";
  struct stat info{};
  if (::stat(helper.c_str(), &info) != 0) {
    return errno == ENOENT ? fmt::format("{} (the queue helper) is not there", helper)
                           : fmt::format("{} (the queue helper) may not be used by leumundd: {}",
                                         helper, std::strerror(errno));
  }
  const bool socket = S_ISSOCK(info.st_mode);
  if (!socket && !S_ISREG(info.st_mode)) {
    return fmt::format("{} (the queue helper) is neither a socket nor a program", helper);
  }
  if (::access(helper.c_str(), socket ? W_OK : X_OK) != 0) {
    return fmt::format("{} (the queue helper) may not be used by leumundd: {}", helper,
                       std::strerror(errno));
  }
  return "";
}

// All policy listeners as one.
struct PolicySum {
  std::uint64_t requests = 0, malformed = 0, oversized = 0, failed = 0, open = 0, refused = 0;
  std::uint64_t displaced = 0;
  std::array<std::uint64_t, 5> answers{};
  std::array<std::uint64_t, intake::policy_latency_bounds.size() + 1> latency{};
  std::uint64_t latency_microseconds = 0;
};

PolicySum sum_of(const std::vector<std::unique_ptr<intake::PolicyService>>& services) {
  PolicySum sum;
  for (const auto& service : services) {
    const auto one = service->counters();
    sum.requests += one.requests;
    sum.malformed += one.malformed;
    sum.oversized += one.oversized;
    sum.failed += one.handler_failed;
    sum.open += one.connections.open;
    sum.refused += one.connections.refused;
    sum.displaced += one.connections.displaced;
    for (std::size_t i = 0; i < sum.answers.size(); ++i) sum.answers[i] += one.answers[i];
    for (std::size_t i = 0; i < sum.latency.size(); ++i) sum.latency[i] += one.latency[i];
    sum.latency_microseconds += one.latency_microseconds;
  }
  return sum;
}

std::string policy_detail(const std::vector<std::unique_ptr<intake::PolicyService>>& services) {
  const PolicySum sum = sum_of(services);
  std::string where;
  for (const auto& service : services) {
    where += (where.empty() ? "" : ", ") + service->bound().to_string();
  }
  return base::fill("{}: {} <question|questions>, {} <connection|connections>", where, sum.requests,
                    sum.open);
}

void add_answers(const PolicySum& policy, face::MetricsSnapshot& shot) {
  for (std::size_t i = 0; i < policy.answers.size(); ++i) {
    shot.answers[std::string(model::disposition_name(static_cast<model::Disposition>(i)))] =
        policy.answers[i];
  }
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < intake::policy_latency_bounds.size(); ++i) {
    sum += policy.latency[i];
    shot.policy_answers.up_to_seconds.emplace_back(intake::policy_latency_bounds[i] / 1e6, sum);
  }
  shot.policy_answers.count = sum + policy.latency.back();
  shot.policy_answers.sum_seconds = static_cast<double>(policy.latency_microseconds) / 1e6;
}

std::string notices_detail(const action::NoticeCounters& notices) {
  if (!notices.collected_at) {
    return base::fill("{} <mail|mails>, {} <webhook|webhooks>", notices.mails_sent,
                      notices.webhooks_sent);
  }
  return base::fill(
      "{} <mail|mails>, {} <webhook|webhooks>, {} <decision goes|decisions more go> out together "
      "at {}",
      notices.mails_sent, notices.webhooks_sent, notices.collecting,
      base::format_rfc3339(*notices.collected_at));
}

// Those that go on, held or only watched; "" where there is none.
std::string campaigns_detail(Pipeline& pipeline) {
  const auto open =
      pipeline.with_engine([](engine::Engine& engine) { return engine.open_campaigns(); });
  if (open.empty()) return "";
  constexpr std::size_t named = 3;
  std::string names;
  for (std::size_t i = 0; i < std::min(open.size(), named); ++i) {
    names += (i == 0 ? "" : ", ") + open[i].to_string();
  }
  if (open.size() > named) names += ", ...";
  return base::fill("{} <campaign goes|campaigns go> on: {}", open.size(), names);
}

}  // namespace

std::vector<face::PartStatus> Daemon::parts() const {
  std::vector<face::PartStatus> out;
  out.push_back(part("policy", policy_.empty() ? "not listening" : "", policy_detail(policy_)));
  if (const auto milter = milter_ ? milter_->part() : std::nullopt) out.push_back(*milter);
  for (const auto& log : logs_) {
    const auto status = log->status();
    out.push_back(
        part("log " + log->source(), status.problem,
             base::fill("{} <line|lines>, {} <submission|submissions>, {} <delivery|deliveries>",
                        status.lines, status.counters.submissions, status.counters.deliveries)));
  }
  const KeeperStatus kept = keeper_->status();
  std::string store = kept.trouble.empty() ? store_trouble_ : kept.trouble;
  out.push_back(part("store", std::move(store),
                     base::fill("{} <checkpoint|checkpoints>, the last took {} ms",
                                kept.checkpoints, kept.last_checkpoint.count())));
  const auto detours = detours_->all();  // also those that a person keeps off
  const auto standing = std::count_if(detours.begin(), detours.end(), [](const auto& detour) {
    return detour.phase != model::DetourPhase::none;
  });
  if (standing > 0 || !detours_->trouble().empty()) {
    out.push_back(part("detours", detours_->trouble(),
                       base::fill("{} <detour stands|detours stand>", standing)));
  }
  if (std::string open = campaigns_detail(*pipeline_); !open.empty()) {
    out.push_back(part("campaigns", "", std::move(open)));
  }
  auto troubles = effects_->troubles();
  const auto effects = effects_->counters();
  const std::pair<const char*, std::string> details[] = {
      {"tables", fmt::format("{} written", effects.table_writes)},
      {"suspended file",
       base::fill("{} written, {} <edit|edits> taken up", effects.file_writes, effects.file_edits)},
      {"queue", effects_->queue().on()
                    ? base::fill("{} <message|messages> held in the queue, {} had left",
                                 effects.held, effects.hold_missing)
                    : "off: queued mail is not held"},
      {"notices", notices_detail(effects.notices)}};
  const std::string helper =
      settings_.with([](const config::Settings& all) { return all.run.queue_helper; });
  // Off on purpose is no fault; what could not be held is told in the notice.
  if (!effects_->queue().on()) {
    std::erase_if(troubles, [](const auto& trouble) { return trouble.first == "queue"; });
  }
  // Seen before the night in which it is needed; what a use of it says goes before.
  if (auto trouble = queue_helper_trouble(helper); !trouble.empty()) {
    troubles.emplace_back("queue", std::move(trouble));
  }
  for (const auto& [name, detail] : details) {
    const auto ill = std::find_if(troubles.begin(), troubles.end(),
                                  [&, n = name](const auto& t) { return t.first == n; });
    out.push_back(part(name, ill == troubles.end() ? "" : ill->second, detail));
  }
  if (auto held = held_ ? held_->part() : std::nullopt) out.push_back(std::move(*held));
  for (auto& one : reports_->parts()) out.push_back(std::move(one));
  if (auto watch = watch_ ? watch_->part() : std::nullopt) out.push_back(std::move(*watch));
  if (auto hygiene = hygiene_ ? hygiene_->part() : std::nullopt) {
    out.push_back(std::move(*hygiene));
  }
  if (auto files = provider_files_ ? provider_files_->part() : std::nullopt) {
    out.push_back(std::move(*files));
  }
  if (auto cases = cases_ ? cases_->part() : std::nullopt) out.push_back(std::move(*cases));
  if (lists_) out.push_back(lists_->part());
  if (auto screening = screening_ ? screening_->part() : std::nullopt) {
    out.push_back(std::move(*screening));
  }
  for (const auto& trouble : start_troubles_) out.push_back(part("start", trouble, ""));
  return out;
}

std::string Daemon::metrics() const {
  face::MetricsSnapshot shot;
  shot.version = version;
  shot.started_at = started_at_;
  shot.enforcing = settings_.with(
      [](const config::Settings& all) { return all.run.burst_mode == model::Mode::enforce; });
  const auto now = options_.clock.now();
  pipeline_->with_engine([&](engine::Engine& engine) {
    shot.engine = engine.counters();
    const auto& away = engine.book().unattended();
    shot.unattended = away.from && *away.from <= now && (!away.until || now < *away.until);
    for (const auto& restriction : engine.book().restrictions()) {
      ++shot.restrictions[std::string(model::level_name(restriction.level))];
    }
    shot.exemptions = engine.book().exemptions().size();
  });
  shot.decisions = decisions_by_kind_.with([](const auto& counts) { return counts; });
  for (const auto& one : parts()) shot.parts[one.name] = one.well;
  const PolicySum policy = sum_of(policy_);
  add_answers(policy, shot);
  const KeeperStatus kept = keeper_->status();
  const auto effects = effects_->counters();
  const auto pipeline = pipeline_->counters();
  std::uint64_t lines = 0;
  std::uint64_t unknown = 0;
  for (const auto& log : logs_) {
    const auto status = log->status();
    lines += status.lines;
    unknown += status.counters.lines[static_cast<std::size_t>(wire::LineKind::unknown)];
  }
  shot.more = {
      single("leumund_policy_requests_total", "Policy requests read.", policy.requests),
      single("leumund_policy_malformed_total", "Policy requests that were none.",
             policy.malformed + policy.oversized),
      single("leumund_policy_failed_total", "Requests answered DUNNO because judging failed.",
             policy.failed),
      single("leumund_policy_connections", "Open policy connections.", policy.open),
      single("leumund_policy_connections_refused_total", "Out of open files.", policy.refused),
      single("leumund_policy_connections_displaced_total", "Ended for another.", policy.displaced),
      single("leumund_log_lines_total", "Log lines read.", lines),
      single("leumund_log_lines_unknown_total", "Postfix lines of an unknown kind.", unknown),
      single("leumund_store_checkpoints_total", "Checkpoints of counts written.", kept.checkpoints),
      single("leumund_store_failures_total", "Writes to the store that failed.", kept.failures),
      single("leumund_store_decisions_waiting", "Decisions that are not on disk yet.",
             kept.decisions_waiting),
      single("leumund_answers_before_commit_total",
             "Answers that went out before their decision was on disk.",
             pipeline.unwritten_answers),
      single("leumund_queue_held_total", "Messages put on hold.", effects.held),
      single("leumund_queue_hold_failures_total", "Attempts to hold mail that failed.",
             effects.hold_failures),
      single("leumund_queue_holds_lost_total",
             "Orders to hold mail or tell a decision that a full queue dropped.",
             effects.holds_lost),
      single("leumund_table_writes_total", "Tables for Postfix written.", effects.table_writes),
      single("leumund_effects_resyncs_total", "Full effects queues made good.", effects.resyncs),
      single("leumund_notices_mails_total", "Notices sent by mail.", effects.notices.mails_sent),
      single("leumund_notices_failures_total", "Tries that failed.", effects.notices.failures),
  };
  reports_->add_metrics(shot.more);
  held_->add_metrics(shot.more);
  if (milter_) {
    for (face::Metric& metric : milter_->metrics()) shot.more.push_back(std::move(metric));
  }
  if (lists_) lists_->add_metrics(shot.more);
  if (list_mail_) list_mail_->add_metrics(shot.more);
  if (honeypots_) honeypots_->add_metrics(shot.more);
  add_block_figures(shot.more);
  return face::metrics_text(shot);
}

std::vector<std::string> Daemon::addresses() const {
  std::vector<std::string> out;
  for (const auto& policy : policy_) out.push_back("policy " + policy->bound().to_string());
  if (milter_) {
    for (std::string& one : milter_->addresses()) out.push_back(std::move(one));
  }
  for (std::string& one : reports_->addresses()) out.push_back(std::move(one));
  if (lists_) {
    for (std::string& one : lists_->addresses()) out.push_back(std::move(one));
  }
  if (const auto screening = screening_ ? screening_->address() : std::nullopt) {
    out.push_back("screening " + *screening);
  }
  if (socketmap_) out.push_back("socketmap " + socketmap_->bound().to_string());
  for (const auto& server : http_) out.push_back("http " + server->bound().to_string());
  return out;
}

}  // namespace leumund::apps
