#include "apps/command/request.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <set>

#include "action/sentences.h"
#include "apps/command/json.h"
#include "apps/command/near.h"
#include "apps/command/terminal.h"
#include "apps/version.h"

namespace leumund::apps {
namespace {

using action::translated;

// Help as people read it: what must be given stands in the usage line, the rest in sentences.
class HelpText : public CLI::Formatter {
 public:
  explicit HelpText(Language language) {
    label("Usage", say(language, "help.usage"));
    label("OPTIONS", say(language, "help.options"));
    label("SUBCOMMAND", say(language, "help.verb"));
    label("Positionals", say(language, "help.positionals_title"));
    column_width(28);
  }
  std::string make_usage(const CLI::App* app, std::string name) const override {
    std::string text = CLI::Formatter::make_usage(app, std::move(name));
    std::string required;
    for (const CLI::Option* option : app->get_options()) {
      if (option->nonpositional() && option->get_required()) {
        const std::string type = option->get_type_name();
        required += " " + option->get_name() + " " + type.substr(0, type.find(':'));
      }
    }
    return text.insert(text.find('\n'), required);
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0 || option->get_positional()) return "";
    // CLI11 puts what a value is checked against behind the name; the sentence says it better.
    const std::string type = option->get_type_name();
    return " " + type.substr(0, type.find(':')) +
           (option->get_expected_max() == CLI::detail::expected_max_vector_size ? " ..." : "");
  }
};

struct Parser {
  Request request;
  Language language;
  CLI::App app;

  explicit Parser(Language spoken)
      : language(spoken),
        app(say(spoken, "help.about") + "\n" + say(spoken, "help.status_codes"), "leumund") {
    app.formatter(std::make_shared<HelpText>(language));
    app.option_defaults()->group(say(language, "help.options_title"));
    describe_help(app);
    app.require_subcommand(1);
    app.set_version_flag("--version", std::string("leumund ") + version,
                         say(language, "help.version"));
    app.add_option("--socket", request.socket, say(language, "help.socket"))->type_name("PATH");
    app.add_option("--lang", request.language, say(language, "help.lang"))
        ->type_name("LANG")
        ->check(CLI::IsMember({"en", "de"}));
    app.add_flag("--json", request.json, say(language, "help.json"));
    // So that `leumund status --socket X` works as well.
    app.fallthrough();
    add_reading();
    add_orders();
    add_mail_orders();
    add_connect();
    add_config();
    add_diagnose();
    add_replay();
    add_trace();
    add_zone();
  }

  void describe_help(CLI::App& of) const {
    of.set_help_flag("-h,--help", say(language, "help.help"))
        ->group(say(language, "help.options_title"));
  }
  CLI::App* add_verb(CLI::App& to, const std::string& name, Phrase help) {
    CLI::App* verb = to.add_subcommand(name, say(language, help));
    verb->group(say(language, "help.verbs_title"));
    verb->fallthrough();
    describe_help(*verb);
    verb->add_flag("--json", request.json, say(language, "help.json"));
    return verb;
  }
  CLI::App* add_verb(const std::string& name, Phrase help) { return add_verb(app, name, help); }

