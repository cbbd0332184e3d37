// What `leumund hygiene` prints, and the faults of the set-up in `leumund explain` and `case`.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "action/sentences.h"
#include "apps/command/show.h"

namespace leumund::apps {
namespace {

using action::translated;
using action::translated_error;

struct Mark {
  Phrase words;
  Colour colour;
};

Mark mark_of(const JsonValue& finding) {
  const std::string state = finding.at("state").text();
  if (state == "good") return {"hygiene.good", Colour::green};
  if (state != "fault") return {"hygiene.unknown", Colour::yellow};
  if (finding.at("grave").flag()) return {"hygiene.grave", Colour::red};
  return {"hygiene.fault", Colour::yellow};
}

// Grave faults, faults, what is not known, what is good.
int rank_of(const JsonValue& finding) {
  const std::string state = finding.at("state").text();
  if (state == "fault") return finding.at("grave").flag() ? 0 : 1;
  return state == "good" ? 3 : 2;
}

void show_title(Terminal& terminal, const JsonValue& one) {
  const std::string egress = one.at("egress").text();
  const std::string address = one.at("address").text();
  std::string title = safe(address.empty() ? egress : address);
  if (!address.empty() && !egress.empty()) title += " (" + safe(egress) + ")";
  if (one.at("detour_way").flag()) title += ", " + terminal.say("hygiene_detour_way");
  terminal.line(terminal.paint(Colour::bold, title));
}

}  // namespace

void show_findings(Terminal& terminal, const JsonValue& findings, bool all) {
  std::vector<const JsonValue*> order;
  for (const JsonValue& finding : findings) order.push_back(&finding);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return rank_of(*a) < rank_of(*b); });
  std::size_t good = 0;
  std::set<std::string> told;
  for (const JsonValue* finding : order) {
    // Of many domains that are well one line is enough.
    const bool one_of_many = !finding->at("about").text().empty();
    if (finding->at("state").text() == "good" && (!all || one_of_many)) {
      ++good;
      continue;
    }
    const Mark mark = mark_of(*finding);
    terminal.line("  " + terminal.paint(mark.colour, padded(terminal.say(mark.words), 8)) + " " +
                  safe(translated(terminal.language(), finding->at("text").text())));
    const auto hint = Phrase::find("hygiene_hint." + finding->at("check").text());
    const bool fault = finding->at("state").text() == "fault";
    if (fault && hint && told.insert(finding->at("check").text()).second) {
      terminal.line("           " + terminal.say(*hint));
    }
  }
  if (good > 0) {
    terminal.line("  " + terminal.paint(Colour::green, padded(terminal.say("hygiene.good"), 8)) +
                  " " + terminal.say("hygiene_more_good", good));
  }
}

void show_setup(Terminal& terminal, const JsonValue& faults) {
  if (faults.empty()) return;
  terminal.line(terminal.paint(Colour::bold, terminal.say("hygiene_setup")));
  show_findings(terminal, faults, true);
}

bool show_hygiene(Terminal& terminal, std::string_view body) {
  const JsonValue answer = JsonValue::parse(body);
  if (!answer.at("addresses").is_array()) return false;
  for (const JsonValue& problem : answer.at("problems")) {
    terminal.line(
        terminal.paint(Colour::red, safe(translated(terminal.language(), problem.text()))));
  }
  if (!answer.at("on").flag()) {
    const bool waits = answer.at("looking").flag() || !answer.at("checked_at").is_number();
    const std::string off = translated(terminal.language(), answer.at("off").text());
    terminal.line(waits ? terminal.say("hygiene_not_yet") : terminal.say("hygiene_off", safe(off)));
    return true;
  }
  terminal.line(terminal.say("hygiene_sum", when(answer, "checked_at"), when(answer, "next_at"),
                             answer.at("good").count(), answer.at("faults").count(),
                             answer.at("grave").count(), answer.at("unknown").count()));
  for (const JsonValue& one : answer.at("addresses")) {
    show_title(terminal, one);
    show_findings(terminal, one.at("findings"), true);
  }
  for (const JsonValue& one : answer.at("domains")) {
    std::string title = safe(one.at("domain").text());
    if (const auto seen = one.at("seen").count(); seen > 0) {
      title += ", " + terminal.say("hygiene_seen", seen);
    }
    terminal.line(terminal.paint(Colour::bold, title));
    show_findings(terminal, one.at("findings"), false);
  }
  return true;
}

namespace {

std::string share_words(const Terminal& terminal, const JsonValue& figure) {
  const JsonValue& share = figure.at("complaint_share");
  if (!share.is_number()) return "-";
  return fmt::format("{}{} %", figure.at("share_is_below").flag() ? "< " : "",
                     terminal.decimal(100 * share.number(), 2));
}

std::string count_words(const JsonValue& count) {
  return count.is_number() ? std::to_string(count.count()) : "-";
}

Cell colour_cell(const Terminal& terminal, const std::string& name) {
  const auto phrase = Phrase::find("colour." + name);
  const Colour colour = name == "red"      ? Colour::red
                        : name == "yellow" ? Colour::yellow
                        : name == "green"  ? Colour::green
                                           : Colour::plain;
  return {phrase ? terminal.say(*phrase) : "-", colour};
}

}  // namespace

bool show_provider_reports(Terminal& terminal, std::string_view body) {
  const JsonValue answer = JsonValue::parse(body);
  if (!answer.at("figures").is_array()) return false;
  if (answer.at("folder").text().empty()) return true;
  terminal.line(
      terminal.paint(Colour::bold, terminal.say("provider_title", answer.at("files").size())));
  if (const std::string trouble = answer.at("trouble").text(); !trouble.empty()) {
    terminal.line(
        "  " + terminal.paint(Colour::red, safe(translated_error(terminal.language(), trouble))));
  }
  for (const JsonValue& file : answer.at("files")) {
    if (file.at("bad").count() == 0) continue;
    terminal.line("  " + terminal.paint(Colour::yellow,
                                        terminal.say("provider_bad", safe(file.at("name").text()),
                                                     file.at("bad").count())));
    for (const JsonValue& problem : file.at("problems")) {
      terminal.line("    " + safe(translated_error(terminal.language(), problem.text())));
    }
  }
  std::vector<Row> rows = {{{terminal.say("column.source"), Colour::bold},
                            {terminal.say("column.place"), Colour::bold},
                            {terminal.say("column.until"), Colour::bold},
                            {terminal.say("column.colour"), Colour::bold},
                            {terminal.say("column.mails"), Colour::bold},
                            {terminal.say("column.complaints"), Colour::bold},
                            {terminal.say("column.share"), Colour::bold},
                            {terminal.say("column.traps"), Colour::bold},
                            {terminal.say("column.reason"), Colour::bold}}};
  std::set<std::string> told;  // the newest of each is enough for people
  for (const JsonValue& figure : answer.at("figures")) {
    const std::string reporter = figure.at("reporter").text();
    const std::string source =
        figure.at("source").text() + (reporter.empty() ? "" : " " + reporter);
    if (!told.insert(source + "\n" + figure.at("place").text()).second) continue;
    rows.push_back({{safe(source)},
                    {safe(figure.at("place").text())},
                    {when(figure, "until")},
                    colour_cell(terminal, figure.at("colour").text()),
                    {count_words(figure.at("mails"))},
                    {count_words(figure.at("complaints"))},
                    {share_words(terminal, figure)},
                    {count_words(figure.at("trap_hits"))},
                    {safe(figure.at("comment").text())}});
  }
  if (rows.size() > 1) show_rows(terminal, rows);
  return true;
}

}  // namespace leumund::apps
