// connect, disconnect, config check, config show, diagnose and replay: no daemon needed.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "action/sentences.h"
#include "apps/command/diagnose.h"
#include "apps/command/verbs.h"
#include "apps/diagnose/own_patterns.h"
#include "apps/replay/replay.h"
#include "config/load.h"
#include "face/api.h"
#include "face/postfix_connect.h"
#include "fingerprint/mail_class.h"

namespace leumund::apps {
namespace {

using action::translated_error;

std::string dumped(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string config_file(const Request& request) {
  return request.config.empty() ? std::string(config::default_file) : request.config;
}

// The configuration to work with; nothing after telling what is wrong with it.
std::optional<config::Settings> settings_of(const Request& request, Terminal& terminal) {
  auto settings = config::load_settings(config_file(request), !request.config.empty(),
                                        config::Surroundings::of_process());
  if (settings) return std::move(*settings);
  const Language language = request.json ? Language::en : terminal.language();
  tell_error(request, terminal, exit_wrong_use, "configuration",
             safe(translated_error(language, settings.error().message)));
  return std::nullopt;
}

nlohmann::ordered_json change_json(const face::PostfixChange& change) {
  const auto text = [](const std::optional<std::string>& value) {
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
  };
  return {{"service", change.service},
          {"parameter", change.parameter},
          {"before", text(change.before)},
          {"after", text(change.after)}};
}

nlohmann::ordered_json report_json(const face::PostfixReport& report, bool dry_run) {
  nlohmann::ordered_json changes = nlohmann::ordered_json::array();
  for (const auto& change : report.plan.changes) changes.push_back(change_json(change));
  return {{"folder", report.folder},
          {"dry_run", dry_run},
          {"changes", std::move(changes)},
          {"commands", report.commands},
          {"files", report.files},
          {"remarks", report.plan.remarks},
          {"problems", report.plan.problems},
          {"running", report.running},
          {"reloaded", report.reloaded},
          {"bytes_restored", report.bytes_restored}};
}

void show_changes(Terminal& terminal, const face::PostfixReport& report) {
  if (!report.plan.changes.empty()) terminal.line(terminal.say("changes_title"));
  for (const auto& change : report.plan.changes) {
    terminal.line(fmt::format(
        "  {} {}", change.service.empty() ? "main.cf" : "master.cf " + safe(change.service),
        terminal.paint(Colour::bold, safe(change.parameter))));
    if (change.before) terminal.line(terminal.paint(Colour::red, "    - " + safe(*change.before)));
    if (change.after) terminal.line(terminal.paint(Colour::green, "    + " + safe(*change.after)));
  }
  if (!report.files.empty()) terminal.line(terminal.say("files_title"));
  for (const std::string& file : report.files) terminal.line("  " + safe(file));
  if (!report.commands.empty()) terminal.line(terminal.say("commands_title"));
  for (const std::string& command : report.commands) terminal.line("  " + command);
}

void show_report(const Request& request, Terminal& terminal, const face::PostfixReport& report) {
  const bool in = request.verb == "connect";
  const std::string folder = safe(report.folder);
  if (!request.dry_run && in && report.plan.changes.empty()) {
    terminal.line(terminal.say("connect_nothing", folder));
  } else {
    show_changes(terminal, report);
  }
  for (const std::string& remark : report.plan.remarks) {
    terminal.line("  ! " + safe(translated_error(terminal.language(), remark)));
  }
  if (request.dry_run) {
    terminal.line(terminal.say("connect_dry", folder));
    return;
  }
  if (in && !report.plan.changes.empty()) terminal.line(terminal.say("connect_done", folder));
  if (!in) terminal.line(terminal.say("disconnect_done", folder));
  if (report.bytes_restored) terminal.line(terminal.say("disconnect_bytes"));
  if (report.reloaded) {
    terminal.line(terminal.say("postfix_reloaded"));
  } else if (!report.running) {
    terminal.line(terminal.say("postfix_not_running"));
  } else if (!report.plan.changes.empty()) {
    terminal.line(terminal.say("postfix_reload_hint", face::shell_text({report.folder})));
  }
}

int status_of(base::ErrorCode code, bool in) {
  if (code == base::ErrorCode::malformed || code == base::ErrorCode::too_large)
    return exit_wrong_use;
  // Nothing to take out is a plain no; a Postfix that is not there is a wrong folder.
  return code == base::ErrorCode::refused || !in ? exit_negative : exit_wrong_use;
}

int connect(const Request& request, Terminal& terminal) {
  auto settings = settings_of(request, terminal);
  if (!settings) return exit_wrong_use;
  const bool in = request.verb == "connect";
  const auto& folders = request.config_folders.empty() ? settings->run.postfix_config_folders
                                                       : request.config_folders;
  int status = exit_done;
  std::string_view first_code;
  std::string messages;  // of the folders that failed
  nlohmann::ordered_json reports = nlohmann::ordered_json::array();
  for (const std::string& folder : folders) {
    const face::PostfixOrder order{.folder = folder,
                                   .settings = *settings,
                                   .config_file = config_file(request),
                                   .dry_run = request.dry_run,
                                   .reload = !request.no_reload};
    const auto report = in ? face::connect_postfix(order) : face::disconnect_postfix(order);
    if (!report) {
      status = std::max(status, status_of(report.error().code, in));
      if (first_code.empty()) first_code = base::error_code_name(report.error().code);
      messages += (messages.empty() ? "" : "; ") + report.error().message;
      if (request.json) {
        reports.push_back({{"folder", folder},
                           {"error",
                            {{"code", base::error_code_name(report.error().code)},
                             {"message", report.error().message}}}});
      } else {
        terminal.complain(safe(translated_error(terminal.language(), report.error().message)));
      }
    } else if (request.json) {
      reports.push_back(report_json(*report, request.dry_run));
      if (!report->plan.problems.empty()) status = std::max(status, exit_negative);
    } else {
      for (const std::string& problem : report->plan.problems) {
        terminal.complain(safe(translated_error(terminal.language(), problem)));
        status = std::max(status, exit_negative);
      }
      show_report(request, terminal, *report);
    }
  }
  if (request.json) {
    nlohmann::ordered_json out = {{"postfix", std::move(reports)}};
    if (status != exit_done) out["error"] = {{"code", first_code}, {"message", messages}};
    terminal.line(dumped(out));
  }
  return status;
}

int check_config(const Request& request, Terminal& terminal) {
  std::string file = request.file.empty() ? request.config : request.file;
  const bool named = !file.empty();
  if (!named) file = config::default_file;
  config::Loaded loaded = config::load_file(file, named, config::Surroundings::of_process());
  if (loaded.problems.empty()) {
    loaded.problems = pattern_problems(loaded.settings.run.patterns_file);
    const auto classes = fingerprint::ClassRules::with_defaults(loaded.settings.run.class_rules);
    if (!classes) loaded.problems.push_back("mail.classes: " + classes.error().message);
  }
  if (request.json) {
    nlohmann::ordered_json out = {
        {"file", file}, {"found", loaded.from_file}, {"problems", loaded.problems}};
    if (!loaded.problems.empty()) {
      out["error"] = {{"code", "configuration"},
                      {"message", fmt::format("{}", fmt::join(loaded.problems, "; "))}};
    }
    terminal.line(dumped(out));
  } else {
    for (const std::string& problem : loaded.problems) {
      terminal.line(safe(translated_error(terminal.language(), problem)));
    }
    if (!loaded.problems.empty()) {
      terminal.complain(terminal.say("config_problems", loaded.problems.size()));
    } else {
      terminal.line(terminal.say(
          loaded.from_file ? Phrase("config_fine") : Phrase("config_default"), safe(file)));
    }
  }
  return loaded.problems.empty() ? exit_done : exit_wrong_use;
}

int show_config(const Request& request, Terminal& terminal) {
  if (request.reference || request.openapi) {
    terminal.raw(request.reference ? config::options_reference() : face::openapi_json());
    return exit_done;
  }
  const auto settings = settings_of(request, terminal);
  if (!settings) return exit_wrong_use;
  const config::Surroundings surroundings = config::Surroundings::of_process();
  if (!request.json) {
    terminal.raw(config::show_settings(*settings, surroundings, request.changed));
    return exit_done;
  }
  const config::Settings defaults = config::default_settings(surroundings);
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  for (const config::Option& option : config::option_table()) {
    const config::Value value = option.get(*settings);
    if (request.changed && value == option.get(defaults)) continue;
    std::visit([&](const auto& one) { out[option.name] = one; }, value);
  }
  terminal.line(dumped(out));
  return exit_done;
}

int replay_events(const Request& request, Terminal& terminal) {
  const ReplayOptions options{.enforce = !request.replay_observe,
                              .json = request.json,
                              .progress = ::isatty(::fileno(stderr)) == 1,
                              .detector_settings = request.detector_settings,
                              .features = request.features_file,
                              .campaigns = request.replay_campaigns,
                              .files = request.replay_files};
  const auto done = replay(options, stdout, stderr);
  if (done.ok()) return exit_done;
  return tell_own_error(request, terminal, exit_wrong_use, done.error());
}

const std::map<std::string_view, int (*)(const Request&, Terminal&)> verbs = {
    {"config check", check_config}, {"config show", show_config}, {"connect", connect},
    {"diagnose", run_diagnose},     {"disconnect", connect},      {"replay", replay_events},
    {"trace", trace_mail},          {"zone check", check_zones},  {"zone query", query_zones},
};

}  // namespace

bool works_alone(const Request& request) { return verbs.contains(request.verb); }

int work_alone(const Request& request, Terminal& terminal) {
  return verbs.at(request.verb)(request, terminal);
}

}  // namespace leumund::apps