  template <typename T>
  CLI::Option* option(CLI::App* verb, const std::string& name, T& into, const char* type,
                      Phrase help) const {
    CLI::Option* made = verb->add_option(name, into, say(language, help))->type_name(type);
    // Said again for each further value, so that it does not take the file that follows for one.
    if (!made->get_positional() && made->get_items_expected_max() > 1) {
      made->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
    return made;
  }
  void flag(CLI::App* verb, const std::string& name, bool& into, Phrase help) const {
    verb->add_flag(name, into, say(language, help));
  }
  void subject(CLI::App* verb) {
    option(verb, "SUBJECT", request.subject, "", "help.subject")->required();
  }

  void add_reading() {
    add_verb("status", "help.status");
    CLI::App* watch = add_verb("watch", "help.watch");
    option(watch, "--interval", request.interval, "SECONDS", "help.watch.interval")
        ->check(CLI::Range(0.2, 3600.0));
    option(watch, "--count", request.refreshes, "N", "help.watch.count");
    subject(add_verb("explain", "help.explain"));
    add_verb("block-matrix", "help.block_matrix");
    CLI::App* detour = add_verb("detour", "help.detour");
    option(detour, "PROVIDER", request.provider, "", "help.detour.provider");
    auto* via = option(detour, "--via", request.via, "WAY", "help.detour.via");
    option(detour, "--pool", request.pool, "POOL", "help.detour.pool");
    detour->add_flag("--end", request.end, say(language, "help.detour.end"))->excludes(via);
    CLI::App* hygiene = add_verb("hygiene", "help.hygiene");
    option(hygiene, "PLACE", request.subject, "", "help.hygiene.place");
    flag(hygiene, "--now", request.now, "help.hygiene.now");
    add_verb("lists", "help.lists");
    add_verb("screening", "help.screening");
    option(add_verb("lookup", "help.lookup"), "SUBJECT", request.subject, "", "help.lookup.subject")
        ->required();
    add_cases();
    add_own_lists();
    CLI::App* events = add_verb("events", "help.events");
    flag(events, "--follow,-f", request.follow, "help.events.follow");
    option(events, "--since", request.since, "NUMBER", "help.events.since");
    option(events, "--limit,-n", request.limit, "N", "help.events.limit")
        ->check(CLI::Range(0, 1000));
  }

  void add_cases() {
    flag(add_verb("cases", "help.cases"), "--all", request.all, "help.cases.all");
    CLI::App* one = add_verb("case", "help.case");
    option(one, "NUMBER", request.number, "", "help.case.number")->required();
    option(one, "DO", request.work, "", "help.case.do")
        ->check(CLI::IsMember({"note", "attempt", "answer", "review", "close", "reopen", "cause",
                               "letter", "dossier"}));
    option(one, "CHANGE", request.change, "", "help.case.change")
        ->check(CLI::IsMember({"add", "remove"}));
    option(one, "SUBJECT", request.subject, "", "help.case.subject");
    option(one, "--text", request.text, "TEXT", "help.case.text");
    option(one, "--party", request.party, "PARTY", "help.case.party");
    option(one, "--channel", request.channel, "CHANNEL", "help.case.channel")
        ->check(CLI::IsMember({"form", "reply", "postmaster", "upstream", "legal", "given_up"}));
    option(one, "--to", request.to, "WHOM", "help.case.to");
    option(one, "--attempt", request.attempt, "N", "help.case.attempt");
    flag(one, "--html", request.html, "help.case.html");
    flag(one, "--names", request.names, "help.case.names");
    option(one, "--outcome", request.outcome, "WHAT", "help.case.outcome")
        ->check(CLI::IsMember({"accepted", "refused", "unanswered"}));
  }

  void add_own_lists() {
    CLI::App* list = app.add_subcommand("list", say(language, "help.list"));
    list->group(say(language, "help.verbs_title"));
    list->fallthrough();
    describe_help(*list);
    list->require_subcommand(1);
    option(add_verb(*list, "show", "help.list.show"), "--limit,-n", request.limit, "N",
           "help.list.limit")
        ->check(CLI::Range(0, 100'000));
    option(add_verb(*list, "why", "help.list.why"), "ADDRESS", request.subject, "",
           "help.list.address")
        ->required();
    CLI::App* add = add_verb(*list, "add", "help.list.add");
    CLI::App* remove = add_verb(*list, "remove", "help.list.remove");
    for (CLI::App* verb : {add, remove}) {
      option(verb, "NETWORK", request.subject, "", "help.list.network")->required();
      option(verb, "--reason", request.reason, "TEXT", "help.list.reason")->required();
      option(verb, "--list", request.list, "NAME", "help.list.list");
    }
    option(add, "--for", request.span, "SPAN", "help.list.for");
    flag(add, "--force", request.force, "help.list.force");
    flag(remove, "--wrong-reports", request.wrong_reports, "help.list.wrong_reports");
    CLI::App* out = add_verb(*list, "export", "help.list.export");
    option(out, "FILE", request.file, "", "help.list.file");
    option(out, "--list", request.list, "NAME", "help.list.list");
    flag(out, "--ipv6", request.ipv6, "help.list.ipv6");
  }

  void add_orders() {
    CLI::App* suspend = add_verb("suspend", "help.suspend");
    subject(suspend);
    option(suspend, "--reason", request.reason, "TEXT", "help.suspend.reason")->required();
    option(suspend, "--level", request.level, "LEVEL", "help.suspend.level")
        ->check(CLI::IsMember({"throttle", "hold", "external_only", "no_sending"}));
    option(suspend, "--for", request.span, "SPAN", "help.suspend.for");

    CLI::App* release = add_verb("release", "help.release");
    subject(release);
    option(release, "--done", request.done, "ITEM=WHO", "help.release.done");
    flag(release, "--without-checklist", request.without_checklist,
         "help.release.without_checklist");
    option(release, "--mail", request.mail, "WHAT", "help.release.mail")
        ->check(CLI::IsMember({"release", "delete", "keep-held"}));

    CLI::App* exempt = add_verb("exempt", "help.exempt");
    subject(exempt);
    flag(exempt, "--off", request.off, "help.exempt.off");

    CLI::App* undo = add_verb("undo", "help.undo");
    option(undo, "NUMBER", request.number, "", "help.undo.number")->required();
  }

  void add_mail_orders() {
    CLI::App* announce = add_verb("announce", "help.announce");
    subject(announce);
    option(announce, "--recipients", request.recipients, "N", "help.announce.recipients")
        ->required()
        ->check(CLI::Range(1, 100'000'000));
    option(announce, "--until", request.until, "TIME", "help.announce.until")->required();
    option(announce, "--from", request.from, "TIME", "help.announce.from");

    CLI::App* unattended = add_verb("unattended", "help.unattended");
    auto* until = option(unattended, "--until", request.until, "TIME", "help.unattended.until");
    option(unattended, "--from", request.from, "TIME", "help.unattended.from")->needs(until);
    unattended->add_flag("--off", request.off, say(language, "help.unattended.off"))
        ->excludes(until);

    CLI::App* queue = add_verb("queue", "help.queue");
    subject(queue);
    auto* let_go = queue->add_flag_callback(
        "--release", [this] { request.queue_work = "release"; },
        say(language, "help.queue.release"));
    queue
        ->add_flag_callback(
            "--delete", [this] { request.queue_work = "delete"; },
            say(language, "help.queue.delete"))
        ->excludes(let_go);
  }

  void add_connect() {
    for (const bool in : {true, false}) {
      CLI::App* verb =
          in ? add_verb("connect", "help.connect") : add_verb("disconnect", "help.disconnect");
      option(verb, "SERVER", request.file, "", "help.connect.server")
          ->required()
          ->check(CLI::IsMember({"postfix"}));
      flag(verb, "--dry-run", request.dry_run, "help.connect.dry_run");
      option(verb, "--config-dir", request.config_folders, "DIR", "help.connect.config_dir");
      flag(verb, "--no-reload", request.no_reload, "help.connect.no_reload");
      option(verb, "--config", request.config, "FILE", "help.config_file");
    }
  }

  void add_config() {
    CLI::App* config = app.add_subcommand("config", say(language, "help.config"));
    config->group(say(language, "help.verbs_title"));
    config->fallthrough();
    describe_help(*config);
    config->require_subcommand(1);
    CLI::App* check = add_verb(*config, "check", "help.config.check");
    option(check, "FILE", request.file, "", "help.config.check.file");
    option(check, "--config", request.config, "FILE", "help.config.check.config");
    CLI::App* show = add_verb(*config, "show", "help.config.show");
    option(show, "--config", request.config, "FILE", "help.config_file");
    flag(show, "--changed", request.changed, "help.config.show.changed");
    flag(show, "--reference", request.reference, "help.config.show.reference");
    flag(show, "--openapi", request.openapi, "help.config.show.openapi");
    add_verb(*config, "reload", "help.config.reload");
  }

  void add_diagnose() {
    CLI::App* diagnose = add_verb("diagnose", "help.diagnose");
    option(diagnose, "FILE", request.files, "", "help.diagnose.files");
    flag(diagnose, "--replies", request.replies, "help.diagnose.replies");
    option(diagnose, "--registry", request.registry, "FILE", "help.diagnose.registry");
    flag(diagnose, "--patterns", request.patterns, "help.diagnose.patterns");
    option(diagnose, "--remote", request.remote, "HOST", "help.diagnose.remote");
    option(diagnose, "--provider", request.provider, "ID", "help.diagnose.provider");
    option(diagnose, "--stage", request.stage, "STAGE", "help.diagnose.stage")
        ->check(CLI::IsMember({"connect", "greeting", "mail", "rcpt", "data", "end"}));
    option(diagnose, "--ours", request.ours, "ADDRESS", "help.diagnose.ours");
  }

  void add_trace() {
    CLI::App* trace = add_verb("trace", "help.trace");
    option(trace, "FILE", request.files, "", "help.trace.files");
    option(trace, "--trust", request.trusted, "NETWORK", "help.trace.trust");
    option(trace, "--abuse-contacts", request.abuse_file, "FILE", "help.trace.abuse_contacts");
    flag(trace, "--outer", request.outer, "help.trace.outer");
  }

  void add_zone() {
    CLI::App* zone = app.add_subcommand("zone", say(language, "help.zone"));
    zone->group(say(language, "help.verbs_title"));
    zone->fallthrough();
    describe_help(*zone);
    zone->require_subcommand(1);
    CLI::App* check = add_verb(*zone, "check", "help.zone.check");
    option(check, "ZONE:TYPE:FILE", request.zone_specs, "", "help.zone.specs")->required();
    CLI::App* query = add_verb(*zone, "query", "help.zone.query");
    option(query, "NAME", request.zone_name, "", "help.zone.name")->required();
    option(query, "ZONE:TYPE:FILE", request.zone_specs, "", "help.zone.specs")->required();
    option(query, "--type", request.zone_type, "TYPE", "help.zone.type")
        ->check(CLI::IsMember({"A", "TXT", "MX", "NS", "SOA", "ANY"}, CLI::ignore_case));
  }

  void add_replay() {
    CLI::App* replay = add_verb("replay", "help.replay");
    option(replay, "FILE", request.replay_files, "", "help.replay.files");
    auto* enforce =
        replay->add_flag_callback("--enforce", [] {}, say(language, "help.replay.enforce"));
    replay->add_flag("--observe", request.replay_observe, say(language, "help.replay.observe"))
        ->excludes(enforce);
    option(replay, "--detector-settings", request.detector_settings, "FILE",
           "help.replay.detector_settings");
    option(replay, "--explain-features", request.features_file, "FILE",
           "help.replay.explain_features");
    replay->add_flag("--campaigns", request.replay_campaigns,
                     say(language, "help.replay.campaigns"));
  }
};

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

void words_of(const CLI::App& app, std::vector<std::string>& words) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  for (const CLI::App* verb : verbs_of(app)) {
    words.push_back(verb->get_name());
    words_of(*verb, words);
  }
}

// The words of the command line that are verbs, and the first that stands in the place of one but
// is none.
struct VerbsGiven {
  std::vector<const CLI::App*> path;  // from the program on
  std::string strange;

  [[nodiscard]] std::string command() const {
    std::string text;
    for (const CLI::App* app : path) text += (text.empty() ? "" : " ") + app->get_name();
    return text;
  }
};

VerbsGiven verbs_given(const CLI::App& app, int argc, const char* const* argv) {
  VerbsGiven given{{&app}, ""};
  for (int i = 1; i < argc; ++i) {
    const std::string_view word(argv[i]);
    if (word == "--socket" || word == "--lang") ++i;
    if (word.starts_with('-')) continue;
    const auto below = verbs_of(*given.path.back());
    if (below.empty()) break;
    const auto found = std::find_if(below.begin(), below.end(),
                                    [&](const CLI::App* verb) { return verb->get_name() == word; });
    if (found == below.end()) {
      given.strange = std::string(word);
      break;
    }
    given.path.push_back(*found);
  }
  return given;
}

// What is wrong, in the person's words; CLI11 knows only its own.
std::string complaint_of(const CLI::ParseError& error, const Parser& parser, Language language,
                         int argc, const char* const* argv) {
  const VerbsGiven given = verbs_given(parser.app, argc, argv);
  if (!given.strange.empty()) {
    std::vector<std::string> known;
    for (const CLI::App* verb : verbs_of(*given.path.back())) known.push_back(verb->get_name());
    const std::string shown = safe(given.strange.substr(0, 80));
    const auto near = nearest(given.strange, known);
    return near ? say(language, "verb_near", shown, *near) : say(language, "verb_unknown", shown);
  }
  if (!verbs_of(*given.path.back()).empty() && dynamic_cast<const CLI::RequiredError*>(&error)) {
    return say(language, "verb_missing");
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error)) {
    std::vector<std::string> known;
    for (const CLI::App* app : given.path) {
      for (const CLI::Option* option : app->get_options()) {
        for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
      }
    }
    const std::string what(error.what());
    const std::string word = what.substr(what.rfind(' ') + 1);
    const std::string shown = safe(word.substr(0, 80));
    const auto near = nearest(word, known);
    return near ? say(language, "word_near", shown, *near)
                : say(language, "word_unknown", shown, given.command());
  }
  return say(language, "wrong_use", translated(language, safe(error.what())), given.command());
}

bool wants(std::string_view word, int argc, const char* const* argv) {
  return std::any_of(argv + std::min(1, argc), argv + argc,
                     [&](const char* one) { return word == one; });
}

}  // namespace

Language language_of(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word(argv[i]);
    if (word.starts_with("--lang=")) return choose_language(word.substr(7));
    if (word == "--lang" && i + 1 < argc) return choose_language(argv[i + 1]);
  }
  return choose_language("");
}

