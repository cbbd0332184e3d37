// A campaign on the way of every mail, and what people do with it.
#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/parts.h"
#include "evidence/cluster_codec.h"

namespace leumund::engine {

Campaigns::Around Engine::Parts::around() {
  return {ledger,       messages,
          book,         settings.detection,
          settings.key, [this](std::uint64_t message) { return name_of(message); }};
}

CampaignSeen Engine::Parts::see_campaign(const model::Submission& submission, Counted& counted,
                                         bool late, base::TimePoint at, base::TimePoint now,
                                         Outcome& outcome) {
  Message& message = *counted.message;
  const bool needed = submission.print != nullptr || message.cluster != 0 || !message.placed;
  if (!needed) return {};
  CampaignSeen seen =
      campaigns.see(around(), submission, message, late, at, now, outcome.decisions);
  counted.account = ledger.touch_again(message.account, at);  // others were touched meanwhile
  return seen;
}

// Whoever became known as a member by the mail of another is judged now: his own mail is out, and
// he may not send again for days.
void Engine::Parts::judge_named(Counted& counted, bool late, base::TimePoint at,
                                base::TimePoint now, Outcome& outcome) {
  const std::vector<std::uint64_t> named = campaigns.take_named();
  const std::uint64_t sender = counted.message->account;
  if (late) return;
  for (const std::uint64_t hash : named) {
    if (hash == sender) continue;  // is judged anyway
    const Counted member{.account = ledger.touch_again(hash, at)};
    if (member.account == nullptr) continue;
    Outcome of_member;
    judge(*member.account, at, of_member);
    if (of_member.judgement.alarm()) decide(of_member, member, at, now);
    std::move(of_member.decisions.begin(), of_member.decisions.end(),
              std::back_inserter(outcome.decisions));
  }
  if (!named.empty()) counted.account = ledger.touch_again(sender, at);
}

void Engine::Parts::answer_for_campaign(Outcome& outcome, const Counted& counted,
                                        const model::Submission& submission, base::TimePoint now) {
  Message& message = *counted.message;
  if (message.cluster == 0 || message.in_character) return;
  const evidence::Cluster* cluster = campaigns.find(message.cluster);
  if (cluster == nullptr || cluster->state != evidence::ClusterState::open) return;
  const model::Subject subject = Campaigns::subject_of(*cluster);
  const model::Restriction* standing = book.find(subject);
  if (standing == nullptr || book.is_exempt(outcome.subject)) return;
  if (submission.source == model::Source::log || submission.continues) {
    if (!outcome.hold && message.queued()) {
      outcome.hold = true;
      outcome.subject = subject;  // on its behalf, not on the account's
    }
    return;
  }
  const bool lets = outcome.answer.disposition == model::Disposition::pass ||
                    outcome.answer.disposition == model::Disposition::warn;
  if (!lets) return;
  action::Ask ask{.subject = subject, .recipient = {}};
  ask.only_helpdesk = !submission.recipients.empty() &&
                      std::all_of(submission.recipients.begin(), submission.recipients.end(),
                                  [this](const std::string& r) { return book.is_helpdesk(r); });
  ask.recipients = counted.recipients_counted;
  outcome.answer = book.answer(ask, now);
  if (outcome.answer.disposition == model::Disposition::hold) message.let_through = false;
}

std::vector<model::Decision> Engine::campaign_released(const model::Subject& campaign, bool honest,
                                                       base::TimePoint now) {
  auto lifted = parts_->campaigns.released(parts_->around(), campaign, honest, now);
  // They were restricted by mistake.
  for (const model::Decision& decision : lifted) learn_from_release(decision.subject, now);
  return lifted;
}

std::string Engine::campaign_record(const model::Subject& campaign) const {
  std::string record;
  if (const evidence::Cluster* cluster = parts_->campaigns.find(campaign))
    evidence::encode_cluster(*cluster, record);
  return record;
}

std::vector<model::Subject> Engine::campaign_members(const model::Subject& campaign) const {
  // Of those who joined right before a crash only their restriction tells.
  std::vector<model::Subject> out = parts_->book.resting_on(campaign);
  const evidence::Cluster* cluster = parts_->campaigns.find(campaign);
  if (cluster == nullptr) return out;
  for (const std::uint64_t account : cluster->known_members) {
    auto subject = model::Subject::parse(parts_->ledger.subject_of(account));
    if (!subject) continue;
    const auto* standing = parts_->book.find(*subject);
    if (standing == nullptr || standing->rests_on != campaign.to_string())
      out.push_back(std::move(*subject));
  }
  return out;
}

}  // namespace leumund::engine
