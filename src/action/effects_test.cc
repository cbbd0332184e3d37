#include "action/effects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>

namespace leumund::action {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using model::Decision;
using model::DecisionKind;
using model::Level;
using model::Subject;
using model::SubjectKind;

// A loaded machine may take its time; what is waited for ends the waiting.
constexpr auto patience = 60s;

class EffectsTest : public testing::Test {
 protected:
  EffectsTest() {
    std::string name = (fs::temp_directory_path() / "leumund_effects_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    options_.suspended_file = folder_ / "suspended_senders";
    config::StartSettings start;
    start.table_folder = folder_ / "tables";
    fs::create_directory(start.table_folder);
    options_.tables = config::postfix_files(start);
    options_.poll_every = 20ms;
    options_.retry_every = 50ms;
    options_.settings.notices.admin = "admin@ops.test";
    options_.settings.notices.command = {"/bin/sh", "-c", "cat >> " + (folder_ / "mails").string()};
    write_program("helper", "sed 's/.*/postsuper: &: placed on hold/'\n");
    options_.settings.queue.helper = folder_ / "helper";
  }
  ~EffectsTest() override {
    effects_.reset();
    fs::remove_all(folder_);
  }

  void write_program(const char* name, const std::string& script) {
    const auto path = folder_ / name;
    std::ofstream(path) << "#!/bin/sh\n" << script;
    fs::permissions(path, fs::perms::owner_all);
  }
  void start(StandingRecord standing = {}) {
    auto opened = Effects::open(options_, {.on_file_edit =
                                               [this](auto commands) {
                                                 edits_.with([&](auto& edits) {
                                                   for (auto& one : commands) edits.push_back(one);
                                                 });
                                               },
                                           .now = [] { return base::system_now(); },
                                           .login_name_of = login_name_of_});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    effects_ = std::move(*opened);
    effects_->publish(std::move(standing));
  }
  static std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string table() const { return read(folder_ / "tables" / "suspended_accounts.cdb"); }
  std::string file() const { return read(folder_ / "suspended_senders"); }
  static bool within(const std::function<bool()>& true_now) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < end) {
      if (true_now()) return true;
      std::this_thread::sleep_for(5ms);
    }
    return true_now();
  }
  static bool has(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  }
  static Decision suspended(const std::string& name, std::uint64_t number) {
    Decision decision;
    decision.number = number;
    decision.at = base::system_now();
    decision.subject = {SubjectKind::account, name};
    decision.by = decision.detector = "burst";
    decision.restriction.subject = decision.subject;
    decision.restriction.reason = "burst: 31 of 33";
    decision.restriction.decision = number;
    decision.restriction.automatic = true;
    decision.held = {{"", "", "AAAAA" + std::to_string(number)}};
    return decision;
  }
  static Decision script(const std::string& name, std::uint64_t number) {
    Decision decision = suspended(name, number);
    decision.subject.kind = SubjectKind::script;
    decision.restriction.subject = decision.subject;
    return decision;
  }

  fs::path folder_;
  EffectsOptions options_;
  base::Guarded<std::vector<FileCommand>> edits_;
  LoginNameOf login_name_of_ = system_login_name;
  std::unique_ptr<Effects> effects_;
};

TEST_F(EffectsTest, CarriesADecisionToTableFileQueueAndAdmin) {
  start();
  ASSERT_TRUE(effects_->submit({suspended("a@v.example", 1)}));
  EXPECT_TRUE(within([&] { return has(table(), "a@v.example") && has(file(), "a@v.example"); }));
  EXPECT_TRUE(within([&] { return effects_->counters().held == 1; }));
  EXPECT_TRUE(within([&] { return effects_->counters().notices.mails_sent == 1; }));
  const auto mail = read(folder_ / "mails");
  EXPECT_TRUE(has(mail, "Subject: [leumund] account:a@v.example: no sending\n")) << mail;
  EXPECT_TRUE(has(mail, "queued mail     1 on hold\n")) << mail;
  auto released = suspended("a@v.example", 2);
  released.kind = DecisionKind::released;
  ASSERT_TRUE(effects_->submit({released}));
  EXPECT_TRUE(within([&] { return !has(table(), "a@v.example") && !has(file(), "a@v.example"); }));
  EXPECT_TRUE(effects_->troubles().empty());
}

TEST_F(EffectsTest, PutsWhatStandsInForceAtStartAndKeepsTablesFromTheFirstMoment) {
  StandingRecord standing;
  standing.restrictions = {suspended("a@v.example", 4).restriction};
  standing.last_number = 4;
  options_.poll_every = 10s;  // what is there at once is there because of open()
  auto opened =
      Effects::open(options_, {.on_file_edit = {}, .now = [] { return base::system_now(); }});
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(fs::exists(folder_ / "tables" / "suspended_users"));
  EXPECT_TRUE(fs::exists(folder_ / "tables" / "helpdesk.cdb"));
  opened->reset();
  options_.poll_every = 20ms;
  start(standing);
  EXPECT_TRUE(within([&] { return has(table(), "a@v.example"); }));
}

