// The daemon's part in the lists of our own: what they hear of mail, and their public page.
#include <utility>

#include "apps/daemon/daemon.h"
#include "intake/foreign_mail.h"

namespace leumund::apps {

base::Status Daemon::start_lists() {
  const auto settings = settings_.with([](const config::Settings& all) { return all; });
  auto desk = ListDesk::open(
      settings,
      ListDesk::Around{.store = *store_,
                       .clock = options_.clock,
                       .key = key_,
                       .of_many_people =
                           [reader = replies_](std::string_view domain) {
                             return reader->providers().of_domain(domain).has_value();
                           },
                       .decide = [this](model::Decision one) { pipeline_->note(std::move(one)); },
                       .heard = [this](const auto& client) { screening_->heard(client); }});
  if (!desk) return desk.error();
  lists_ = std::move(*desk);
  if (lists_) lists_->start();
  return {};
}

// Evidence of complaints, traps and mail, whichever way it came. A mail that came from outside is
// counted once: where its queue id is logged, else where it was accepted.
void Daemon::show_to_lists(const model::MailEvent& event) {
  if (!lists_) return;
  const auto* mail = std::get_if<model::Submission>(&event.what);
  if (mail == nullptr) {
    lists_->see(event);
    return;
  }
  const bool told_by_log = mail->source == model::Source::log || mail->source == model::Source::api;
  if (mail->stage != model::SubmissionStage::accepted || mail->continues || !mail->client ||
      !mail->account.empty() || !mail->script.empty() || mail->client->is_private() ||
      (!logs_.empty() && !told_by_log)) {
    return;
  }
  lists_->note_mail(*mail->client);
}

// A trap's mail is a hit and nothing else: one for a mail, however many traps it was for. What was
// reported of others is taken here too, and goes on as any report.
std::optional<intake::ReportTaken> Daemon::take_for_lists(
    const intake::LmtpEnvelope& envelope, std::string_view raw,
    const std::vector<std::string>& own_hosts) {
  if (!lists_) return std::nullopt;
  const auto now = options_.clock.now();
  const auto trusted =
      settings_.with([](const config::Settings& all) { return all.run.relay_clients; });
  for (const std::string& recipient : envelope.recipients) {
    const auto kind = lists_->trap_kind(recipient);
    if (!kind) continue;
    // Whoever forged the trap as his sender made an honest server send this back.
    if (envelope.sender.empty()) return intake::ReportTaken::taken;
    if (const auto mail = intake::foreign_mail(raw, trusted, now)) {
      lists_->take({{mail->client, *kind, recipient, mail->at, false}});
    }
    return intake::ReportTaken::taken;
  }
  if (envelope.sender.empty()) return std::nullopt;
  if (const auto mail = intake::reported_foreign_mail(raw, trusted, own_hosts, now)) {
    lists_->take({{mail->client, model::AbuseKind::complaint, envelope.sender, mail->at, true}});
  }
  return std::nullopt;
}

std::vector<net::HttpRoute> Daemon::list_routes() {
  if (!lists_) return {};
  list_page_ = std::make_unique<face::ListPage>(
      *lists_,
      face::ListPage::Options{
          .rate = {.per_minute = static_cast<double>(start_.public_requests_per_minute)},
          .requests_per_hour =
              [this] {
                return settings_.with(
                    [](const config::Settings& all) { return all.run.list_requests_per_hour; });
              }},
      [this] { return options_.clock.now(); });
  return list_page_->routes();
}

}  // namespace leumund::apps
