// What every store must do, run against each of them.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "storage/memory_store.h"
#include "storage/sqlite_schema.h"
#include "storage/sqlite_store.h"
#include "storage/store_test_world.h"

namespace leumund::storage {
namespace {

using model::Decision;
using model::DecisionKind;
using model::Subject;

struct Kind {
  const char* name;
  std::unique_ptr<Store> (*make)(const Folder&);
};

class StoreContract : public testing::TestWithParam<Kind> {
 protected:
  Folder folder_;
  std::unique_ptr<Store> store_ = GetParam().make(folder_);
};

TEST_P(StoreContract, KeepsCountsAndMarksOfOneCheckpointTogether) {
  const std::string bytes(
      "\x01\x00\xff"
      "x",
      4);
  const std::vector<evidence::SubjectRecord> records = {{"account:a", bytes}, {"account:b", "2"}};
  const std::vector<Mark> marks = {{"log/file:/var/log/mail.log", "8:42"}};
  ASSERT_TRUE(store_->save_checkpoint(records, marks).ok());
  ASSERT_TRUE(
      store_->save_checkpoint(std::vector<evidence::SubjectRecord>{{"account:b", ""}}, {}).ok());
  std::map<std::string, std::string> read;
  ASSERT_TRUE(store_->load([&](auto subject, auto state) { read.emplace(subject, state); }).ok());
  EXPECT_EQ(read, (std::map<std::string, std::string>{{"account:a", bytes}}));
  EXPECT_EQ(store_->load_marks().value().at("log/file:/var/log/mail.log"), "8:42");
}

TEST_P(StoreContract, KnowsWhoseTheQueuedMailIsUntilItIsGone) {
  const auto save = [&](std::vector<model::QueuedMail> queue) {
    return store_->save(Checkpoint{{}, {}, queue}).ok();
  };
  const model::QueuedMail old{{"mx", "", "4A"},         "account:a", at(1), 2, true, "campaign:7f",
                              model::MailClass::invoice};
  const model::QueuedMail other{{"mx", "postfix-out", "4A"}, "script:uid33", at(2), 0, false};
  ASSERT_TRUE(save({other, old, {{"mx", "", "4B"}, "account:b", at(3), 1, false}}));
  ASSERT_TRUE(
      save({{{"mx", "", "4B"}, "", {}, 0, false}, {{"mx", "", "never"}, "", {}, 0, false}}));
  EXPECT_EQ(store_->load_queue(10).value(), (std::vector{old, other}));
  EXPECT_EQ(store_->load_queue(1).value(), std::vector{other}) << "the newest";
  const model::QueuedMail again{{"mx", "", "4A"}, "account:c", at(4), 0, false};
  ASSERT_TRUE(save({{{"mx", "", "4A"}, "", {}, 0, false}, again}));
  EXPECT_EQ(store_->load_queue(10).value(), (std::vector{other, again}));
}

TEST_P(StoreContract, TellsWhoseQueuedMailIsPageByPage) {
  std::vector<model::QueuedMail> queue;
  for (int i = 0; i < 25; ++i) {
    queue.push_back({{"mx", "", "4" + std::to_string(100 + i)},
                     i % 5 == 0 ? "account:b" : "account:a",
                     at(i),
                     0,
                     i % 2 == 0,
                     i % 3 == 0 ? "campaign:7f" : ""});
  }
  ASSERT_TRUE(store_->save(Checkpoint{{}, {}, queue}).ok());
  const auto all_of = [&](const char* subject) {
    std::vector<model::QueuedMail> all;
    for (;;) {
      const auto page = store_->queued_of(*Subject::parse(subject),
                                          all.empty() ? model::QueueKey() : all.back().queue, 4);
      if (!page || page->empty()) return all;
      EXPECT_LE(page->size(), 4U);
      all.insert(all.end(), page->begin(), page->end());
    }
  };
  EXPECT_EQ(all_of("account:b").size(), 5U);
  EXPECT_EQ(all_of("account:a").size(), 20U) << "let through or not";
  EXPECT_EQ(all_of("campaign:7f").size(), 9U);
  EXPECT_EQ(all_of("campaign:7f")[1], queue[3]);
  EXPECT_TRUE(all_of("account:nobody").empty());
  EXPECT_EQ(store_->queued_after({}, 100).value(), queue);
  EXPECT_EQ(store_->queued_after(queue[20].queue, 100).value().size(), 4U);
  const auto records = store_->queue_records();
  EXPECT_EQ(records->mails, 25U);
  EXPECT_EQ(records->of_campaigns.at("campaign:7f"), 9U);
  EXPECT_EQ(store_->forget_queued(20).value(), 5U);
  EXPECT_EQ(store_->load_queue(100).value().front(), queue[5]) << "the oldest went";
  EXPECT_EQ(store_->forget_queued(20).value(), 0U);
}

TEST_P(StoreContract, ReplacesWhatStandsWhole) {
  ASSERT_TRUE(store_
                  ->commit(std::vector{decision(1, DecisionKind::restricted, "account:gone"),
                                       decision(2, DecisionKind::restricted, "account:a"),
                                       decision(3, DecisionKind::exempted, "account:e")})
                  .ok());
  Decision milder = decision(4, DecisionKind::restricted, "account:b");
  milder.restriction.level = model::Level::hold;
  action::StandingRecord standing;
  standing.restrictions = {decision(2, DecisionKind::restricted, "account:a").restriction,
                           decision(5, DecisionKind::restricted, "account:b").restriction};
  standing.beneath[milder.subject] = {milder.restriction};
  standing.exempt = {*Subject::parse("account:f")};
  standing.attempts = {{*Subject::parse("account:a"), {7, at(9)}}};
  standing.last_number = 5;
  ASSERT_TRUE(store_->replace_standing(standing).ok());
  const auto read = store_->load_standing().value();
  EXPECT_EQ(read.restrictions, standing.restrictions);
  EXPECT_EQ(read.beneath, standing.beneath);
  EXPECT_EQ(read.exempt, standing.exempt);
  ASSERT_EQ(read.attempts.size(), 1U);
  EXPECT_EQ(read.attempts[0].second.recipients, 7U);
  EXPECT_EQ(store_->decisions(0, 10).value().size(), 3U) << "the history stays";
}

TEST_P(StoreContract, StandsAsTheDecisionsSay) {
  Decision milder = decision(1, DecisionKind::restricted, "account:a");
  milder.restriction.level = model::Level::hold;
  Decision harder = decision(2, DecisionKind::restricted, "account:a");
  harder.beneath = {milder.restriction};
  const std::vector<Decision> all = {milder,
                                     harder,
                                     decision(3, DecisionKind::restricted, "script:uid33"),
                                     decision(4, DecisionKind::released, "script:uid33"),
                                     decision(5, DecisionKind::would_restrict, "account:c"),
                                     decision(6, DecisionKind::exempted, "account:d"),
                                     decision(7, DecisionKind::exempted, "account:e"),
                                     decision(8, DecisionKind::exemption_ended, "account:e"),
                                     decision(9, DecisionKind::provider_refuses, "provider:x"),
                                     decision(10, DecisionKind::provider_accepts, "provider:x")};
  ASSERT_TRUE(store_->commit(all).ok());
  const auto standing = store_->load_standing().value();
  ASSERT_EQ(standing.restrictions.size(), 1U);
  EXPECT_EQ(standing.restrictions[0], harder.restriction);
  EXPECT_EQ(standing.beneath.at(harder.subject), std::vector{milder.restriction});
  EXPECT_EQ(standing.exempt, std::vector{*Subject::parse("account:d")});
  EXPECT_EQ(standing.last_number, 10U);
}

// Freed by a restart it would go on.
TEST_P(StoreContract, ARestrictedNameThatIsNoTextStaysRestricted) {
  const auto stopped = decision(1, DecisionKind::restricted, "account:m\xfcller");
  ASSERT_TRUE(store_->commit(std::vector{stopped}).ok());
  auto standing = store_->load_standing().value();
  ASSERT_EQ(standing.restrictions.size(), 1U);
  EXPECT_EQ(standing.restrictions[0].subject.name, "m\xfcller");
  ASSERT_TRUE(store_->replace_standing(standing).ok());
  EXPECT_EQ(store_->load_standing().value().restrictions[0].subject.name, "m\xfcller");
  EXPECT_EQ(store_->decisions(0, 1).value().at(0).subject.name, "m\xfcller");
}

TEST_P(StoreContract, ADecisionBringsTheRecordOfItsSubjectWithIt) {
  Decision one = decision(7, DecisionKind::restricted, "campaign:7f3a09c2d1e4");
  one.record = "how it stands";
  ASSERT_TRUE(store_->commit(std::vector{one}).ok());
  std::map<std::string, std::string> records;
  ASSERT_TRUE(
      store_->load([&](auto subject, auto state) { records.emplace(subject, state); }).ok());
  EXPECT_EQ(records[one.subject.to_string()], one.record);
}

TEST_P(StoreContract, GivesDecisionsBackWhole) {
  Decision one = decision(7, DecisionKind::restricted, "account:a");
  one.detector = "burst";
  one.score = 14.125;
  one.terms = {{"new_recipient", 9.5, "31 of 33", {"m1", "m2"}}};
  one.held = {{"", "postfix-out", "4XyZ"}};
  one.unattended = true;
  one.recipients_before = 6;
  one.recovery = {{"password", "admin"}};
  one.without_checklist = true;
  one.mistake = true;
  one.undoes = 3;
  model::BlockChange block;
  block.from = model::CellState::suspected;
  block.facts.egress = "out1";
  block.facts.provider = "microsoft-consumer";
  block.facts.state = model::CellState::refused;
  block.facts.since = one.at;
  block.facts.lists = {"microsoft"};
  block.facts.private_list = true;
  block.facts.refused_share = 0.5;
  block.facts.mails = 12;
  block.facts.examples = {{one.at, "mx.example", "rcpt", "4XyZ", "550 5.7.1 \xff no"}};
  one.block = block;
  model::Detour detour;
  detour.provider = "microsoft-consumer";
  detour.pool = "tenant";
  detour.phase = model::DetourPhase::capped;
  detour.home = "default";
  detour.via = "out2";
  detour.counted = "out2";
  detour.since = one.at;
  detour.cap = 50;
  detour.probe = model::DetourProbe{{"", "postfix", "4XyZ"}, one.at};
  one.detour = detour;
  one.restriction.rests_on = "campaign:7f3a09c2d1e4";
  ASSERT_TRUE(store_->commit(std::vector{one}).ok());
  const auto read = store_->decisions(6, 10).value();
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].number, 7U);
  EXPECT_EQ(read[0].at, one.at);
  EXPECT_EQ(read[0].subject, one.subject);
  EXPECT_EQ(read[0].restriction, one.restriction);
  EXPECT_EQ(read[0].terms.at(0).events, one.terms[0].events);
  EXPECT_EQ(read[0].held, one.held);
  ASSERT_TRUE(read[0].block);
  EXPECT_EQ(read[0].block->from, block.from);
  EXPECT_EQ(read[0].block->facts.lists, block.facts.lists);
  EXPECT_EQ(read[0].block->facts.since, block.facts.since);
  EXPECT_EQ(read[0].block->facts.examples.at(0).stage, "rcpt");
  EXPECT_EQ(read[0].detour, one.detour);
  EXPECT_EQ(read[0].restriction.rests_on, one.restriction.rests_on);
  EXPECT_EQ(read[0].recovery, one.recovery);
  EXPECT_EQ(read[0].score, one.score);
  EXPECT_TRUE(read[0].unattended);
  EXPECT_EQ(read[0].undoes, 3U);
  EXPECT_TRUE(store_->decisions(7, 10).value().empty());
  EXPECT_EQ(store_->load_standing().value().unattended_at.size(), 1U);
}