TEST_F(EffectsTest, TellsAnEditOfTheFile) {
  start();
  ASSERT_TRUE(within([&] { return has(file(), "Suspended senders"); }));
  std::ofstream(options_.suspended_file, std::ios::app) << "b@v.example hold\n";
  EXPECT_TRUE(within([&] { return edits_.with([](auto& edits) { return edits.size() == 1; }); }));
  edits_.with([](auto& edits) {
    EXPECT_EQ(edits.at(0).restriction.level, Level::hold);
    EXPECT_EQ(edits.at(0).restriction.subject.name, "b@v.example");
  });
}

TEST_F(EffectsTest, TriesAHoldAgainUntilItIsDone) {
  write_program("helper", "echo 'leumund-queue: broken' >&2; exit 1\n");
  options_.settings.queue.tries = 1;
  start();
  ASSERT_TRUE(effects_->submit({suspended("a@v.example", 1)}));
  ASSERT_TRUE(within([&] { return effects_->counters().holds_waiting == 1; }));
  ASSERT_FALSE(effects_->troubles().empty());
  EXPECT_EQ(effects_->troubles()[0].first, "queue");
  // The notice says so.
  EXPECT_TRUE(within([&] { return has(read(folder_ / "mails"), "leumund-queue: broken"); }));
  write_program("helper.new", "sed 's/.*/postsuper: &: placed on hold/'\n");
  fs::rename(folder_ / "helper.new", folder_ / "helper");
  EXPECT_TRUE(within([&] { return effects_->counters().held == 1; }));
  EXPECT_TRUE(effects_->troubles().empty());
}

TEST_F(EffectsTest, OrdersLostBehindASlowHelperAreCountedAndTold) {
  write_program("helper", "sleep 1; sed 's/.*/postsuper: &: placed on hold/'\n");
  options_.hold_queue_max = 2;
  start();
  ASSERT_TRUE(effects_->submit({suspended("a@v.example", 1)}));
  for (int i = 0; i < 8; ++i)
    effects_->hold({SubjectKind::account, std::to_string(i) + "@v.example"}, {{"", "", "BBBBB2"}});
  EXPECT_GT(effects_->counters().holds_lost, 0u);
  const auto troubles = effects_->troubles();
  ASSERT_FALSE(troubles.empty());
  EXPECT_EQ(troubles.back().first, "queue");
  EXPECT_THAT(troubles.back().second, ::testing::HasSubstr("slow queue helper"));
}

TEST_F(EffectsTest, WhatIsReleasedBeforeItsHoldIsDoneIsNotHeldAfterwards) {
  write_program("helper", "sleep 1; sed 's/.*/postsuper: &: placed on hold/'\n");
  start();
  ASSERT_TRUE(effects_->submit({suspended("a@v.example", 1)}));
  ASSERT_TRUE(effects_->submit({suspended("b@v.example", 2)}));
  auto released = suspended("b@v.example", 3);
  released.kind = DecisionKind::released;
  released.held.clear();
  ASSERT_TRUE(effects_->submit({released}));
  ASSERT_TRUE(effects_->submit({suspended("b@v.example", 4)}));
  // a's and the second of b's; the first of b's was let go while it waited.
  EXPECT_TRUE(within([&] { return effects_->counters().held == 2; }));
  effects_->stop(5s);
  EXPECT_EQ(effects_->counters().held, 2u);
}

TEST_F(EffectsTest, AReleaseCountsFromTheMomentItWasSaidHoweverLongTheTablesTake) {
  write_program("helper", "while [ ! -e " + (folder_ / "go").string() +
                              " ]; do sleep .05; done; tee -a " + (folder_ / "held").string() +
                              " | sed 's/.*/postsuper: &: placed on hold/'\n");
  std::promise<void> tables_may_go_on;
  auto tables_wait = tables_may_go_on.get_future().share();
  // The thread that asks for names outlives this body.
  const auto busy = std::make_shared<std::atomic<bool>>(false);
  login_name_of_ = [busy, tables_wait](std::uint32_t) {
    *busy = true;
    tables_wait.wait();
    return std::optional<std::string>();
  };
  start();
  ASSERT_EQ(effects_->submit({suspended("a@v.example", 1)})->wait_for(10s),
            std::future_status::ready);
  ASSERT_EQ(effects_->submit({suspended("b@v.example", 2)})->wait_for(10s),
            std::future_status::ready);
  ASSERT_TRUE(effects_->submit({script("uid33", 3)}));
  ASSERT_TRUE(within([&] { return busy->load(); }));
  auto released = suspended("b@v.example", 4);
  released.kind = DecisionKind::released;
  released.held.clear();
  ASSERT_TRUE(effects_->submit({released}));  // the tables are still at the script
  effects_->hold({SubjectKind::account, "e@v.example"}, {{"", "", "AAAAA5"}});
  std::ofstream(folder_ / "go").close();
  EXPECT_TRUE(within([&] { return has(read(folder_ / "held"), "AAAAA5"); }));
  EXPECT_TRUE(has(read(folder_ / "held"), "AAAAA1"));
  EXPECT_FALSE(has(read(folder_ / "held"), "AAAAA2"));
  tables_may_go_on.set_value();
  effects_->stop(5s);
}

