#include "action/notice_queue.h"

#include <algorithm>
#include <utility>

namespace leumund::action {

using base::TimePoint;

void NoticeQueue::add(Outgoing outgoing, TimePoint now) {
  if (waiting_.size() >= rates_.waiting_max) {
    waiting_.pop_front();
    ++dropped_;
  }
  outgoing.ticket = ++last_ticket_;
  outgoing.made_at = now;
  waiting_.push_back({std::move(outgoing), now, rates_.retry_first});
}

bool NoticeQueue::spend(Budget& budget, bool small, TimePoint now) const {
  auto& [tokens, token_at] = budget;
  // A clock set back starts the waiting anew instead of making it last for years.
  if (!token_at || now < *token_at) token_at = now;
  while (tokens < rates_.tokens_max && now - *token_at >= rates_.token_every) {
    ++tokens;
    *token_at += rates_.token_every;
  }
  if (tokens == rates_.tokens_max) token_at = now;
  const std::uint32_t reserve = small ? rates_.tokens_max / 2 : 0;
  if (tokens <= reserve) return false;
  --tokens;
  return true;
}

bool NoticeQueue::own_mail(const model::Decision& decision, TimePoint now) {
  using model::DecisionKind;
  const bool campaign = decision.subject.kind == model::SubjectKind::campaign;
  const bool house = campaign || decision.about_surroundings();
  // Also in observe mode the admin hears of a hacked account at once; but the last tokens are kept
  // for what was really stopped.
  bool small = decision.kind == DecisionKind::would_restrict;
  if (house && !campaign) {
    small = decision.kind != DecisionKind::listed &&
            decision.kind != DecisionKind::provider_refuses &&
            decision.kind != DecisionKind::detour;
  }
  const bool of_list = decision.list_fault.has_value();
  if (of_list) small = false;
  if (spend(of_list ? lists_ : house ? house_ : senders_, small, now)) return true;
  if (collected_.size() >= rates_.collected_max) {
    collected_.pop_front();
    ++dropped_;
  }
  if (!collecting_since_ || now < *collecting_since_) collecting_since_ = now;
  collected_.push_back(decision);
  return false;
}

std::vector<model::Decision> NoticeQueue::collected(TimePoint now) {
  if (!collecting_since_ || now - *collecting_since_ < rates_.collect_every) return {};
  return take_collected();
}

std::vector<model::Decision> NoticeQueue::take_collected() {
  collecting_since_.reset();
  const auto all = std::exchange(collected_, {});
  return {all.begin(), all.end()};
}

std::optional<TimePoint> NoticeQueue::collected_at() const {
  if (!collecting_since_) return std::nullopt;
  return *collecting_since_ + rates_.collect_every;
}

std::optional<Outgoing> NoticeQueue::due(TimePoint now) {
  const auto it = std::find_if(waiting_.begin(), waiting_.end(),
                               [now](const Waiting& one) { return one.next_try <= now; });
  if (it == waiting_.end()) return std::nullopt;
  return it->outgoing;
}

std::deque<NoticeQueue::Waiting>::iterator NoticeQueue::find(std::uint64_t ticket) {
  return std::find_if(waiting_.begin(), waiting_.end(),
                      [ticket](const Waiting& one) { return one.outgoing.ticket == ticket; });
}

void NoticeQueue::sent(std::uint64_t ticket) {
  const auto it = find(ticket);
  if (it != waiting_.end()) waiting_.erase(it);
}

bool NoticeQueue::failed(std::uint64_t ticket, TimePoint now) {
  const auto it = find(ticket);
  if (it == waiting_.end()) return true;
  if (now - it->outgoing.made_at >= rates_.give_up) {
    waiting_.erase(it);
    ++dropped_;
    return true;
  }
  it->next_try = now + it->pause;
  it->pause = std::min(it->pause * 2, rates_.retry_most);
  return false;
}

}  // namespace leumund::action
