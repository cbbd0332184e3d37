// What `leumund block-matrix` prints, and `leumund explain` of an egress or provider.
#include <fmt/core.h>

#include "action/mail_classes.h"
#include "action/sentences.h"
#include "apps/command/show.h"

namespace leumund::apps {
namespace {

using action::translated;
using action::translated_list;

Colour state_colour(std::string_view state) {
  if (state == "refused" || state == "half_open") return Colour::red;
  return state == "suspected" ? Colour::yellow : Colour::green;
}

Cell state_cell(const Terminal& terminal, const JsonValue& cell) {
  const std::string state = cell.at("state").text();
  const auto phrase = Phrase::find("cell." + state);
  return {phrase ? terminal.say(*phrase) : safe(state), state_colour(state)};
}

std::string percent(const JsonValue& share) {
  return fmt::format("{:.0f} %", share.number() * 100);
}

std::string lists_words(const Terminal& terminal, const JsonValue& cell) {
  std::string words;
  for (const JsonValue& list : cell.at("lists")) {
    words += (words.empty() ? "" : ", ") + safe(list.text());
  }
  if (!cell.at("private").flag()) return words;
  return words.empty() ? terminal.say("cell.private")
                       : words + " (" + terminal.say("cell.private") + ")";
}

bool in_trouble(const JsonValue& cell) { return cell.at("state").text() != "open"; }

void show_examples(Terminal& terminal, const JsonValue& examples, Phrase title) {
  if (!examples.is_array() || examples.empty()) return;
  terminal.line("  " + terminal.say(title));
  for (const JsonValue& example : examples) {
    const std::string stage = example.at("stage").text();
    terminal.line(fmt::format(
        "    {} {}{}: {}", when(example, "at"), safe(example.at("remote").text()),
        stage.empty() ? "" : " (" + safe(stage) + ")", safe(example.at("reply").text())));
  }
}

}  // namespace

bool show_block_matrix(Terminal& terminal, std::string_view body) {
  const JsonValue answer = JsonValue::parse(body);
  const JsonValue& cells = answer.at("cells");
  if (!cells.is_array()) return false;
  if (cells.empty()) {
    terminal.line(terminal.say("matrix_empty"));
    return true;
  }
  std::vector<Row> rows = {{{terminal.say("column.egress"), Colour::bold},
                            {terminal.say("column.provider"), Colour::bold},
                            {terminal.say("column.state"), Colour::bold},
                            {terminal.say("column.since"), Colour::bold},
                            {terminal.say("column.refused"), Colour::bold},
                            {terminal.say("column.mails"), Colour::bold},
                            {terminal.say("column.lists"), Colour::bold}}};
  for (const JsonValue& cell : cells) {
    const bool trouble = in_trouble(cell);
    rows.push_back({{safe(cell.at("egress").text())},
                    {safe(cell.at("provider").text())},
                    state_cell(terminal, cell),
                    {trouble ? when(cell, "since") : "-"},
                    {trouble ? percent(cell.at("refused_share")) : "-"},
                    {trouble ? std::to_string(cell.at("mails").count()) : "-"},
                    {trouble ? lists_words(terminal, cell) : ""}});
  }
  show_rows(terminal, rows);
  return true;
}

namespace {

std::string phase_words(const Terminal& terminal, const JsonValue& detour) {
  const std::string name = detour.at("phase").text();
  const bool planned = detour.at("planned").flag();
  auto phase = planned ? Phrase::find("planned." + name) : std::nullopt;
  if (!phase) phase = Phrase::find("phase." + name);
  std::string words = phase ? terminal.say(*phase) : safe(name);
  if (planned) words += " (" + terminal.say("detour_planned") + ")";
  return words;
}

}  // namespace

std::string class_words(const Terminal& terminal, const JsonValue& classes) {
  model::ClassCounts counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = classes.at(model::mail_class_name(static_cast<model::MailClass>(i))).count();
  }
  return action::class_words(counts, terminal.language());
}

std::string detour_name(const Terminal& terminal, const JsonValue& detour) {
  const std::string provider = safe(detour.at("provider").text());
  const std::string pool = detour.at("pool").text();
  return pool.empty() ? provider : terminal.say("detour_of_pool", provider, safe(pool));
}

