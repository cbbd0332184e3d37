#include "config/load.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include <toml++/toml.h>

#include "config/list_options.h"
#include "config/listen_address.h"
#include "config/screening_options.h"

namespace leumund::config {
namespace {

constexpr std::size_t file_bytes_max = 1 << 20;
constexpr std::size_t problems_max = 100;  // a wrong file of another program is told soon enough
constexpr std::size_t value_bytes_shown = 80;

// What is being read, and what was found wrong so far.
struct Reading {
  std::string file;
  Settings settings;
  std::vector<std::string> problems;
  std::set<std::string> seen;

  void problem(toml::source_index line, const std::string& what) {
    if (problems.size() < problems_max)
      problems.push_back(fmt::format("{}:{}: {}", file, line, what));
  }
};

// Control bytes from a strange file must not reach a terminal.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, value_bytes_shown)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  if (text.size() > value_bytes_shown) out += "...";
  return out;
}

std::optional<Value> value_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return Value(text->get());
  if (const auto* flag = node.as_boolean()) return Value(flag->get());
  if (const auto* count = node.as_integer()) return Value(count->get());
  if (const auto* fraction = node.as_floating_point()) return Value(fraction->get());
  if (const auto* at = node.as_date_time()) {
    std::ostringstream out;
    out << at->get();
    return Value(out.str());
  }
  if (const auto* array = node.as_array()) {
    std::vector<std::string> list;
    for (const toml::node& entry : *array) {
      const auto* text = entry.as_string();
      if (text == nullptr) return std::nullopt;
      list.push_back(text->get());
    }
    return Value(std::move(list));
  }
  return std::nullopt;
}

void read_value(Reading& reading, const std::string& name, const toml::node& node) {
  const auto line = node.source().begin.line;
  const Option* option = find_option(name);
  if (option == nullptr) {
    const std::string near = nearest_option(name);
    reading.problem(line, fmt::format("unknown option {}{}", printable(name),
                                      near.empty() ? "; `leumund config show` lists all"
                                                   : "; did you mean " + near + "?"));
    return;
  }
  const auto value = value_of(node);
  if (!value) {
    reading.problem(line, fmt::format("{}: want {}{}{}", name, option->type,
                                      option->bounds.empty() ? "" : ": ", option->bounds));
    return;
  }
  if (auto fine = option->set(reading.settings, *value); !fine) {
    reading.problem(line, fmt::format("{} = {}: {}", name, printable(format_value(*value)),
                                      fine.error().message));
    return;
  }
  reading.seen.insert(name);
}

// The depth of tables is bounded by the parser (256), so the recursion is.
void read_table(Reading& reading, const std::string& prefix, const toml::table& table) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    if (const auto* inner = node.as_table()) {
      read_table(reading, name + ".", *inner);
    } else {
      read_value(reading, name, node);
    }
  }
}

// Folders into paths, and what follows from several options.
void complete(Settings& settings, const Surroundings& surroundings) {
  std::string& state = settings.start.state_folder;
  if (state.empty()) state = surroundings.state_folder();
  while (state.size() > 1 && state.ends_with('/')) state.pop_back();
  const Folders folders{state, surroundings.run_folder()};
  for (const Option& option : option_table()) {
    if (option.expand) option.expand(settings, folders);
  }
  RunSettings& run = settings.run;
  run.burst_mode = run.burst_mode_given.value_or(run.default_mode);
  run.campaigns = run.campaign_mode_given != CampaignMode::off;
  run.campaign_mode = run.default_mode;
  if (run.campaign_mode_given == CampaignMode::observe) run.campaign_mode = model::Mode::observe;
  if (run.campaign_mode_given == CampaignMode::enforce) run.campaign_mode = model::Mode::enforce;
}

Settings plain_defaults() {
  Settings settings;
  for (const Option& option : option_table()) {
    CHECK(option.set(settings, option.default_value).ok());
  }
  return settings;
}

// Who reaches one of these is believed: their protocols know no password.
std::vector<std::string> check_listeners(const StartSettings& start) {
  std::vector<std::pair<std::string_view, std::string>> all;
  const auto add = [&](std::string_view name, const std::vector<std::string>& list) {
    for (const std::string& listen : list) all.emplace_back(name, listen);
  };
  add("policy.listen", start.policy_listen);
  add("milter.listen", start.milter_listen);
  add("reports.listen", start.report_listen);
  if (!start.screening_listen.empty()) add("screening.listen", {start.screening_listen});
  if (!start.detour_socketmap.empty()) add("detour.socketmap", {start.detour_socketmap});
  std::vector<std::string> wrong;
  for (const auto& [name, listen] : all) {
    const auto where = parse_listen_address(listen);
    if (!where) {
      wrong.push_back(fmt::format("{}: {}", name, where.error().message));
    } else if (!start.listen_anywhere && !where->is_unix() && !where->address.is_private()) {
      wrong.push_back(fmt::format(
          "{} = \"{}\" may be reachable for everybody, who would be believed: listen on loopback, "
          "a private address or a Unix socket, or set listen_anywhere = true",
          name, listen));
    }
  }
  return wrong;
}

