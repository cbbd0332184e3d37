// The verbs `cases` and `case`, and what they print.
#include <fmt/core.h>

#include <algorithm>

#include "action/sentences.h"
#include "apps/command/show.h"
#include "apps/command/talk.h"
#include "base/time.h"
#include "net/http_client.h"

namespace leumund::apps {
namespace {

// The word for a name that the daemon tells, "step.form"; the name itself where there is none.
std::string word(const Terminal& terminal, const char* table, const std::string& name) {
  const auto phrase = Phrase::find(std::string(table) + "." + name);
  return phrase ? terminal.say(*phrase) : safe(name);
}

Colour state_colour(const std::string& state) {
  if (state == "open") return Colour::red;
  return state == "quiet" ? Colour::yellow : Colour::green;
}

std::string joined(const JsonValue& texts) {
  std::string out;
  for (const JsonValue& text : texts) out += (out.empty() ? "" : ", ") + safe(text.text());
  return out;
}

void show_party(Terminal& terminal, const JsonValue& party) {
  const bool stands = !party.at("until").is_number();
  const std::string title = safe(party.at("title").text());
  terminal.line("  " +
                terminal.paint(stands ? Colour::red : Colour::green,
                               stands ? terminal.say("party_stands", title, when(party, "since"))
                                      : terminal.say("party_ended", title, when(party, "since"),
                                                     when(party, "until"))) +
                " (" + safe(party.at("party").text()) + ")");
  const auto indented = [&](const std::string& text) { terminal.line("    " + text); };
  if (!party.at("places").empty()) indented(joined(party.at("places")));
  if (party.at("times").count() > 1) {
    indented(terminal.say("party_times", party.at("times").count()));
  }
  if (party.at("mails").count() > 0) {
    indented(terminal.say("party_impact", party.at("mails").count(), party.at("recipients").count(),
                          party.at("accounts").count(), party.at("sender_domains").count()));
    const std::string classes = class_words(terminal, party.at("classes"));
    if (!classes.empty()) indented(terminal.say("classes_are", classes));
  }
  const std::string meaning =
      safe(action::translated_list(terminal.language(), party.at("meaning").text()));
  const std::string codes = joined(party.at("codes"));
  if (!codes.empty() || !meaning.empty()) {
    indented(codes.empty() ? meaning : terminal.say("listing_code", codes, meaning));
  }
  if (const std::string words = party.at("words").text(); !words.empty()) {
    indented(terminal.say("listing_reason", safe(words)));
  }
  if (!stands) return;
  if (party.at("predatory").flag()) indented(terminal.say("listing_predatory"));
  const std::string next = party.at("next").text();
  const std::string url = party.at("url").text();
  if (!next.empty()) {
    indented(terminal.say("party_next", word(terminal, "step", next)) +
             (url.empty() ? "" : ": " + safe(url)));
  }
  if (party.at("remind_at").is_number()) {
    indented(terminal.say("party_reminder", when(party, "remind_at")));
  }
}

void show_attempt(Terminal& terminal, const JsonValue& attempt) {
  terminal.line("  " + terminal.say("attempt_is", attempt.at("number").count(), when(attempt, "at"),
                                    safe(attempt.at("party").text()),
                                    word(terminal, "step", attempt.at("channel").text()),
                                    word(terminal, "outcome", attempt.at("outcome").text())));
  for (const char* field : {"to", "text", "answer"}) {
    if (const std::string text = attempt.at(field).text(); !text.empty()) {
      terminal.line("     " + safe(text));
    }
  }
}

// "open out2 (tenant)": the phase by its word, and by which way.
std::string detour_text(const Terminal& terminal, const std::string& text) {
  const auto end = std::min(text.find(' '), text.size());
  return word(terminal, "phase", text.substr(0, end)) + safe(text.substr(end));
}

// What we wrote ourselves in the person's language, what a person wrote as it is.
std::string line_text(const Terminal& terminal, const JsonValue& line) {
  const std::string event = line.at("event").text();
  const std::string text = line.at("text").text();
  if (event == "attempt" || event == "reminder") return word(terminal, "step", text);
  if (event == "answer") return word(terminal, "outcome", text);
  if (event == "detour") return detour_text(terminal, text);
  if (event == "stopped") {
    JsonValue reason = JsonValue::object();
    reason.set("reason", text);
    return reason_words(terminal, reason);
  }
  const bool ours = event == "ended" || event == "freed";
  return safe(ours ? action::translated(terminal.language(), text) : text);
}

std::string timeline_line(const Terminal& terminal, const JsonValue& line,
                          const std::string& text) {
  std::string who = safe(line.at("party").text());
  if (!who.empty() && !text.empty()) who += ": ";
  const std::string by = line.at("by").text();
  return fmt::format("{}  {}{}{}", when(line, "at"),
                     word(terminal, "case", line.at("event").text()),
                     who.empty() && text.empty() ? "" : " " + who + text,
                     by.empty() || by == "cases" ? "" : " (" + author_words(terminal, line) + ")");
}

// Senders that were stopped or let go by themselves, one after the other: more than a few are one
// line.
bool is_same_news(const JsonValue& line, const JsonValue& first) {
  const std::string event = line.at("event").text();
  return (event == "stopped" || event == "freed") && event == first.at("event").text() &&
         line.at("by").text() == first.at("by").text();
}

// Whether why it was stopped stands above already, with the causes.
bool is_told(const JsonValue& causes, const JsonValue& line) {
  if (line.at("event").text() != "stopped") return false;
  for (const JsonValue& cause : causes) {
    if (cause.at("subject").text() == line.at("party").text())
      return cause.at("reason").text() == line.at("text").text();
  }
  return false;
}

void show_timeline(Terminal& terminal, const JsonValue& one) {
  constexpr std::size_t alone_max = 3;
  terminal.line(terminal.paint(Colour::bold, terminal.say("case_timeline")));
  std::vector<const JsonValue*> lines;
  for (const JsonValue& line : one.at("lines")) lines.push_back(&line);
  for (std::size_t at = 0; at < lines.size();) {
    std::size_t end = at + 1;
    while (end < lines.size() && is_same_news(*lines[end], *lines[at])) ++end;
    const JsonValue& first = *lines[at];
    if (end - at > alone_max) {
      terminal.line("  " + timeline_line(terminal, first,
                                         terminal.say("and_more_until", end - at - 1,
                                                      when(*lines[end - 1], "at"))));
      at = end;
      continue;
    }
    const std::string text = is_told(one.at("causes"), first) ? "" : line_text(terminal, first);
    terminal.line("  " + timeline_line(terminal, first, text));
    ++at;
  }
  if (const auto dropped = one.at("dropped_lines").count(); dropped > 0) {
    terminal.line("  " + terminal.say("case_dropped", dropped));
  }
}

// Whoever was stopped as one of many: the reason that a detector gives says so.
bool is_member(const JsonValue& cause) {
  return cause.at("reason").text().contains("member of a campaign over many accounts");
}

void show_cause(Terminal& terminal, const JsonValue& cause, std::uint64_t members) {
  std::string who = safe(cause.at("subject").text());
  if (members > 0) who += " " + terminal.say("cause_with", members);
  terminal.line("  " + terminal.say("cause_is", who, when(cause, "stopped_at"),
                                    cause.at("decision").count(), reason_words(terminal, cause)));
}

// A campaign's members are counted at the campaign that was stopped before them.
void show_causes(Terminal& terminal, const JsonValue& one) {
  constexpr std::size_t shown_max = 20;
  if (one.at("causes").empty()) return;
  terminal.line(terminal.paint(Colour::bold, terminal.say("case_causes")));
  std::vector<std::pair<const JsonValue*, std::uint64_t>> shown;
  std::size_t campaign = 0;  // the place behind the last one in `shown`; 0: none yet
  for (const JsonValue& cause : one.at("causes")) {
    const bool member = is_member(cause);
    if (member && campaign > 0) {
      ++shown[campaign - 1].second;
      continue;
    }
    shown.emplace_back(&cause, 0);
    if (cause.at("subject").text().starts_with("campaign:")) campaign = shown.size();
  }
  for (std::size_t i = 0; i < std::min(shown.size(), shown_max); ++i) {
    show_cause(terminal, *shown[i].first, shown[i].second);
  }
  std::uint64_t more = one.at("more_causes").count();
  if (shown.size() > shown_max) more += shown.size() - shown_max;
  if (more > 0) {
    terminal.line("  " +
                  terminal.say("and_more", more,
                               fmt::format("leumund case {} --json", one.at("case").count())));
  }
}

// What was just written, in one line.
bool show_written(Terminal& terminal, std::string_view body, const std::string& event) {
  const JsonValue one = JsonValue::parse(body);
  if (!one.at("case").is_number()) return false;
  const JsonValue* written = nullptr;
  for (const JsonValue& line : one.at("lines")) {
    if (line.at("event").text() == event) written = &line;
  }
  const std::string state = one.at("state").text();
  terminal.line(terminal.say(
      "case_written", one.at("case").count(), word(terminal, "case_state", state),
      written == nullptr ? std::string("-")
                         : timeline_line(terminal, *written, line_text(terminal, *written))));
  return true;
}

std::string span_words(std::uint64_t seconds) {
  constexpr std::uint64_t hour = 3600;
  if (seconds >= 48 * hour) return fmt::format("{}d", seconds / (24 * hour));
  return seconds >= hour ? fmt::format("{}h", seconds / hour) : fmt::format("{}m", seconds / 60);
}

// What worked against whom the last time.
void show_before(Terminal& terminal, const JsonValue& before) {
  if (before.empty()) return;
  terminal.line(terminal.paint(Colour::bold, terminal.say("case_before")));
  for (const JsonValue& party : before) {
    terminal.line("  " + terminal.say("before_is", safe(party.at("title").text()),
                                      party.at("times").count(),
                                      !party.at("median_s").is_number()
                                          ? "-"
                                          : span_words(party.at("median_s").count()),
                                      party.at("last_case").count()));
    for (const JsonValue& attempt : party.at("worked")) show_attempt(terminal, attempt);
  }
}

}  // namespace

bool show_cases(Terminal& terminal, std::string_view body) {
  const JsonValue answer = JsonValue::parse(body);
  const JsonValue& list = answer.at("cases");
  if (!list.is_array()) return false;
  if (list.empty()) {
    terminal.line(terminal.say("cases_none"));
    return true;
  }
  std::vector<Row> rows = {{{terminal.say("column.case"), Colour::bold},
                            {terminal.say("column.state"), Colour::bold},
                            {terminal.say("column.since"), Colour::bold},
                            {terminal.say("column.about"), Colour::bold},
                            {terminal.say("column.against"), Colour::bold}}};
  for (const JsonValue& one : list) {
    const std::string state = one.at("state").text();
    std::string against;
    for (const JsonValue& party : one.at("parties")) {
      if (party.at("until").is_number()) continue;
      against += (against.empty() ? "" : ", ") + safe(party.at("title").text());
    }
    rows.push_back({{std::to_string(one.at("case").count())},
                    {word(terminal, "case_state", state), state_colour(state)},
                    {when(one, "opened_at")},
                    {safe(one.at("subject").text())},
                    {against.empty() ? "-" : against}});
  }
  show_rows(terminal, rows);
  return true;
}

bool show_case(Terminal& terminal, std::string_view body) {
  const JsonValue one = JsonValue::parse(body);
  if (!one.at("case").is_number()) return false;
  const std::string state = one.at("state").text();
  terminal.line(terminal.paint(
      Colour::bold,
      terminal.say("case_title", one.at("case").count(), safe(one.at("subject").text()),
                   when(one, "opened_at"), word(terminal, "case_state", state))));
  if (one.at("recurs_of").is_number()) {
    terminal.line("  " + terminal.say("case_recurs", one.at("recurs_of").count()));
  }
  for (const JsonValue& party : one.at("parties")) show_party(terminal, party);
  show_causes(terminal, one);
  if (!one.at("attempts").empty()) {
    terminal.line(terminal.paint(Colour::bold, terminal.say("case_attempts")));
    for (const JsonValue& attempt : one.at("attempts")) show_attempt(terminal, attempt);
  }
  show_setup(terminal, one.at("setup"));
  show_before(terminal, one.at("before"));
  show_timeline(terminal, one);
  return true;
}

int cases(Talk& talk) {
  return talk.get(talk.request.all ? "/v1/cases?all=true" : "/v1/cases",
                  [&](auto body) { return show_cases(talk.terminal, body); });
}

namespace {

// What the operator must know comes first: a letter sent too early does harm.
bool show_letter(Terminal& terminal, std::string_view body) {
  const JsonValue letter = JsonValue::parse(body);
  if (letter.at("way").text().empty()) return false;
  if (!letter.at("ready").flag()) {
    terminal.line(terminal.paint(Colour::red, terminal.say("letter_not_ready")));
  }
  terminal.line(terminal.paint(Colour::bold, terminal.say("letter_advice")));
  for (const JsonValue& advice : letter.at("advice")) terminal.line("  - " + safe(advice.text()));
  const std::string text = letter.at("body").text();
  if (text.empty()) return true;
  terminal.line("");
  if (const std::string to = letter.at("to").text(); !to.empty()) {
    terminal.line(terminal.say("letter_to", safe(to)));
  }
  if (const std::string url = letter.at("url").text(); !url.empty()) {
    terminal.line(terminal.say("letter_url", safe(url)));
  }
  for (const JsonValue& field : letter.at("fields")) {
    terminal.line("  " + safe(field.at("label").text()) + ": " + safe(field.at("value").text()));
  }
  if (letter.at("fields").empty()) {
    terminal.line(terminal.say("letter_subject", safe(letter.at("subject").text())));
  }
  terminal.line("");
  for (std::string_view rest = text; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    terminal.line(safe(std::string(rest.substr(0, end))));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return true;
}

int letter(Talk& talk) {
  const Request& request = talk.request;
  std::string target = fmt::format("/v1/case-letter?number={}", request.number);
  for (const auto& [name, text] : {std::pair("party", &request.party),
                                   {"channel", &request.channel},
                                   {"lang", &request.language}}) {
    if (!text->empty()) target += fmt::format("&{}={}", name, net::url_encode(*text));
  }
  target += talk.terminal.language() == Language::de ? "&advice_lang=de" : "";
  if (request.html) target += "&html=true";
  return talk.get(target, [&](auto body) {
    if (!request.html) return show_letter(talk.terminal, body);
    talk.terminal.line(std::string(body));
    return true;
  });
}

int dossier(Talk& talk) {
  const Request& request = talk.request;
  std::string target = fmt::format("/v1/case-dossier?number={}", request.number);
  if (talk.terminal.language() == Language::de) target += "&lang=de";
  if (request.names) target += "&names=true";
  return talk.get(target, [&](auto body) {
    talk.terminal.line(std::string(body));
    return true;
  });
}

}  // namespace

int one_case(Talk& talk) {
  const Request& request = talk.request;
  if (request.work == "letter") return letter(talk);
  if (request.work == "dossier") return dossier(talk);
  if (request.work.empty()) {
    return talk.get(fmt::format("/v1/case?number={}", request.number),
                    [&](auto body) { return show_case(talk.terminal, body); });
  }
  JsonValue order = talk.order();
  order.set("number", request.number);
  order.set("do", request.work == "cause" ? request.change + "_cause" : request.work);
  for (const auto& [name, text] : {std::pair("text", &request.text),
                                   {"party", &request.party},
                                   {"channel", &request.channel},
                                   {"to", &request.to},
                                   {"outcome", &request.outcome},
                                   {"subject", &request.subject}}) {
    if (!text->empty()) order.set(name, *text);
  }
  if (request.attempt > 0) order.set("attempt", request.attempt);
  std::string event = request.work;
  if (event == "close") event = "closed";
  if (event == "reopen") event = "reopened";
  if (event == "cause") event += request.change == "add" ? "_added" : "_removed";
  return talk.post("/v1/case", order,
                   [&](auto body) { return show_written(talk.terminal, body, event); });
}

}  // namespace leumund::apps
