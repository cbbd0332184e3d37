// The daemon's part in the lists of our own: what they hear of mail, and their public page.
#include <utility>

#include "apps/daemon/daemon.h"

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
  if (!lists_) return {};
  lists_->start();
  honeypots_ = std::make_unique<Honeypots>(
      Honeypots::Around{.key = key_,
                        .has_sent =
                            [this](const std::string& account) {
                              const model::Subject subject{model::SubjectKind::account, account};
                              return pipeline_->with_engine(
                                  [&](engine::Engine& engine) { return engine.knows(subject); });
                            }},
      settings);
  return {};
}

// Evidence of complaints, traps and mail, whichever way it came. A mail that came from outside is
// counted once: where its queue id is logged, else where it was accepted.
void Daemon::show_to_lists(const model::MailEvent& event) {
  if (!lists_) return;
  if (const auto* login = std::get_if<model::Login>(&event.what)) {
    if (const auto said = honeypots_->see(*login, event.occurred_at, options_.clock.now())) {
      lists_->hear(*said);
    }
    return;
  }
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

// A trap's mail goes no further. What was reported of others is taken here too, and goes on as any
// report.
std::optional<intake::ReportTaken> Daemon::take_for_lists(const intake::LmtpEnvelope& envelope,
                                                          std::string_view raw) {
  if (!list_mail_) return std::nullopt;
  const auto clients =
      settings_.with([](const config::Settings& all) { return all.run.relay_clients; });
  const auto found = list_mail_->read(envelope, raw, clients, options_.clock.now());
  if (!found.said.empty()) lists_->take(found.said);
  if (found.tell_reporter) return intake::ReportTaken::no_header;
  if (!found.trap) return std::nullopt;
  if (!found.queue_id.empty()) note_trapped_account(found.queue_id, found.address);
  return intake::ReportTaken::taken;
}

// Who logged in and wrote to a trap: evidence against the account, if its mail is remembered.
void Daemon::note_trapped_account(const std::string& queue_id, const std::string& trap) {
  for (const std::string& instance : queue_instances()) {
    const model::QueueKey queue{.host = "", .instance = instance, .queue_id = queue_id};
    const auto facts = pipeline_->with_engine(
        [&](engine::Engine& engine) { return engine.message_facts("", queue, trap); });
    if (!facts || !facts->had_recipient) continue;
    const auto now = options_.clock.now();
    model::TrapHit hit;
    hit.account = facts->subject.to_string();
    hit.trap = trap;
    edge_->feed_recorded({.occurred_at = now, .received_at = now, .what = std::move(hit)});
    return;
  }
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