ParsedRequest parse_request(int argc, const char* const* argv, std::FILE* out, std::FILE* err) {
  Parser parser(language_of(argc, argv));
  // `leumund help suspend` as people know it from elsewhere.
  std::vector<const char*> words(argv, argv + argc);
  if (argc > 1 && std::string_view(argv[1]) == "help") {
    words.erase(words.begin() + 1);
    words.push_back("--help");
    argv = words.data();
  }
  try {
    parser.app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(parser.app.help().c_str(), out);
    return {.request = std::nullopt, .status = exit_done};
  } catch (const CLI::CallForVersion& asked) {
    fmt::print(out, "{}\n", asked.what());
    return {.request = std::nullopt, .status = exit_done};
  } catch (const CLI::ParseError& error) {
    // JSON is the same in every language.
    const bool json = wants("--json", argc, argv);
    const std::string text =
        complaint_of(error, parser, json ? Language::en : parser.language, argc, argv);
    if (json) {
      fmt::print(out, "{}\n", error_json("wrong_use", text));
    } else {
      fmt::print(err, "leumund: {}\n", text);
    }
    return {.request = std::nullopt, .status = exit_wrong_use};
  }
  const CLI::App* verb = parser.app.get_subcommands().front();
  parser.request.verb = verb->get_name();
  if (!verb->get_subcommands().empty()) {
    parser.request.verb += " " + verb->get_subcommands().front()->get_name();
  }
  return {.request = std::move(parser.request), .status = exit_done};
}

std::vector<std::string> documented_words() {
  const Parser parser(Language::en);
  std::vector<std::string> words;
  words_of(parser.app, words);
  return words;
}

}  // namespace leumund::apps
