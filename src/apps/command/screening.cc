// What `leumund screening` prints: the lists, whom they list, and the weights that are proposed.
#include <fmt/core.h>

#include "apps/command/show.h"

namespace leumund::apps {
namespace {

std::string share_words(const Terminal& terminal, std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  return terminal.decimal(100 * static_cast<double>(part) / static_cast<double>(whole), 1) + " %";
}

// Yellow where it differs from what is configured.
Cell proposed_cell(const JsonValue& one) {
  const JsonValue& proposed = one.at("proposed");
  if (!proposed.is_number()) return {"-"};
  const auto weight = static_cast<int>(proposed.number());
  const bool other =
      one.at("role").text() == "score" && weight != static_cast<int>(one.at("weight").number());
  return {std::to_string(weight), other ? Colour::yellow : Colour::plain};
}

Row row_of(const Terminal& terminal, const JsonValue& one) {
  const auto listed = one.at("listed").count();
  const std::string shares = one.at("shares_with").text();
  const bool scores = one.at("role").text() == "score";
  return {{safe(one.at("list").text())},
          {scores ? fmt::format("{:.0f}", one.at("weight").number())
                  : terminal.say(*Phrase::find("screen_role." + one.at("role").text()))},
          list_state(terminal, one),
          {std::to_string(one.at("asked").count())},
          {std::to_string(listed)},
          {std::to_string(one.at("complained").count())},
          {share_words(terminal, one.at("complained").count(), listed)},
          {shares.empty()
               ? "-"
               : share_words(terminal, one.at("shared").count(), listed) + " " + safe(shares)},
          proposed_cell(one)};
}

}  // namespace

bool show_screening(Terminal& terminal, std::string_view body) {
  const JsonValue answer = JsonValue::parse(body);
  if (!answer.at("lists").is_array()) return false;
  if (!answer.at("on").flag()) {
    terminal.line(terminal.say("screening_off"));
    return true;
  }
  terminal.line(
      terminal.say("screening_sum", answer.at("clients").count(), answer.at("complained").count()));
  if (!answer.at("hears_complaints").flag()) terminal.line(terminal.say("screening_deaf"));
  std::vector<Row> rows(1);
  for (const char* name :
       {"column.list", "column.weight", "column.state", "column.asked", "column.listed",
        "column.later", "column.share", "column.overlap", "column.proposed"}) {
    rows.front().push_back({terminal.say(*Phrase::find(name)), Colour::bold});
  }
  bool any = false;
  for (const JsonValue& one : answer.at("lists")) {
    const std::string role = one.at("role").text();
    if (role != "block" && role != "score" && role != "allow") return false;
    any = any || one.at("proposed").is_number();
    rows.push_back(row_of(terminal, one));
  }
  show_rows(terminal, rows);
  terminal.line(any ? terminal.say("screening_proposal", answer.at("refuse_at").count())
                    : terminal.say("screening_no_proposal"));
  return true;
}

}  // namespace leumund::apps
