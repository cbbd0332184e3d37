#include "apps/replay/sample_day.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <ranges>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "diagnosis/reader.h"
#include "engine/engine.h"
#include "wire/event_line.h"

namespace {

using leumund::apps::event_lines;
using leumund::apps::make_sample_day;
using leumund::apps::SampleDay;
using leumund::apps::SampleDaySettings;
using leumund::model::MailEvent;
using leumund::model::Submission;

std::string all_lines(const SampleDay& sample) {
  return event_lines(sample.habits) + event_lines(sample.day);
}

// Recipients an account wrote to, in mails for which `chosen(event)` holds.
template <typename Chosen>
std::size_t recipients_of(const std::vector<MailEvent>& events, std::string_view account,
                          Chosen chosen) {
  std::size_t count = 0;
  for (const MailEvent& event : events) {
    const auto* mail = std::get_if<Submission>(&event.what);
    if (mail && mail->account == account && chosen(*mail)) count += mail->recipients.size();
  }
  return count;
}

TEST(SampleDay, IsTheSameForTheSameSeedAndAnotherForAnother) {
  EXPECT_EQ(all_lines(make_sample_day({})), all_lines(make_sample_day({})));
  EXPECT_NE(all_lines(make_sample_day({.seed = 2})), all_lines(make_sample_day({})));
}

TEST(SampleDay, IsInOrderOfTimeAndPartedAtMidnight) {
  const SampleDaySettings settings;
  const SampleDay sample = make_sample_day(settings);
  ASSERT_FALSE(sample.habits.empty());
  ASSERT_FALSE(sample.day.empty());
  EXPECT_TRUE(std::ranges::is_sorted(sample.habits, {}, &MailEvent::occurred_at));
  EXPECT_TRUE(std::ranges::is_sorted(sample.day, {}, &MailEvent::occurred_at));
  EXPECT_LT(sample.habits.back().occurred_at, settings.day);
  EXPECT_GE(sample.day.front().occurred_at, settings.day);
  EXPECT_LT(sample.day.back().occurred_at, settings.day + std::chrono::hours(24));
}

TEST(SampleDay, HoldsTheStoryItIsFor) {
  const SampleDay sample = make_sample_day({});
  std::set<std::string> accounts;
  for (const MailEvent& event : sample.day) {
    if (const auto* mail = std::get_if<Submission>(&event.what)) accounts.insert(mail->account);
  }
  EXPECT_GT(accounts.size(), 200U);
  const auto any = [](const Submission&) { return true; };
  const auto foreign = [](const Submission& mail) {
    const std::string client = mail.client->to_string();
    return !client.starts_with("100.") && !client.starts_with("2001:db8:");
  };
  EXPECT_GT(recipients_of(sample.day, leumund::apps::sample_hacked_account, foreign), 500U);
  EXPECT_EQ(recipients_of(sample.habits, leumund::apps::sample_hacked_account, foreign), 0U);
  EXPECT_GT(recipients_of(sample.habits, leumund::apps::sample_hacked_account, any), 50U);
  EXPECT_GE(recipients_of(sample.day, leumund::apps::sample_newsletter_account, any), 420U);
  EXPECT_GE(recipients_of(sample.day, leumund::apps::sample_club_account, any), 140U);
  EXPECT_GT(recipients_of(sample.day, leumund::apps::sample_traveller_account, foreign), 0U);
}

TEST(SampleDay, EveryLineIsAnEventThatWeRead) {
  const std::string lines = event_lines(make_sample_day({}).day);
  leumund::wire::EventLineReader reader;
  for (const auto line : std::views::split(lines, '\n')) {
    const std::string_view text(line.begin(), line.end());
    if (text.empty()) continue;
    const auto event = reader.read(text);
    ASSERT_TRUE(event) << event.error().message << ": " << text;
  }
}

// What `./dev run` shows must not hang on one lucky seed.
TEST(SampleDay, EngineStopsTheHackedAccountWithinTenRecipientsAndNobodyElse) {
  auto made = leumund::diagnosis::Reader::shipped();
  ASSERT_TRUE(made);
  const std::shared_ptr<const leumund::diagnosis::Reader> replies = std::move(*made);
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    leumund::engine::Settings settings;
    settings.book.default_mode = leumund::model::Mode::enforce;
    leumund::engine::Engine engine(settings, replies);
    std::size_t stopped = 0;
    const auto feed = [&](const std::vector<MailEvent>& events) {
      for (const MailEvent& event : events) {
        for (const auto& decision : engine.feed(event, event.occurred_at).decisions) {
          if (decision.kind != leumund::model::DecisionKind::restricted) continue;
          ++stopped;
          EXPECT_EQ(decision.subject.name, leumund::apps::sample_hacked_account) << "seed " << seed;
          EXPECT_LE(decision.recipients_before, 10U) << "seed " << seed;
        }
      }
    };
    const SampleDay sample = make_sample_day({.seed = seed});
    feed(sample.habits);
    EXPECT_EQ(stopped, 0U) << "seed " << seed;
    feed(sample.day);
    EXPECT_EQ(stopped, 1U) << "seed " << seed;
  }
}

// Nobody's real name or address may stand in a file that we ship.
TEST(SampleDay, NamesOnlyReservedDomainsAndAddresses) {
  for (const MailEvent& event : make_sample_day({}).day) {
    const auto* mail = std::get_if<Submission>(&event.what);
    if (!mail) continue;
    for (const std::string& recipient : mail->recipients) {
      ASSERT_TRUE(recipient.ends_with(".example")) << recipient;
    }
    if (!mail->client) continue;
    const auto reserved = {"100.64.0.0/10",   "198.18.0.0/15",  "192.0.2.0/24",
                           "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"};
    ASSERT_TRUE(std::ranges::any_of(reserved, [&](const char* prefix) {
      return leumund::base::IpPrefix::parse(prefix)->contains(*mail->client);
    })) << mail->client->to_string();
  }
}

// data/sample/day.jsonl.zst is what seed 1 gives; `./dev golden` writes it anew.
TEST(SampleDayGolden, ShippedFileIsWhatTheGeneratorMakes) {
  const std::string path = std::string(LEUMUND_SOURCE_DIR) + "/data/sample/day.jsonl.zst";
  const std::string lines = all_lines(make_sample_day({}));
  if (std::getenv("LEUMUND_RECORD") != nullptr) {
    std::string packed(ZSTD_compressBound(lines.size()), '\0');
    const std::size_t size =
        ZSTD_compress(packed.data(), packed.size(), lines.data(), lines.size(), 19);
    ASSERT_FALSE(ZSTD_isError(size));
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary).write(packed.data(), static_cast<std::streamsize>(size));
  }
  std::ifstream in(path, std::ios::binary);
  const std::string packed((std::istreambuf_iterator<char>(in)), {});
  ASSERT_EQ(ZSTD_getFrameContentSize(packed.data(), packed.size()), lines.size());
  std::string shipped(lines.size(), '\0');
  const std::size_t size =
      ZSTD_decompress(shipped.data(), shipped.size(), packed.data(), packed.size());
  ASSERT_EQ(size, lines.size());
  EXPECT_TRUE(shipped == lines);  // EXPECT_EQ would print ten megabytes
}

}  // namespace
