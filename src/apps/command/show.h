// Turns the daemon's JSON into lines for people.
//
// Limits:  long lists are cut by the daemon; a line is not.
// Errors:  JSON that lacks what it should have shows as empty; nothing ends the program.
#pragma once

#include <string>
#include <string_view>

#include "apps/command/json.h"
#include "apps/command/terminal.h"

namespace leumund::apps {

// Each takes the body of an answer; false when it is no JSON object.
bool show_status(Terminal& terminal, std::string_view body);
bool show_block_matrix(Terminal& terminal, std::string_view body);
// The cells of an egress or provider, one after the other, with what they are made of.
bool show_cases(Terminal& terminal, std::string_view body);
bool show_case(Terminal& terminal, std::string_view body);
bool show_detours(Terminal& terminal, std::string_view body);
// What an order made of one.
bool show_detour(Terminal& terminal, std::string_view body);
// "3 bookings, 2 invoices"; "" where no milter told what the mails were for.
[[nodiscard]] std::string class_words(const Terminal& terminal, const JsonValue& classes);
// The provider, and whose mail of it takes the detour where it is not everybody's.
[[nodiscard]] std::string detour_name(const Terminal& terminal, const JsonValue& detour);
void show_detour_list(Terminal& terminal, const JsonValue& detours);
void show_listings(Terminal& terminal, const JsonValue& listings);
bool show_lists(Terminal& terminal, std::string_view body);
bool show_lookup(Terminal& terminal, std::string_view body);
// Findings of a way out or domain, faults first; those that are good are counted unless `all`.
void show_findings(Terminal& terminal, const JsonValue& findings, bool all);
// The faults of something else's set-up, with a title; nothing where there are none.
void show_setup(Terminal& terminal, const JsonValue& faults);
// What providers say of us; nothing where no folder is configured.
bool show_provider_reports(Terminal& terminal, std::string_view body);
// "well", green; of a DNS list.
[[nodiscard]] Cell list_state(const Terminal& terminal, const JsonValue& list);
bool show_screening(Terminal& terminal, std::string_view body);
bool show_hygiene(Terminal& terminal, std::string_view body);
void show_cells(Terminal& terminal, const JsonValue& cells);
bool show_subject(Terminal& terminal, std::string_view body);
bool show_decisions(Terminal& terminal, std::string_view body);  // {"decisions":[...]}
// One, with what to do next; `work`: what was done to its mail, "release" or "delete".
bool show_decision(Terminal& terminal, std::string_view body, std::string_view work = "release");
bool show_unattended(Terminal& terminal, std::string_view body);
bool show_held_mail(Terminal& terminal, std::string_view body, std::string_view subject);
bool show_queue_work(Terminal& terminal, std::string_view body, std::string_view work);
bool show_reload(Terminal& terminal, std::string_view body);

// A decision as one line, and the command that releases its subject with the checklist.
// `brief`: a detector's reasons stand nearby, its kind is enough.
[[nodiscard]] std::string decision_line(const Terminal& terminal, const JsonValue& decision,
                                        bool brief = false);
[[nodiscard]] std::string release_command(const JsonValue& about);
// "until 2026-12-01 08:00", and the local time of a field, "-" if there is none.
[[nodiscard]] std::string until_words(const Terminal& terminal, const JsonValue& of);
[[nodiscard]] std::string when(const JsonValue& of, const char* name);
// The reason of a restriction in the person's language, without the kind that names it before.
[[nodiscard]] std::string reason_words(const Terminal& terminal, const JsonValue& of);
// Who gave an order, for people: the kind of finding, or the person.
[[nodiscard]] std::string author_words(const Terminal& terminal, const JsonValue& of);

// One line for a decision or an event of the stream; "" when it is neither.
[[nodiscard]] std::string event_line(const Terminal& terminal, std::string_view json);
[[nodiscard]] std::string standing_name(const Terminal& terminal, std::string_view standing);
[[nodiscard]] std::string part_name(const Terminal& terminal, const std::string& name);
[[nodiscard]] std::string level_word(const Terminal& terminal, std::string_view level);

// What the verbs themselves must know of an answer.
struct SubjectFacts {
  bool known = false;  // anything at all: counts, a restriction, an exemption
};
[[nodiscard]] SubjectFacts subject_facts(std::string_view body);
[[nodiscard]] std::string error_message(std::string_view body);  // {"error":{"message"}}
[[nodiscard]] std::uint64_t last_decision(std::string_view status_body);

// {"decisions":[...]} as one object a line.
[[nodiscard]] std::string decision_lines(std::string_view body);

}  // namespace leumund::apps
