// Any lines in any order: reading them ends, memory stays bounded, and every event is whole.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "intake/log_clock.h"
#include "intake/log_correlator.h"

namespace {

using namespace leumund;

void check_event(const model::MailEvent& event) {
  if (const auto* submission = std::get_if<model::Submission>(&event.what)) {
    if (submission->queue.queue_id.empty()) std::abort();
    if (submission->account.size() > 320) std::abort();
    if (submission->continues && *submission->continues == submission->queue) std::abort();
  } else if (const auto* removal = std::get_if<model::QueueRemoval>(&event.what)) {
    if (!removal->queue.known()) std::abort();
  } else if (const auto* delivery = std::get_if<model::Delivery>(&event.what)) {
    if (!delivery->queue.known()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  intake::CorrelatorSettings settings;
  settings.messages_max = 16;
  intake::LogCorrelator correlator(settings, check_event);
  intake::LogClock clock(std::chrono::seconds(0));
  clock.set_reference(base::TimePoint(std::chrono::seconds(1'790'000'000)));
  wire::PostfixLogLine line;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    wire::parse_postfix_log_line(text.substr(0, end), line);
    correlator.feed(line, clock.resolve(line.stamp), base::TimePoint());
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  correlator.settle(base::TimePoint());
  if (correlator.counters().open_messages > 16) std::abort();
  return 0;
}