// A restart in the night of an outbreak would find the bounds of the day used up.
TEST_P(StoreContract, OnlyWhatWasDoneFillsTheBoundsOfTheUnattendedTime) {
  std::vector<Decision> all = {decision(1, DecisionKind::restricted, "account:a"),
                               decision(2, DecisionKind::would_restrict, "account:b"),
                               decision(3, DecisionKind::alarm, "account:c")};
  for (Decision& one : all) one.unattended = true;
  ASSERT_TRUE(store_->commit(all).ok());
  EXPECT_EQ(store_->load_standing().value().unattended_at, std::vector{all[0].at});
  EXPECT_TRUE(store_->decisions(1, 1).value().at(0).unattended) << "it was told as such";
}

TEST_P(StoreContract, ListsDecisionsOldestFirstAndThoseOfASubjectNewestFirst) {
  ASSERT_TRUE(store_
                  ->commit(std::vector{decision(1, DecisionKind::restricted, "account:a"),
                                       decision(2, DecisionKind::restricted, "account:b"),
                                       decision(3, DecisionKind::released, "account:a")})
                  .ok());
  const auto all = store_->decisions(0, 2).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].number, 2U);
  const auto about = store_->decisions_about(*Subject::parse("account:a"), 5).value();
  ASSERT_EQ(about.size(), 2U);
  EXPECT_EQ(about[0].number, 3U);
}

