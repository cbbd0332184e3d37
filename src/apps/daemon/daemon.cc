#include "apps/daemon/daemon.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "apps/daemon/campaign_release.h"
#include "apps/daemon/endpoints.h"
#include "apps/daemon/engine_settings.h"
#include "apps/daemon/installation_key.h"
#include "apps/diagnose/own_patterns.h"
#include "apps/version.h"
#include "base/log.h"
#include "config/postfix_files.h"
#include "diagnosis/reader.h"
#include "face/api_service.h"
#include "face/report_json.h"
#include "storage/memory_store.h"
#include "storage/sqlite_store.h"

namespace leumund::apps {
namespace {

using base::Error;
using base::ErrorCode;
using base::LogLevel;
using model::DecisionKind;

constexpr std::chrono::milliseconds stop_patience{3000};
constexpr const char* log_mark = "log/";
constexpr std::size_t decisions_page = 1000;

// A folder that Postfix's processes and the users of sendmail can look into, whatever the umask.
// One that cannot be made is told by whoever then misses it.
void make_public_folder(const std::string& folder) {
  std::error_code failed;
  if (std::filesystem::is_directory(folder, failed)) return;
  std::filesystem::create_directories(folder, failed);
  std::filesystem::permissions(folder, std::filesystem::perms(0755), failed);
}

}  // namespace

base::Result<std::unique_ptr<Daemon>> Daemon::open(DaemonOptions options) {
  auto settings = config::load_settings(options.config_file, options.config_must_exist,
                                        config::Surroundings::of_process());
  if (!settings) return settings.error();
  base::set_log_level(settings->run.log_level);
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(options), std::move(*settings)));
  for (const auto step : {&Daemon::start_engine, &Daemon::start_effects, &Daemon::start_customers,
                          &Daemon::start_screening, &Daemon::start_lists, &Daemon::start_reports,
                          &Daemon::start_intake, &Daemon::start_watch, &Daemon::start_cases,
                          &Daemon::start_faces, &Daemon::start_public}) {
    const auto done = ((*daemon).*step)();
    if (!done) return done.error();
  }
  return daemon;
}

Daemon::Daemon(DaemonOptions options, config::Settings settings)
    : options_(std::move(options)),
      settings_(settings),
      start_(settings.start),
      started_at_(options_.clock.now()) {}

Daemon::~Daemon() {
  // The mirror of open(): first nobody commands, then nobody asks, then all is written.
  for (auto& server : http_) server->stop();
  http_.clear();
  for (auto& policy : policy_) policy->stop(stop_patience);
  policy_.clear();
  if (reports_) reports_->stop(stop_patience);
  if (milter_) milter_->stop(stop_patience);
  if (screening_) screening_->stop(stop_patience);
  if (socketmap_) socketmap_->stop(stop_patience);
  if (loop_) loop_->stop();
  if (hygiene_) hygiene_->stop();
  for (auto& log : logs_) log->stop();
  if (detours_) detours_->stop();
  if (held_) held_->stop();
  if (map_loop_) map_loop_->stop();
  if (cases_) cases_->stop();
  if (provider_files_) provider_files_->stop();
  if (watch_) watch_->stop();
  if (lists_) lists_->stop();
  if (effects_) effects_->stop(stop_patience);
  if (keeper_) keeper_->stop();
  if (lock_ >= 0) ::close(lock_);
}

// --- engine and store ----------------------------------------------------------------------------

base::Status Daemon::take_lock(const std::string& folder) {
  make_public_folder(folder);
  const std::string path = folder + "/lock";
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) return {};  // a folder that cannot be written: open_store() says so
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::refused,
                 fmt::format("another leumundd runs on {} (its lock {} is held)", folder, path)};
  }
  return {};
}

Daemon::StoreOpened Daemon::open_store(const std::string& folder) {
  const std::string path = folder + "/leumund.db";
  auto opened = storage::SqliteStore::open_or_replace(path);
  if (!opened) {
    return {std::make_unique<storage::MemoryStore>(),
            opened.error().message +
                "; running without a store, nothing survives a restart but "
                "the suspended senders' file and tables"};
  }
  std::string trouble;
  if (!opened->moved_to.empty()) {
    trouble = fmt::format(
        "the store was damaged and lies in {}; {} restrictions and {} rows of our own lists were "
        "saved from it; counts, history and cases begin anew",
        opened->moved_to, opened->salvaged.restrictions.size(), opened->list_rows_salvaged);
  }
  return {std::move(opened->store), std::move(trouble)};
}

