#include "intake/watch_health.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace leumund::intake {
namespace {

// A good trial clears an answer about ourselves that was wrong no sooner than after this.
constexpr std::chrono::hours strike_memory{1};

}  // namespace

std::string_view list_state_name(ListState state) {
  switch (state) {
    case ListState::untested: return "untested";
    case ListState::well: return "well";
    case ListState::doubtful: return "doubtful";
    case ListState::faulty: return "faulty";
  }
  return "untested";
}

void ListMeter::count_question(base::TimePoint now) {
  const auto day = std::chrono::floor<std::chrono::days>(now).time_since_epoch().count();
  if (day != today) asked_today = 0;
  today = day;
  ++asked_today;
  ++asked;
}

void ListMeter::count_time(std::chrono::microseconds took_now) {
  std::size_t bucket = 0;
  for (auto bound = std::chrono::microseconds(1000); bucket + 1 < buckets && took_now > bound;
       bound *= 2) {
    ++bucket;
  }
  ++took[bucket];
  // Old times fade: what counts is how it answers now.
  if (std::accumulate(took.begin(), took.end(), std::uint64_t{0}) < 100'000) return;
  for (std::uint64_t& count : took) count /= 2;
}

std::chrono::milliseconds ListMeter::quantile(double share) const {
  const auto all = std::accumulate(took.begin(), took.end(), std::uint64_t{0});
  if (all == 0) return std::chrono::milliseconds(0);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    below += took[i];
    if (static_cast<double>(below) >= share * static_cast<double>(all)) {
      return std::chrono::milliseconds(std::int64_t{1} << i);
    }
  }
  return std::chrono::milliseconds(std::int64_t{1} << (buckets - 1));
}

void ListTrial::begin(std::uint32_t points) {
  awaited_ = points;
  wrong_.clear();
  silence_.clear();
}

bool ListTrial::note(const std::string& wrong, bool silent) {
  if (awaited_ == 0) return false;
  if (!wrong.empty()) (silent ? silence_ : wrong_) = wrong;
  return --awaited_ == 0;
}

ListTrial::News ListTrial::fail(bool silent, base::TimePoint now) {
  good_in_row_ = 0;
  if (silent) {
    ++silent_in_row_;
  } else {
    ++bad_in_row_;
  }
  if (state_ == ListState::faulty) return News::none;
  if (bad_in_row_ >= bad_max || silent_in_row_ >= silent_max) {
    state_ = ListState::faulty;
    since_ = now;
    return News::became_faulty;
  }
  if (state_ == ListState::well) since_ = now;
  state_ = ListState::doubtful;
  return News::none;
}

ListTrial::News ListTrial::end(base::TimePoint now) {
  if (!wrong_.empty() || !silence_.empty()) {
    reason_ = wrong_.empty() ? silence_ : wrong_;
    return fail(wrong_.empty(), now);
  }
  silent_in_row_ = 0;
  const bool was_struck = struck(now);
  if (!was_struck) bad_in_row_ = 0;
  ++good_in_row_;
  if (state_ == ListState::faulty && (good_in_row_ < good_min || was_struck)) return News::none;
  const bool was_faulty = state_ == ListState::faulty;
  if (state_ != ListState::well) since_ = now;
  state_ = ListState::well;
  reason_.clear();
  return was_faulty ? News::became_well : News::none;
}

ListTrial::News ListTrial::strike(const std::string& why, base::TimePoint now) {
  struck_at_ = now;
  reason_ = why;
  return fail(false, now);
}

bool ListTrial::struck(base::TimePoint now) const {
  return struck_at_ && now - *struck_at_ < strike_memory;
}

bool ListTrial::recovers(base::TimePoint now) const { return good_in_row_ > 0 && !struck(now); }

void ListTrial::set_back(base::TimePoint::duration back) {
  due -= back;
  if (struck_at_) *struck_at_ -= back;
}

void ListTrial::hush(const std::string& why) {
  if (state_ != ListState::well) return;
  reason_ = why;
  state_ = ListState::doubtful;
}

void ListTrial::restore(std::string reason, base::TimePoint since) {
  state_ = ListState::faulty;
  reason_ = std::move(reason);
  since_ = since;
}

diagnosis::ListAnswer read_reply(const diagnosis::DnsList& list, const net::DnsAnswer& reply) {
  if (reply.found == net::Found::yes) return diagnosis::read_list_answer(list, reply.addresses);
  diagnosis::ListAnswer out;
  out.trouble = reply.trouble;
  if (reply.found == net::Found::no) out.verdict = diagnosis::ListVerdict::not_listed;
  return out;
}

std::string wrong_at_point(const diagnosis::TestPoint& point, net::Found found,
                           const diagnosis::ListAnswer& answer) {
  using diagnosis::ListVerdict;
  using net::Found;
  if (answer.verdict == ListVerdict::fault) return answer.trouble;
  if (found == Found::unknown) return "does not answer: " + answer.trouble;
  if (point.listed && found == Found::no) {
    return fmt::format("does not list its test point {}: it is dead, or not to be had from here",
                       point.name);
  }
  if (!point.listed && found == Found::yes && answer.verdict != ListVerdict::not_listed) {
    return fmt::format("lists {}, which no list may: it lists the world", point.name);
  }
  return "";
}

}  // namespace leumund::intake