TEST_P(StoreContract, ADecisionWrittenTwiceStandsOnce) {
  const std::vector batch = {decision(1, DecisionKind::restricted, "account:a")};
  ASSERT_TRUE(store_->commit(batch).ok());
  ASSERT_TRUE(store_->commit(batch).ok());
  EXPECT_EQ(store_->decisions(0, 10).value().size(), 1U);
}

TEST_P(StoreContract, AttemptsStayWithTheirRestrictionAndGoWithIt) {
  const Subject a = *Subject::parse("account:a");
  ASSERT_TRUE(store_->commit(std::vector{decision(1, DecisionKind::restricted, "account:a")}).ok());
  const std::vector<std::pair<Subject, action::Attempts>> tried = {
      {a, {12, at(5)}}, {*Subject::parse("account:free"), {3, at(5)}}};
  ASSERT_TRUE(store_->save_attempts(tried).ok());
  auto standing = store_->load_standing().value();
  ASSERT_EQ(standing.attempts.size(), 1U);
  EXPECT_EQ(standing.attempts[0].second.recipients, 12U);
  ASSERT_TRUE(store_->commit(std::vector{decision(2, DecisionKind::released, "account:a")}).ok());
  EXPECT_TRUE(store_->load_standing().value().attempts.empty());
}

