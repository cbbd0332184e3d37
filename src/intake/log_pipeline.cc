#include "intake/log_pipeline.h"

#include <algorithm>
#include <utility>

namespace leumund::intake {
namespace {

constexpr std::size_t samples_max = 8;
constexpr std::size_t sample_bytes_max = 300;

}  // namespace

LogPipeline::LogPipeline(CorrelatorSettings settings,
                         std::optional<std::chrono::seconds> utc_offset)
    : clock_(utc_offset), correlator_(std::move(settings), [this](const model::MailEvent& event) {
        if (receiver_ != nullptr && !silent_) receiver_->on_event(event);
      }) {}

void LogPipeline::take_line(std::string_view line, base::TimePoint received_at) {
  wire::parse_postfix_log_line(line, line_);
  const base::TimePoint at = clock_.resolve(line_.stamp);
  if (line_.stamp.month != 0) latest_ = std::max(latest_, at);
  if (skip_until_) {
    silent_ = at <= *skip_until_;
    if (!silent_) skip_until_.reset();
  }
  ++lines_;
  if (line_.kind == wire::LineKind::unknown) keep_sample(line);
  correlator_.feed(line_, at, received_at);
}

void LogPipeline::take_entry(std::string_view tag, std::uint32_t pid, std::string_view host,
                             std::string_view message, base::TimePoint at,
                             base::TimePoint received_at) {
  wire::parse_postfix_journal_entry(tag, pid, message, line_);
  line_.host = host;
  latest_ = std::max(latest_, at);
  ++lines_;
  if (line_.kind == wire::LineKind::unknown) keep_sample(message);
  correlator_.feed(line_, at, received_at);
}

void LogPipeline::settle(base::TimePoint received_at) { correlator_.settle(received_at); }

void LogPipeline::keep_sample(std::string_view line) {
  if (samples_.size() >= samples_max) samples_.pop_front();
  samples_.emplace_back(line.substr(0, sample_bytes_max));
}

void LogPipeline::describe(LogStatus& status) const {
  status.lines = lines_;
  status.latest_stamp =
      std::chrono::floor<std::chrono::seconds>(latest_).time_since_epoch().count();
  status.counters = correlator_.counters();
  status.unknown_samples.assign(samples_.begin(), samples_.end());
}

}  // namespace leumund::intake
