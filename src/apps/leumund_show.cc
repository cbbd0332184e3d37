#include "apps/leumund_show.h"

#include <fmt/core.h>

#include <algorithm>

#include "apps/leumund_json.h"
#include "face/postfix_connect.h"

namespace leumund::apps {
namespace {

std::string until_words(const Terminal& terminal, const JsonValue& of) {
  const auto until = of.at("until").time();
  return until ? terminal.say(Phrase::until_time, local_time(*until))
               : terminal.say(Phrase::until_released);
}

std::string when(const JsonValue& of, const char* name) {
  const auto at = of.at(name).time();
  return at ? local_time(*at) : "-";
}

std::string span_words(double seconds) {
  const auto whole = std::chrono::seconds(static_cast<std::int64_t>(std::max(0.0, seconds)));
  // Nobody needs the seconds of a day.
  const auto unit =
      whole < std::chrono::hours(1) ? std::chrono::seconds(1) : std::chrono::seconds(60);
  return base::format_span(whole / unit * unit);
}

void show_terms(Terminal& terminal, const JsonValue& terms) {
  if (!terms.is_array()) return;
  for (const JsonValue& term : terms) {
    const double value = term.at("value").number();
    std::string events;
    for (const JsonValue& event : term.at("events")) {
      events += (events.empty() ? " [" : ", ") + safe(event.text());
    }
    if (!events.empty()) events += "]";
    terminal.line(fmt::format(
        "  {} {}{}",
        terminal.paint(value > 0 ? Colour::red : Colour::green, fmt::format("{:+7.2f}", value)),
        safe(term.at("text").text()), terminal.paint(Colour::dim, events)));
  }
}

// The words of a decision without its time and number.
std::string decision_words(const Terminal& terminal, const JsonValue& decision) {
  const std::string kind = decision.at("decision").text();
  const std::string subject = safe(decision.at("subject").text());
  const std::string level = level_word(terminal, decision.at("level").text());
  if (kind == "restricted") {
    return terminal.say(Phrase::was_restricted, subject, level, until_words(terminal, decision));
  }
  if (kind == "would_restrict") return terminal.say(Phrase::would_restrict, subject, level);
  if (kind == "released") return terminal.say(Phrase::was_released, subject);
  if (kind == "ended") return terminal.say(Phrase::has_ended, subject);
  if (kind == "exempted") return terminal.say(Phrase::was_exempted, subject);
  if (kind == "exemption_ended") return terminal.say(Phrase::exemption_ended, subject);
  if (kind == "announced") return terminal.say(Phrase::was_announced, subject);
  if (kind == "extended") {
    return terminal.say(Phrase::was_extended, subject, until_words(terminal, decision));
  }
  if (kind == "alarm") return terminal.say(Phrase::alarm, safe(decision.at("reason").text()));
  return kind + " " + subject;
}

Colour decision_colour(std::string_view kind) {
  if (kind == "restricted" || kind == "alarm") return Colour::red;
  return kind == "would_restrict" ? Colour::yellow : Colour::plain;
}

std::string decision_line(const Terminal& terminal, const JsonValue& decision) {
  const auto at = decision.at("at").time();
  const std::string reason = safe(decision.at("reason").text());
  const std::string kind = decision.at("decision").text();
  const auto held = decision.at("held_queue_ids").size();
  return fmt::format("{} #{} {}{}{}", at ? local_clock(*at) : "-", decision.at("number").count(),
                     terminal.paint(decision_colour(kind), decision_words(terminal, decision)),
                     reason.empty() || kind == "alarm" ? "" : ": " + reason,
                     held == 0 ? "" : ", " + terminal.say(Phrase::held_count, held));
}

}  // namespace

std::string standing_name(const Terminal& terminal, std::string_view standing) {
  if (standing == "good") return terminal.paint(Colour::green, terminal.say(Phrase::standing_good));
  if (standing == "watched")
    return terminal.paint(Colour::yellow, terminal.say(Phrase::standing_watched));
  if (standing == "throttled") {
    return terminal.paint(Colour::yellow, terminal.say(Phrase::standing_throttled));
  }
  if (standing == "suspended")
    return terminal.paint(Colour::red, terminal.say(Phrase::standing_suspended));
  if (standing == "exempt") return terminal.say(Phrase::standing_exempt);
  return safe(standing);
}

std::string level_word(const Terminal& terminal, std::string_view level) {
  if (level == "throttle") return terminal.say(Phrase::level_throttle);
  if (level == "hold") return terminal.say(Phrase::level_hold);
  if (level == "external_only") return terminal.say(Phrase::level_external_only);
  if (level == "no_sending") return terminal.say(Phrase::level_no_sending);
  return safe(level);
}

bool show_status(Terminal& terminal, std::string_view body) {
  const JsonValue status = JsonValue::parse(body);
  if (!status.is_object()) return false;
  const bool enforcing = status.at("mode").at("burst").text() == "enforce";
  terminal.line(
      terminal.say(Phrase::header, safe(status.at("version").text()),
                   terminal.say(enforcing ? Phrase::mode_enforce : Phrase::mode_observe),
                   span_words(status.at("now").number() - status.at("started_at").number())));
  const JsonValue& counters = status.at("counters");
  terminal.line(terminal.say(Phrase::counts, counters.at("subjects").count(),
                             counters.at("recipients").count(), counters.at("events").count()));
  if (status.at("unattended").at("now").flag()) {
    terminal.line(terminal.paint(
        Colour::yellow,
        terminal.say(Phrase::unattended_until, when(status.at("unattended"), "until"))));
  }
  for (const JsonValue& part : status.at("parts")) {
    const bool well = part.at("well").flag();
    terminal.line(
        fmt::format("  {:<24} {}  {}", safe(part.at("name").text()),
                    terminal.paint(well ? Colour::green : Colour::red,
                                   terminal.say(well ? Phrase::part_well : Phrase::part_ill)),
                    safe(part.at("detail").text())));
  }
  terminal.line();
  const JsonValue& restrictions = status.at("restrictions");
  if (status.at("restrictions_total").count() == 0) {
    terminal.line(terminal.say(Phrase::nobody_restricted));
  } else {
    terminal.line(terminal.say(Phrase::restricted_title, status.at("restrictions_total").count()));
  }
  for (const JsonValue& one : restrictions) {
    terminal.line(
        fmt::format("  {:<36} {}, {}, {}", safe(one.at("subject").text()),
                    terminal.paint(Colour::red, level_word(terminal, one.at("level").text())),
                    until_words(terminal, one), safe(one.at("reason").text())));
  }
  if (const auto exempt = status.at("exemptions_total").count(); exempt > 0) {
    terminal.line(terminal.say(Phrase::exempt_total, exempt));
  }
  const JsonValue& watched = status.at("watched");
  if (watched.is_array() && !watched.empty()) terminal.line(terminal.say(Phrase::watched_title));
  for (const JsonValue& one : watched) {
    terminal.line(
        fmt::format("  {:<36} {:7.2f}", safe(one.at("subject").text()), one.at("score").number()));
  }
  return true;
}

bool show_subject(Terminal& terminal, std::string_view body) {
  const JsonValue about = JsonValue::parse(body);
  if (!about.is_object()) return false;
  const std::string subject = safe(about.at("subject").text());
  if (!subject_facts(body).known) {
    terminal.line(terminal.say(Phrase::nothing_known, subject));
    return true;
  }
  terminal.line(terminal.say(Phrase::standing_is, terminal.paint(Colour::bold, subject),
                             standing_name(terminal, about.at("standing").text())));
  const JsonValue& restriction = about.at("restriction");
  if (restriction.is_object()) {
    terminal.line(
        fmt::format("  {}, {} {}, {}: {}", level_word(terminal, restriction.at("level").text()),
                    when(restriction, "since"), until_words(terminal, restriction),
                    safe(restriction.at("by").text()), safe(restriction.at("reason").text())));
  }
  terminal.line(
      terminal.say(Phrase::score_is, about.at("score").number(), about.at("threshold").number()));
  const JsonValue& terms = about.at("terms");
  if (terms.is_array() && !terms.empty()) terminal.line(terminal.say(Phrase::reasons_title));
  show_terms(terminal, terms);
  const JsonValue& habits = about.at("habits");
  if (habits.is_object() && !habits.empty()) terminal.line(terminal.say(Phrase::habits_title));
  for (const auto& [name, value] : habits.fields()) {
    terminal.line(fmt::format("  {:<28} {}", safe(name),
                              value.is_text() ? safe(value.text()) : safe(value.dump())));
  }
  const JsonValue& attempts = about.at("attempts");
  if (attempts.at("recipients").count() > 0) {
    terminal.line(terminal.say(Phrase::attempts, attempts.at("recipients").count(),
                               when(attempts, "last_at")));
  }
  const JsonValue& queued = about.at("queued");
  if (queued.is_array() && !queued.empty()) {
    std::string ids;
    for (const JsonValue& id : queued) {
      if (id.is_text() && ids.size() < 200) ids += (ids.empty() ? "" : " ") + safe(id.text());
    }
    terminal.line(terminal.say(Phrase::queued, queued.size(), ids));
  }
  const JsonValue& decisions = about.at("decisions");
  if (decisions.is_array() && !decisions.empty())
    terminal.line(terminal.say(Phrase::decided_title));
  for (const JsonValue& decision : decisions)
    terminal.line("  " + decision_line(terminal, decision));
  if (const std::string change = about.at("what_would_change").text(); !change.empty()) {
    terminal.line(safe(change));
  }
  if (restriction.is_object()) {
    std::vector<std::string> command = {"leumund", "release", about.at("subject").text()};
    for (const JsonValue& item : about.at("checklist")) {
      if (!item.is_text()) continue;
      command.emplace_back("--done");
      command.push_back(item.text() + "=WHO");
    }
    terminal.line(terminal.say(Phrase::release_hint, face::shell_text(command)));
  }
  return true;
}

bool show_decisions(Terminal& terminal, std::string_view body) {
  const JsonValue answer = JsonValue::parse(body);
  const JsonValue& list = answer.at("decisions");
  if (!list.is_array()) return false;
  for (const JsonValue& decision : list) terminal.line(decision_line(terminal, decision));
  return true;
}

bool show_decision(Terminal& terminal, std::string_view body) {
  const JsonValue decision = JsonValue::parse(body);
  if (!decision.is_object()) return false;
  terminal.line(decision_line(terminal, decision));
  if (decision.at("decision").text() == "restricted") {
    terminal.line("  " + terminal.say(Phrase::release_hint,
                                      face::shell_text(
                                          {"leumund", "release", decision.at("subject").text()})));
  }
  return true;
}

bool show_unattended(Terminal& terminal, std::string_view body) {
  const JsonValue unattended = JsonValue::parse(body);
  if (!unattended.is_object()) return false;
  const auto until = unattended.at("until").time();
  terminal.line(until ? terminal.say(Phrase::unattended_until, local_time(*until))
                      : terminal.say(Phrase::unattended_off));
  return true;
}

bool show_held_mail(Terminal& terminal, std::string_view body, std::string_view subject) {
  const JsonValue answer = JsonValue::parse(body);
  const JsonValue& held = answer.at("held");
  if (!held.is_array()) return false;
  if (held.empty()) {
    terminal.line(terminal.say(Phrase::no_held_mail, safe(subject)));
    return true;
  }
  terminal.line(terminal.say(Phrase::held_title, held.size(), safe(subject)));
  for (const JsonValue& one : held) {
    terminal.line(fmt::format("  {:<18} {} {:>10} B {:>5} {}", safe(one.at("queue_id").text()),
                              when(one, "arrived_at"), one.at("size").count(),
                              one.at("recipients").count(), safe(one.at("sender").text())));
  }
  return true;
}

bool show_queue_work(Terminal& terminal, std::string_view body) {
  const JsonValue done = JsonValue::parse(body);
  if (!done.is_object()) return false;
  terminal.line(
      terminal.say(Phrase::queue_done, done.at("done").count(), done.at("failed").count()));
  if (const std::string detail = done.at("detail").text(); !detail.empty())
    terminal.line(safe(detail));
  return true;
}

bool show_reload(Terminal& terminal, std::string_view body) {
  const JsonValue answer = JsonValue::parse(body);
  if (!answer.is_object()) return false;
  terminal.line(terminal.say(Phrase::reloaded));
  for (const JsonValue& change : answer.at("reload")) {
    if (change.is_text()) terminal.line("  " + safe(change.text()));
  }
  return true;
}

std::string event_line(const Terminal& terminal, std::string_view text) {
  const JsonValue event = JsonValue::parse(text);
  if (!event.is_object()) return "";
  if (event.at("decision").is_text()) return decision_line(terminal, event);
  const std::string type = event.at("type").text();
  if (type.empty()) return "";
  const auto at = event.at("at").time();
  std::string who = event.at("account").text();
  for (const char* name : {"script", "source_ip", "client", "egress"}) {
    if (who.empty()) who = event.at(name).text();
  }
  std::string to = event.at("recipient").text();
  const JsonValue& recipients = event.at("recipients");
  if (recipients.is_array() && !recipients.empty()) {
    to = recipients.begin()->text();
    if (recipients.size() > 1) to += fmt::format(" +{}", recipients.size() - 1);
  }
  if (const std::string status = event.at("status").text(); !status.empty()) to += " " + status;
  return fmt::format("{} {} {}{}", at ? local_clock(*at) : "-", type, safe(who),
                     to.empty() ? "" : " -> " + safe(to));
}

SubjectFacts subject_facts(std::string_view body) {
  const JsonValue about = JsonValue::parse(body);
  return {.known = about.at("known").flag() || about.at("exempt").flag() ||
                   about.at("restriction").is_object() ||
                   (about.at("decisions").is_array() && !about.at("decisions").empty())};
}

std::string error_message(std::string_view body) {
  const JsonValue answer = JsonValue::parse(body);
  const std::string message = answer.at("error").at("message").text();
  if (!message.empty()) return safe(message);
  // The server below the Api says it more shortly.
  return safe(answer.at("error").is_text() ? answer.at("error").text() : body.substr(0, 200));
}

std::uint64_t last_decision(std::string_view status_body) {
  return JsonValue::parse(status_body).at("last_decision").count();
}

std::string decision_lines(std::string_view body) {
  std::string out;
  const JsonValue answer = JsonValue::parse(body);
  for (const JsonValue& decision : answer.at("decisions")) {
    out += decision.dump() + "\n";
  }
  return out;
}

}  // namespace leumund::apps
