// How the lists that screening asks are, and what each of its rows brings.
//
// Health belongs to a zone, figures to each row: a zone may be named by several rows with different
// codes and weights.
// Time:    passed in.
// Threads: any.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/ip_address.h"
#include "base/time.h"
#include "diagnosis/list_answer.h"
#include "diagnosis/screening.h"
#include "intake/watch_health.h"
#include "net/resolver.h"

namespace leumund::intake {

struct ScreenListFigures {
  std::string list;  // as ScreenList::shown
  diagnosis::ScreenRole role = diagnosis::ScreenRole::score;
  int weight = 0;
  ListState state = ListState::untested;
  std::string reason;  // of a list that is not well
  std::uint64_t asked = 0;
  std::uint64_t listed = 0;
  std::uint64_t alone = 0;    // of these, no other list of ours listed the client
  std::uint64_t decided = 0;  // of these, mail was refused, or taken, for this list
  std::uint64_t unanswered = 0;
};

class ScreenHealth {
 public:
  explicit ScreenHealth(const std::vector<diagnosis::ScreenList>& rows);

  [[nodiscard]] const diagnosis::ScreenList& at(std::uint32_t row) const { return rows_[row]; }

  // Rows of the zones that can be believed and are of this kind of address; counted as asked.
  [[nodiscard]] std::vector<std::vector<std::uint32_t>> to_ask(const base::IpAddress& client);
  void see(std::uint32_t row, const net::DnsAnswer& answer, const diagnosis::ListAnswer& read_as,
           base::TimePoint now);

  // Whether the zone's control is older than a few seconds.
  [[nodiscard]] bool wants_control(std::uint32_t row, base::TimePoint now);
  void see_control(std::uint32_t row, const std::string& wrong, net::Found found,
                   base::TimePoint now);

  // The row of each zone whose trial is due; it counts as begun with as many points as `points`
  // says for the row.
  [[nodiscard]] std::vector<std::uint32_t> due(
      base::TimePoint now, std::chrono::seconds every,
      const std::function<std::uint32_t(std::uint32_t row)>& points);
  void see_point(std::uint32_t row, const std::string& wrong, bool silent, base::TimePoint now);

  void count(const diagnosis::ScreenVerdict& verdict);
  [[nodiscard]] std::vector<ScreenListFigures> figures() const;

 private:
  struct Zone {
    std::vector<std::uint32_t> rows;
    ListTrial trial;
    std::uint32_t silent_in_row = 0;
    base::TimePoint control_good_until;
  };
  struct State {
    std::map<std::string, Zone, std::less<>> zones;
    std::vector<ScreenListFigures> figures;
  };
  // What a trial's end, or an answer that is wrong, made of a zone.
  struct News {
    ListTrial::News said = ListTrial::News::none;
    ListState state = ListState::untested;
    std::string reason = {};
  };
  [[nodiscard]] static News struck(ListTrial& trial, const std::string& why, base::TimePoint now);
  void tell(std::uint32_t row, const News& news) const;

  const std::vector<diagnosis::ScreenList> rows_;
  base::Guarded<State> state_;
};

}  // namespace leumund::intake
