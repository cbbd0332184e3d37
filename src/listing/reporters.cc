#include "listing/reporters.h"

#include <algorithm>

namespace leumund::listing {
namespace {

// One wrong report costs as much as four right ones earn.
constexpr double wrong_counts = 4;
constexpr double believed_from_the_start = 4;

std::int32_t day_of(base::TimePoint at) {
  return static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(at).time_since_epoch() /
                                   std::chrono::days(1));
}

}  // namespace

double Reporters::weight(const Reporter& reporter) {
  const double good = believed_from_the_start + reporter.right;
  return reporter.prior * good / (good + wrong_counts * reporter.wrong);
}

Reporters::Reporter& Reporters::of(std::uint64_t reporter) {
  if (const auto found = all_.find(reporter); found != all_.end()) return found->second;
  if (all_.size() >= settings_.most) {
    constexpr int looked_at = 8;
    // A new one takes the place of the one heard longest ago in the buckets behind his own.
    const std::size_t buckets = all_.bucket_count();
    std::size_t bucket = all_.bucket(reporter);
    auto oldest = all_.end();
    for (std::size_t i = 0, seen = 0; i < buckets && seen < looked_at; ++i) {
      for (auto it = all_.begin(bucket); it != all_.end(bucket); ++it, ++seen) {
        if (it->second.named || it->second.wrong > 0) continue;
        if (oldest == all_.end() || it->second.day < oldest->second.day)
          oldest = all_.find(it->first);
      }
      bucket = (bucket + 1) % buckets;
    }
    if (oldest == all_.end()) oldest = all_.begin();
    all_.erase(oldest);
  }
  Reporter& made = all_[reporter];
  made.prior = static_cast<float>(settings_.unknown_weight);
  return made;
}

double Reporters::hear(std::uint64_t reporter, base::TimePoint at) {
  Reporter& who = of(reporter);
  if (const std::int32_t day = day_of(at); day != who.day) {
    who.day = day;
    who.today = 0;
  }
  if (who.today >= settings_.per_day_most) return 0;
  ++who.today;
  return weight(who);
}

void Reporters::said_nothing(std::uint64_t reporter) {
  const auto found = all_.find(reporter);
  if (found != all_.end() && found->second.today > 0) --found->second.today;
}

void Reporters::set_weight(std::uint64_t reporter, double weight) {
  Reporter& who = of(reporter);
  who.prior = static_cast<float>(std::clamp(weight, 0.0, 1.0));
  who.named = true;
}

void Reporters::set_settings(const Settings& settings) {
  const std::size_t most = settings_.most;
  settings_ = settings;
  settings_.most = most;
  for (auto& [who, reporter] : all_) {
    if (!reporter.named) reporter.prior = static_cast<float>(settings_.unknown_weight);
  }
}

ListReporterRecord Reporters::record(std::uint64_t reporter) const {
  const auto found = all_.find(reporter);
  if (found == all_.end()) return {.who = reporter};
  const Reporter& one = found->second;
  return {reporter, one.right, one.wrong, one.day, one.today};
}

void Reporters::restore(const ListReporterRecord& record) {
  Reporter& who = of(record.who);
  who.right = record.right;
  who.wrong = record.wrong;
  who.day = record.day;
  who.today = record.today;
}

void Reporters::judged(std::uint64_t reporter, bool right) {
  Reporter& who = of(reporter);
  ++(right ? who.right : who.wrong);
}

Reporters::Standing Reporters::standing(std::uint64_t reporter) const {
  const auto found = all_.find(reporter);
  if (found == all_.end()) return {.weight = settings_.unknown_weight};
  return {weight(found->second), found->second.right, found->second.wrong};
}

}  // namespace leumund::listing
