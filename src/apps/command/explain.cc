// What `leumund explain` prints.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "action/sentences.h"
#include "apps/command/show.h"
#include "base/filled.h"
#include "face/postfix_connect.h"

namespace leumund::apps {
namespace {

using action::translated;

void show_terms(Terminal& terminal, const JsonValue& terms) {
  if (!terms.is_array()) return;
  for (const JsonValue& term : terms) {
    const double value = term.at("value").number();
    const std::string worth = (value > 0 ? "+" : "") + terminal.decimal(value, 2);
    std::string events;
    for (const JsonValue& event : term.at("events")) {
      events += (events.empty() ? " [" : ", ") + safe(event.text());
    }
    if (!events.empty()) events += "]";
    terminal.line(fmt::format(
        "  {} {}{}",
        terminal.paint(value > 0 ? Colour::red : Colour::green, fmt::format("{:>7}", worth)),
        safe(translated(terminal.language(), term.at("text").text())),
        terminal.paint(Colour::dim, events)));
  }
}

std::string habit_name(const Terminal& terminal, const std::string& name) {
  if (const auto phrase = Phrase::find("habit." + name)) return terminal.say(*phrase);
  std::string words = safe(name);
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

// "url_domain in 12 of 14, subject in 13 of 14"
std::string shared_words(const Terminal& terminal, std::string_view facets) {
  std::string out;
  while (!facets.empty()) {
    const std::string_view one = facets.substr(0, facets.find(", "));
    facets.remove_prefix(std::min(one.size() + 2, facets.size()));
    const auto in = one.find(" in ");
    const auto of = one.find(" of ", std::min(in, one.size()));
    if (of == std::string_view::npos) return "";
    out += (out.empty() ? "" : ", ") +
           terminal.say("facet_in", translated(terminal.language(), one.substr(0, in)),
                        one.substr(in + 4, of - in - 4), one.substr(of + 4));
  }
  return out;
}

std::string habit_value(const Terminal& terminal, const std::string& name, const JsonValue& value) {
  constexpr std::string_view about = "about ";
  const std::string text = value.is_text() ? value.text() : value.dump();
  if (const auto at = base::parse_rfc3339(text)) return local_time(*at);
  if (name == "honest_kind") {
    if (const auto kind = Phrase::find("honest." + text)) return terminal.say(*kind);
  }
  if (name == "shared") return safe(shared_words(terminal, text));
  if (text == "unknown") return terminal.say("habit_unknown");
  if (text.starts_with(about)) return terminal.say("habit_about", safe(text.substr(about.size())));
  if (terminal.language() == Language::en) return safe(text);
  return safe(base::with_comma(translated(terminal.language(), text)));
}

void show_habits(Terminal& terminal, const JsonValue& habits) {
  if (!habits.is_object() || habits.empty()) return;
  terminal.line(terminal.say("habits_title"));
  constexpr std::size_t name_columns = 34;
  constexpr std::size_t value_columns_least = 40;
  const auto width = static_cast<std::size_t>(terminal.width());
  const std::size_t columns =
      std::max(width, name_columns + 3 + value_columns_least) - name_columns - 3;
  for (const auto& [name, value] : habits.fields()) {
    std::string head = habit_name(terminal, name);
    for (const std::string& line : wrapped(habit_value(terminal, name, value), columns)) {
      terminal.line("  " + padded(std::exchange(head, ""), name_columns) + " " + line);
    }
  }
}

// The decision that made the restriction stand as it does; a null value if it is no longer known.
const JsonValue& decision_behind(const JsonValue& about) {
  static const JsonValue nothing;
  for (const JsonValue& decision : about.at("decisions")) {
    if (decision.at("decision").text() == "restricted") return decision;
  }
  return nothing;
}

// Where the whole story stands.
void show_case_numbers(Terminal& terminal, const JsonValue& about) {
  for (const JsonValue& number : about.at("cases")) {
    terminal.line("  " + terminal.say("in_case", number.count()));
  }
}

void show_reasons(Terminal& terminal, const JsonValue& about) {
  const JsonValue& behind = decision_behind(about);
  const auto number = [&](double value) { return terminal.decimal(value, 2); };
  // What was decided on fades with time; it was enough then.
  if (about.at("restriction").is_object() && !behind.at("terms").empty()) {
    terminal.line(terminal.say("score_then_now", number(behind.at("score").number()),
                               when(behind, "at"), number(about.at("score").number())));
    terminal.line(terminal.say("reasons_then_title"));
    show_terms(terminal, behind.at("terms"));
    return;
  }
  terminal.line(terminal.say("score_is", number(about.at("score").number()),
                             number(about.at("threshold").number())));
  const JsonValue& terms = about.at("terms");
  if (terms.is_array() && !terms.empty()) terminal.line(terminal.say("reasons_title"));
  show_terms(terminal, terms);
}

void show_mail(Terminal& terminal, const JsonValue& about) {
  const JsonValue& attempts = about.at("attempts");
  if (attempts.at("recipients").count() > 0) {
    terminal.line(
        terminal.say("attempts", attempts.at("recipients").count(), when(attempts, "last_at")));
  }
  const JsonValue& queued = about.at("queued");
  if (!queued.is_array() || queued.empty()) return;
  std::string ids;
  for (const JsonValue& id : queued) {
    if (id.is_text() && ids.size() < 200) ids += (ids.empty() ? "" : " ") + safe(id.text());
  }
  terminal.line(terminal.say("queued", queued.size(), ids));
}

// "Evidence worth ..." reads as a sentence of its own; times in it are local.
std::string change_words(const Terminal& terminal, const JsonValue& about) {
  std::string words = about.at("what_would_change").text();
  const auto until = about.at("restriction").at("until").time();
  if (until) {
    const std::string stamp = base::format_rfc3339(*until);
    if (const auto at = words.find(stamp); at != std::string::npos) {
      words.replace(at, stamp.size(), local_time(*until));
    }
  }
  words = translated(terminal.language(), words);
  if (!words.empty() && words[0] >= 'a' && words[0] <= 'z')
    words[0] = static_cast<char>(words[0] - 'a' + 'A');
  return safe(words) + (words.empty() ? "" : ".");
}

void show_decided(Terminal& terminal, const JsonValue& decisions) {
  if (decisions.is_array() && !decisions.empty()) terminal.line(terminal.say("decided_title"));
  for (const JsonValue& decision : decisions) {
    terminal.line("  " + decision_line(terminal, decision, true));
  }
}

}  // namespace

std::string release_command(const JsonValue& about) {
  // Of a script the uid may be stopped that hands in its mail.
  const JsonValue& stopped = about.at("restriction").at("subject");
  std::vector<std::string> command = {
      "leumund", "release", stopped.is_text() ? stopped.text() : about.at("subject").text()};
  for (const JsonValue& item : about.at("checklist")) {
    if (!item.is_text()) continue;
    command.emplace_back("--done");
    command.push_back(item.text() + "=WHO");
  }
  return face::shell_text(command);
}

bool show_subject(Terminal& terminal, std::string_view body) {
  const JsonValue about = JsonValue::parse(body);
  if (!about.is_object()) return false;
  const std::string subject = safe(about.at("subject").text());
  if (!subject_facts(body).known) {
    terminal.line(terminal.say("nothing_known", subject));
    return true;
  }
  terminal.line(terminal.say("standing_is", terminal.paint(Colour::bold, subject),
                             standing_name(terminal, about.at("standing").text())));
  show_setup(terminal, about.at("setup"));
  if (!about.at("cells").empty() || !about.at("listings").empty() || !about.at("detours").empty()) {
    show_listings(terminal, about.at("listings"));
    show_cells(terminal, about.at("cells"));
    show_detour_list(terminal, about.at("detours"));
    show_case_numbers(terminal, about);
    show_decided(terminal, about.at("decisions"));
    return true;
  }
  show_case_numbers(terminal, about);
  const JsonValue& restriction = about.at("restriction");
  if (restriction.is_object()) {
    // The reasons of a detector follow below, one a line.
    const bool below = !decision_behind(about).at("terms").empty();
    const std::string whose = safe(restriction.at("subject").text());
    terminal.line(
        fmt::format("  {}{}, {}, {}, {}{}", whose.empty() || whose == subject ? "" : whose + ": ",
                    level_word(terminal, restriction.at("level").text()),
                    terminal.say("since_time", when(restriction, "since")),
                    until_words(terminal, restriction), author_words(terminal, restriction),
                    below ? "" : ": " + reason_words(terminal, restriction)));
  }
  show_reasons(terminal, about);
  show_habits(terminal, about.at("habits"));
  show_mail(terminal, about);
  show_decided(terminal, about.at("decisions"));
  if (const std::string change = change_words(terminal, about); !change.empty()) {
    terminal.line(change);
  }
  if (restriction.is_object()) {
    terminal.line(terminal.say("release_hint", release_command(about)));
    if (!about.at("checklist").empty()) terminal.line(terminal.say("who_hint"));
  }
  return true;
}

}  // namespace leumund::apps