// What can only be seen with several options in view.
void check_together(Reading& reading) {
  const RunSettings& run = reading.settings.run;
  const auto problem = [&](const std::string& what) {
    if (reading.problems.size() < problems_max)
      reading.problems.push_back(reading.file + ": " + what);
  };
  if (run.unattended_from && run.unattended_until &&
      *run.unattended_from >= *run.unattended_until) {
    problem("unattended.from is not before unattended.until");
  }
  if (run.unattended_from && !run.unattended_until) {
    problem("unattended.from without unattended.until would never end");
  }
  if (!run.notice_admin.empty() && run.notice_smtp.empty() && run.notice_webhook.empty()) {
    problem(
        "notices.admin is set, but neither notices.smtp nor notices.webhook says how to reach it");
  }
  if (run.notice_owner && run.notice_smtp.empty()) {
    problem("notices.owner = true needs notices.smtp");
  }
  const auto api = parse_listen_address(reading.settings.start.api_listen);
  if (api && !api->is_unix() && !api->address.is_loopback() && run.api_token_file.empty()) {
    problem(fmt::format("api.listen = \"{}\" is reachable from other hosts: set api.token_file",
                        reading.settings.start.api_listen));
  }
  if (const std::string wrong = check_list_together(reading.settings); !wrong.empty()) {
    problem(wrong);
  }
  if ((reading.settings.start.control_mode & 0002U) != 0) {
    problem("control.mode lets every user of this host do everything: the last digit must be 0");
  }
  for (const std::string& wrong : check_listeners(reading.settings.start)) problem(wrong);
  if (const std::string wrong = check_lists_once(reading.settings); !wrong.empty()) problem(wrong);
}

}  // namespace

Settings default_settings(const Surroundings& surroundings) {
  Settings settings = plain_defaults();
  complete(settings, surroundings);
  return settings;
}

Loaded load_text(std::string_view text, std::string_view file, const Surroundings& surroundings) {
  Reading reading{
      .file = std::string(file), .settings = plain_defaults(), .problems = {}, .seen = {}};
  if (text.size() > file_bytes_max) {
    reading.problems.push_back(fmt::format("{}: {} bytes is over the limit of {} bytes", file,
                                           text.size(), file_bytes_max));
  } else {
    // With exceptions, as everywhere else in the program: toml++'s two modes share symbols, and a
    // program that holds both crashes.
    try {
      read_table(reading, "", toml::parse(text, std::string(file)));
    } catch (const toml::parse_error& error) {
      reading.problem(error.source().begin.line, printable(error.description()));
    }
  }
  complete(reading.settings, surroundings);
  if (reading.problems.empty()) check_together(reading);
  return {.settings = std::move(reading.settings),
          .from_file = true,
          .problems = std::move(reading.problems)};
}

Loaded load_file(const std::string& file, bool must_exist, const Surroundings& surroundings) {
  const auto failed = [&](const std::string& why) {
    return Loaded{.settings = default_settings(surroundings),
                  .from_file = false,
                  .problems = {fmt::format("{}: {}", file, why)}};
  };
  struct stat about{};
  if (stat(file.c_str(), &about) != 0) {
    if (errno == ENOENT && !must_exist) {
      return {.settings = default_settings(surroundings), .from_file = false, .problems = {}};
    }
    return failed(std::strerror(errno));
  }
  if (!S_ISREG(about.st_mode)) return failed("is not a plain file");
  std::ifstream in(file, std::ios::binary);
  if (!in) return failed(std::strerror(errno));
  std::string text(file_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return failed("cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  return load_text(text, file, surroundings);
}

base::Result<Settings> load_settings(const std::string& file, bool must_exist,
                                     const Surroundings& surroundings) {
  Loaded loaded = load_file(file, must_exist, surroundings);
  if (loaded.problems.empty()) return std::move(loaded.settings);
  std::string message = loaded.problems.front();
  if (loaded.problems.size() > 1) {
    message +=
        fmt::format(" (and {} more: leumund config check {})", loaded.problems.size() - 1, file);
  }
  return base::Error{base::ErrorCode::malformed, std::move(message)};
}

std::vector<OptionChange> changed_options(const Settings& running, const Settings& wanted) {
  std::vector<OptionChange> changes;
  for (const Option& option : option_table()) {
    const Value before = option.get(running);
    const Value after = option.get(wanted);
    if (before == after) continue;
    const bool secret = option.name == "notices.webhook";  // such an address often has a key in it
    changes.push_back({option.name, secret ? "(hidden)" : format_value(before),
                       secret ? "(hidden)" : format_value(after), option.reloadable});
  }
  return changes;
}

std::string show_settings(const Settings& settings, const Surroundings& surroundings,
                          bool changed_only) {
  const Settings defaults = default_settings(surroundings);
  std::string out;
  for (const Option& option : option_table()) {
    const Value value = option.get(settings);
    if (changed_only && value == option.get(defaults)) continue;
    out += fmt::format("{} = {}\n", option.name, format_value(value));
  }
  return out;
}

}  // namespace leumund::config
