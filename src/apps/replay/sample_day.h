// A small provider as it might be: some weeks of habits, then one day with a newsletter, a club's
// announced mailing, a customer who travels, and one hacked account. Made up from a seed, for
// `./dev run` and for trying `leumund replay`; every name is under .example and every address is
// from a reserved range.
//
// Flow:    make_sample_day() -> event_lines() -> data/sample/day.jsonl.zst -> replay, or POST
//          /v1/events for the weeks and the policy port for the day.
// Time:    all events fall into [day - weeks, day + 24 h); no clock is read.
// Limits:  about 300 accounts and 30,000 events.
// Threads: none. The same settings give the same events on every machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/mail_event.h"

namespace leumund::apps {

struct SampleDaySettings {
  std::uint64_t seed = 1;
  // A Tuesday; the day begins at midnight UTC, which is the provider's own time.
  base::TimePoint day = base::TimePoint(std::chrono::days(20522));
  std::uint32_t weeks = 3;
};

struct SampleDay {
  std::vector<model::MailEvent> habits;  // before the day, by time
  std::vector<model::MailEvent> day;     // the day itself, by time
};

// The hacked account, its club and its newsletter, so that a story can speak of them.
inline constexpr const char* sample_hacked_account = "m.ebert@tischlerei-ebert.example";
inline constexpr const char* sample_newsletter_account = "rundbrief@gaertnerei-linde.example";
inline constexpr const char* sample_club_account = "vorstand@chorverein.example";
inline constexpr const char* sample_traveller_account = "j.brandt@stadtnetz.example";

[[nodiscard]] SampleDay make_sample_day(const SampleDaySettings& settings);

// The events as lines of JSON that `leumund replay` and POST /v1/events take.
[[nodiscard]] std::string event_lines(std::span<const model::MailEvent> events);

}  // namespace leumund::apps
