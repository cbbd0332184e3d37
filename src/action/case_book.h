// All cases: what decisions and orders make of them, and what falls due. Holds no file and reads no
// clock.
//
// Flow:    Decision -> take(); CaseOrder -> order(); tick(now) -> changed cases, which the caller
//          keeps: drain(), and news, which he tells: take_news().
// Time:    of decisions as they carry it, else as given.
// Causes:  a sender that a detector stopped, or found before a person stopped him, or whose stop
//          is called spam or a break-in by its reason; others only where a person names them.
// Limits:  cases_max cases (the oldest closed ones go first), and the bounds below in each; what
//          goes beyond is counted, or its oldest line dropped.
// Threads: none.
// Errors:  order(): unavailable names a case, party or attempt that is not there, malformed what
//          is missing, refused what makes no sense now.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "action/case_journal.h"
#include "base/result.h"
#include "model/case.h"
#include "model/decision.h"

namespace leumund::action {

struct CaseSettings {
  std::chrono::seconds ask_after{std::chrono::hours(4)};
  std::chrono::seconds remind_after{std::chrono::hours(48)};
  std::chrono::seconds close_after{std::chrono::hours(72)};
  std::vector<std::chrono::seconds> reviews = {std::chrono::hours(24 * 7),
                                               std::chrono::hours(24 * 30)};
  std::chrono::seconds keep{std::chrono::hours(24 * 1095)};
};

enum class CaseWork : std::uint8_t {
  note,
  attempt,
  answer,
  review,
  close,
  reopen,
  add_cause,
  remove_cause
};

struct CaseOrder {
  std::uint64_t number = 0;
  CaseWork work = CaseWork::note;
  std::string party;  // of attempt; may be left out where the case has one that stands
  std::optional<model::CaseStep> step = {};  // of an attempt; left out: the one that is next
  std::string to;
  std::string text;
  std::uint32_t attempt = 0;  // of answer; 0: the newest that waits
  model::CaseOutcome outcome = model::CaseOutcome::waiting;
  model::Subject subject = {};                    // of add_cause and remove_cause: the sender
  std::optional<model::CaseCause> standing = {};  // ... and what stands against him, if anything
  std::string by;
};

// How somebody has treated us so far, and what worked the last time.
struct PartyFigures {
  std::string party;
  std::string title;
  std::uint64_t times = 0;     // that it began
  std::uint64_t standing = 0;  // cases in which it is against us now
  std::uint64_t attempts = 0;
  std::uint64_t accepted = 0;
  std::optional<std::chrono::seconds> median;  // from begin to end
  std::uint64_t last_case = 0;                 // the newest in which it ended; 0 none
  std::vector<model::CaseAttempt> worked;      // what was done there, in order
};

// A place that stands on a list, or an egress that a provider refuses, as the watch and the matrix
// know it now: "list:spamhaus-xbl" and "192.0.2.25".
using StandingTrouble = std::set<std::pair<std::string, std::string>>;

class CaseBook {
 public:
  static constexpr std::size_t cases_max = 10'000;
  static constexpr std::size_t parties_max = 200;
  static constexpr std::size_t places_max = 1'000;
  static constexpr std::size_t causes_max = 200;
  static constexpr std::size_t attempts_max = 500;
  static constexpr std::size_t lines_max = 2'000;
  static constexpr std::size_t text_bytes_max = 4'000;

  void restore(CaseRecord record);
  void set_settings(CaseSettings settings) { settings_ = std::move(settings); }

  // A decision that was taken before: only who was stopped lately is taken from it. Whether it
  // stopped a sender.
  bool prime(const model::Decision& decision);
  [[nodiscard]] static model::CaseCause cause_of(const model::Restriction& restriction,
                                                 std::uint64_t decision, base::TimePoint at);
  void take(const model::Decision& decision);
  // The matrix as it is now: how much mail each refusal hits.
  void note_impact(std::span<const model::BlockFacts> cells);
  // What stands in a case and nowhere else, twice in a row, is no longer watched: it ends. Unless
  // `lists_known` lists are left as they are.
  void end_unknown(const StandingTrouble& standing, bool lists_known, base::TimePoint now);
  void tick(base::TimePoint now);
  [[nodiscard]] base::Result<model::Case> order(const CaseOrder& order, base::TimePoint now);

