// The daemon's desks: resolver, watch, cases, customers, screening and detours; the block matrix in
// figures.
#include <set>
#include <string>
#include <utility>

#include "action/stopping.h"
#include "apps/daemon/block_metrics.h"
#include "apps/daemon/daemon.h"
#include "apps/daemon/endpoints.h"
#include "base/log.h"
#include "config/postfix_files.h"
#include "diagnosis/provider_group.h"

namespace leumund::apps {

// Without a resolver providers are told by remote hosts and the registry's table of domains.
void Daemon::start_resolver() {
  if (!start_.dns_enabled) return;
  net::ResolverOptions options;
  options.forwarders = start_.dns_forwarders;
  options.stub_zones = start_.dns_stub_zones;
  auto resolver = net::Resolver::open(options);
  if (!resolver) {
    start_troubles_.push_back(resolver.error().message);
    base::log(base::LogLevel::error, "resolver: {}", resolver.error().message);
    return;
  }
  resolver_ = std::move(*resolver);
  providers_ = std::make_unique<intake::ProviderGroups>(*resolver_, replies_,
                                                        intake::ProviderGroups::Options());
}

base::Status Daemon::start_watch() {
  const auto settings = settings_.with([](const config::Settings& all) { return all; });
  watch_ = std::make_unique<WatchDesk>(
      settings, std::exchange(watch_standing_, {}),
      WatchDesk::Around{.pipeline = *pipeline_, .store = *store_, .clock = options_.clock});
  watch_->start();
  hygiene_->start();
  provider_files_ = std::make_unique<ProviderDesk>(ProviderDesk::Around{
      .pipeline = *pipeline_,
      .clock = options_.clock,
      .settings = [this] { return settings_.with([](const auto& all) { return all; }); },
      .state_folder = start_.state_folder});
  provider_files_->start();
  return {};
}

// On DNS lists, in what providers keep of their own, and on the lists we run.
std::vector<model::Listing> Daemon::standing_listings() const {
  auto out = watch_->report().listings;
  for (model::Listing& one : provider_files_->listings()) out.push_back(std::move(one));
  if (!lists_) return out;
  for (model::Listing& one : lists_->own_listings()) out.push_back(std::move(one));
  return out;
}

base::Status Daemon::start_cases() {
  cases_ = std::make_unique<CaseDesk>(CaseDesk::Around{
      .pipeline = *pipeline_,
      .store = *store_,
      .clock = options_.clock,
      .listings = [this]() -> std::optional<std::vector<model::Listing>> {
        if (watch_->is_blind()) return std::nullopt;
        return standing_listings();
      },
      .settings = [this] { return settings_.with([](const auto& all) { return all.run; }); }});
  cases_->start();
  letters_ = std::make_unique<CaseLetters>(CaseLetters::Around{
      .pipeline = *pipeline_,
      .store = *store_,
      .clock = options_.clock,
      .replies = replies_,
      .resolver = resolver_.get(),
      .listings = [this] { return standing_listings(); },
      .setup = [this](const std::string& address) { return hygiene_->faults_of(address); },
      .settings = [this] { return settings_.with([](const auto& all) { return all.run; }); }});
  return {};
}

base::Status Daemon::start_customers() {
  customers_ = std::make_unique<CustomerDesk>(CustomerDesk::Around{
      .pipeline = *pipeline_,
      .clock = options_.clock,
      .replies = replies_,
      .settings = [this] { return settings_.with([](const auto& all) { return all.run; }); },
      .tell = [this](const std::string& to,
                     action::NoticeText text) { effects_->tell_customer(to, std::move(text)); },
      .file = start_.state_folder + "/undelivered"});
  return {};
}

void Daemon::on_log_event(const model::MailEvent& event) {
  edge_->feed_recorded(event);
  detours_->see(event);
  show_to_lists(event);
  customers_->see(event);
  hygiene_->see(event);
}

base::Status Daemon::start_screening() {
  auto desk = ScreenDesk::open(settings_.with([](const config::Settings& all) { return all; }),
                               options_.clock);
  if (!desk) return desk.error();
  screening_ = std::move(*desk);
  return {};
}

// For people who ask: worth a moment's waiting.
std::string Daemon::provider_of(const std::string& recipient) {
  constexpr std::chrono::milliseconds patience{2000};
  const std::string found = providers_ ? providers_->find_now(recipient, patience) : "";
  return diagnosis::provider_group(*replies_, {.provider = found, .recipient = recipient});
}

// A loop of its own: a decision that waits for the journal must not make routing wait.
base::Status Daemon::start_socketmap() {
  if (start_.detour_socketmap.empty()) return {};
  auto where = endpoint_of(start_.detour_socketmap);
  if (!where) return where.error();
  make_folder_of(*where);
  auto loop = net::EventLoop::open();
  if (!loop) return loop.error();
  map_loop_ = std::move(*loop);
  auto service = face::SocketmapService::open(*map_loop_, *where);
  if (!service) return service.error();
  socketmap_ = std::move(*service);
  map_loop_->start("socketmap");
  return {};
}

void Daemon::make_hygiene() {
  hygiene_ = std::make_unique<HygieneDesk>(HygieneDesk::Around{
      .pipeline = *pipeline_,
      .clock = options_.clock,
      .settings = [this] { return settings_.with([](const auto& all) { return all; }); },
      .encrypted = [this] { return encrypted_by_log(); }});
}

std::vector<std::pair<std::string, std::uint64_t>> Daemon::encrypted_by_log() const {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  if (!logs_ready_) return out;
  for (const auto& log : logs_) {
    const auto counted = log->status().counters.encrypted;
    out.insert(out.end(), counted.begin(), counted.end());
  }
  return out;
}

void Daemon::start_held_desk() {
  held_ = std::make_unique<HeldDesk>(HeldDesk::Around{
      .pipeline = *pipeline_,
      .store = *store_,
      .clock = options_.clock,
      .queue = [this] { return effects_->queue(); },
      .tell_over = [this](const model::Decision& decision, std::size_t mails,
                          std::size_t senders) { effects_->tell_over(decision, mails, senders); }});
}

// An order to hold mail that failed, or was not reached before the end, is on no disk: it is given
// once more for all that stands. What left the queue meanwhile is missed without harm.
void Daemon::hold_what_stands() {
  constexpr std::size_t page = 1000;
  const auto standing =
      pipeline_->with_engine([](engine::Engine& engine) { return engine.book().restrictions(); });
  for (const model::Restriction& one : standing) {
    if (one.mode == model::Mode::observe || !action::stops_queued_mail(one)) continue;
    model::Decision about;
    about.subject = one.subject;
    const auto known = pipeline_->with_engine(
        [&](engine::Engine& engine) { return engine.with_queue(std::move(about)).held; });
    std::set<model::QueueKey> keys(known.begin(), known.end());
    auto kept = store_->queued_of(one.subject, {}, page);
    while (kept && !kept->empty()) {
      for (const model::QueuedMail& mail : *kept) {
        if (!mail.let_through) keys.insert(mail.queue);
      }
      kept = store_->queued_of(one.subject, kept->back().queue, page);
    }
    if (!keys.empty()) effects_->hold(one.subject, {keys.begin(), keys.end()});
  }
}

void Daemon::start_detours() {
  detours_ = std::make_unique<DetourDesk>(DetourDesk::Around{
      .pipeline = *pipeline_,
      .clock = options_.clock,
      .replies = replies_,
      .providers = providers_.get(),
      .queue = [this] { return effects_->queue(); },
      .settings = [this] { return settings_.with([](const auto& all) { return all.run; }); },
      .warning = [this](const std::string& way) { return hygiene_->warning_of(way); },
      .publish_maps =
          [this](const action::Routes& domains, const action::Routes& senders) {
            if (!socketmap_) return;
            socketmap_->publish_detours(domains);
            socketmap_->publish_sender_ways(senders);
          },
      .files = config::postfix_files(start_),
      .state_folder = start_.state_folder});
  detours_->start();
}

void Daemon::add_socketmap_figures(std::vector<face::Metric>& out) const {
  if (!socketmap_) return;
  const auto counters = socketmap_->counters();
  const auto sample = [](const char* answer, std::uint64_t value) {
    return face::MetricSample{{{"answer", answer}}, static_cast<double>(value)};
  };
  out.push_back({"leumund_socketmap_answers_total",
                 "Look-ups by socketmap.",
                 {sample("found", counters.found), sample("not_found", counters.not_found),
                  sample("wrong", counters.wrong)}});
}

void Daemon::add_block_figures(std::vector<face::Metric>& out) const {
  watch_->add_metrics(out);
  hygiene_->add_metrics(out);
  provider_files_->add_metrics(out);
  if (screening_) screening_->add_metrics(out);
  cases_->add_metrics(out);
  customers_->add_metrics(out);
  const auto now = options_.clock.now();
  add_block_metrics(pipeline_->with_engine([&](engine::Engine& engine) {
    return std::pair(engine.blocks().all(now), engine.blocks().counters());
  }),
                    out);
  detours_->add_metrics(out);
  add_socketmap_figures(out);
  if (!resolver_) return;
  const auto dns = resolver_->counters();
  const auto add = [&](std::string name, std::string help, std::uint64_t value) {
    out.push_back({std::move(name), std::move(help), {{{}, static_cast<double>(value)}}});
  };
  add("leumund_dns_questions_total", "Questions to the DNS.", dns.asked);
  add("leumund_dns_unknown_total", "Questions that nobody answered in time or well.", dns.unknown);
  if (!providers_) return;
  add("leumund_reachable_not_waited_total",
      "Answers about a recipient's provider without the DNS, since enough others waited for it.",
      providers_->counters().not_waited);
}

}  // namespace leumund::apps
