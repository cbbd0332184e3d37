// The durable record of one trouble with our repute: who is against which of our addresses since
// when, what it hits, what was done against the cause, and what was said to whom.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/fingerprint.h"
#include "model/subject.h"

namespace leumund::model {

enum class CaseState : std::uint8_t {
  open,    // somebody lists or refuses us
  quiet,   // nobody does any more; what comes back now belongs to it
  closed,  // over; reviews may still be due
};

// The ladder, lowest rung first.
enum class CaseStep : std::uint8_t {
  form,        // of the list or provider
  reply,       // to its answer or ticket
  postmaster,  // a person there
  upstream,    // our network's operator asks for us
  legal,
  given_up,  // mail takes another way for good
};

enum class CaseOutcome : std::uint8_t {
  waiting,
  accepted,
  refused,
  unanswered,
  ended,  // the trouble ended while we waited
};

// One time that somebody was asked.
struct CaseAttempt {
  std::uint32_t number = 0;  // in its case, from 1
  std::string party;
  base::TimePoint at;
  std::string by;
  CaseStep step = CaseStep::form;
  std::string to;    // address of a form or a mail, name of a person
  std::string text;  // what was asked
  CaseOutcome outcome = CaseOutcome::waiting;
  std::optional<base::TimePoint> answered_at;
  std::string answer;

  bool operator==(const CaseAttempt&) const = default;
};

// As large as it was at its worst.
struct CaseImpact {
  std::uint64_t mails = 0;
  std::uint64_t recipients = 0;
  std::uint64_t sender_domains = 0;
  std::uint64_t accounts = 0;
  ClassCounts classes = {};  // of the mails

  bool operator==(const CaseImpact&) const = default;
};

// A list or provider that is, or was, against us.
struct CaseParty {
  std::string id;     // "list:spamhaus-xbl", "provider:microsoft"
  std::string title;  // "Spamhaus XBL"
  base::TimePoint since;
  std::optional<base::TimePoint> until;  // nothing: it stands
  std::uint32_t times = 1;               // that it began within this case
  std::vector<std::string> places;       // ours, that stand there now
  std::string words;                     // its last words, never ours
  std::string mender;                    // who can have it taken back, as of Listing
  std::string url;                       // of its form or page
  std::string method;                    // of delisting, as the registry has it
  bool predatory = false;                // money is taken there: never pay
  CaseImpact impact;
  std::optional<base::TimePoint> remind_at;
  std::vector<std::string> codes;  // a list's answer, as of Listing
  std::string meaning;             // of the codes, in our words

  bool operator==(const CaseParty&) const = default;
};

// A sender that was stopped for what it sent, shortly before or while the trouble stood, or that
// a person named.
struct CaseCause {
  Subject subject;
  std::uint64_t decision = 0;
  base::TimePoint stopped_at;
  std::optional<base::TimePoint> free_at;
  std::string reason;
  bool throttled = false;  // only: it may still send a little

  bool operator==(const CaseCause&) const = default;
};

enum class CaseEvent : std::uint8_t {
  began,          // a party turned against us
  joined,         // ... with one more place of ours
  ended,          // it does not any more
  stopped,        // a sender was stopped
  freed,          // ... and let go
  detour,         // another way was opened, or left
  attempt,        // somebody was asked
  answer,         // and what came of it
  note,           // a person's words
  quiet,          // nobody is against us any more
  closed,         // by a person, or by itself after the quiet time
  reopened,       // by a person
  reminder,       // something has to be done
  review,         // somebody should look again; or a person did
  cause_added,    // a person named a sender as the cause
  cause_removed,  // ... or said that it is none
};

// One line of the timeline.
struct CaseLine {
  base::TimePoint at;
  std::string by;
  CaseEvent event = CaseEvent::note;
  std::string party;         // "" none
  std::string text;          // of machine lines: a place, a word, a reason; else a person's
  std::uint64_t number = 0;  // of the decision or attempt; 0 none

  bool operator==(const CaseLine&) const = default;
};

struct Case {
  std::uint64_t number = 0;
  Subject subject;  // of ours: egress, address, network, domain; a list, for what never sends
  CaseState state = CaseState::open;
  base::TimePoint opened_at;
  std::optional<base::TimePoint> quiet_since;
  std::optional<base::TimePoint> closed_at;
  std::uint64_t recurs_of = 0;  // the last case of the same subject; 0 none
  std::vector<CaseParty> parties;
  std::vector<CaseCause> causes;
  std::uint64_t more_causes = 0;  // that there was no room for
  std::vector<CaseAttempt> attempts;
  std::vector<CaseLine> lines;
  std::uint64_t dropped_lines = 0;
  std::vector<base::TimePoint> reviews;  // still due, soonest first

  bool operator==(const Case&) const = default;
};

// What people and machines are told of a case.
struct CaseNews {
  enum class What : std::uint8_t { opened, closed, reopened, due };
  What what = What::opened;
  std::uint64_t number = 0;
  CaseLine line;
  std::string title;             // of the party
  std::string url;               // likewise
  std::optional<CaseStep> step;  // of due: the rung to take next
  bool predatory = false;

  bool operator==(const CaseNews&) const = default;
};

[[nodiscard]] std::string_view case_state_name(CaseState state);
[[nodiscard]] std::string_view case_step_name(CaseStep step);
[[nodiscard]] std::string_view case_outcome_name(CaseOutcome outcome);
[[nodiscard]] std::string_view case_event_name(CaseEvent event);
[[nodiscard]] std::string_view case_news_name(CaseNews::What what);
[[nodiscard]] std::optional<CaseState> parse_case_state(std::string_view text);
[[nodiscard]] std::optional<CaseStep> parse_case_step(std::string_view text);
[[nodiscard]] std::optional<CaseOutcome> parse_case_outcome(std::string_view text);
[[nodiscard]] std::optional<CaseEvent> parse_case_event(std::string_view text);
[[nodiscard]] std::optional<CaseNews::What> parse_case_news(std::string_view text);

[[nodiscard]] inline bool stands(const CaseParty& party) { return !party.until; }

}  // namespace leumund::model
