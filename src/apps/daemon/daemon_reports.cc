// The daemon's report intake: what it listens to, and what it believes.
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "apps/daemon/daemon.h"
#include "config/listen_address.h"

namespace leumund::apps {
namespace {

std::string host_name() {
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0') return "localhost";
  return host;
}

}  // namespace

// The names that queue ids of our Postfix instances have in events: the first folder is the
// instance that has no name of its own.
std::vector<std::string> Daemon::queue_instances() const {
  const auto folders =
      settings_.with([](const auto& all) { return all.run.postfix_config_folders; });
  std::vector<std::string> names = {""};
  for (std::size_t i = 1; i < folders.size(); ++i) {
    names.push_back(std::filesystem::path(folders[i]).filename().string());
  }
  return names;
}

base::Status Daemon::start_reports() {
  ReportDeskSettings settings;
  for (const auto& text : start_.report_listen) {
    const auto address = config::parse_listen_address(text);
    if (!address) return address.error();
    settings.listen.push_back(
        address->is_unix() ? net::Endpoint::unix_socket(address->path)
                           : net::Endpoint::tcp(address->address.to_string(), address->port));
  }
  settings.socket_access = {start_.report_socket_mode, start_.report_socket_group};
  settings.trust_tcp = start_.report_trust_tcp;
  settings.maildirs = start_.report_maildirs;
  settings.maildir_remove = start_.report_maildir_remove;
  settings.marks = start_.report_trace_header;
  settings.host_name = host_name();
  settings.naming.own_hosts = start_.report_own_hosts;
  if (settings.naming.own_hosts.empty()) settings.naming.own_hosts = {settings.host_name};
  settings.naming.instances = queue_instances();
  settings.naming.key = key_;
  settings.naming.of_many_people = [reader = replies_](std::string_view domain) {
    return reader->providers().of_domain(domain).has_value();
  };
  settings.naming.find_message =
      [this](std::string_view id, const model::QueueKey& queue,
             std::string_view recipient) -> std::optional<intake::KnownMessage> {
    const auto facts = pipeline_->with_engine(
        [&](engine::Engine& engine) { return engine.message_facts(id, queue, recipient); });
    if (!facts) return std::nullopt;
    return intake::KnownMessage{.number = facts->number,
                                .subject = facts->subject.to_string(),
                                .had_recipient = facts->had_recipient,
                                .recipient_done = facts->recipient_done};
  };
  if (lists_) {
    ListMail::Hosts hosts{.names = settings.naming.own_hosts, .relays = {}};
    for (const std::string& text : start_.report_relays) {
      if (const auto relay = base::IpPrefix::parse(text)) hosts.relays.push_back(*relay);
    }
    list_mail_ = std::make_unique<ListMail>(std::move(hosts), *lists_);
  }
  settings.first = [this](const intake::LmtpEnvelope& envelope, std::string_view raw) {
    return take_for_lists(envelope, raw);
  };
  settings.returned = [this](const wire::OriginalMessage& mail, base::TimePoint now) {
    hygiene_->see_returned(mail, now);
  };
  auto desk = ReportDesk::open(
      std::move(settings),
      [this](const model::MailEvent& event) {
        edge_->feed_recorded(event);
        show_to_lists(event);
        return true;
      },
      [this] { return options_.clock.now(); });
  if (!desk) return desk.error();
  reports_ = std::move(*desk);
  reports_->start();
  return {};
}

}  // namespace leumund::apps