  struct Changes {
    std::vector<model::Case> cases;
    std::vector<std::uint64_t> forgotten;
    CaseProgress progress;
    bool moved = false;  // anything at all, be it only the progress
  };
  // What is to be kept since the last call.
  [[nodiscard]] Changes drain();
  // They could not be kept: drain() gives them again, as they are then.
  void put_back(const Changes& changes);
  // What is to be told since the last call.
  [[nodiscard]] std::vector<model::CaseNews> take_news();

  [[nodiscard]] const model::Case* find(std::uint64_t number) const;
  [[nodiscard]] const std::map<std::uint64_t, model::Case>& all() const { return cases_; }
  [[nodiscard]] std::vector<PartyFigures> figures() const;
  [[nodiscard]] CaseProgress progress() const { return progress_; }

 private:
  [[nodiscard]] static std::string clipped(std::string text);  // to text_bytes_max
  static constexpr std::chrono::hours cause_before{72};  // a trouble, that a stop belongs to it
  struct Trouble;
  // A sender that was stopped; only what a detector found, or the reason calls so, was for spam.
  struct Stop {
    model::CaseCause cause;
    bool for_spam = false;
  };
  [[nodiscard]] bool is_for_spam(const model::Decision& decision) const;
  void begin(const Trouble& trouble);
  void end(const std::string& party, const std::string& place, base::TimePoint at,
           std::uint64_t decision, const std::string& words);
  model::Case& open_case(const model::Subject& subject, const Trouble& trouble);
  void take_detour(const model::Decision& decision);
  void take_stop(const model::Decision& decision);
  void take_release(const model::Decision& decision);
  void add_cause(model::Case& one, const model::CaseCause& cause);
  void change_cause(model::Case& one, const model::CaseCause& cause);
  base::Status name_cause(model::Case& one, const CaseOrder& order, base::TimePoint now);
  base::Status drop_cause(model::Case& one, const CaseOrder& order, base::TimePoint now);
  void end_place(model::Case& one, model::CaseParty& party, const std::string& place,
                 base::TimePoint at, std::uint64_t decision, const std::string& words);
  void rest(model::Case& one, base::TimePoint at);
  void close(model::Case& one, const std::string& by, const std::string& text, base::TimePoint now);
  void remind(model::Case& one, base::TimePoint now);
  void forget_old(base::TimePoint now);
  base::Status write_attempt(model::Case& one, const CaseOrder& order, base::TimePoint now);
  base::Status write_answer(model::Case& one, const CaseOrder& order, base::TimePoint now);
  base::Status work(model::Case& one, const CaseOrder& order, base::TimePoint now);
  void add_line(model::Case& one, model::CaseLine line);
  void tell(const model::Case& one, model::CaseNews::What what, const model::CaseParty* party,
            std::optional<model::CaseStep> step = {});

  CaseSettings settings_;
  std::map<std::uint64_t, model::Case> cases_;
  std::deque<Stop> recent_stops_;
  std::deque<std::pair<model::Subject, base::TimePoint>> recent_findings_;  // observed only
  StandingTrouble missing_;                                                 // at the last look
  CaseProgress progress_;
  std::set<std::uint64_t> changed_;
  std::vector<std::uint64_t> forgotten_;
  std::vector<model::CaseNews> news_;
  bool moved_ = false;
};

// The rung to take next against a party, from what was tried; nothing: wait for an answer, or for
// time to pass.
[[nodiscard]] std::optional<model::CaseStep> next_step(const model::Case& one,
                                                       const model::CaseParty& party);

}  // namespace leumund::action
