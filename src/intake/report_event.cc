#include "intake/report_event.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "model/subject.h"
#include "wire/mime_header.h"

namespace leumund::intake {
namespace {

using wire::ReportAction;
using wire::ReportKind;

constexpr std::size_t heard_max = 100'000;

std::optional<model::DeliveryStatus> status_of(const wire::RecipientReport& recipient,
                                               ReportKind kind) {
  switch (recipient.action) {
    case ReportAction::delivered:
    case ReportAction::relayed:
    case ReportAction::expanded: return model::DeliveryStatus::sent;
    case ReportAction::delayed: return model::DeliveryStatus::deferred;
    case ReportAction::failed: break;
    case ReportAction::none:
      if (kind == ReportKind::delayed) return model::DeliveryStatus::deferred;
      if (kind == ReportKind::success) return model::DeliveryStatus::sent;
      if (kind != ReportKind::bounce) return std::nullopt;
      break;
  }
  const bool too_late = recipient.status.ends_with(".4.7");
  return too_late ? model::DeliveryStatus::expired : model::DeliveryStatus::bounced;
}

bool is_complaint(std::string_view type) {
  return type != "auth-failure" && type != "not-spam" && type != "dmarc";
}

// Mail servers fold long headers; a mark has no blanks of its own.
std::string without_blanks(std::string_view text) {
  std::string out(text);
  std::erase_if(out, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  return out;
}

// How the engine's events name an account: by name, anything else with its kind.
std::string account_of(const std::string& subject) {
  constexpr std::string_view prefix = "account:";
  return subject.starts_with(prefix) ? subject.substr(prefix.size()) : subject;
}

std::uint64_t key_of(char what, std::uint64_t whose, std::uint64_t whom) {
  return base::combine_hashes(
      base::combine_hashes(static_cast<std::uint64_t>(static_cast<unsigned char>(what)), whose),
      whom);
}

}  // namespace

std::uint32_t mark_of_recipient(const ReportNaming& naming, std::string_view recipient) {
  const std::size_t at = recipient.rfind('@');
  const bool one_house = naming.of_many_people && at != std::string_view::npos &&
                         !naming.of_many_people(base::ascii_lower(recipient.substr(at + 1)));
  return wire::recipient_mark(
      naming.key, recipient,
      one_house ? wire::MailDomain::of_one_house : wire::MailDomain::of_many_people);
}

ReportJudge::ReportJudge(ReportNaming naming)
    : naming_(std::move(naming)), heard_(say_again_after, heard_max / 2) {}

bool ReportJudge::is_own(std::string_view host) const {
  // "mail.verein.example (tcp-daemon)", "mail.verein.example."
  host = host.substr(0, host.find_first_of(" ("));
  if (host.ends_with('.')) host.remove_suffix(1);
  return std::any_of(naming_.own_hosts.begin(), naming_.own_hosts.end(),
                     [&](const std::string& own) { return wire::equal_ignoring_case(own, host); });
}

// The queue id that our own server gave the message: from the report itself if we wrote it, else
// from the newest Received line of ours.
std::string ReportJudge::queue_id_of(const wire::DeliveryReport& report) const {
  if (!report.original.queue_id.empty() && is_own(report.reporting_mta)) {
    return report.original.queue_id;
  }
  const auto& steps = report.original.received;
  const auto ours = std::find_if(steps.begin(), steps.end(), [&](const wire::ReceivedStep& step) {
    return !step.id.empty() && is_own(step.by);
  });
  return ours == steps.end() ? std::string() : ours->id;
}

std::optional<wire::TraceToken> ReportJudge::mark_of(const wire::DeliveryReport& report,
                                                     base::TimePoint now) const {
  if (report.original.trace.empty()) return std::nullopt;
  auto mark = wire::read_trace_token(naming_.key, without_blanks(report.original.trace));
  if (!mark || mark->made_at + marks_live < now || mark->made_at > now + std::chrono::hours(1)) {
    return std::nullopt;
  }
  return mark;
}

std::optional<ReportJudge::Found> ReportJudge::find(const std::string& id,
                                                    const std::string& queue_id,
                                                    const Names& recipients) const {
  std::optional<Found> found;
  for (const std::string& instance : naming_.instances) {
    model::QueueKey queue;
    if (!queue_id.empty()) queue = {.host = "", .instance = instance, .queue_id = queue_id};
    for (const std::string_view recipient : recipients) {
      auto message = naming_.find_message(id, queue, recipient);
      if (!message) continue;
      const bool had = message->had_recipient;
      if (had || !found) found = Found{std::move(*message), id, queue, std::string(recipient)};
      if (had) return found;
    }
    if (recipients.empty()) {
      if (auto message = naming_.find_message(id, queue, "")) {
        return Found{std::move(*message), id, queue, ""};
      }
    }
  }
  return found;
}

bool ReportJudge::first(std::initializer_list<std::uint64_t> keys, base::TimePoint now,
                        JudgedReport& out) {
  std::vector<std::uint64_t> fresh;
  std::uint64_t before = 0;
  for (const std::uint64_t key : keys) {
    if (key == std::exchange(before, key)) continue;
    if (heard_.first(key, now)) {
      fresh.push_back(key);
      continue;
    }
    // What is dropped must not use anything up: a sender could else complain of his own mail for
    // nothing, so that nobody else's complaint of it counts.
    for (const std::uint64_t taken : fresh) heard_.forget(taken);
    ++out.repeated;
    return false;
  }
  out.heard.insert(out.heard.end(), fresh.begin(), fresh.end());
  return true;
}

void ReportJudge::forget(const JudgedReport& judged) {
  for (const std::uint64_t key : judged.heard) heard_.forget(key);
}

void ReportJudge::judge_complaint(const wire::DeliveryReport& report,
                                  const std::optional<wire::TraceToken>& mark, base::TimePoint now,
                                  JudgedReport& out) {
  model::Complaint complaint;
  complaint.source_ip = report.feedback->source_ip;
  complaint.reporter = report.from;
  complaint.kind = report.feedback->type;
  std::uint32_t recipient = 0;
  std::uint64_t message = 0;
  std::string subject;
  if (mark) {
    complaint.id = mark->id;
    subject = mark->subject;
    recipient = mark->recipient_mark;
    const auto known = naming_.find_message(mark->id, {}, "");
    message =
        known ? known->number
              : base::keyed_hash(naming_.key, mark->id.empty() ? report.original.trace : mark->id);
  } else {
    const auto& hidden = report.feedback->original_recipients;
    Names recipients(hidden.begin(), hidden.end());
    if (!report.original.to.empty()) recipients.push_back(report.original.to);
    const std::string queue_id = queue_id_of(report);
    const auto found =
        queue_id.empty() || recipients.empty() ? std::nullopt : find("", queue_id, recipients);
    if (!found || !found->message.had_recipient) {
      ++out.unverified;
      return;
    }
    subject = found->message.subject;
    recipient = mark_of_recipient(naming_, found->recipient);
    message = found->message.number;
  }
  const std::uint64_t whose = base::keyed_hash(naming_.key, subject);
  const std::uint64_t message_key = key_of('m', whose, message);
  const std::uint64_t recipient_key = recipient == 0 ? message_key : key_of('r', whose, recipient);
  const std::uint64_t house_key =
      recipient == 0 ? message_key : key_of('h', whose, wire::house_of(recipient));
  if (!first({message_key, recipient_key, house_key}, now, out)) return;
  complaint.account = account_of(subject);
  out.events.push_back({.occurred_at = now, .received_at = now, .what = std::move(complaint)});
}

void ReportJudge::judge_recipient(const wire::DeliveryReport& report,
                                  const wire::RecipientReport& recipient,
                                  const std::optional<wire::TraceToken>& mark, base::TimePoint now,
                                  JudgedReport& out) {
  const auto status = status_of(recipient, report.kind);
  // That mail arrived the log has told; whoever would have us believe it earlier has a reason.
  if (!status || *status == model::DeliveryStatus::sent || recipient.recipient.empty()) return;
  // Where mail is forwarded only the original recipient is one of ours.
  Names names = {recipient.recipient};
  if (!recipient.original_recipient.empty()) names.push_back(recipient.original_recipient);
  const auto found = find(mark ? mark->id : "", queue_id_of(report), names);
  if (!found || !found->message.had_recipient) {
    ++out.unverified;
    return;
  }
  // Our own server's report repeats what its log has told already.
  const bool told = found->message.recipient_done && is_own(report.reporting_mta);
  const std::uint64_t whose = base::keyed_hash(naming_.key, found->message.subject);
  const std::uint64_t whom = mark_of_recipient(naming_, found->recipient);
  if (told) {
    ++out.repeated;
    return;
  }
  if (!first({key_of('r', whose, whom)}, now, out)) return;
  model::Delivery delivery;
  delivery.id = found->id;
  delivery.queue = found->queue;
  delivery.source = model::Source::report;
  delivery.recipient = found->recipient;
  delivery.remote = recipient.remote_mta;
  delivery.status = *status;
  delivery.stage = recipient.stage;
  delivery.reply = recipient.text;
  out.events.push_back({.occurred_at = now, .received_at = now, .what = std::move(delivery)});
}

JudgedReport ReportJudge::judge(const wire::DeliveryReport& report, base::TimePoint now) {
  JudgedReport out;
  switch (report.kind) {
    case ReportKind::feedback:
      if (report.feedback && is_complaint(report.feedback->type)) {
        judge_complaint(report, mark_of(report, now), now, out);
      }
      break;
    case ReportKind::bounce:
    case ReportKind::delayed:
    case ReportKind::success: {
      const auto mark = mark_of(report, now);
      for (const auto& recipient : report.recipients) {
        judge_recipient(report, recipient, mark, now, out);
      }
      break;
    }
    case ReportKind::ordinary:
    case ReportKind::vacation:
    case ReportKind::auto_reply: break;
  }
  return out;
}

}  // namespace leumund::intake
