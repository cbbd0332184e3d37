// What the configuration means for the running parts, and taking up a new one.
#include <fmt/core.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "apps/daemon/daemon.h"
#include "apps/daemon/endpoints.h"
#include "apps/daemon/engine_settings.h"
#include "apps/diagnose/own_patterns.h"
#include "base/log.h"

namespace leumund::apps {

using base::Error;
using base::ErrorCode;
using base::LogLevel;

action::QueueControlOptions Daemon::queue_options(const config::Settings& settings) const {
  action::QueueControlOptions out;
  // "off" when the helper is not installed at all: said once in `status`, not at every decision.
  out.helper = settings.run.queue_helper;
  out.folders.clear();
  for (const auto& folder : settings.run.postfix_config_folders) {
    // The first folder is the instance that has no name of its own.
    const std::string name =
        out.folders.empty() ? "" : std::filesystem::path(folder).filename().string();
    out.folders.emplace(name, folder);
  }
  return out;
}

action::EffectsSettings Daemon::effects_settings(const config::Settings& settings) const {
  action::EffectsSettings out;
  out.helpdesk = settings.run.helpdesk;
  out.own_domains = settings.run.own_domains;
  out.queue = queue_options(settings);
  action::NoticeOptions& notices = out.notices;
  notices.language = settings.run.notice_language == config::Language::de ? action::Language::de
                                                                          : action::Language::en;
  notices.admin = settings.run.notice_admin;
  notices.from = settings.run.notice_from;
  if (!settings.run.notice_smtp.empty()) {
    if (auto where = endpoint_of(settings.run.notice_smtp)) notices.smtp = std::move(*where);
  }
  notices.webhook = settings.run.notice_webhook;
  notices.owner = settings.run.notice_owner;
  notices.contact = settings.run.contact;
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) == 0 && host[0] != '\0') notices.host = host;
  return out;
}

base::Result<face::ApiSettings> Daemon::api_settings(const config::Settings& settings) const {
  face::ApiSettings out;
  out.metrics = start_.metrics_enabled;
  if (settings.run.api_token_file.empty()) return out;
  auto token = face::read_token(settings.run.api_token_file);
  if (!token) return token.error();
  out.token = std::move(*token);
  return out;
}

base::Result<std::vector<std::string>> Daemon::reload() {
  if (reloading_.with([](bool& busy) { return std::exchange(busy, true); })) {
    return Error{ErrorCode::unavailable, "another reload is under way"};
  }
  auto told = reload_alone();
  reloading_.with([](bool& busy) { busy = false; });
  return told;
}

base::Result<std::vector<std::string>> Daemon::reload_alone() {
  auto wanted = config::load_settings(options_.config_file, options_.config_must_exist,
                                      config::Surroundings::of_process());
  if (!wanted) return wanted.error();
  auto api = api_settings(*wanted);  // read anew also where the file is the same
  if (!api) return api.error();
  auto replies = open_patterns(wanted->run.patterns_file);  // likewise
  if (!replies) return replies.error();
  const auto classes = fingerprint::ClassRules::with_defaults(wanted->run.class_rules);
  if (!classes) return classes.error();
  std::vector<std::string> told;
  const auto merged = settings_.with([&](config::Settings& running) {
    for (const auto& change : config::changed_options(running, *wanted)) {
      told.push_back(fmt::format("{}: {} -> {}, {}", change.name, change.before, change.after,
                                 change.reloadable ? "in force" : "needs a restart"));
    }
    running.run = wanted->run;
    return running;
  });
  base::set_log_level(merged.run.log_level);
  pipeline_->with_engine([&](engine::Engine& engine) {
    engine.set_settings(engine_settings(merged, {}));
    engine.set_replies(std::move(*replies));
  });
  effects_->set_settings(effects_settings(merged));
  for (auto& policy : policy_) policy->set_own_networks(merged.run.relay_clients);
  milter_->set_run_settings(merged.run);
  api_->set_settings(std::move(*api));
  if (lists_) lists_->set_settings(merged);
  if (honeypots_) honeypots_->set_settings(merged);
  watch_->set_settings(merged);
  hygiene_->look_soon();
  provider_files_->look_soon();
  if (told.empty()) told.emplace_back("no option differs from what is in force");
  base::log(LogLevel::info, "reloaded file={}", options_.config_file);
  return told;
}

}  // namespace leumund::apps
