#include "apps/daemon/held_mail.h"

#include "action/stopping.h"

namespace leumund::apps {
namespace {

constexpr std::size_t held_decisions_read = 50;
constexpr std::size_t page = 1000;  // records at once: as long as anybody waits for the store

}  // namespace

base::Result<HeldMail> HeldMail::look(const action::QueueControl& queue, Pipeline& pipeline,
                                      storage::Store& store) {
  if (!queue.on()) {
    return base::Error{base::ErrorCode::unavailable,
                       "postfix.queue_helper is off: nothing is held or listed"};
  }
  HeldMail out(queue, pipeline, store);
  auto listed = queue.list(&out.whole_);
  if (!listed) return listed.error();
  if (!out.whole_)
    out.trouble_ = "the queue is too long to be listed whole: ask again for the rest";
  for (auto& message : *listed) {
    // The log calls an instance by its syslog name, the list by its folder.
    Place place(queue.folder_name(message.key), message.key.queue_id);
    out.all_.insert_or_assign(
        std::move(place), One{.mail = {message.key, std::move(message.sender), message.size_bytes,
                                       message.recipients, message.arrived_at},
                              .on_hold = message.queue == "hold"});
  }
  return out;
}

HeldMail::One* HeldMail::held(const model::QueueKey& key) {
  const auto found = all_.find(Place(queue_.folder_name(key), key.queue_id));
  return found == all_.end() || !found->second.on_hold ? nullptr : &found->second;
}

bool HeldMail::is_queued(const model::QueueKey& key) const {
  return !whole_ || all_.contains(Place(queue_.folder_name(key), key.queue_id));
}

void HeldMail::want(const std::vector<model::QueueKey>& keys) {
  for (const model::QueueKey& key : keys) {
    if (One* one = held(key)) one->wanted = true;
  }
}

template <typename Visit>
void HeldMail::visit_records(const model::Subject& subject, Visit&& visit) {
  model::QueueKey after;
  for (;;) {
    auto records = store_.queued_of(subject, after, page);
    if (!records) {
      trouble_ = "not all held mail is known: " + records.error().message;
      return;
    }
    if (records->empty()) return;
    after = records->back().queue;
    for (model::QueuedMail& record : *records) {
      if (One* one = held(record.queue)) visit(*one, std::move(record));
    }
  }
}

void HeldMail::want_of(const model::Subject& subject) {
  model::Decision about;
  about.subject = subject;
  want(pipeline_.with_engine(
      [&](engine::Engine& engine) { return engine.with_queue(std::move(about)).held; }));
  visit_records(subject, [](One& one, model::QueuedMail&& record) {
    one.wanted = true;
    one.record = std::move(record);
  });
}

void HeldMail::want_decided(const model::Subject& subject) {
  const auto decisions = store_.decisions_about(subject, held_decisions_read);
  if (!decisions) return;
  for (const auto& decision : *decisions) want(decision.held);
}

std::size_t HeldMail::leave_out_restricted(const model::Subject& campaign) {
  const std::string name = campaign.to_string();
  return pipeline_.with_engine([&](engine::Engine& engine) {
    std::size_t left_out = 0;
    for (auto& [place, one] : all_) {
      if (!one.wanted) continue;
      auto sender = engine.queued_facts(one.mail.queue).subject;
      if (sender.name.empty() && one.record) {
        if (auto recorded = model::Subject::parse(one.record->subject))
          sender = std::move(*recorded);
      }
      const auto* standing =
          sender.name.empty() ? nullptr : action::stopping(engine.book(), sender);
      if (standing == nullptr || (standing->automatic && standing->rests_on == name)) continue;
      one.wanted = false;
      ++left_out;
    }
    return left_out;
  });
}

std::vector<face::HeldMessage> HeldMail::wanted() const {
  std::vector<face::HeldMessage> out;
  for (const auto& [place, one] : all_) {
    if (one.wanted) out.push_back(one.mail);
  }
  return out;
}

std::vector<model::QueueKey> HeldMail::wanted_keys() const {
  std::vector<model::QueueKey> out;
  for (const auto& [place, one] : all_) {
    if (one.wanted) out.push_back(one.mail.queue);
  }
  return out;
}

bool HeldMail::is_stopped(const model::Subject& sender) {
  return pipeline_.with_engine(
      [&](engine::Engine& engine) { return action::stopping(engine.book(), sender) != nullptr; });
}

std::optional<base::TimePoint> HeldMail::end_of(const model::Subject& sender) {
  const auto decisions = store_.decisions_about(sender, held_decisions_read);
  if (!decisions) return std::nullopt;
  for (const model::Decision& decision : *decisions) {
    switch (decision.kind) {
      case model::DecisionKind::ended: return decision.at;
      case model::DecisionKind::restricted:
      case model::DecisionKind::extended:
      case model::DecisionKind::released: return std::nullopt;
      default: break;
    }
  }
  return std::nullopt;
}

std::size_t HeldMail::count_of(const model::Subject& subject,
                               std::optional<base::TimePoint> ended_at) {
  for (auto& [place, one] : all_) one.wanted = false;
  if (subject.kind == model::SubjectKind::campaign) {
    want_of(subject);
    leave_out_restricted(subject);
    return wanted_keys().size();
  }
  if (is_stopped(subject)) return 0;
  if (!ended_at) ended_at = end_of(subject);
  if (!ended_at) return 0;
  // What came later is on hold for another reason: a detour, or a campaign.
  visit_records(subject, [&](One& one, model::QueuedMail&& record) {
    one.wanted = record.campaign.empty() && record.since <= *ended_at;
  });
  return wanted_keys().size();
}

std::set<model::Subject> HeldMail::senders() {
  std::set<model::Subject> out;
  model::QueueKey after;
  for (;;) {
    const auto records = store_.queued_after(after, page);
    if (!records || records->empty()) return out;
    after = records->back().queue;
    for (const model::QueuedMail& record : *records) {
      if (!record.campaign.empty() || held(record.queue) == nullptr) continue;
      if (auto sender = model::Subject::parse(record.subject)) out.insert(std::move(*sender));
    }
  }
}

void HeldMail::remind_engine() {
  pipeline_.with_engine([this](engine::Engine& engine) {
    for (auto& [place, one] : all_) {
      if (!one.wanted || !one.record) continue;
      if (engine.queued_facts(one.record->queue).subject.name.empty())
        engine.load_queued(*one.record);
    }
  });
}

}  // namespace leumund::apps
