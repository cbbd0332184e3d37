#include "engine/engine.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "engine/parts.h"

namespace leumund::engine {
namespace {

using std::chrono::hours;

// Older news inform, but a measure that they would have triggered is no longer the answer.
constexpr hours late_after{1};

evidence::Ledger::Settings ledger_settings(const Settings& settings) {
  evidence::Ledger::Settings out;
  out.bytes_max = settings.limits.ledger_bytes;
  out.half_life =
      std::chrono::seconds(static_cast<std::int64_t>(settings.detection.half_life_hours * 3600));
  out.key = settings.key;
  return out;
}

// Recipients that this question would let out. Those that were put off are counted already; who
// asks for them again and again must not get through for nothing.
std::uint32_t recipients_asked(const Counted& counted, const model::Submission& submission) {
  const Message& message = *counted.message;
  if (!message.throttled) return counted.recipients_counted;
  if (submission.stage == model::SubmissionStage::recipient) {
    return std::max(1U, counted.recipients_counted);
  }
  if (message.asked_at_rcpt) return counted.recipients_counted;
  return std::max(static_cast<std::uint32_t>(message.recipients.size()),
                  counted.recipients_counted);
}

}  // namespace

Engine::Parts::Parts(Settings given, std::shared_ptr<const diagnosis::Reader> replies)
    : settings(std::move(given)),
      ledger(ledger_settings(settings)),
      messages(std::max<std::size_t>(1, settings.limits.messages_max), settings.key),
      refusals(std::move(replies)),
      blocks(settings.blocks, settings.key),
      campaigns({settings.campaign, settings.limits.campaign_bytes, settings.campaign_texts},
                settings.key),
      book(with_review_span(settings.book)) {}

action::BookSettings Engine::Parts::with_review_span(action::BookSettings book) {
  book.detector_spans.try_emplace("bulk", hours(12));
  return book;
}

Engine::Engine(Settings settings, std::shared_ptr<const diagnosis::Reader> replies)
    : parts_(std::make_unique<Parts>(std::move(settings), std::move(replies))) {}
Engine::~Engine() = default;

// The whole path: when, whom, what it adds up to, what follows, what is answered.
Outcome Engine::feed(const model::MailEvent& event, base::TimePoint now) {
  Parts& p = *parts_;
  ++p.counters.events;
  if (event.occurred_at > now) ++p.counters.future;
  const base::TimePoint at = std::min(event.occurred_at, now);
  const bool late = at + late_after < now;
  if (late) ++p.counters.late;

  const auto* delivery = std::get_if<model::Delivery>(&event.what);
  diagnosis::Refusal refusal;
  if (delivery != nullptr && delivery->status != model::DeliveryStatus::sent) {
    refusal =
        p.refusals.read(*delivery, p.blocks.registered_provider(*delivery, p.refusals.reader()));
  }
  Counting counting({p.settings.detection, p.settings.relay_clients, p.settings.key, p.ledger,
                     p.messages, p.own_listing, p.shared_clients, refusal, p.totals},
                    at);
  Counted counted = std::visit(counting, event.what);
  Outcome outcome;
  if (delivery != nullptr) p.see_block(outcome, *delivery, refusal, counted.message, at);
  if (const auto* announcement = std::get_if<model::Announcement>(&event.what)) {
    if (counted.account != nullptr) outcome.decisions.push_back(p.announced(*announcement, at));
    return outcome;
  }
  const auto* submission = std::get_if<model::Submission>(&event.what);
  const bool campaigns = submission != nullptr && p.settings.campaigns;
  if (campaigns && counted.account == nullptr) p.campaigns.see_from_outside(*submission, at);
  if (counted.account == nullptr || !counted.judged) return outcome;
  if (campaigns) {
    outcome.campaign = p.see_campaign(*submission, counted, late, at, now, outcome);
    p.judge_named(counted, late, at, now, outcome);
  }

  p.judge(*counted.account, at, outcome);
  if (outcome.judgement.alarm() && !late) p.decide(outcome, counted, at, now);
  if (submission != nullptr) {
    ++p.counters.submissions;
    p.answer(outcome, counted, *submission, now);
    p.answer_for_giver(outcome, counted, *submission, now);
    if (campaigns) p.answer_for_campaign(outcome, counted, *submission, now);
  }
  return outcome;
}

void Engine::Parts::notice_release(evidence::Account& account, base::TimePoint at) {
  if (!account.recent.restricted) return;
  const auto subject = model::Subject::parse(account.name);
  if (subject && book.find(*subject) == nullptr) account.start_afresh(at, false);
}

void Engine::Parts::refresh_own_listing(evidence::Account& account, base::TimePoint at) {
  for (evidence::ClientSeen& seen : account.recent.clients) {
    if (!seen.listed_by_us) continue;
    const model::Subject* user = own_listing.find(seen.address, at);
    seen.listed_by_us = user != nullptr && book.find(*user) != nullptr;
    if (user != nullptr && !seen.listed_by_us) own_listing.remove(seen.address);
  }
}

void Engine::Parts::answer(Outcome& outcome, const Counted& counted,
                           const model::Submission& submission, base::TimePoint now) {
  const auto subject = model::Subject::parse(counted.account->name);
  if (!subject) return;
  outcome.subject = *subject;
  // A message that is in the queue already, or is told again, asks for nothing. If its subject is
  // stopped, it was submitted before the stop took hold, or past us.
  const bool asked = submission.source != model::Source::log && !submission.continues;
  if (!asked) {
    const model::Restriction* stop = book.find(*subject);
    outcome.hold = stop != nullptr && counted.message->queued() &&
                   (stop->level == model::Level::no_sending || stop->level == model::Level::hold);
    return;
  }
  evidence::Account& account = *counted.account;
  // The hold for an unexpected mailing is about mail to strangers; the rest of the owner's mail
  // goes on.
  const model::Restriction* standing = book.find(*subject);
  const bool only_bulk =
      standing != nullptr && standing->level == model::Level::hold && standing->by == "bulk";
  if (only_bulk && counted.message->fresh == 0) {
    counted.message->let_through = true;
    return;
  }
  action::Ask ask{.subject = *subject, .recipient = {}};
  if (submission.stage == model::SubmissionStage::recipient && submission.recipients.size() == 1) {
    ask.recipient = submission.recipients.front();
  }
  if (!submission.recipients.empty()) {
    const auto all = [&](auto is) {
      return std::all_of(submission.recipients.begin(), submission.recipients.end(), is);
    };
    ask.only_helpdesk = all([this](const std::string& r) { return book.is_helpdesk(r); });
    ask.only_internal =
        all([this](const std::string& r) { return book.is_internal(r) || book.is_helpdesk(r); });
  } else if (counted.message->asked_at_rcpt) {
    // At the end of a mail to several Postfix names none; what passed at RCPT is what it goes to.
    ask.only_helpdesk = !counted.message->passed_stranger;
    ask.only_internal = !counted.message->passed_external;
  }
  ask.recipients = recipients_asked(counted, submission);
  outcome.answer = book.answer(ask, now);
  const bool lets = outcome.answer.disposition == model::Disposition::pass ||
                    outcome.answer.disposition == model::Disposition::warn;
  Message& message = *counted.message;
  if (submission.stage == model::SubmissionStage::recipient) {
    message.asked_at_rcpt = true;
    message.passed_stranger |= lets && !ask.only_helpdesk;
    message.passed_external |= lets && !ask.only_internal;
  }
  message.throttled |= outcome.answer.disposition == model::Disposition::throttle;
  message.let_through = lets && standing != nullptr;
  if (lets) {
    account.recent.suspicion.count_passed(counted.recipients_counted);
    return;
  }
  // What is held is in the queue, for somebody to review.
  const bool held = outcome.answer.disposition == model::Disposition::hold;
  if (submission.stage == model::SubmissionStage::accepted && !held) message.refused = true;
  // Counting goes on while suspended: from where does the attacker try now?
  if (account.recent.restricted) hold_against(account, *subject, account.recent.at);
}

// A stop of whoever handed the mail in stands also for what he hands in for others.
void Engine::Parts::answer_for_giver(Outcome& outcome, const Counted& counted,
                                     const model::Submission& submission, base::TimePoint now) {
  const Message& message = *counted.message;
  if (message.handed_in_by == 0) return;
  // The log names him himself.
  const auto giver = submission.handed_in_by.empty()
                         ? Counting::sender_of(submission, settings.relay_clients)
                         : model::Subject::parse(submission.handed_in_by);
  const model::Restriction* standing = giver ? book.find(*giver) : nullptr;
  if (standing == nullptr) return;
  if (submission.source == model::Source::log || submission.continues) {
    const bool stops =
        standing->level == model::Level::no_sending || standing->level == model::Level::hold;
    if (outcome.hold || !stops || !message.queued()) return;
    outcome.hold = true;
    outcome.subject = *giver;
    return;
  }
  const bool lets = outcome.answer.disposition == model::Disposition::pass ||
                    outcome.answer.disposition == model::Disposition::warn;
  if (!lets) return;
  outcome.answer = book.answer(
      {.subject = *giver, .recipient = {}, .recipients = counted.recipients_counted}, now);
}

std::vector<model::QueueKey> Engine::Parts::queued_of(const model::Subject& subject) const {
  constexpr std::size_t most = 100'000;
  std::vector<model::QueueKey> keys;
  const std::function<bool(const Message&)> collect = [&keys](const Message& message) {
    if (message.queued()) keys.insert(keys.end(), message.queues.begin(), message.queues.end());
    return keys.size() < most;
  };
  if (const evidence::Cluster* cluster = campaigns.find(subject)) {
    for (auto number = cluster->message_numbers.rbegin(); number != cluster->message_numbers.rend();
         ++number) {
      const Message* message = messages.by_number(*number);
      if (message == nullptr || message->in_character) continue;
      if (!collect(*message)) break;
    }
  }
  messages.of_account(ledger.hash_of(subject.to_string()), collect);
  std::reverse(keys.begin(), keys.end());  // oldest first
  return keys;
}

std::string Engine::Parts::name_of(std::uint64_t number) const {
  const Message* message = messages.by_number(number);
  if (message == nullptr) return {};
  if (!message->queues.empty()) return message->queues.back().queue_id;
  return message->id;
}

model::Decision Engine::Parts::announced(const model::Announcement& announcement,
                                         base::TimePoint at) {
  model::Decision decision;
  decision.number = book.next_number();
  decision.kind = model::DecisionKind::announced;
  decision.at = at;
  decision.subject = {model::SubjectKind::account, model::fold_account(announcement.account)};
  decision.by = "announcement";
  decision.restriction.subject = decision.subject;
  decision.restriction.since = at;
  decision.restriction.until = announcement.until;
  decision.restriction.reason =
      fmt::format("a mailing to {} recipients is expected", announcement.recipients);
  return decision;
}

void Engine::Parts::see_block(Outcome& outcome, const model::Delivery& delivery,
                              const diagnosis::Refusal& refusal, const Message* message,
                              base::TimePoint at) {
  MailOwner owner;
  if (message != nullptr) {
    owner = {message->account, message->sender_domain, message->mail_class};
  }
  outcome.block = blocks.see(delivery, refusal, refusals.reader(), owner, at);
  if (!outcome.block) return;
  const auto stopped = [](model::CellState state) {
    return state == model::CellState::refused || state == model::CellState::half_open;
  };
  const bool now_stopped = stopped(outcome.block->facts.state);
  if (now_stopped == stopped(outcome.block->from)) return;
  model::Decision decision;
  decision.number = book.next_number();
  decision.kind =
      now_stopped ? model::DecisionKind::provider_refuses : model::DecisionKind::provider_accepts;
  decision.at = at;
  decision.subject = {model::SubjectKind::provider, outcome.block->facts.provider};
  decision.detector = "block";
  decision.by = "block";
  decision.score = outcome.block->facts.evidence;
  decision.restriction.subject = decision.subject;
  decision.restriction.since = outcome.block->facts.since;
  decision.restriction.reason = describe_block(*outcome.block);
  decision.block = outcome.block;
  outcome.decisions.push_back(std::move(decision));
}

void Engine::Parts::judge(evidence::Account& account, base::TimePoint at, Outcome& outcome) {
  notice_release(account, at);
  refresh_own_listing(account, at);
  outcome.tally = verdict::tally_of(account, ledger.watched(), at, settings.detection);
  outcome.judgement = verdict::judge(outcome.tally, account.recent.suspicion, settings.detection);
  outcome.score = outcome.judgement.score;
}

std::vector<model::Decision> Engine::tick(base::TimePoint now) {
  Parts& p = *parts_;
  std::vector<model::Decision> decisions = p.book.tick(now);
  for (const model::Decision& decision : decisions) {
    // What lay beneath it may stand again.
    if (decision.kind == model::DecisionKind::ended && p.book.find(decision.subject) == nullptr)
      p.campaigns.ended(p.around(), decision.subject, now);
  }
  if (!p.settings.campaigns)
    p.campaigns.withdraw_all(p.around(), "detectors.campaign.mode", now, decisions);
  p.campaigns.tick(p.around(), now);
  return decisions;
}

action::RestrictionBook& Engine::book() { return parts_->book; }

model::Decision Engine::with_queue(model::Decision decision) const {
  decision.held = parts_->queued_of(decision.subject);
  return decision;
}

QueuedFacts Engine::queued_facts(const model::QueueKey& queue) const {
  const Message* message = parts_->messages.by_queue(queue);
  if (message == nullptr) return {};
  auto subject = model::Subject::parse(parts_->ledger.subject_of(message->account));
  return {subject ? std::move(*subject) : model::Subject(), message->mail_class};
}

void Engine::let_go(std::span<const model::QueueKey> mail) {
  for (const model::QueueKey& queue : mail) {
    Message* message = parts_->messages.by_queue(queue);
    if (message == nullptr) continue;
    message->let_through = true;
    parts_->messages.note_queue(*message);
  }
}

void Engine::learn_from_release(const model::Subject& subject, base::TimePoint now) {
  Parts& p = *parts_;
  const std::string name = subject.to_string();
  const std::uint64_t hash = p.ledger.hash_of(name);
  evidence::Account* account = p.ledger.touch_again(hash, now);
  if (account == nullptr) return;
  for (const evidence::ClientSeen& seen : account->recent.clients) {
    const model::Subject* user = p.own_listing.find(seen.address, now);
    if (user != nullptr && *user == subject) p.own_listing.remove(seen.address);
  }
  const base::TimePoint since = std::min(account->recent.suspicion.began_at(), now - hours(48));
  p.messages.of_account(hash, [&](Message& message) {
    if (message.first_at < since) return false;
    for (const RecipientMark& mark : message.recipients)
      account->habits.recipients.add(mark.hash());
    return true;
  });
  account->start_afresh(now, true);
}

void Engine::set_replies(std::shared_ptr<const diagnosis::Reader> replies) {
  parts_->refusals = diagnosis::RefusalReader(std::move(replies));
  parts_->blocks.forget_routes();
}

void Engine::set_settings(Settings settings) {
  Parts& p = *parts_;
  settings.key = p.settings.key;  // everything counted so far stands under this key
  p.settings = std::move(settings);
  p.book.set_settings(Parts::with_review_span(p.settings.book));
  p.ledger.set_bytes_max(p.settings.limits.ledger_bytes);
  p.blocks.set_settings(p.settings.blocks);
  p.campaigns.set_settings(
      {p.settings.campaign, p.settings.limits.campaign_bytes, p.settings.campaign_texts});
}

Counters Engine::counters() const {
  const Parts& p = *parts_;
  Counters counters = p.counters;
  counters.recipients = p.totals.recipients;
  counters.duplicates = p.totals.duplicates;
  counters.subjects = p.ledger.size();
  counters.subjects_forgotten = p.ledger.forgotten();
  counters.messages = p.messages.size();
  counters.messages_forgotten = p.messages.forgotten();
  counters.ledger_bytes = p.ledger.bytes();
  counters.campaigns = p.campaigns.counters();
  return counters;
}

std::size_t Engine::forget_silent(base::TimePoint before, std::size_t most) {
  return parts_->ledger.forget_silent(before, most);
}

std::size_t Engine::drain_dirty(std::size_t most,
                                const std::function<void(evidence::SubjectRecord&&)>& visit) {
  std::size_t handed = 0;
  const std::size_t cells = parts_->blocks.drain_dirty(most, [&](auto&& record) {
    ++handed;
    visit(std::move(record));
  });
  const std::size_t campaigns = parts_->campaigns.drain_dirty(most - handed, [&](auto&& record) {
    ++handed;
    visit(std::move(record));
  });
  return cells + campaigns + parts_->ledger.drain_dirty(most - handed, visit);
}

std::vector<model::QueuedMail> Engine::drain_queue() {
  Parts& p = *parts_;
  p.messages.watch_queue();
  return p.messages.drain_queue(
      [&p](std::uint64_t hash) { return p.ledger.subject_of(hash); },
      [&p](const Message& message) { return p.campaigns.campaign_of_queued(message); });
}

void Engine::load_queued(const model::QueuedMail& mail) {
  Message& message = parts_->messages.restore_queued(mail, parts_->ledger.hash_of(mail.subject));
  if (const auto campaign = model::Subject::parse(mail.campaign))
    parts_->campaigns.remember_queued(*campaign, message);
}

base::Status Engine::load_record(std::string_view subject, std::string_view state) {
  if (BlockMatrix::is_record(subject)) return parts_->blocks.load_record(subject, state);
  if (Campaigns::is_record(subject)) return parts_->campaigns.load_record(subject, state);
  return parts_->ledger.load_record(subject, state);
}

BlockMatrix& Engine::blocks() { return parts_->blocks; }

}  // namespace leumund::engine
