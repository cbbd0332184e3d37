#include "apps/daemon/list_mail.h"

#include <algorithm>
#include <chrono>

#include "base/ascii.h"
#include "base/log.h"

namespace leumund::apps {
namespace {

using intake::MailOrigin;

constexpr std::array<const char*, 6> outcome_names = {"counted",   "bounce",  "no_border",
                                                      "ourselves", "account", "open_door"};

constexpr std::array<const char*, 5> report_outcome_names = {"attached", "pasted", "no_header",
                                                             "no_border", "ourselves"};

bool may_log(base::Guarded<intake::RareLine>& lines) {
  const auto now = std::chrono::steady_clock::now();
  return lines.with([&](intake::RareLine& line) { return line.may_be_written(now); });
}

bool is_in(const base::IpAddress& client, const std::vector<base::IpPrefix>& networks) {
  return std::ranges::any_of(networks, [&](const auto& one) { return one.contains(client); });
}

}  // namespace

// One hit for a mail, however many traps it was for.
MailEvidence ListMail::read(const intake::LmtpEnvelope& envelope, std::string_view raw,
                            const std::vector<base::IpPrefix>& relay_clients, base::TimePoint now) {
  for (const std::string& recipient : envelope.recipients) {
    const auto kind = desk_.trap_kind(recipient);
    if (!kind) continue;
    MailEvidence out = read_trapped(envelope, raw, {recipient, *kind}, relay_clients, now);
    count(*out.trap, recipient);
    return out;
  }
  MailEvidence out = read_reported(envelope, raw, relay_clients, now);
  if (out.reported) count(*out.reported, envelope.sender);
  return out;
}

MailEvidence ListMail::read_reported(const intake::LmtpEnvelope& envelope, std::string_view raw,
                                     const std::vector<base::IpPrefix>& relay_clients,
                                     base::TimePoint now) const {
  using intake::ReportedAs;
  if (envelope.sender.empty()) return {};
  const auto report = intake::reported_foreign_mail(raw, {hosts_.relays, hosts_.names}, now);
  if (report.as == ReportedAs::nothing) return {};
  const bool attached = report.as == ReportedAs::attached;
  const Vouched vouched =
      attached || report.from == envelope.sender ? vouches(envelope, raw, now) : Vouched::no;
  if (report.as == ReportedAs::no_header) {
    return {.reported = ReportMail::no_header,
            .tell_reporter = report.is_forward &&
                             (vouched == Vouched::by_login || vouched == Vouched::by_some_login)};
  }
  const intake::TakenMail& mail = report.mail;
  if (mail.origin == MailOrigin::unknown) return {.reported = ReportMail::no_border};
  if (mail.origin != MailOrigin::stranger || is_in(*mail.client, relay_clients)) {
    return {.reported = ReportMail::ourselves};
  }
  return {.said = {{.client = mail.client,
                    .reporter = envelope.sender,
                    .at = mail.at,
                    .by_mail = true,
                    .vouched = vouched >= Vouched::by_network}},
          .reported = attached ? ReportMail::attached : ReportMail::pasted};
}

// Whether our mail server says that the report is of its envelope sender.
ListMail::Vouched ListMail::vouches(const intake::LmtpEnvelope& envelope, std::string_view raw,
                                    base::TimePoint now) const {
  if (!envelope.of_mail_server) return Vouched::no;
  const auto report = intake::taken_mail(raw, {hosts_.relays, hosts_.names}, now);
  if (!report) return Vouched::no;
  if (report->origin == MailOrigin::account) {
    // Without the login's name in our line any mailbox that was broken into speaks for everybody.
    const bool same = base::ascii_lower(report->account) == base::ascii_lower(envelope.sender);
    return same ? Vouched::by_login : Vouched::by_some_login;
  }
  const bool known =
      report->origin == MailOrigin::stranger && desk_.speaks_from(envelope.sender, *report->client);
  return known ? Vouched::by_network : Vouched::no;
}

MailEvidence ListMail::read_trapped(const intake::LmtpEnvelope& envelope, std::string_view raw,
                                    const Trap& trap,
                                    const std::vector<base::IpPrefix>& relay_clients,
                                    base::TimePoint now) const {
  if (envelope.sender.empty()) return {.trap = TrapMail::bounce};
  const auto mail = intake::taken_mail(raw, {hosts_.relays, hosts_.names}, now);
  if (!mail) return {.trap = TrapMail::bounce};
  switch (mail->origin) {
    case MailOrigin::unknown: return {.trap = TrapMail::no_border};
    case MailOrigin::ourselves: return {.trap = TrapMail::ourselves};
    case MailOrigin::account:
      if (!envelope.of_mail_server) return {.trap = TrapMail::open_door};
      return {.trap = TrapMail::account, .queue_id = mail->queue_id, .address = trap.address};
    case MailOrigin::stranger: break;
  }
  if (is_in(*mail->client, relay_clients)) return {.trap = TrapMail::ourselves};
  return {.said = {{.client = mail->client,
                    .kind = trap.kind,
                    .reporter = trap.address,
                    .at = mail->at,
                    .by_mail = !envelope.of_mail_server}},
          .trap = envelope.of_mail_server ? TrapMail::counted : TrapMail::open_door};
}

void ListMail::count(TrapMail outcome, const std::string& trap) {
  const auto which = static_cast<std::size_t>(outcome);
  ++counts_[which];
  if (outcome == TrapMail::counted || outcome == TrapMail::bounce) return;
  if (may_log(line_)) {
    base::log(base::LogLevel::warn, "event=trap_mail_not_counted why={} trap={}",
              outcome_names[which], trap);
  }
}

void ListMail::count(ReportMail outcome, const std::string& reporter) {
  const auto which = static_cast<std::size_t>(outcome);
  ++report_counts_[which];
  if (outcome == ReportMail::attached || outcome == ReportMail::pasted) return;
  if (may_log(report_line_)) {
    base::log(base::LogLevel::info, "event=reported_mail_not_counted why={} reporter={}",
              report_outcome_names[which], reporter);
  }
}

void ListMail::add_metrics(std::vector<face::Metric>& out) const {
  const auto add = [&](const char* name, const char* help, const auto& names, const auto& counts) {
    face::Metric metric{name, help, {}};
    for (std::size_t i = 0; i < counts.size(); ++i) {
      metric.samples.push_back({{{"outcome", names[i]}}, static_cast<double>(counts[i].load())});
    }
    out.push_back(std::move(metric));
  };
  add("leumund_list_trap_mail_total", "Mail to traps of ours, by what it came to.", outcome_names,
      counts_);
  add("leumund_list_reported_mail_total",
      "Spam that somebody forwarded to reports.listen, by what it came to.", report_outcome_names,
      report_counts_);
}

}  // namespace leumund::apps
