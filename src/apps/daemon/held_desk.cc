#include "apps/daemon/held_desk.h"

#include <fmt/core.h>
#include <pthread.h>

#include <algorithm>
#include <utility>

#include "base/filled.h"
#include "base/log.h"

namespace leumund::apps {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds first_look_after{60'000};
// Younger mail may be on its way between two queues.
constexpr std::chrono::hours settled_after{1};
constexpr std::size_t page = 1000;
constexpr std::size_t missing_max = 100'000;
constexpr std::size_t ended_max = 1000;
constexpr std::size_t named_max = 5;

}  // namespace

HeldDesk::HeldDesk(Around around)
    : around_(std::move(around)), ended_(ended_max, base::WhenFull::drop_oldest) {
  thread_ = std::jthread([this] { run(); });
  ::pthread_setname_np(thread_.native_handle(), "held");
}

HeldDesk::~HeldDesk() { stop(); }

void HeldDesk::stop() {
  ended_.close();
  if (thread_.joinable()) thread_.join();
}

void HeldDesk::note(const std::vector<model::Decision>& decisions) {
  for (const model::Decision& decision : decisions) {
    if (decision.kind == model::DecisionKind::ended)
      static_cast<void>(ended_.push(model::Decision(decision)));
  }
}

void HeldDesk::look_soon() { static_cast<void>(ended_.push(model::Decision())); }

void HeldDesk::run() {
  using std::chrono::milliseconds;
  auto next = steady_clock::now() + std::min(first_look_after, around_.look_every);
  while (!ended_.closed()) {
    const auto left = std::chrono::ceil<milliseconds>(next - steady_clock::now());
    auto one = ended_.pop(std::max(left, milliseconds(0)));
    const bool sweep = steady_clock::now() >= next;
    if (ended_.closed() || (!one && !sweep)) continue;
    std::vector<model::Decision> ended;
    for (; one; one = ended_.pop(milliseconds(0))) {
      if (!one->subject.name.empty()) ended.push_back(std::move(*one));
    }
    if (sweep) next = steady_clock::now() + around_.look_every;
    try {
      look(ended, sweep);
    } catch (const std::exception& error) {
      base::log(base::LogLevel::error, "held mail not looked at: {}", error.what());
    }
  }
}

// Campaigns that stand no more, and what rests on them.
std::map<model::Subject, HeldDesk::Over> HeldDesk::undecided(const storage::QueueRecords& records) {
  std::map<model::Subject, Over> over;
  around_.pipeline.with_engine([&](engine::Engine& engine) {
    const auto is_over = [&](const std::optional<model::Subject>& campaign) {
      return campaign && campaign->kind == model::SubjectKind::campaign &&
             engine.book().find(*campaign) == nullptr;
    };
    for (const auto& [name, mails] : records.of_campaigns) {
      if (const auto campaign = model::Subject::parse(name); is_over(campaign)) over[*campaign];
    }
    for (const auto& restriction : engine.book().restrictions()) {
      if (restriction.rests_on.empty() || !restriction.automatic) continue;
      if (const auto campaign = model::Subject::parse(restriction.rests_on); is_over(campaign))
        ++over[*campaign].senders;
    }
  });
  return over;
}

void HeldDesk::look(const std::vector<model::Decision>& ended, bool sweep) {
  auto records = around_.store.queue_records();
  if (!records) {
    base::log(base::LogLevel::error, "records of queued mail: {}", records.error().message);
    records = storage::QueueRecords{};
  }
  auto over = undecided(*records);
  std::map<model::Subject, base::TimePoint> ended_at;
  for (const model::Decision& decision : ended) {
    over.try_emplace(decision.subject);
    ended_at[decision.subject] = decision.at;
  }
  seen_.with([&](const Seen& seen) {
    for (const auto& [subject, what] : seen.over) {
      if (subject.kind != model::SubjectKind::campaign) over.try_emplace(subject);
    }
  });
  const auto queue = around_.queue();
  if (queue.on()) {
    auto held = HeldMail::look(queue, around_.pipeline, around_.store);
    if (held) {
      if (sweep) {
        for (const model::Subject& sender : held->senders()) over.try_emplace(sender);
      }
      for (auto& [subject, what] : over) {
        const auto at = ended_at.find(subject);
        what.mails = held->count_of(
            subject, at == ended_at.end() ? std::nullopt : std::optional(at->second));
      }
      if (sweep) drop_gone(*held);
    } else {
      base::log(base::LogLevel::warn, "held mail: {}", held.error().message);
    }
  }
  for (const model::Decision& decision : ended) {
    const Over what = over[decision.subject];
    if (what.mails + what.senders == 0) continue;
    base::log(base::LogLevel::warn, "over subject={} mails_on_hold={} senders_stopped={}",
              decision.subject.to_string(), what.mails, what.senders);
    around_.tell_over(decision, what.mails, what.senders);
  }
  std::erase_if(over, [](const auto& one) { return one.second.mails + one.second.senders == 0; });
  if (sweep) keep_bounded(*records);
  seen_.with([&](Seen& seen) {
    seen.records = records->mails;
    seen.over = std::move(over);
  });
}

void HeldDesk::drop_gone(const HeldMail& queue) {
  if (!queue.whole()) return;
  const auto now = around_.clock.now();
  std::set<model::QueueKey> missing;
  std::vector<model::QueuedMail> gone;
  model::QueueKey after;
  for (;;) {
    const auto records = around_.store.queued_after(after, page);
    if (!records || records->empty()) break;
    after = records->back().queue;
    for (const model::QueuedMail& record : *records) {
      if (record.since + settled_after > now || queue.is_queued(record.queue)) continue;
      if (missing_.contains(record.queue)) {
        gone.push_back({.queue = record.queue, .subject = {}, .since = {}});
      } else if (missing.size() < missing_max) {
        missing.insert(record.queue);
      }
    }
    if (gone.size() < page) continue;
    if (!around_.store.save(storage::Checkpoint{{}, {}, gone})) return;
    gone.clear();
  }
  if (!gone.empty() && !around_.store.save(storage::Checkpoint{{}, {}, gone})) return;
  missing_ = std::move(missing);
}

void HeldDesk::keep_bounded(storage::QueueRecords& records) {
  if (records.mails <= around_.keep_records) return;
  const auto gone = around_.store.forget_queued(around_.keep_records);
  if (!gone || *gone == 0) return;
  records.mails -= std::min(records.mails, *gone);
  const auto all = seen_.with([&](Seen& seen) { return seen.forgotten += *gone; });
  base::log(
      base::LogLevel::error,
      "more than {} queued mails: whose the oldest {} are is forgotten (so far {}); what of it "
      "is on hold must be let go with postsuper",
      around_.keep_records, *gone, all);
}

std::optional<face::PartStatus> HeldDesk::part() const {
  return seen_.with([](const Seen& seen) -> std::optional<face::PartStatus> {
    if (seen.over.empty()) return std::nullopt;
    Over all;
    std::string names;
    std::size_t named = 0;
    for (const auto& [campaign, what] : seen.over) {
      all.mails += what.mails;
      all.senders += what.senders;
      if (named++ < named_max) names += (names.empty() ? "" : ", ") + campaign.to_string();
    }
    if (named > named_max) names += ", ...";
    return face::PartStatus{
        "held mail", true,
        base::fill("{} <mail|mails> on hold and {} <sender|senders> stopped by what is over, to be "
                   "decided on: {}",
                   all.mails, all.senders, names)};
  });
}

void HeldDesk::add_metrics(std::vector<face::Metric>& out) const {
  seen_.with([&](const Seen& seen) {
    Over all;
    for (const auto& [campaign, what] : seen.over) all.mails += what.mails;
    const auto add = [&](const char* name, const char* help, std::uint64_t value) {
      out.push_back({name, help, {{{}, static_cast<double>(value)}}});
    };
    add("leumund_queue_records", "Queued mails of which it is on record whose they are.",
        seen.records);
    add("leumund_queue_records_forgotten_total",
        "Of these, forgotten because there were too many: what is on hold of them is not found.",
        seen.forgotten);
    add("leumund_held_undecided", "Mails on hold of campaigns and restrictions that are over.",
        all.mails);
  });
}

}  // namespace leumund::apps
