// What changed because of an event, a command or the passing of time. The journal keeps every one;
// the edges turn them into queue holds, tables, notices and lines of `leumund events`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/block.h"
#include "model/case.h"
#include "model/detour.h"
#include "model/finding.h"
#include "model/listing.h"
#include "model/mail_event.h"
#include "model/restriction.h"
#include "model/subject.h"

namespace leumund::model {

enum class DecisionKind : std::uint8_t {
  restricted,      // a restriction began or became harder
  would_restrict,  // the same in observe mode, or beyond the unattended bounds
  released,        // lifted by a person, a file edit or an undo
  ended,           // its time was over
  exempted,        // never restrict this subject from now on
  exemption_ended,
  announced,  // a bulk mailing is expected
  extended,   // a standing restriction got a later end; nothing else changed
  alarm,      // a bound was reached, from here on findings are only reported; reason says which
  provider_refuses,  // a provider refuses one of our addresses: `block`
  provider_accepts,  // ... and takes its mail again
  detour,        // mail for a provider takes another way from now on, or its usual one: `detour`
  would_detour,  // the same in observe mode: nothing was done
  listed,        // one of our addresses, networks or domains stands on a DNS list: `listing`
  delisted,      // ... and no longer
  list_fault,    // a DNS list cannot be believed: `list_fault`
  list_well,     // ... and can again
  setup_fault,   // a way out or domain of ours is no longer set up as receivers want it: reason
  setup_well,    // ... and is again
  case_opened,   // somebody turned against our repute: `case_news`, as of the next three
  case_closed,
  case_reopened,
  case_due,  // something has to be done in a case
};

[[nodiscard]] std::string_view decision_kind_name(DecisionKind kind);
[[nodiscard]] std::optional<DecisionKind> parse_decision_kind(std::string_view text);

struct Decision {
  std::uint64_t number = 0;  // rising, unique in one installation; the handle for `undo`
  DecisionKind kind = DecisionKind::restricted;
  base::TimePoint at;
  Subject subject;
  std::string detector;  // "burst"; "" for a person's decision
  double score = 0;
  std::vector<Term> terms;
  Restriction restriction;              // as it is after `restricted`, as it was before `released`
  std::vector<QueueKey> held;           // this subject's mail that was still queued
  bool unattended = false;              // made automatically while the admin is away
  std::uint32_t recipients_before = 0;  // that left in the burst before the stop, as counted

  std::string by = {};       // who made it: a detector, "admin", "file", "api", ...
  std::uint64_t undoes = 0;  // number of the automatic decision taken back; 0: none
  std::vector<Restriction> beneath =
      {};  // milder ones that return when this one ends; mildest first
  std::vector<std::pair<std::string, std::string>> recovery = {};  // at release: item, by whom
  bool without_checklist = false;  // at release: `by` takes the responsibility
  bool mistake = false;            // at release: what was stopped was honest
  // Of a campaign: its members and messages when it was found, those that went out included.
  std::vector<std::string> accounts = {};
  std::vector<std::string> messages = {};
  // ... and how it stands after the decision, as its ledger record: to be written with it.
  std::string record = {};
  std::optional<BlockChange> block = {};     // of provider_refuses and provider_accepts
  std::optional<Detour> detour = {};         // of detour and would_detour
  std::optional<Listing> listing = {};       // of listed and delisted
  std::optional<ListFault> list_fault = {};  // of list_fault and list_well
  std::optional<CaseNews> case_news = {};    // of case_opened and the like

  // It speaks of how the world treats us, not of a sender: nothing is restricted by it.
  [[nodiscard]] bool about_surroundings() const {
    return block || detour || listing || list_fault || case_news ||
           kind == DecisionKind::setup_fault || kind == DecisionKind::setup_well;
  }
};

}  // namespace leumund::model