base::Status Daemon::start_engine() {
  if (const auto locked = take_lock(start_.state_folder); !locked) return locked.error();
  StoreOpened opened = open_store(start_.state_folder);
  store_ = std::move(opened.store);
  store_trouble_ = std::move(opened.trouble);
  if (!store_trouble_.empty()) base::log(LogLevel::error, "store: {}", store_trouble_);

  const auto key = installation_key(*store_);
  if (!key) return key.error();
  key_ = *key;
  auto standing = store_->load_standing();
  if (!standing) return standing.error();
  for (const auto& lost : standing->unreadable) {
    base::log(LogLevel::error, "event=restriction_unreadable {}", lost);
    store_trouble_ += fmt::format("{}a restriction cannot be read, suspend it again: {}",
                                  store_trouble_.empty() ? "" : "; ", lost);
  }
  numbers_ = NumberReserve::open(start_.state_folder, standing->last_number, started_at_);
  standing->last_number = numbers_.first();
  if (!numbers_.trouble().empty()) {
    base::log(LogLevel::warn, "decision numbers: {}", numbers_.trouble());
  }
  keeper_ = std::make_unique<Keeper>(*store_, &numbers_);
  const auto settings = settings_.with([](const config::Settings& all) { return all; });
  const auto classes = fingerprint::ClassRules::with_defaults(settings.run.class_rules);
  if (!classes) return classes.error();
  auto replies = open_patterns(settings.run.patterns_file);
  if (!replies) return replies.error();
  replies_ = std::move(*replies);
  pipeline_ = std::make_unique<Pipeline>(engine_settings(settings, *key), replies_, *keeper_);
  pipeline_->set_holder([this](auto& event, auto& subject) { hold_late_mail(event, subject); });

  std::uint64_t unreadable = 0;
  const auto queue = store_->load_queue(settings.start.messages_max);
  if (!queue) base::log(LogLevel::error, "queued mail unknown: {}", queue.error().message);
  const auto loaded = pipeline_->with_engine([&](engine::Engine& engine) {
    engine.book().restore(*standing);
    if (queue) {
      for (const auto& mail : *queue) engine.load_queued(mail);
    }
    std::ignore = engine.drain_queue();  // from now on changes are collected
    return store_->load([&](std::string_view subject, std::string_view state) {
      if (WatchDesk::is_record(subject)) {
        watch_standing_.push_back({std::string(subject), std::string(state)});
      } else if (!engine.load_record(subject, state)) {
        ++unreadable;
      }
    });
  });
  if (!loaded) base::log(LogLevel::error, "counts not all loaded: {}", loaded.error().message);
  restore_unattended_hours();
  if (unreadable > 0) base::log(LogLevel::warn, "counts unreadable subjects={}", unreadable);
  update_unattended();

  std::unique_ptr<intake::ClientFactsSource> facts;
  auto found =
      intake::ClientFactsSource::open({start_.geo_country_database, start_.geo_asn_database});
  if (found) {
    facts = std::move(*found);
  } else {
    start_troubles_.push_back(found.error().message);
    base::log(LogLevel::error, "geo: {}", found.error().message);
  }
  start_resolver();
  edge_ = std::make_unique<ClientEdge>(*pipeline_, options_.clock, ring_, std::move(facts),
                                       providers_.get());
  pipeline_->add_listener([this](const auto& decisions) { return on_decisions(decisions); });
  keeper_->start(*pipeline_, [this] { return pause_logs(); }, [this] { return log_marks(); });
  return {};
}

// --- effects -------------------------------------------------------------------------------------

base::Status Daemon::start_effects() {
  const auto settings = settings_.with([](const config::Settings& all) { return all; });
  action::EffectsOptions options;
  options.suspended_file = start_.suspended_file;
  make_public_folder(start_.table_folder);
  options.tables = config::postfix_files(start_);
  options.settings = effects_settings(settings);
  action::EffectsPorts ports;
  ports.on_file_edit = [this](auto commands) { on_file_edit(std::move(commands)); };
  ports.now = [this] { return options_.clock.now(); };
  ports.decisions_after = [this](std::uint64_t number) {
    auto page = store_->decisions(number, decisions_page);
    return page ? std::move(*page) : std::vector<model::Decision>();
  };
  auto effects = action::Effects::open(std::move(options), std::move(ports));
  if (!effects) return effects.error();
  effects_ = std::move(*effects);
  effects_->publish(
      pipeline_->with_engine([](engine::Engine& engine) { return engine.book().standing(); }));
  make_hygiene();
  if (const auto done = start_socketmap(); !done) return done.error();
  start_detours();
  start_held_desk();
  hold_what_stands();
  return {};
}

