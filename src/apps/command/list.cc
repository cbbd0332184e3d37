// The verbs `list show, why, add, remove, export`, and what they print.
#include <fmt/core.h>

#include <iterator>

#include "action/atomic_file.h"
#include "action/sentences.h"
#include "apps/command/show.h"
#include "apps/command/talk.h"
#include "base/time.h"
#include "net/http_client.h"

namespace leumund::apps {
namespace {

constexpr const char* kinds[] = {"complaint", "pristine_trap", "recycled_trap", "typo_trap",
                                 "honeypot"};

std::string word(const Terminal& terminal, const char* table, const std::string& name) {
  const auto phrase = Phrase::find(std::string(table) + "." + name);
  return phrase ? terminal.say(*phrase) : safe(name);
}

// "3 complaints, 2 pristine traps"; "-" for none.
std::string reports_words(const Terminal& terminal, const JsonValue& reports) {
  std::string out;
  for (const char* kind : kinds) {
    const auto count = reports.at(kind).count();
    if (count == 0) continue;
    const auto phrase = Phrase::find(std::string("kind.") + kind);
    out += (out.empty() ? "" : ", ") + (phrase ? terminal.say(*phrase, count) : safe(kind));
  }
  return out.empty() ? "-" : out;
}

// A network, or on a list of names a name.
std::string subject_of(const JsonValue& one) {
  const std::string network = one.at("network").text();
  return safe(network.empty() ? one.at("name").text() : network);
}

void show_listings_of(Terminal& terminal, const JsonValue& list) {
  terminal.line(terminal.paint(
      Colour::bold, terminal.say("own_list_is", safe(list.at("list").text()),
                                 safe(list.at("zone").text()), list.at("listed").count(),
                                 list.at("by_hand").size(), list.at("reports").count())));
  std::vector<Row> rows;
  for (const JsonValue& one : list.at("by_hand")) {
    rows.push_back({{"  " + subject_of(one), Colour::red},
                    {when(one, "since")},
                    {when(one, "until")},
                    {terminal.say("own_by_hand", safe(one.at("reason").text()))}});
  }
  for (const JsonValue& one : list.at("listings")) {
    rows.push_back({{"  " + subject_of(one), Colour::red},
                    {when(one, "since")},
                    {when(one, "until")},
                    {reports_words(terminal, one.at("reports"))}});
  }
  if (rows.empty()) return;
  rows.insert(rows.begin(), {{"  " + terminal.say("column.network"), Colour::bold},
                             {terminal.say("column.since"), Colour::bold},
                             {terminal.say("column.until"), Colour::bold},
                             {terminal.say("column.why"), Colour::bold}});
  show_rows(terminal, rows);
}

// Whether our own lists would list us now.
void show_own(Terminal& terminal, const JsonValue& own) {
  if (own.empty()) return;
  terminal.line(terminal.paint(Colour::bold, terminal.say("own_question")));
  for (const JsonValue& one : own) {
    const bool would = one.at("would_be_listed").flag() || !one.at("listed_on").empty();
    terminal.line("  " +
                  terminal.paint(would ? Colour::red : Colour::green,
                                 terminal.say(would ? Phrase("own_would") : "own_would_not",
                                              safe(one.at("address").text()))) +
                  ": " + word(terminal, "verdict", one.at("verdict").text()) + "; " +
                  terminal.say("own_reports", reports_words(terminal, one.at("reports")),
                               static_cast<std::uint64_t>(one.at("mail").number())));
  }
}

bool show_own_lists(Terminal& terminal, std::string_view body) {
  const JsonValue report = JsonValue::parse(body);
  if (!report.at("lists").is_array()) return false;
  if (const std::string trouble = report.at("trouble").text(); !trouble.empty()) {
    const std::string words = action::translated_error(terminal.language(), trouble);
    terminal.line(terminal.paint(Colour::red, terminal.say("own_trouble", safe(words))));
  }
  if (!report.at("on").flag()) {
    terminal.line(terminal.say("own_none"));
    return true;
  }
  for (const JsonValue& list : report.at("lists")) show_listings_of(terminal, list);
  for (const JsonValue& one : report.at("proposals")) {
    terminal.line(terminal.say("own_range", when(one, "at"), safe(one.at("network").text())));
  }
  show_own(terminal, report.at("own"));
  return true;
}

bool show_why(Terminal& terminal, std::string_view body) {
  const JsonValue report = JsonValue::parse(body);
  if (!report.at("lists").is_array()) return false;
  for (const JsonValue& one : report.at("lists")) {
    const bool listed = one.at("listed").flag();
    terminal.line(terminal.paint(listed ? Colour::red : Colour::green,
                                 terminal.say(listed ? Phrase("own_listed") : "own_not_listed",
                                              subject_of(one), safe(one.at("zone").text()))));
    if (one.at("since").is_number()) {
      terminal.line("  " + terminal.say("own_from_to", when(one, "since"), when(one, "until")));
    }
    if (const JsonValue& hand = one.at("by_hand"); hand.is_object()) {
      terminal.line("  " + terminal.say("own_by_hand", safe(hand.at("reason").text())) + " (" +
                    safe(hand.at("by").text()) + ", " + when(hand, "since") + ", " +
                    subject_of(hand) + ")");
    }
    terminal.line("  " + word(terminal, "verdict", one.at("verdict").text()) + "; " +
                  terminal.say("own_reports", reports_words(terminal, one.at("reports")),
                               static_cast<std::uint64_t>(one.at("mail").number())));
    for (const JsonValue& hour : one.at("hours")) {
      terminal.line("  " + terminal.say("own_hour", when(hour, "at"),
                                        reports_words(terminal, hour.at("reports")),
                                        terminal.decimal(hour.at("weight").number(), 1)));
    }
    for (const JsonValue& who : one.at("reported_by")) {
      terminal.line("  " + terminal.say(who.at("named").flag() ? Phrase("own_reporter")
                                                               : "own_reporter_unnamed",
                                        safe(who.at("reporter").text()),
                                        terminal.decimal(who.at("reports").number(), 1),
                                        when(who, "last"),
                                        terminal.decimal(who.at("weight").number(), 2),
                                        who.at("right").count(), who.at("wrong").count()));
    }
    for (const JsonValue& line : one.at("history")) {
      const std::string reason = line.at("reason").text();
      const std::string by = line.at("by").text();
      terminal.line(fmt::format(
          "  {}  {}{}{}", when(line, "at"), word(terminal, "own_move", line.at("move").text()),
          reason.empty() ? "" : ": " + safe(reason), by.empty() ? "" : " (" + safe(by) + ")"));
    }
  }
  return true;
}

int change(Talk& talk, const char* path) {
  const Request& request = talk.request;
  JsonValue order = JsonValue::object();
  order.set("by", caller());
  order.set("network", request.subject);
  order.set("reason", request.reason);
  if (!request.list.empty()) order.set("list", request.list);
  if (!request.span.empty()) order.set("for", request.span);
  if (request.force) order.set("force", true);
  if (request.wrong_reports) order.set("wrong_reports", true);
  return talk.post(path, order, [&](auto body) { return show_why(talk.terminal, body); });
}

}  // namespace

int list_show(Talk& talk) {
  return talk.get(fmt::format("/v1/list?most={}", talk.request.limit),
                  [&](auto body) { return show_own_lists(talk.terminal, body); });
}

int list_why(Talk& talk) {
  const int status = talk.get("/v1/list/why?address=" + net::url_encode(talk.request.subject),
                              [&](auto body) { return show_why(talk.terminal, body); });
  if (status != exit_done) return status;
  // As with every question: listed is the answer that somebody must look at.
  for (const JsonValue& one : JsonValue::parse(talk.body).at("lists")) {
    if (one.at("listed").flag()) return exit_negative;
  }
  return exit_done;
}

int list_add(Talk& talk) { return change(talk, "/v1/list/add"); }
int list_remove(Talk& talk) { return change(talk, "/v1/list/remove"); }

int list_export(Talk& talk) {
  const Request& request = talk.request;
  std::string target = "/v1/list/export?list=" + net::url_encode(request.list);
  if (request.ipv6) target += "&ipv6=true";
  const auto answer = talk.client.get(target);
  if (!answer) return tell_unreachable(request, talk.socket, answer.error(), talk.terminal);
  if (answer->status != 200) return tell_refusal(request, *answer, talk.terminal);
  if (request.file.empty() || request.file == "-") {
    std::string_view text = answer->body;
    if (text.ends_with('\n')) text.remove_suffix(1);
    talk.terminal.line(std::string(text));
    return exit_done;
  }
  const auto written = action::write_file_atomically(request.file, answer->body, 0644);
  if (written) return exit_done;
  return tell_own_error(request, talk.terminal, exit_wrong_use, written.error());
}

}  // namespace leumund::apps
