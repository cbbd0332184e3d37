// The reports on one address, as far as they still count.
//
// Reports of one hour are kept as their number, weight and mean time: since their weight falls in a
// straight line, that gives the same sum as the single reports.
//
// Time:    passed in; reports may come in any order.
// Limits:  `hours_most` hours; `reporters_most` reporters one by one, further ones are estimated
//          from a bit map (good to 5 percent up to 500, at least 1,400 from there).
// Threads: none of its own and no lock.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/time.h"
#include "listing/list_rule.h"
#include "model/abuse_report.h"

namespace leumund::listing {

class ReportHistory {
 public:
  // A reporter whom we believe less speaks, but is no second witness.
  static constexpr double witness_from = 0.5;

  static constexpr std::size_t hours_most = 200;
  static constexpr std::size_t reporters_most = 16;
  using KindCounts = std::array<std::uint32_t, model::abuse_kinds>;

  // `weight` is the reporter's, over 0. False: he has said as much on this address as counts.
  bool add(const model::AbuseReport& report, double weight, const ListRule& rule);
  // Drops what no longer counts. False: nothing is left.
  bool forget(base::TimePoint now, const ListRule& rule);

  // Everything but the mail.
  [[nodiscard]] Weighed weigh(base::TimePoint now, const ListRule& rule) const;
  [[nodiscard]] KindCounts kinds(base::TimePoint now, const ListRule& rule) const;
  [[nodiscard]] base::TimePoint last_at() const { return last_at_; }
  // Of the last report by somebody who counts as a witness; 1970: there is none.
  [[nodiscard]] base::TimePoint last_witnessed_at() const { return last_witnessed_at_; }
  // For the operator: what each hour brought, newest first, and who is known one by one.
  struct HourSaid {
    base::TimePoint at;  // the mean of its reports
    KindCounts kinds{};
    double weight = 0;  // of its complaints now; traps weigh together
  };
  struct ReporterSaid {
    std::uint64_t who = 0;
    double reports = 0;
    base::TimePoint last;
    bool witness = false;
  };
  [[nodiscard]] std::vector<HourSaid> hours_said(base::TimePoint now, const ListRule& rule) const;
  [[nodiscard]] std::vector<ReporterSaid> reporters_said() const;
  // Who of the reporters is known one by one.
  template <typename Visit>
  void visit_reporters(Visit&& visit) const {
    for (const Reporter& one : reporters_) visit(one.who);
  }
  [[nodiscard]] std::size_t bytes() const;

 private:
  static constexpr std::size_t bits = 512;
  struct Hour {
    std::uint32_t number = 0;  // hours since 1970
    float second = 0;          // mean, within the hour
    float complaints = 0;      // by their reporters' weight
    float trap_score = 0;
    float believed = 0;  // reports by their reporter's weight
    std::array<std::uint16_t, model::abuse_kinds> kinds{};
  };
  struct Reporter {
    std::uint64_t who = 0;
    float given = 0;  // reports since `since`
    bool witness = false;
    base::TimePoint since;
    base::TimePoint last;
  };

  [[nodiscard]] bool may_speak(const model::AbuseReport& report, double weight,
                               const ListRule& rule);
  Hour& hour_of(base::TimePoint at);
  void forget_reporters(base::TimePoint at, const ListRule& rule);
  void note_seen(std::uint64_t reporter, bool witness);
  // How many different ones a bit map tells of.
  [[nodiscard]] static double distinct(const std::bitset<bits>& seen);

  // By hash, once there are more than are kept one by one.
  struct Seen {
    std::bitset<bits> all;
    std::bitset<bits> witnesses;
  };
  std::vector<Hour> hours_;          // by number
  std::vector<Reporter> reporters_;  // in no order
  std::unique_ptr<Seen> seen_;
  float others_given_ = 0;  // by those not kept one by one
  base::TimePoint last_at_;
  base::TimePoint last_witnessed_at_;
};

}  // namespace leumund::listing
