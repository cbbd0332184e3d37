// How a subject stands, in words.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "action/stopping.h"
#include "engine/parts.h"

namespace leumund::engine {
namespace {

std::string standing_of(const model::Restriction* restriction, bool exempt, double score,
                        double threshold) {
  if (restriction != nullptr && restriction->mode == model::Mode::enforce) {
    return restriction->level == model::Level::throttle ? "throttled" : "suspended";
  }
  if (exempt) return "exempt";
  return score >= threshold / 2 ? "watched" : "good";
}

std::string what_would_change(const Explanation& e) {
  if (e.standing == "exempt")
    return "it is exempt: nothing restricts it until the exemption is lifted";
  if (e.restriction != nullptr) {
    if (e.restriction->until) {
      return fmt::format("the restriction ends by itself at {} or by a release",
                         base::format_rfc3339(*e.restriction->until));
    }
    return "the restriction stays until somebody releases it";
  }
  if (e.score <= 0)
    return fmt::format("it would take evidence worth {:.1f} to restrict it", e.threshold);
  const double halvings = e.score < 1 ? 0 : std::log2(e.score);
  return fmt::format(
      "evidence worth {:.1f} more would restrict it; without more it falls below 1 in about {:.0f} "
      "hours",
      std::max(0.0, e.threshold - e.score), halvings * 24);
}

std::vector<std::pair<std::string, std::string>> habits_of(const evidence::Account& account,
                                                           const verdict::Tally& tally,
                                                           double learning_days) {
  const evidence::Habits& h = account.habits;
  std::vector<std::pair<std::string, std::string>> out;
  if (tally.maturity < 1) {
    out.emplace_back(
        "installation",
        fmt::format("watching for {:.1f} days: the lack of habits counts {:.0f} percent, "
                    "in full from day {:.0f} on; log_history reads older logs",
                    tally.maturity * learning_days, tally.maturity * 100, learning_days));
  }
  out.emplace_back("first_seen", base::format_rfc3339(h.first_at));
  out.emplace_back("days_with_mail", std::to_string(h.days_active));
  out.emplace_back("hours_with_mail", std::to_string(h.hours_active));
  out.emplace_back("recipients_known", std::to_string(h.recipients.size()));
  out.emplace_back(
      "new_contacts_per_active_hour",
      fmt::format("{:.2f}",
                  h.hours_active == 0 ? 0.0 : static_cast<double>(h.contacts) / h.hours_active));
  out.emplace_back("largest_hour", fmt::format("{:.1f}", h.largest_hour));
  out.emplace_back("largest_day", fmt::format("{:.1f}", h.largest_day));
  const float scored = h.new_recipients.yes + h.new_recipients.no;
  out.emplace_back("share_of_new_recipients",
                   scored == 0 ? "unknown" : fmt::format("{:.2f}", h.new_recipients.yes / scored));
  out.emplace_back("networks_known", std::to_string(h.networks.items().size()));
  out.emplace_back("sender_addresses_known", std::to_string(h.senders.items().size()));
  out.emplace_back("new_contacts_last_hour", fmt::format("{:.1f}", tally.hour_contacts));
  out.emplace_back("new_contacts_last_day", fmt::format("{:.1f}", tally.day_contacts));
  return out;
}

}  // namespace

bool Engine::knows(const model::Subject& subject) const {
  return parts_->ledger.peek(subject.to_string()) != nullptr;
}

Explanation Engine::explain(const model::Subject& subject, base::TimePoint now) const {
  Parts& p = *parts_;
  Explanation e;
  e.subject = subject;
  e.threshold = p.settings.detection.threshold();
  e.restriction = action::stopping(p.book, subject);
  e.attempts = p.book.attempts(subject);
  e.queued = p.queued_of(subject);
  if (const evidence::Cluster* cluster = p.campaigns.find(subject)) {
    p.explain_campaign(*cluster, now, e);
    return e;
  }
  const auto account = p.ledger.peek(subject.to_string());
  e.known = account != nullptr || e.restriction != nullptr;
  if (account != nullptr) {
    const auto half_life = std::chrono::seconds(
        static_cast<std::int64_t>(p.settings.detection.half_life_hours * 3600));
    account->advance(now, half_life);
    const verdict::Tally tally =
        verdict::tally_of(*account, p.ledger.watched(), now, p.settings.detection);
    const verdict::Judgement judgement =
        verdict::judge(tally, account->recent.suspicion, p.settings.detection);
    e.score = judgement.score;
    e.terms = verdict::describe(judgement, tally, account->recent.suspicion,
                                [&p](std::uint64_t message) { return p.name_of(message); });
    e.habits = habits_of(*account, tally, p.settings.detection.learning_days);
  }
  e.standing = standing_of(e.restriction, p.book.is_exempt(subject), e.score, e.threshold);
  e.what_would_change = what_would_change(e);
  return e;
}

std::optional<MessageFacts> Engine::message_facts(std::string_view id, const model::QueueKey& queue,
                                                  std::string_view recipient) const {
  Parts& p = *parts_;
  Message* message = p.messages.by_id(id);
  if (message == nullptr) message = p.messages.by_queue(queue);
  if (message == nullptr) return std::nullopt;
  auto subject = model::Subject::parse(p.ledger.subject_of(message->account));
  if (!subject) return std::nullopt;
  const RecipientMark* mark =
      recipient.empty() ? nullptr : message->find(hash_of_address(p.settings.key, recipient));
  return MessageFacts{.number = message->number,
                      .subject = std::move(*subject),
                      .had_recipient = mark != nullptr,
                      .recipient_done = mark != nullptr && mark->resolved()};
}

std::vector<model::Subject> Engine::open_campaigns() const {
  std::vector<model::Subject> out;
  for (const std::uint64_t id : parts_->campaigns.open()) {
    if (const auto* cluster = parts_->campaigns.find(id)) {
      out.push_back(Campaigns::subject_of(*cluster));
    }
  }
  return out;
}

Engine::Learning Engine::learning() const {
  const double seconds = parts_->settings.detection.learning_days * 86400;
  const auto whole = base::Micros(static_cast<std::int64_t>(seconds * 1e6));
  return {.watched = std::min(parts_->ledger.watched(), whole), .whole = whole};
}

std::vector<std::pair<model::Subject, double>> Engine::watched(
    std::size_t most, base::TimePoint now,
    const std::function<bool(const model::Subject&)>& wanted) const {
  const Parts& p = *parts_;
  std::vector<std::pair<model::Subject, double>> out;
  p.ledger.visit_active([&](const evidence::Account& account) {
    if (account.recent.suspicion.total() <= 0 && account.recent.contacts.total(now) == 0) return;
    evidence::Account brought = account;
    brought.advance(now, std::chrono::seconds(static_cast<std::int64_t>(
                             p.settings.detection.half_life_hours * 3600)));
    const auto tally = verdict::tally_of(brought, p.ledger.watched(), now, p.settings.detection);
    const double score =
        verdict::judge(tally, brought.recent.suspicion, p.settings.detection).score;
    if (score <= 0) return;
    auto subject = model::Subject::parse(account.name);
    if (!subject || (wanted && !wanted(*subject))) return;
    out.emplace_back(std::move(*subject), score);
  });
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (out.size() > most) out.resize(most);
  return out;
}

}  // namespace leumund::engine