// Called on whatever thread made the decisions, under the engine's lock: only queues.
std::future<void> Daemon::on_decisions(const std::vector<model::Decision>& decisions) {
  for (const auto& decision : decisions) {
    base::log(LogLevel::info, "decision number={} kind={} subject={} level={} by={} score={:.1f}",
              decision.number, model::decision_kind_name(decision.kind),
              decision.subject.to_string(), model::level_name(decision.restriction.level),
              decision.by, decision.score);
    decisions_by_kind_.with(
        [&](auto& counts) { ++counts[std::string(model::decision_kind_name(decision.kind))]; });
    ring_.publish("decision", face::decision_json(decision));
  }
  if (detours_) detours_->note(decisions);
  if (held_) held_->note(decisions);
  if (effects_) {
    if (auto published = effects_->submit(decisions)) return std::move(*published);
    base::log(LogLevel::error,
              "effects queue full count={}: what stands is published as soon as there is room",
              decisions.size());
  }
  std::promise<void> nothing_to_wait_for;
  nothing_to_wait_for.set_value();
  return nothing_to_wait_for.get_future();
}

// What a person wrote into the file is the person's command.
void Daemon::on_file_edit(std::vector<action::FileCommand> commands) {
  const auto now = options_.clock.now();
  for (const auto& command : commands) {
    const int done = pipeline_->command([&](engine::Engine& engine) {
      std::vector<model::Decision> decisions;
      if (command.suspend) {  // as by the verb: the later word of a person holds
        decisions = engine.book().exempt(command.restriction.subject, false, "file", now);
        decisions.push_back(engine.with_queue(engine.book().suspend(command.restriction, now)));
      } else {
        const action::Recovery by_hand{.done = {}, .without_checklist = true};
        auto released = engine.book().release(command.restriction.subject, by_hand, "file", now);
        if (released) decisions.push_back(std::move(*released));
        const auto also = after_campaign_release(engine, decisions, true, now);
        decisions.insert(decisions.end(), also.begin(), also.end());
      }
      return std::pair(0, std::move(decisions));
    });
    static_cast<void>(done);
  }
}

// --- faces ---------------------------------------------------------------------------------------

base::Status Daemon::start_faces() {
  desk_ = std::make_unique<ControlDesk>(ControlDesk::Around{
      .pipeline = *pipeline_,
      .store = *store_,
      .clock = options_.clock,
      .queue =
          [this] {
            return action::QueueControl(
                queue_options(settings_.with([](const config::Settings& all) { return all; })));
          },
      .feed =
          [this](const model::MailEvent& event) {
            auto outcome = edge_->feed_recorded(event);
            detours_->see(event);
            show_to_lists(event);
            customers_->see(event);
            hygiene_->see(event);
            return outcome;
          },
      .provider = [this](const std::string& recipient) { return provider_of(recipient); },
      .parts = [this] { return parts(); },
      .detours = detours_.get(),
      .reload = [this] { return reload(); },
      .burst_mode = [this] { return settings_.with([](auto& all) { return all.run.burst_mode; }); },
      .watch = *watch_,
      .listings = [this] { return standing_listings(); },
      .hygiene = *hygiene_,
      .provider_files = *provider_files_,
      .screening =
          [this] {
            auto report = screening_->report();
            report.hears_complaints = lists_ != nullptr;
            return report;
          },
      .prints =
          [this] { return settings_.with([](auto& all) { return print_settings(all.run); }); },
      .key = key_,
      .cases = *cases_,
      .lists = lists_.get(),
      .letters = *letters_,
      .organisation =
          [this] { return settings_.with([](auto& all) { return all.run.letters_organisation; }); },
      .held_changed = [this] { held_->look_soon(); },
      .started_at = started_at_});
  auto api = api_settings(settings_.with([](const config::Settings& all) { return all; }));
  if (!api) return api.error();
  api_ = std::make_unique<face::Api>(*desk_, [this] { return metrics(); }, std::move(*api));
  const auto now = [this] { return options_.clock.now(); };
  const auto serve = [&](net::HttpOptions options, face::Door door) -> base::Status {
    auto server =
        net::HttpServer::open(std::move(options), face::http_routes(*api_, ring_, door, now));
    if (!server) return server.error();
    http_.push_back(std::move(*server));
    return {};
  };
  net::HttpOptions control;
  control.listen = net::Endpoint::unix_socket(start_.control_socket);
  make_folder_of(control.listen);
  control.unix_access = {start_.control_mode, start_.control_group};
  if (const auto done = serve(std::move(control), face::Door::unix_socket); !done) {
    return done.error();
  }
  if (start_.api_listen.empty()) return {};
  auto where = endpoint_of(start_.api_listen);
  if (!where) return where.error();
  net::HttpOptions tcp;
  tcp.listen = std::move(*where);
  return serve(std::move(tcp), face::Door::tcp);
}

// --- intake --------------------------------------------------------------------------------------

