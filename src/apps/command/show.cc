#include "apps/command/show.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "action/sentences.h"
#include "face/postfix_connect.h"

namespace leumund::apps {
namespace {

using action::translated;
using action::translated_list;

std::string span_words(double seconds) {
  const auto whole = std::chrono::seconds(static_cast<std::int64_t>(std::max(0.0, seconds)));
  // Nobody needs the seconds of a day.
  const auto unit =
      whole < std::chrono::hours(1) ? std::chrono::seconds(1) : std::chrono::seconds(60);
  return base::format_span(whole / unit * unit);
}

// The word for a name that the daemon tells; the name itself where there is none.
std::string word_for(const Terminal& terminal, const char* table, const std::string& name) {
  const auto phrase = Phrase::find(table + name);
  return phrase ? terminal.say(*phrase) : safe(name);
}

// The words of a decision without its time and number.
std::string decision_words(const Terminal& terminal, const JsonValue& decision) {
  const std::string kind = decision.at("decision").text();
  const std::string subject = safe(decision.at("subject").text());
  const std::string level = level_word(terminal, decision.at("level").text());
  if (kind == "restricted") {
    return terminal.say("was_restricted", subject, level, until_words(terminal, decision));
  }
  if (kind == "would_restrict") return terminal.say("would_restrict", subject, level);
  if (kind == "released") return terminal.say("was_released", subject);
  if (kind == "ended") return terminal.say("has_ended", subject);
  if (kind == "exempted") return terminal.say("was_exempted", subject);
  if (kind == "exemption_ended") return terminal.say("exemption_ended", subject);
  if (kind == "announced") return terminal.say("was_announced", subject);
  if (kind == "extended") {
    return terminal.say("was_extended", subject, until_words(terminal, decision));
  }
  if (kind == "provider_refuses" || kind == "provider_accepts") {
    const JsonValue& block = decision.at("block");
    return terminal.say(
        kind == "provider_refuses" ? Phrase("provider_refuses") : Phrase("provider_accepts"),
        safe(block.at("provider").text()), safe(block.at("egress").text()));
  }
  if (kind.starts_with("case_")) {
    const JsonValue& news = decision.at("case");
    const auto phrase = Phrase::find("news." + kind);
    const std::string title = news.at("title").text();
    const auto step = Phrase::find("step." + news.at("next").text());
    return terminal.say(phrase ? *phrase : Phrase("news.case_due"), news.at("case").count()) +
           (title.empty() ? "" : ": " + safe(title)) +
           (step ? ", " + terminal.say("party_next", terminal.say(*step)) : "");
  }
  if (kind == "detour" || kind == "would_detour") {
    const JsonValue& detour = decision.at("detour");
    const auto phase = Phrase::find("phase." + detour.at("phase").text());
    return terminal.say(kind == "detour" ? Phrase("detour_is") : Phrase("detour_would_be"),
                        detour_name(terminal, detour), phase ? terminal.say(*phase) : "");
  }
  for (const char* name : {"listed", "delisted"}) {
    if (kind != name) continue;
    const JsonValue& listing = decision.at("listing");
    return terminal.say(kind == "listed" ? Phrase("was_listed") : Phrase("was_delisted"),
                        safe(listing.at("place").text()), safe(listing.at("list_name").text()));
  }
  for (const char* name : {"list_fault", "list_well"}) {
    if (kind != name) continue;
    const JsonValue& fault = decision.at("list_fault");
    return terminal.say(kind == "list_fault" ? Phrase("list_is_faulty") : Phrase("list_is_well"),
                        safe(fault.at("list_name").text()),
                        safe(translated(terminal.language(), fault.at("reason").text())));
  }
  for (const char* name : {"setup_fault", "setup_well"}) {
    if (kind != name) continue;
    return terminal.say(kind == "setup_fault" ? Phrase("setup_is_faulty") : Phrase("setup_is_well"),
                        subject,
                        safe(translated(terminal.language(), decision.at("reason").text())));
  }
  if (kind == "alarm") {
    return terminal.say("alarm",
                        safe(translated(terminal.language(), decision.at("reason").text())));
  }
  return kind + " " + subject;
}

Colour decision_colour(std::string_view kind) {
  for (const char* bad : {"restricted", "alarm", "provider_refuses", "listed", "setup_fault"}) {
    if (kind == bad) return Colour::red;
  }
  for (const char* good : {"provider_accepts", "delisted", "list_well", "setup_well"}) {
    if (kind == good) return Colour::green;
  }
  return kind == "would_restrict" || kind == "list_fault" ? Colour::yellow : Colour::plain;
}

}  // namespace

std::string until_words(const Terminal& terminal, const JsonValue& of) {
  const auto until = of.at("until").time();
  return until ? terminal.say("until_time", local_time(*until)) : terminal.say("until_released");
}

std::string when(const JsonValue& of, const char* name) {
  const auto at = of.at(name).time();
  return at ? local_time(*at) : "-";
}

std::string author_words(const Terminal& terminal, const JsonValue& of) {
  const std::string by = of.at("by").text();
  if (const auto kind = Phrase::find("kind." + by)) return terminal.say(*kind);
  // Who used the socket of the command is an admin anyway.
  return terminal.say("by", safe(by.starts_with("admin ") ? by.substr(6) : by));
}

std::string reason_words(const Terminal& terminal, const JsonValue& of) {
  std::string reason = of.at("reason").text();
  std::string kind;
  // A detector's reason begins with its kind, which is said by other words here.
  for (const char* name : {"burst", "bulk"}) {
    const std::string before = std::string(name) + ": ";
    if (!reason.starts_with(before)) continue;
    reason.erase(0, before.size());
    if (of.at("by").text() != name || of.at("decision").is_text()) kind = name;
  }
  const std::string words = safe(translated_list(terminal.language(), reason));
  const auto phrase = Phrase::find("kind." + kind);
  return phrase ? terminal.say(*phrase) + ": " + words : words;
}

std::string decision_line(const Terminal& terminal, const JsonValue& decision, bool brief) {
  const auto at = decision.at("at").time();
  const std::string kind = decision.at("decision").text();
  std::string reason;
  // What ends a restriction carries the reason of what it ends, which would read as its own.
  const bool ends = kind == "released" || kind == "ended" || kind == "exemption_ended";
  const auto detector = Phrase::find("kind." + decision.at("by").text());
  const bool own_words = decision.at("block").is_object() || decision.at("listing").is_object() ||
                         decision.at("list_fault").is_object() || decision.at("case").is_object() ||
                         kind.starts_with("setup_");
  if (kind != "alarm" && !ends && !own_words) {
    reason = brief && detector ? terminal.say(*detector) : reason_words(terminal, decision);
  }
  const auto held = decision.at("held_queue_ids").size();
  // A person's order is asked about later: whose was it?
  const std::string by = decision.at("by").text();
  const bool ordered = by == "file" || by.starts_with("admin") || by.starts_with("api");
  return fmt::format("{} #{} {}{}{}{}", at ? local_clock(*at) : "-", decision.at("number").count(),
                     terminal.paint(decision_colour(kind), decision_words(terminal, decision)),
                     reason.empty() ? "" : ": " + reason,
                     ordered ? " (" + author_words(terminal, decision) + ")" : "",
                     held == 0 ? "" : "; " + terminal.say("held_count", held));
}

std::string standing_name(const Terminal& terminal, std::string_view standing) {
  const auto phrase = Phrase::find("standing." + std::string(standing));
  const std::string words = phrase ? terminal.say(*phrase) : safe(standing);
  Colour colour = Colour::plain;
  if (standing == "good") colour = Colour::green;
  if (standing == "watched" || standing == "throttled") colour = Colour::yellow;
  if (standing == "suspected") colour = Colour::yellow;
  for (const char* bad : {"suspended", "refused", "half_open"}) {
    if (standing == bad) colour = Colour::red;
  }
  return terminal.paint(colour, words);
}

std::string level_word(const Terminal& terminal, std::string_view level) {
  const auto phrase = Phrase::find("level." + std::string(level));
  return phrase ? terminal.say(*phrase) : safe(level);
}

std::string part_name(const Terminal& terminal, const std::string& name) {
  // "log /var/log/mail.log": the part and which one.
  if (const auto whole = Phrase::find("part." + name)) return terminal.say(*whole);
  const auto blank = name.find(' ');
  const auto phrase = Phrase::find("part." + name.substr(0, blank));
  return phrase && blank != std::string::npos ? terminal.say(*phrase) + safe(name.substr(blank))
                                              : safe(name);
}

namespace {

// Restrictions in the order they come; whom only a campaign above them stopped is counted there.
void show_restrictions(Terminal& terminal, const JsonValue& restrictions, std::uint64_t total,
                       Colour colour) {
  constexpr std::size_t rows_max = 20;
  std::map<std::string, std::uint64_t> members;
  for (const JsonValue& one : restrictions) {
    const std::string subject = one.at("subject").text();
    if (subject.starts_with("campaign:")) members[subject] = 0;
  }
  std::vector<const JsonValue*> alone;
  for (const JsonValue& one : restrictions) {
    const auto campaign = members.find(one.at("rests_on").text());
    if (campaign == members.end()) {
      alone.push_back(&one);
    } else {
      ++campaign->second;
      --total;
    }
  }
  std::vector<Row> rows;
  for (const JsonValue* one : alone) {
    if (rows.size() == rows_max) break;
    const std::string subject = one->at("subject").text();
    std::string reason = reason_words(terminal, *one);
    const auto campaign = members.find(subject);
    if (campaign != members.end() && campaign->second > 0) {
      reason = terminal.say("with_members", campaign->second) + "; " + reason;
    }
    rows.push_back({{safe(subject)},
                    {level_word(terminal, one->at("level").text()), colour},
                    {until_words(terminal, *one)},
                    {reason}});
  }
  show_rows(terminal, rows);
  if (total > rows.size()) {
    terminal.line("  " + terminal.say("and_more", total - rows.size(), "leumund status --json"));
  }
}

}  // namespace

bool show_status(Terminal& terminal, std::string_view body) {
  const JsonValue status = JsonValue::parse(body);
  if (!status.is_object()) return false;
  const bool enforcing = status.at("mode").at("burst").text() == "enforce";
  terminal.line(
      terminal.say("header", safe(status.at("version").text()),
                   terminal.say(enforcing ? Phrase("mode_enforce") : Phrase("mode_observe")),
                   span_words(status.at("now").number() - status.at("started_at").number())));
  const JsonValue& counters = status.at("counters");
  terminal.line(terminal.say("counts", counters.at("subjects").count(),
                             counters.at("recipients").count(), counters.at("events").count()));
  const JsonValue& learning = status.at("learning");
  if (learning.is_object() && !learning.at("over").flag()) {
    terminal.line(terminal.say("still_learning", learning.at("days").count() + 1,
                               learning.at("of_days").count()));
  }
  if (status.at("unattended").at("now").flag()) {
    terminal.line(terminal.paint(
        Colour::yellow, terminal.say("unattended_until", when(status.at("unattended"), "until"))));
  }
  std::vector<Row> parts;
  for (const JsonValue& part : status.at("parts")) {
    const bool well = part.at("well").flag();
    parts.push_back({{part_name(terminal, part.at("name").text())},
                     {terminal.say(well ? Phrase("part_well") : Phrase("part_ill")),
                      well ? Colour::green : Colour::red},
                     {safe(translated_list(terminal.language(), part.at("detail").text()))}});
  }
  show_rows(terminal, parts);
  terminal.line();
  if (status.at("restrictions_total").count() == 0) {
    terminal.line(terminal.say("nobody_restricted"));
  } else {
    terminal.line(terminal.say("restricted_title", status.at("restrictions_total").count()));
  }
  show_restrictions(terminal, status.at("restrictions"), status.at("restrictions_total").count(),
                    Colour::red);
  if (const auto would = status.at("would_restrict_total").count(); would > 0) {
    terminal.line(terminal.say("would_restrict_title", would));
    show_restrictions(terminal, status.at("would_restrict"), would, Colour::yellow);
  }
  if (const auto exempt = status.at("exemptions_total").count(); exempt > 0) {
    terminal.line(terminal.say("exempt_total", exempt));
  }
  // Every account with mail has some score; below 1 it is the noise of honest days.
  constexpr double worth_a_look = 1;
  std::vector<Row> scores;
  for (const JsonValue& one : status.at("watched")) {
    const double score = one.at("score").number();
    if (score < worth_a_look || scores.size() == 20) continue;
    scores.push_back(
        {{safe(one.at("subject").text())}, {fmt::format("{:>7}", terminal.decimal(score, 2))}});
  }
  if (!scores.empty()) terminal.line(terminal.say("watched_title"));
  show_rows(terminal, scores);
  return true;
}

bool show_decisions(Terminal& terminal, std::string_view body) {
  const JsonValue answer = JsonValue::parse(body);
  const JsonValue& list = answer.at("decisions");
  if (!list.is_array()) return false;
  for (const JsonValue& decision : list) terminal.line(decision_line(terminal, decision));
  return true;
}

namespace {

void show_queue_counts(Terminal& terminal, const JsonValue& done, std::string_view work) {
  const auto phrase = work == "delete" ? Phrase("queue_done_delete") : Phrase("queue_done_release");
  terminal.line(terminal.say(phrase, done.at("done").count(), done.at("failed").count()));
  if (const auto kept = done.at("kept").count(); kept > 0)
    terminal.line(terminal.say("queue_kept", kept));
}

}  // namespace

bool show_decision(Terminal& terminal, std::string_view body, std::string_view work) {
  const JsonValue decision = JsonValue::parse(body);
  if (!decision.is_object()) return false;
  for (const JsonValue& other : decision.at("also")) terminal.line(decision_line(terminal, other));
  const JsonValue& before = decision.at("before");
  if (before.is_object() && decision.at("decision").text() == "restricted") {
    terminal.line(terminal.say("was_changed", safe(decision.at("subject").text()),
                               level_word(terminal, before.at("level").text()),
                               until_words(terminal, before), author_words(terminal, before),
                               level_word(terminal, decision.at("level").text()),
                               until_words(terminal, decision)));
  } else {
    terminal.line(decision_line(terminal, decision));
  }
  if (decision.at("mail").is_object()) show_queue_counts(terminal, decision.at("mail"), work);
  if (const std::string trouble = decision.at("trouble").text(); !trouble.empty()) {
    terminal.complain(terminal.say("trouble", safe(translated(terminal.language(), trouble))));
  }
  return true;
}

bool show_unattended(Terminal& terminal, std::string_view body) {
  const JsonValue unattended = JsonValue::parse(body);
  if (!unattended.is_object()) return false;
  const auto until = unattended.at("until").time();
  terminal.line(until ? terminal.say("unattended_until", local_time(*until))
                      : terminal.say("unattended_off"));
  return true;
}

bool show_held_mail(Terminal& terminal, std::string_view body, std::string_view subject) {
  const JsonValue answer = JsonValue::parse(body);
  const JsonValue& held = answer.at("held");
  if (!held.is_array()) return false;
  if (held.empty()) {
    terminal.line(terminal.say("no_held_mail", safe(subject)));
    return true;
  }
  terminal.line(terminal.say("held_title", held.size(), safe(subject)));
  std::vector<Row> rows = {{{terminal.say("column.queue_id"), Colour::bold},
                            {terminal.say("column.arrived"), Colour::bold},
                            {terminal.say("column.bytes"), Colour::bold},
                            {terminal.say("column.recipients"), Colour::bold},
                            {terminal.say("column.sender"), Colour::bold}}};
  for (const JsonValue& one : held) {
    rows.push_back({{safe(one.at("queue_id").text())},
                    {when(one, "arrived_at")},
                    {std::to_string(one.at("size").count())},
                    {std::to_string(one.at("recipients").count())},
                    {safe(one.at("sender").text())}});
  }
  show_rows(terminal, rows);
  const std::string command = face::shell_text({"leumund", "queue", std::string(subject)});
  terminal.line(terminal.say("queue_hint", command, command));
  return true;
}

bool show_queue_work(Terminal& terminal, std::string_view body, std::string_view work) {
  const JsonValue done = JsonValue::parse(body);
  if (!done.is_object()) return false;
  show_queue_counts(terminal, done, work);
  if (const std::string detail = done.at("detail").text(); !detail.empty()) {
    terminal.complain(safe(translated(terminal.language(), detail)));
  }
  return true;
}

bool show_reload(Terminal& terminal, std::string_view body) {
  const JsonValue answer = JsonValue::parse(body);
  if (!answer.is_object()) return false;
  const JsonValue& changes = answer.at("reload");
  terminal.line(terminal.say(changes.empty() ? Phrase("reloaded_same") : Phrase("reloaded")));
  for (const JsonValue& change : changes) {
    if (!change.is_text()) continue;
    terminal.line("  " + safe(translated(terminal.language(), change.text())));
  }
  return true;
}

std::string event_line(const Terminal& terminal, std::string_view text) {
  const JsonValue event = JsonValue::parse(text);
  if (!event.is_object()) return "";
  if (event.at("decision").is_text()) return decision_line(terminal, event);
  if (event.at("type").text().empty()) return "";
  const std::string type = word_for(terminal, "event.", event.at("type").text());
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
  if (const std::string status = event.at("status").text(); !status.empty()) {
    to += " " + word_for(terminal, "delivery.", status);
  }
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
