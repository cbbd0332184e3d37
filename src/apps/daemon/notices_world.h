// What the tests of notices share: decisions about lists and providers as the desks make them, and
// what a gap in a notice is.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "action/notice_text.h"
#include "action/undelivered_book.h"
#include "diagnosis/list_answer.h"
#include "diagnosis/registry.h"
#include "model/decision.h"

namespace leumund::action {

using model::Decision;
using model::DecisionKind;
using model::DetourPhase;
using model::SubjectKind;
using std::chrono::hours;
using Lines = std::vector<std::string>;

inline const base::TimePoint night = base::parse_rfc3339("2026-11-21T03:12:00Z").value();
inline constexpr std::array both = {Language::en, Language::de};
inline constexpr std::array all_phases = {DetourPhase::none, DetourPhase::waiting,
                                          DetourPhase::open, DetourPhase::capped,
                                          DetourPhase::deferred};
inline constexpr std::array all_steps = {model::CaseStep::form,       model::CaseStep::reply,
                                         model::CaseStep::postmaster, model::CaseStep::upstream,
                                         model::CaseStep::legal,      model::CaseStep::given_up};
// What others said comes as it came, in no language of ours.
inline const std::string quoted_reply = "550 5.7.1 XREPLY";
inline const std::string quoted_words = "XWORDS";

struct Known {
  std::vector<diagnosis::DnsList> lists = diagnosis::shipped_dns_lists().value();
  diagnosis::Registry registry = diagnosis::read_registry(diagnosis::embedded_registry()).value();
};
const Known& known();

// Fails where something is missing in a notice, or said in the other language. `quoted` are names
// and words of others, which may be in any.
void expect_whole(const NoticeText& notice, Language language, const Lines& quoted,
                  const std::string& where);

// How much is known: from next to nothing to all.
enum class Facts { bare, usual, full };
inline constexpr std::array all_facts = {Facts::bare, Facts::usual, Facts::full};

struct DetourShape {
  DetourPhase phase = DetourPhase::open;
  bool pool = false;
  bool home = false;  // open by the usual way
  bool by_hand = false;
  bool planned = false;
  bool full = false;
};

Decision about(DecisionKind kind, model::Subject subject);
Decision refusal(const std::string& provider, Facts facts, bool refuses);
Decision detoured(const std::string& provider, const DetourShape& shape);
Decision due(const std::string& party, const std::string& title, const std::string& url,
             std::optional<model::CaseStep> step);
Decision opened_again(const std::string& party, const std::string& title);
UndeliveredBook::Notice undelivered(SubjectKind kind, const std::string& provider, bool waiting,
                                    bool returned);
model::Listing listing_of(const diagnosis::DnsList& list, const diagnosis::ListAnswer& answer,
                          const std::string& asked, Facts facts);

}  // namespace leumund::action
