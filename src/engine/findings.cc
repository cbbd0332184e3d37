// A finding that crosses the threshold becomes a decision, and what the account did counts against
// others from then on.
#include <algorithm>
#include <string>
#include <utility>

#include "engine/parts.h"

namespace leumund::engine {
namespace {

using std::chrono::hours;

// How often a finding that stops nobody is told to the book, which reports it or moves the end of
// what stands.
constexpr std::chrono::minutes find_again_after{10};

// A forward rule, or a script behind a uid or a site: "uid33:contact.php".
bool is_told_by_headers(const model::Subject& subject) {
  return subject.kind == model::SubjectKind::forward ||
         (subject.kind == model::SubjectKind::script && subject.name.contains(':') &&
          !subject.name.contains(":/"));
}

}  // namespace

void Engine::Parts::decide(Outcome& outcome, const Counted& counted, base::TimePoint at,
                           base::TimePoint now) {
  evidence::Account& account = *counted.account;
  const auto subject = model::Subject::parse(account.name);
  if (!subject || book.is_exempt(*subject)) return;
  const model::Level proposed = verdict::proposed_level(outcome.judgement, outcome.tally);
  model::Level level = settings.burst_level.value_or(proposed);
  // A mailing that is only unexpected is another kind than a burst: it is held for review, and the
  // hold ends by itself when nothing more comes.
  bool for_review = proposed == model::Level::hold;
  // What he himself did would not do: his mail to strangers is held, and nothing is refused.
  const double alone = outcome.score - outcome.judgement.value(verdict::TermName::campaign);
  const bool only_member = alone < outcome.judgement.threshold;
  if (only_member) {
    level = model::Level::hold;
    for_review = true;
  }
  // sendmail asks nobody: a script's mail is first seen when it is under way, and a hold would come
  // too late for most of it. The one door it has can only be shut (authorized_submit_users).
  if (subject->kind == model::SubjectKind::script) level = model::Level::no_sending;
  // Whose mail is told by its headers passes the milter, and what is refused there would bounce to
  // a stranger, or to nobody who reads it.
  if (is_told_by_headers(*subject)) {
    level = model::Level::hold;
    for_review = true;
  }
  const model::Restriction* standing = book.find(*subject);
  const bool hard_enough = standing != nullptr && standing->level >= level;
  const char* kind = for_review && level == model::Level::hold ? "bulk" : "burst";
  const bool told = account.recent.found_at + find_again_after > at;
  const bool only_reported = standing == nullptr && !book.acts_on(kind, *subject, now);
  if (told && (hard_enough || only_reported)) return;
  account.recent.found_at = at;

  model::Finding finding{
      *subject,
      kind,
      outcome.judgement.score,
      outcome.judgement.threshold,
      verdict::describe(outcome.judgement, outcome.tally, account.recent.suspicion,
                        [this](std::uint64_t message) { return name_of(message); }),
      at};
  if (only_member)
    finding.rests_on = campaigns.campaign_of_member(account, ledger.hash_of(account.name));
  auto decision = book.apply(finding, level, now);
  if (book.find(*subject) != nullptr && !account.recent.restricted) {
    account.recent.restricted = true;
    hold_against(account, *subject, at);
    forget_burst(account);
  }
  if (!decision) return;
  decision->held = queued_of(*subject);
  decision->recipients_before = account.recent.suspicion.recipients_passed();
  outcome.decisions.push_back(std::move(*decision));
}

void Engine::Parts::hold_against(evidence::Account& account, const model::Subject& subject,
                                 base::TimePoint at) {
  for (const evidence::ClientSeen& seen : account.recent.clients) {
    if (seen.messages == 0 || seen.network == 0 || account.habits.networks.contains(seen.network))
      continue;
    if (shared_clients.shared(seen.address, ledger.hash_of(account.name), at)) continue;
    own_listing.add(seen.address, subject, at);
  }
}

// The burst's recipients do not stay acquaintances.
void Engine::Parts::forget_burst(evidence::Account& account) {
  const base::TimePoint since =
      std::min(account.recent.suspicion.began_at(), account.recent.at - hours(24));
  const std::uint64_t hash = ledger.hash_of(account.name);
  messages.of_account(hash, [&](Message& message) {
    if (message.first_at < since) return false;
    for (const RecipientMark& mark : message.recipients) {
      if (mark.fresh()) account.habits.recipients.remove(mark.hash());
    }
    return true;
  });
}

}  // namespace leumund::engine
