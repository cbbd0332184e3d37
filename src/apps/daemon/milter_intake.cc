#include "apps/daemon/milter_intake.h"

#include <fmt/core.h>

#include <utility>

#include "apps/daemon/endpoints.h"
#include "apps/daemon/engine_settings.h"
#include "base/filled.h"

namespace leumund::apps {

base::Result<std::unique_ptr<MilterIntake>> MilterIntake::open(
    net::EventLoop& loop, const config::Settings& settings, const base::HashKey& key,
    const intake::LocalSenders* local_senders, const intake::MilterService::Screen& screen,
    intake::MilterService::Handler handler) {
  std::unique_ptr<MilterIntake> out(new MilterIntake());
  for (const std::string& text : settings.start.milter_listen) {
    auto where = endpoint_of(text);
    if (!where) return where.error();
    make_folder_of(*where);
    intake::MilterService::Options options{.listen = std::move(*where)};
    options.stream.connections_max = settings.start.milter_connections_max;
    options.stream.unix_access.group = settings.start.milter_socket_group;
    options.limits.body_bytes = settings.start.milter_body_bytes;
    options.certificate_accounts = settings.start.certificate_accounts;
    options.own_networks = settings.run.relay_clients;
    options.prints = print_settings(settings.run);
    options.key = key;
    options.screen = screen;
    options.screen_patience = settings.start.screening_deadline;
    if (local_senders != nullptr) {
      options.local_sender = [local_senders](const model::QueueKey& queue) {
        return local_senders->find(queue);
      };
    }
    auto service = intake::MilterService::open(loop, std::move(options), handler);
    if (!service) return service.error();
    out->services_.push_back(std::move(*service));
  }
  return out;
}

void MilterIntake::set_run_settings(const config::RunSettings& settings) {
  for (auto& service : services_) {
    service->set_own_networks(settings.relay_clients);
    service->set_prints(print_settings(settings));
  }
}

void MilterIntake::stop(std::chrono::milliseconds grace) {
  for (auto& service : services_) service->stop(grace);
  services_.clear();
}

std::vector<std::string> MilterIntake::addresses() const {
  std::vector<std::string> out;
  for (const auto& service : services_) out.push_back("milter " + service->bound().to_string());
  return out;
}

intake::MilterCounters MilterIntake::sum() const {
  intake::MilterCounters sum;
  for (const auto& service : services_) {
    const intake::MilterCounters one = service->counters();
    sum.messages += one.messages;
    sum.bytes += one.bytes;
    sum.cut += one.cut;
    sum.malformed += one.malformed;
    sum.handler_failed += one.handler_failed;
    sum.incoming += one.incoming;
    sum.incoming_spared += one.incoming_spared;
    sum.waited += one.waited;
    sum.waited_in_vain += one.waited_in_vain;
    sum.screened += one.screened;
    sum.screen_forged += one.screen_forged;
    sum.connections.open += one.connections.open;
    sum.connections.refused += one.connections.refused;
    sum.connections.displaced += one.connections.displaced;
    for (std::size_t i = 0; i < sum.answers.size(); ++i) sum.answers[i] += one.answers[i];
    for (std::size_t i = 0; i < sum.classes.size(); ++i) sum.classes[i] += one.classes[i];
    sum.names_refused += one.names_refused;
  }
  return sum;
}

std::optional<face::PartStatus> MilterIntake::part() const {
  if (services_.empty()) return std::nullopt;
  std::string where;
  for (const auto& service : services_) {
    where += (where.empty() ? "" : ", ") + service->bound().to_string();
  }
  const intake::MilterCounters all = sum();
  return face::PartStatus{
      "milter", true,
      base::fill("{}: {} <message|messages>, {} held on arrival, {} "
                 "<connection|connections>",
                 where, all.messages,
                 all.answers[static_cast<std::size_t>(model::Disposition::hold)],
                 all.connections.open)};
}

std::vector<face::Metric> MilterIntake::metrics() const {
  const intake::MilterCounters all = sum();
  const auto count = [](std::string name, std::string help, std::uint64_t value) {
    return face::Metric{std::move(name), std::move(help), {{{}, static_cast<double>(value)}}};
  };
  face::Metric answers{"leumund_milter_answers_total", "Messages by what was answered.", {}};
  for (std::size_t i = 0; i < all.answers.size(); ++i) {
    const auto name = model::disposition_name(static_cast<model::Disposition>(i));
    answers.samples.push_back(
        {{{"answer", std::string(name)}}, static_cast<double>(all.answers[i])});
  }
  face::Metric classes{"leumund_milter_classes_total", "Messages by what they are for.", {}};
  for (std::size_t i = 0; i < all.classes.size(); ++i) {
    const auto name = model::mail_class_name(static_cast<model::MailClass>(i));
    classes.samples.push_back(
        {{{"class", std::string(name)}}, static_cast<double>(all.classes[i])});
  }
  return {
      std::move(answers),
      std::move(classes),
      count("leumund_milter_names_refused_total",
            "Messages whose headers name a script or forward rule that is not believed.",
            all.names_refused),
      count("leumund_milter_bytes_total", "Bytes of headers and bodies read.", all.bytes),
      count("leumund_milter_cut_total", "Messages with more than the limits let in.", all.cut),
      count("leumund_milter_malformed_total", "Connections closed for bad packets.", all.malformed),
      count("leumund_milter_failed_total", "Messages passed because judging failed.",
            all.handler_failed),
      count("leumund_milter_incoming_total", "Messages from outside, which are never stopped.",
            all.incoming),
      count("leumund_milter_incoming_spared_total",
            "Messages from outside that would have been stopped had they been ours.",
            all.incoming_spared),
      count("leumund_milter_screened_total",
            "Messages from outside marked with what DNS lists say of their client.", all.screened),
      count("leumund_milter_screen_forged_total",
            "Messages from outside that came with such a mark of their own.", all.screen_forged),
      count("leumund_milter_unknown_local_senders_total",
            "Local messages whose sender the log did not name in time.", all.waited_in_vain),
      count("leumund_milter_connections", "Open milter connections.", all.connections.open),
      count("leumund_milter_connections_refused_total",
            "Connections closed at once, over the limit of open files.", all.connections.refused),
      count("leumund_milter_connections_displaced_total",
            "Connections ended for a new one, at milter.connections_max.",
            all.connections.displaced)};
}

}  // namespace leumund::apps
