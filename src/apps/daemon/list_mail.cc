#include "apps/daemon/list_mail.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"

namespace leumund::apps {
namespace {

using intake::MailOrigin;

constexpr std::array<const char*, 6> outcome_names = {"counted",   "bounce",  "no_border",
                                                      "ourselves", "account", "open_door"};

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
  if (envelope.sender.empty()) return {};
  const auto mail = intake::reported_foreign_mail(raw, {hosts_.relays, hosts_.names}, now);
  if (!mail || is_in(*mail->client, relay_clients)) return {};
  return {.said = {{.client = mail->client,
                    .reporter = envelope.sender,
                    .at = mail->at,
                    .by_mail = true,
                    .vouched = vouches(envelope, raw, now)}}};
}

// Whether our mail server says that the report is of its envelope sender.
bool ListMail::vouches(const intake::LmtpEnvelope& envelope, std::string_view raw,
                       base::TimePoint now) const {
  if (!envelope.of_mail_server) return false;
  const auto report = intake::taken_mail(raw, {hosts_.relays, hosts_.names}, now);
  if (!report) return false;
  if (report->origin == MailOrigin::account) return true;
  return report->origin == MailOrigin::stranger &&
         desk_.speaks_from(envelope.sender, *report->client);
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
  const auto now = std::chrono::steady_clock::now();
  if (line_.with([&](intake::RareLine& line) { return line.may_be_written(now); })) {
    base::log(base::LogLevel::warn, "event=trap_mail_not_counted why={} trap={}",
              outcome_names[which], trap);
  }
}

void ListMail::add_metrics(std::vector<face::Metric>& out) const {
  face::Metric metric{
      "leumund_list_trap_mail_total", "Mail to traps of ours, by what it came to.", {}};
  for (std::size_t i = 0; i < outcomes; ++i) {
    metric.samples.push_back(
        {{{"outcome", outcome_names[i]}}, static_cast<double>(counts_[i].load())});
  }
  out.push_back(std::move(metric));
}

}  // namespace leumund::apps