namespace {

void show_one_detour(Terminal& terminal, const JsonValue& detour) {
  const std::string phase = detour.at("phase").text();
  const std::string via = detour.at("via").text();
  terminal.line(terminal.say("detour_title", detour_name(terminal, detour),
                             terminal.paint(phase == "none" ? Colour::green : Colour::yellow,
                                            phase_words(terminal, detour))));
  terminal.line("  " + safe(translated(terminal.language(), detour.at("reason").text())));
  const auto ways =
      detour.at("planned").flag() ? Phrase("detour_ways_planned") : Phrase("detour_ways");
  terminal.line("  " + terminal.say(ways, safe(detour.at("home").text()),
                                    via.empty() ? "-" : safe(via), when(detour, "since")));
  if (const std::string warning = detour.at("warning").text(); !warning.empty()) {
    terminal.line(
        "  " + terminal.paint(Colour::red,
                              terminal.say("detour_warning",
                                           safe(translated_list(terminal.language(), warning)))));
  }
  if ((phase == "open" || phase == "capped") && !detour.at("planned").flag()) {
    terminal.line("  " + terminal.say("detour_counts", detour.at("delivered").count(),
                                      detour.at("cap").count(),
                                      detour.at("delivered_all").count()));
  }
  if (phase != "none" && phase != "waiting" && !detour.at("by_hand").flag()) {
    terminal.line("  " + terminal.say("detour_probes", detour.at("probes_accepted").count(),
                                      detour.at("probes_refused").count(),
                                      when(detour, "next_probe_at")));
  }
}

}  // namespace

void show_detour_list(Terminal& terminal, const JsonValue& detours) {
  for (const JsonValue& detour : detours) show_one_detour(terminal, detour);
}

bool show_detours(Terminal& terminal, std::string_view body) {
  const JsonValue answer = JsonValue::parse(body);
  const JsonValue& detours = answer.at("detours");
  if (!detours.is_array()) return false;
  if (detours.empty()) terminal.line(terminal.say("detour_none"));
  show_detour_list(terminal, detours);
  return true;
}

bool show_detour(Terminal& terminal, std::string_view body) {
  const JsonValue detour = JsonValue::parse(body);
  if (!detour.is_object()) return false;
  show_one_detour(terminal, detour);
  return true;
}

void show_cells(Terminal& terminal, const JsonValue& cells) {
  for (const JsonValue& cell : cells) {
    const Cell state = state_cell(terminal, cell);
    terminal.line(terminal.say("cell_is", safe(cell.at("egress").text()),
                               safe(cell.at("provider").text()),
                               terminal.paint(state.colour, state.text)));
    if (in_trouble(cell)) {
      terminal.line("  " + terminal.say("cell_since", when(cell, "since"),
                                        percent(cell.at("refused_share")),
                                        percent(cell.at("usual_share"))));
    }
    if (cell.at("mails").count() > 0) {
      terminal.line("  " + terminal.say("cell_impact", cell.at("mails").count(),
                                        cell.at("recipients").count(), cell.at("accounts").count(),
                                        cell.at("sender_domains").count()));
      const std::string classes = class_words(terminal, cell.at("classes"));
      if (!classes.empty()) terminal.line("  " + terminal.say("classes_are", classes));
    }
    if (const std::string lists = lists_words(terminal, cell); !lists.empty()) {
      terminal.line("  " + terminal.say("cell_lists", lists));
    }
    if (const std::string ours = cell.at("listed_address").text(); !ours.empty()) {
      terminal.line("  " + terminal.say("cell_address", safe(ours)));
    }
    terminal.line("  " + terminal.say("cell_last", when(cell, "last_accepted_at"),
                                      when(cell, "last_refused_at")));
    if (in_trouble(cell)) {
      const bool refused = cell.at("state").text() != "suspected";
      terminal.line("  " + terminal.say(refused ? Phrase("cell_opens") : Phrase("cell_closes"),
                                        terminal.decimal(cell.at("evidence").number(), 1),
                                        terminal.decimal(cell.at("threshold").number(), 1)));
    }
    show_examples(terminal, cell.at("examples"), "cell_examples");
    if (cell.at("other_refusals").count() > 0) {
      terminal.line("  " + terminal.say("cell_others", cell.at("other_refusals").count()));
      show_examples(terminal, cell.at("other_examples"), "cell_other_examples");
    }
  }
}

}  // namespace leumund::apps