TEST_P(StoreContract, ForgetsOldDecisionsButNeverThoseInForceNorTheLastNumber) {
  ASSERT_TRUE(store_
                  ->commit(std::vector{decision(1, DecisionKind::restricted, "account:a"),
                                       decision(2, DecisionKind::restricted, "account:b"),
                                       decision(3, DecisionKind::released, "account:b")})
                  .ok());
  ASSERT_EQ(store_->forget_decisions(at(1000)).value(), 1U);
  EXPECT_EQ(store_->decisions_about(*Subject::parse("account:a"), 5).value().size(), 1U);
  EXPECT_EQ(store_->load_standing().value().last_number, 3U);
}

INSTANTIATE_TEST_SUITE_P(
    Stores, StoreContract,
    testing::Values(Kind{"memory",
                         [](const Folder&) -> std::unique_ptr<Store> {
                           return std::make_unique<MemoryStore>();
                         }},
                    Kind{"sqlite",
                         [](const Folder& folder) -> std::unique_ptr<Store> {
                           return std::move(SqliteStore::open(folder.file("leumund.db")).value());
                         }}),
    [](const auto& store) { return std::string(store.param.name); });

TEST(SqliteStore, AKillRightAfterACommitLosesNothing) {
  const Folder folder;
  const std::string path = folder.file("leumund.db");
  const pid_t child = fork();
  if (child == 0) {
    auto store = SqliteStore::open(path);
    const bool done =
        store.ok() &&
        (*store)->commit(std::vector{decision(1, DecisionKind::restricted, "account:a")}).ok();
    if (done) kill(getpid(), SIGKILL);
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  auto store = SqliteStore::open(path);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ((*store)->load_standing().value().restrictions.size(), 1U);
}

TEST(SqliteStore, RefusesAFileOfANewerVersionAndLeavesItAlone) {
  const Folder folder;
  const std::string path = folder.file("leumund.db");
  ASSERT_TRUE(SqliteStore::open(path).ok());
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &raw), SQLITE_OK);
  sqlite3_exec(raw, "PRAGMA user_version = 999", nullptr, nullptr, nullptr);
  sqlite3_close(raw);
  const auto opened = SqliteStore::open_or_replace(path);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, base::ErrorCode::refused);
  EXPECT_NE(opened.error().message.find("999"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(path));
}

