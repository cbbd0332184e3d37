// Whether a DNS list can be believed, and how it answers: by its test points, and by figures.
//
// Time:    passed in.
// Threads: pure values.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "diagnosis/list_answer.h"
#include "net/resolver.h"

namespace leumund::intake {

enum class ListState : std::uint8_t {
  untested,  // since the start; not asked about us yet
  well,
  doubtful,  // one trial went wrong: not asked about us until the next
  faulty,
};
[[nodiscard]] std::string_view list_state_name(ListState state);

// How a list answers, in figures of the last day or so.
struct ListMeter {
  static constexpr std::size_t buckets = 16;  // up to 1, 2, 4, ... ms

  std::uint64_t asked = 0;
  std::uint64_t not_listed = 0;
  std::uint64_t listed = 0;
  std::uint64_t unanswered = 0;
  std::uint64_t wrong = 0;          // answers that make the list a fault
  std::uint64_t unknown_codes = 0;  // codes that no table names
  std::string last_unknown_code;
  std::array<std::uint64_t, buckets> took{};
  std::uint64_t asked_today = 0;
  std::int64_t today = 0;  // days since 1970
  std::uint32_t silent_in_row = 0;
  std::chrono::seconds last_round{0};
  base::TimePoint last_round_at;

  void count_question(base::TimePoint now);
  void count_time(std::chrono::microseconds took_now);
  // The time under which this share of the answers came; 0 without answers.
  [[nodiscard]] std::chrono::milliseconds quantile(double share) const;
};

// The trial of a list by its test points, and what follows from several in a row: one bad trial
// makes nobody faulty, and one good one nobody well again.
class ListTrial {
 public:
  enum class News : std::uint8_t { none, became_faulty, became_well };

  static constexpr std::uint32_t bad_max = 2;     // wrong answers in a row
  static constexpr std::uint32_t silent_max = 3;  // trials without an answer in a row
  static constexpr std::uint32_t good_min = 2;    // before a faulty list is believed again

  // `points` answers are awaited from now on.
  void begin(std::uint32_t points);
  [[nodiscard]] bool running() const { return awaited_ > 0; }
  // "" is fine; `silent`: it did not answer at all. True: that was the last one, call end().
  bool note(const std::string& wrong, bool silent);
  // Where an answer about ourselves went wrong within the hour, a good trial clears nothing.
  News end(base::TimePoint now);
  // A wrong answer outside a trial.
  News strike(const std::string& why, base::TimePoint now);
  // It did not answer many times in a row.
  void hush(const std::string& why);

  [[nodiscard]] ListState state() const { return state_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }
  [[nodiscard]] base::TimePoint since() const { return since_; }
  void restore(std::string reason, base::TimePoint since);
  // The last trial was good and nothing else speaks against it: the next may clear the list.
  [[nodiscard]] bool recovers(base::TimePoint now) const;
  // The clock was set back by so much.
  void set_back(base::TimePoint::duration back);

  base::TimePoint due;  // of the next trial; 1970: at once

 private:
  News fail(bool silent, base::TimePoint now);
  [[nodiscard]] bool struck(base::TimePoint now) const;

  ListState state_ = ListState::untested;
  std::uint32_t awaited_ = 0;
  std::string wrong_;    // of the trial under way
  std::string silence_;  // likewise: a point that nobody answered
  std::uint32_t bad_in_row_ = 0;
  std::uint32_t silent_in_row_ = 0;
  std::uint32_t good_in_row_ = 0;
  std::optional<base::TimePoint> struck_at_;
  std::string reason_;
  base::TimePoint since_;  // of the state
};

// What a list says, by what the DNS said.
[[nodiscard]] diagnosis::ListAnswer read_reply(const diagnosis::DnsList& list,
                                               const net::DnsAnswer& reply);

// What is wrong with a list that was asked for one of its test points; "" if nothing is. Where
// nobody said whether there is such a name (`found` unknown), `answer` is why.
[[nodiscard]] std::string wrong_at_point(const diagnosis::TestPoint& point, net::Found found,
                                         const diagnosis::ListAnswer& answer);

// One list, as people see it.
struct ListHealth {
  std::string list;
  std::string name;
  ListState state = ListState::untested;
  std::string reason;  // of a list that is not well
  base::TimePoint since;
  ListMeter meter;
  std::uint64_t per_day = 0;
  std::uint64_t listings = 0;  // of ours that stand on it
  std::uint64_t shared = 0;    // of these, how many stand on another list too
};

}  // namespace leumund::intake
