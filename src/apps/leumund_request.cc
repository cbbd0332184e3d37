#include "apps/leumund_request.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <sstream>

#include "apps/version.h"

namespace leumund::apps {
namespace {

constexpr const char* description =
    "Leumund keeps the repute of a mail server: who sends what, who was stopped and why.\n"
    "Exit status: 0 done, 1 the answer is no, 2 wrong use, 3 leumundd is not reachable.";
constexpr const char* subject_help = "account:NAME, script:uid33, client:ADDRESS, or just NAME";

CLI::App* add_verb(CLI::App& app, Request& request, const std::string& name,
                   const std::string& help) {
  CLI::App* verb = app.add_subcommand(name, help);
  verb->add_flag("--json", request.json, "Print JSON for machines");
  return verb;
}

void add_reading(CLI::App& app, Request& request) {
  add_verb(app, request, "status", "Standing of accounts, sources, store and mode");
  CLI::App* watch = add_verb(app, request, "watch", "Live view: the quiet window beside the log");
  watch->add_option("--interval", request.interval, "Seconds between two looks")
      ->check(CLI::Range(0.2, 3600.0))
      ->capture_default_str();
  watch->add_option("--count", request.refreshes, "End after so many looks; 0: go on");
  CLI::App* explain =
      add_verb(app, request, "explain", "Why a subject stands as it does, term by term");
  explain->add_option("SUBJECT", request.subject, subject_help)->required();
  CLI::App* events =
      add_verb(app, request, "events", "Decisions, and with --follow all events as they come");
  events->add_flag("--follow,-f", request.follow, "Go on as things happen");
  events->add_option("--since", request.since, "Decisions after this number");
  events->add_option("--limit,-n", request.limit, "At most so many past decisions")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
}

void add_orders(CLI::App& app, Request& request) {
  CLI::App* suspend =
      add_verb(app, request, "suspend", "Restrict a subject as sender; receiving goes on");
  suspend->add_option("SUBJECT", request.subject, subject_help)->required();
  suspend
      ->add_option("--level", request.level,
                   "throttle, hold, external_only or no_sending (default)")
      ->check(CLI::IsMember({"throttle", "hold", "external_only", "no_sending"}));
  suspend->add_option("--for", request.span, "How long: 2h, 3d; until released if not given");
  suspend->add_option("--reason", request.reason, "Why; others will ask")->required();

  CLI::App* release =
      add_verb(app, request, "release", "Lift a restriction after the recovery checklist");
  release->add_option("SUBJECT", request.subject, subject_help)->required();
  release->add_option(
      "--done", request.done,
      "ITEM=WHO for password, sessions, forwards, filters, script; several are fine");
  release->add_flag("--without-checklist", request.without_checklist,
                    "You answer for it; recorded");
  release->add_option("--mail", request.mail, "Held mail: release, delete or keep-held (default)")
      ->check(CLI::IsMember({"release", "delete", "keep-held"}));

  CLI::App* exempt = add_verb(app, request, "exempt", "Never restrict a subject");
  exempt->add_option("SUBJECT", request.subject, subject_help)->required();
  exempt->add_flag("--off", request.off, "End the exemption");

  CLI::App* announce = add_verb(app, request, "announce", "Expect a bulk mailing");
  announce->add_option("SUBJECT", request.subject, subject_help)->required();
  announce->add_option("--recipients", request.recipients, "How many")
      ->required()
      ->check(CLI::Range(1, 100'000'000));
  announce->add_option("--from", request.from, "Begin: now, or like --until");
  announce->add_option("--until", request.until, "End: 2026-12-24, \"2026-12-24 18:00\", 18:00, 3d")
      ->required();

  CLI::App* undo = add_verb(app, request, "undo", "Take back an automatic decision");
  undo->add_option("NUMBER", request.number, "Its number, as events shows it")->required();

  CLI::App* unattended =
      add_verb(app, request, "unattended",
               "Say that nobody watches: bounded automatic measures; without options: show");
  auto* until =
      unattended->add_option("--until", request.until, "Until when; like announce --until");
  unattended->add_option("--from", request.from, "Since when; now if not given")->needs(until);
  unattended->add_flag("--off", request.off, "Somebody watches again")->excludes(until);

  CLI::App* queue =
      add_verb(app, request, "queue", "Held mail of a subject: list, release, delete");
  queue->add_option("SUBJECT", request.subject, subject_help)->required();
  auto* let_go = queue->add_flag_callback(
      "--release", [&request] { request.queue_work = "release"; }, "Let it go out");
  queue
      ->add_flag_callback(
          "--delete", [&request] { request.queue_work = "delete"; }, "Delete it for good")
      ->excludes(let_go);
}

void add_alone(CLI::App& app, Request& request) {
  for (const char* name : {"connect", "disconnect"}) {
    const bool in = std::string_view(name) == "connect";
    CLI::App* verb = add_verb(
        app, request, name,
        in ? "Put us into Postfix's configuration (alone)" : "Take us out of it again (alone)");
    verb->add_option("SERVER", request.file, "postfix")
        ->required()
        ->check(CLI::IsMember({"postfix"}));
    verb->add_flag("--dry-run", request.dry_run, "Show the commands and change nothing");
    verb->add_option("--config-dir", request.config_folders,
                     "Postfix's folder; postfix.config_dirs if not given");
    verb->add_flag("--no-reload", request.no_reload, "Do not tell a running Postfix");
    verb->add_option("--config", request.config, "Leumund's configuration file");
  }
  CLI::App* config = app.add_subcommand("config", "The configuration (alone)");
  config->require_subcommand(1);
  CLI::App* check =
      add_verb(*config, request, "check", "Say what is wrong with a configuration file");
  check->add_option("FILE", request.file, "The file; /etc/leumund/leumund.toml if not given");
  check->add_option("--config", request.config, "The same");
  CLI::App* show = add_verb(*config, request, "show", "Print the options in force");
  show->add_option("--config", request.config, "Leumund's configuration file");
  show->add_flag("--changed", request.changed, "Only what differs from the default");
  show->add_flag("--reference", request.reference, "Print docs/reference/options.md");
  show->add_flag("--openapi", request.openapi, "Print docs/reference/openapi.json");
  add_verb(*config, request, "reload", "Let leumundd read its file anew (asks the daemon)");
  // Has its own reader of options; see main.
  app.add_subcommand("replay", "Run the engine over recorded events (alone); replay --help");
}

struct Parser {
  Request request;
  CLI::App app{description, "leumund"};