// Every version that was ever released must come up to this one with its data.
TEST(SqliteStore, BringsEveryOlderVersionUpToThisOne) {
  for (std::size_t version = 0; version < schema_steps.size(); ++version) {
    const Folder folder;
    const std::string path = folder.file("leumund.db");
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &raw), SQLITE_OK);
    for (std::size_t step = 0; step < version; ++step) {
      ASSERT_EQ(sqlite3_exec(raw, schema_steps[step], nullptr, nullptr, nullptr), SQLITE_OK);
    }
    const std::string mark = "PRAGMA user_version = " + std::to_string(version);
    sqlite3_exec(raw, mark.c_str(), nullptr, nullptr, nullptr);
    sqlite3_close(raw);
    const auto store = SqliteStore::open(path);
    ASSERT_TRUE(store.ok()) << store.error().message;
    EXPECT_TRUE(
        (*store)->commit(std::vector{decision(1, DecisionKind::restricted, "account:a")}).ok());
  }
}

TEST(SqliteStore, NamesTheFileItCannotOpen) {
  const Folder folder;
  const std::string missing = folder.file("no/such/folder/leumund.db");
  const auto absent = SqliteStore::open_or_replace(missing);
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().code, base::ErrorCode::unavailable);
  EXPECT_NE(absent.error().message.find(missing), std::string::npos);
}

// The file may not grow: what fails is told, what stood before stands, and it goes on afterwards.
TEST(SqliteStore, LosesNothingWhenTheFileCannotGrow) {
  const Folder folder;
  const std::string path = folder.file("leumund.db");
  const pid_t child = fork();
  if (child == 0) {
    auto store = SqliteStore::open(path);
    if (!store.ok() ||
        !(*store)->commit(std::vector{decision(1, DecisionKind::restricted, "account:a")}).ok()) {
      _exit(1);
    }
    signal(SIGXFSZ, SIG_IGN);
    const rlimit small{64 * 1024, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &small);
    const std::vector<evidence::SubjectRecord> big = {{"account:b", std::string(4 << 20, 'x')}};
    if ((*store)->save(big).ok()) _exit(2);
    const rlimit enough{RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &enough);
    if (!(*store)->commit(std::vector{decision(2, DecisionKind::restricted, "account:c")}).ok())
      _exit(3);
    _exit((*store)->load_standing().value().restrictions.size() == 2 ? 0 : 4);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace leumund::storage