TEST_F(EffectsTest, AHoldThatFailedIsNotTriedAgainOnceItIsReleased) {
  write_program("helper", "cat >> " + (folder_ / "tried").string() + "; exit 1\n");
  options_.settings.queue.tries = 1;
  std::promise<void> tables_may_go_on;
  auto tables_wait = tables_may_go_on.get_future().share();
  // The thread that asks for names outlives this body.
  const auto busy = std::make_shared<std::atomic<bool>>(false);
  login_name_of_ = [busy, tables_wait](std::uint32_t) {
    *busy = true;
    tables_wait.wait();
    return std::optional<std::string>();
  };
  start();
  ASSERT_TRUE(effects_->submit({suspended("a@v.example", 1)}));
  ASSERT_TRUE(within([&] { return effects_->counters().holds_waiting == 1; }));
  ASSERT_TRUE(effects_->submit({script("uid33", 2)}));
  ASSERT_TRUE(within([&] { return busy->load(); }));
  auto released = suspended("a@v.example", 3);
  released.kind = DecisionKind::released;
  ASSERT_TRUE(effects_->submit({released}));
  write_program("helper.new", "tee -a " + (folder_ / "held").string() +
                                  " | sed 's/.*/postsuper: &: placed on hold/'\n");
  fs::rename(folder_ / "helper.new", folder_ / "helper");
  EXPECT_TRUE(within([&] { return effects_->counters().holds_waiting == 0; }));
  EXPECT_FALSE(has(read(folder_ / "held"), "AAAAA1"));
  tables_may_go_on.set_value();
}

TEST_F(EffectsTest, HoldsMailThatComesToLightLater) {
  start();
  ASSERT_TRUE(effects_->submit({suspended("a@v.example", 1)}));
  effects_->hold({SubjectKind::account, "a@v.example"}, {{"", "", "BBBBB2"}, {"", "", "CCCCC3"}});
  EXPECT_TRUE(within([&] { return effects_->counters().held == 3; }));
}

TEST_F(EffectsTest, ThrottledMailIsNotHeldAndInNoTable) {
  start();
  auto decision = suspended("a@v.example", 1);
  decision.restriction.level = Level::throttle;
  ASSERT_TRUE(effects_->submit({decision}));
  EXPECT_TRUE(within([&] { return has(file(), "a@v.example throttle"); }));
  EXPECT_TRUE(within([&] { return effects_->counters().not_expressed == 1; }));
  EXPECT_FALSE(has(table(), "a@v.example"));
  EXPECT_EQ(effects_->counters().held, 0u);
}

TEST_F(EffectsTest, ObservedFindingsChangeNothing) {
  start();
  auto decision = suspended("a@v.example", 1);
  decision.kind = DecisionKind::would_restrict;
  ASSERT_TRUE(effects_->submit({decision}));
  ASSERT_TRUE(within([&] { return effects_->counters().decisions == 1; }));
  effects_->stop(1s);
  EXPECT_FALSE(has(table(), "a@v.example"));
  EXPECT_FALSE(has(file(), "a@v.example"));
  EXPECT_EQ(effects_->counters().held, 0u);
}

TEST_F(EffectsTest, ATableFolderThatIsGoneIsATroubleUntilItIsBack) {
  start();
  fs::rename(folder_ / "tables", folder_ / "elsewhere");
  ASSERT_TRUE(effects_->submit({suspended("a@v.example", 1)}));
  ASSERT_TRUE(within([&] { return !effects_->troubles().empty(); }));
  EXPECT_EQ(effects_->troubles()[0].first, "tables");
  EXPECT_TRUE(within([&] { return effects_->counters().held == 1; }));  // the rest goes on
  fs::create_directory(folder_ / "tables");
  EXPECT_TRUE(within([&] { return has(table(), "a@v.example"); }));
  EXPECT_TRUE(within([&] { return effects_->troubles().empty(); }));
}