  Parser() {
    app.require_subcommand(1);
    app.set_version_flag("--version", std::string("leumund ") + version);
    app.add_option("--socket", request.socket,
                   "Socket of leumundd; else $LEUMUND_SOCKET or control.socket");
    app.add_option("--lang", request.language, "Language for people: en or de")
        ->check(CLI::IsMember({"en", "de"}));
    app.add_flag("--json", request.json, "Print JSON for machines");
    // So that `leumund status --socket X` works as well.
    app.fallthrough();
    add_reading(app, request);
    add_orders(app, request);
    add_alone(app, request);
  }
};

void words_of(const CLI::App& app, std::vector<std::string>& words) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    words.push_back(verb->get_name());
    words_of(*verb, words);
  }
}

}  // namespace

ParsedRequest parse_request(int argc, const char* const* argv, std::FILE* out, std::FILE* err) {
  Parser parser;
  for (CLI::App* verb : parser.app.get_subcommands([](const CLI::App*) { return true; })) {
    verb->fallthrough();
    for (CLI::App* inner : verb->get_subcommands([](const CLI::App*) { return true; })) {
      inner->fallthrough();
    }
  }
  try {
    parser.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream help;
    std::ostringstream complaint;
    const int status = parser.app.exit(error, help, complaint);
    std::fputs(help.str().c_str(), out);
    std::fputs(complaint.str().c_str(), err);
    return {.request = std::nullopt, .status = status == 0 ? exit_done : exit_wrong_use};
  }
  const CLI::App* verb = parser.app.get_subcommands().front();
  parser.request.verb = verb->get_name();
  if (!verb->get_subcommands().empty()) {
    parser.request.verb += " " + verb->get_subcommands().front()->get_name();
  }
  return {.request = std::move(parser.request), .status = exit_done};
}

std::vector<std::string> documented_words() {
  const Parser parser;
  std::vector<std::string> words;
  words_of(parser.app, words);
  return words;
}

}  // namespace leumund::apps
