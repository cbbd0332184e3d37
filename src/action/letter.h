// The letter for a case's next step: to whom, by which way, what it says, and what the operator
// must know before it is sent. Leumund sends none itself.
//
// Flow:    case, party, step -> LetterInput -> write_letter() -> `leumund case N letter`.
// Errors:  none: where no letter makes sense (they take money, the entry ends by itself, it is
//          over) `way` is none and the advice says why.
// Threads: a pure function.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "action/letter_facts.h"
#include "config/settings.h"
#include "model/case.h"

namespace leumund::action {

enum class LetterWay : std::uint8_t {
  none,
  form,  // a page with fields
  mail,
  text,  // to customers and colleagues, or where no address is known
};
[[nodiscard]] std::string_view letter_way_name(LetterWay way);

struct Letter {
  LetterWay way = LetterWay::none;
  model::CaseStep step = model::CaseStep::form;
  std::string party;
  std::string title;
  config::Language language = config::Language::en;  // of subject and body
  bool ready = false;  // the cause is stopped, as far as is known, and somebody can be asked
  std::string to;      // address of a mail; "" unknown
  std::string url;     // of a form or page; "" none
  std::string subject;
  std::string body;  // of a mail in lines of 72 columns, else one line for each paragraph
  std::vector<std::pair<std::string, std::string>> fields;  // label and value, to paste
  std::vector<std::string> advice;                          // for the operator, not part of it
};

// The language that they read, unless one is given.
[[nodiscard]] Letter write_letter(const LetterInput& input, config::Language letter,
                                  config::Language people);

// The step to take now; where nothing is to be done, the last one that was taken.
[[nodiscard]] model::CaseStep letter_step(const model::Case& one, const model::CaseParty& party);

// How somebody was asked, in words: "their form or page".
[[nodiscard]] std::string_view step_words(model::CaseStep step, config::Language language);

// The same for an outcome: "granted".
[[nodiscard]] std::string_view outcome_words(model::CaseOutcome outcome, config::Language language);

enum class Advice : std::uint8_t {
  ended,
  predatory,
  by_itself,
  by_itself_hours,
  suspect,
  throttled,
  no_cause,
  cause_check,
  unchecked,
  waiting,
  unsure,
  note,
  own_note,
  worked,
  no_address,
  rule_address,
  own_way,
  from_ip,
  dns_proof,
  unknown_form,
  no_request,
  lawyer,
  unsigned_letter,
  write_down,
  policy,
  sends_past,
  setup
};
[[nodiscard]] std::string advice_words(Advice advice, config::Language language,
                                       std::string_view a = {}, std::string_view b = {});

}  // namespace leumund::action