TEST_F(EffectsTest, CarriesOutWhatWaitsBeforeItStops) {
  start();
  for (std::uint64_t i = 1; i <= 50; ++i) {
    ASSERT_TRUE(effects_->submit({suspended(std::to_string(i) + "@v.example", i)}));
  }
  effects_->stop(5s);
  EXPECT_TRUE(has(table(), "50@v.example"));
  EXPECT_TRUE(has(file(), "50@v.example"));
  EXPECT_EQ(effects_->counters().held, 50u);
  EXPECT_FALSE(effects_->submit({suspended("late@v.example", 51)}));
}

TEST_F(EffectsTest, AQueueThatWasFullIsMadeGoodFromWhatStands) {
  options_.queue_max = 2;
  // Nothing is taken from the queue while the first batch waits at its table: a program that reads
  // names of users is the slow part here.
  base::Guarded<int> gate(0);  // 0: go on, 1: wait, 2: waiting
  start();
  effects_.reset();
  auto opened = Effects::open(
      options_, {.on_file_edit = {},
                 .now = [] { return base::system_now(); },
                 .login_name_of = [&gate](std::uint32_t) -> std::optional<std::string> {
                   gate.with([](int& state) { state = state == 1 ? 2 : state; });
                   while (gate.with([](int& state) { return state == 2; })) {
                     std::this_thread::sleep_for(1ms);
                   }
                   return "www-data";
                 }});
  ASSERT_TRUE(opened.ok());
  effects_ = std::move(*opened);
  Decision old = suspended("old@v.example", 1);
  StandingRecord standing;
  standing.restrictions = {old.restriction};
  effects_->publish(standing);
  ASSERT_TRUE(within([&] { return has(table(), "old@v.example"); }));
  gate.with([](int& state) { state = 1; });
  Decision script = suspended("uid33", 2);
  script.subject = script.restriction.subject = {SubjectKind::script, "uid33"};
  ASSERT_TRUE(effects_->submit({script}));
  ASSERT_TRUE(within([&] { return gate.with([](int& state) { return state == 2; }); }));
  std::uint64_t number = 3;
  while (effects_->submit({suspended("taken@v.example", number)})) ++number;
  Decision released = old;
  released.kind = DecisionKind::released;
  EXPECT_FALSE(effects_->submit({released}));
  EXPECT_FALSE(effects_->submit({suspended("lost@v.example", ++number)}));
  EXPECT_TRUE(effects_->behind());
  standing.restrictions = {script.restriction, suspended("taken@v.example", 3).restriction,
                           suspended("lost@v.example", number).restriction};
  standing.last_number = number;
  EXPECT_FALSE(effects_->resync(standing)) << "no room yet";
  EXPECT_TRUE(effects_->behind());
  gate.with([](int& state) { state = 0; });
  ASSERT_TRUE(within([&] { return effects_->resync(standing); }));
  EXPECT_FALSE(effects_->behind());
  EXPECT_TRUE(within([&] {
    return has(table(), "lost@v.example") && !has(table(), "old@v.example") &&
           has(file(), "lost@v.example") && !has(file(), "old@v.example");
  }));
  EXPECT_EQ(effects_->counters().resyncs, 1u);
  EXPECT_GE(effects_->counters().notices_lost, 2u);
  // The mail of the lost suspension is held as well.
  EXPECT_TRUE(within([&] { return effects_->counters().held == number - 1; }))
      << effects_->counters().held;
  effects_.reset();  // its threads look at `gate`
}

TEST_F(EffectsTest, AnotherQueueHelperIsUsedFromTheNextHoldOn) {
  options_.settings.queue.helper = folder_ / "nowhere";
  options_.settings.queue.tries = 1;
  start();
  auto settings = options_.settings;
  settings.queue.helper = folder_ / "helper";
  effects_->set_settings(settings);
  ASSERT_TRUE(effects_->submit({suspended("a@v.example", 1)}));
  EXPECT_TRUE(within([&] { return effects_->counters().held == 1; }));
}

TEST(WebhookJson, HasWhatWasAndWhatIs) {
  NoticeCause cause;
  cause.decision.number = 7;
  cause.decision.subject = {SubjectKind::account, "a\xff@v.example"};  // not UTF-8: replaced
  cause.decision.terms = {{"new_recipient", 9.7, "31 of 33", {}}};
  cause.now = model::Restriction{};
  cause.now->level = Level::hold;
  const auto json = webhook_json(cause);
  EXPECT_NE(json.find("\"before\":null"), std::string::npos) << json;
  EXPECT_NE(json.find("\"level\":\"hold\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"name\":\"new_recipient\""), std::string::npos) << json;
}

}  // namespace
}  // namespace leumund::action