base::Status Daemon::start_intake() {
  const auto marks = store_->load_marks();
  for (std::string source : start_.log_sources) {
    if (source == "auto") {
      std::error_code failed;
      source = std::filesystem::exists("/var/log/mail.log", failed) ? "file:/var/log/mail.log"
                                                                    : "journal";
    }
    const auto found = marks ? marks->find(log_mark + source) : decltype(marks->end())();
    LogIntake::Options options{.source = source,
                               .position = marks && found != marks->end() ? found->second : "",
                               .everything = start_.log_history,
                               .certificate_accounts = start_.certificate_accounts,
                               .local_senders = &local_senders_};
    const auto sink = [this](const model::MailEvent& event) { on_log_event(event); };
    auto log = LogIntake::open(options, sink);
    if (!log && !options.position.empty()) {
      base::log(LogLevel::warn, "log position lost source={}: {}", source, log.error().message);
      options.position.clear();
      options.everything = false;  // it was read once
      log = LogIntake::open(options, sink);
    }
    if (!log) {
      start_troubles_.push_back(log.error().message);
      base::log(LogLevel::error, "log source={} cannot be followed: {}", source,
                log.error().message);
      continue;
    }
    logs_.push_back(std::move(*log));
  }
  auto loop = net::EventLoop::open();
  if (!loop) return loop.error();
  loop_ = std::move(*loop);
  for (const auto& text : start_.policy_listen) {
    auto where = endpoint_of(text);
    if (!where) return where.error();
    make_folder_of(*where);
    intake::PolicyService::Options options{.listen = std::move(*where)};
    options.naming.certificate_accounts = start_.certificate_accounts;
    options.stream.connections_max = start_.policy_connections_max;
    options.stream.unix_access.group = start_.policy_socket_group;
    options.own_networks = settings_.with([](auto& all) { return all.run.relay_clients; });
    auto service = intake::PolicyService::open(
        *loop_, std::move(options), [this](const model::MailEvent& event) { return judge(event); });
    if (!service) return service.error();
    policy_.push_back(std::move(*service));
  }
  auto milter =
      MilterIntake::open(*loop_, settings_.with([](const config::Settings& all) { return all; }),
                         key_, logs_.empty() ? nullptr : &local_senders_, screening_->for_milter(),
                         [this](const model::MailEvent& event) { return judge(event); });
  if (!milter) return milter.error();
  milter_ = std::move(*milter);
  logs_ready_ = true;
  for (auto& log : logs_) log->start();
  loop_->start("io-0");
  return {};
}

model::Answer Daemon::judge(const model::MailEvent& event) {
  auto outcome = edge_->feed_live(event);
  detours_->answer(event, outcome);
  reports_->mark(event, outcome.subject, outcome.answer);
  show_to_lists(event);
  hygiene_->see(event);
  return std::move(outcome.answer);
}

// Mail of a stopped subject that comes to light in the log was submitted before the stop took hold,
// or past us; it is held like the rest.
void Daemon::hold_late_mail(const model::MailEvent& event, const model::Subject& subject) {
  const auto* submission = std::get_if<model::Submission>(&event.what);
  if (submission == nullptr || submission->source != model::Source::log) return;
  if (effects_) effects_->hold(subject, {submission->queue});
}

std::optional<std::vector<base::Gate::Pass>> Daemon::pause_logs() {
  constexpr std::chrono::milliseconds patience{100};
  std::vector<base::Gate::Pass> passes;
  if (!logs_ready_) return passes;
  for (auto& log : logs_) {
    auto pass = log->pause(patience);
    if (!pass) return std::nullopt;
    passes.push_back(std::move(*pass));
  }
  return passes;
}

std::vector<storage::Mark> Daemon::log_marks() const {
  if (!logs_ready_) return {};
  std::vector<storage::Mark> marks;
  for (const auto& log : logs_) {
    std::string position = log->position();
    if (!position.empty()) marks.emplace_back(log_mark + log->source(), std::move(position));
  }
  return marks;
}

// --- time and change -----------------------------------------------------------------------------

void Daemon::tick() {
  update_unattended();
  const auto now = options_.clock.now();
  pipeline_->tick(now);
  customers_->tick();
  if (effects_->behind()) {
    // Under the engine's lock, so that no decision is told in between.
    pipeline_->with_engine([this](engine::Engine& engine) {
      [[maybe_unused]] const bool taken = effects_->resync(engine.book().standing());
    });
  }
  const auto [keep, keep_counts] = settings_.with(
      [](const auto& all) { return std::pair(all.run.keep_decisions, all.run.keep_counts); });
  pipeline_->forget_silent(now - keep_counts);
  constexpr std::chrono::hours forget_every{24};
  if (forgot_at_ && now - *forgot_at_ < forget_every && now >= *forgot_at_) return;
  forgot_at_ = now;
  if (const auto gone = store_->forget_decisions(now - keep); gone && *gone > 0)
    base::log(LogLevel::info, "old decisions forgotten count={}", *gone);
}

}  // namespace leumund::apps
