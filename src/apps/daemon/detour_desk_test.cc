#include "apps/daemon/detour_desk.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "apps/daemon/case_letters.h"
#include "apps/daemon/fake_writer.h"
#include "config/load.h"
#include "engine/engine_test_world.h"

namespace leumund::apps {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class DetourDeskTest : public testing::Test {
 protected:
  DetourDeskTest() : pipeline_(engine::Settings{}, engine::shipped_replies(), nobody_) {
    std::string name = "/tmp/leumund-desk-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    auto loaded = config::load_text("[detour]\nways = [\"default\", \"out2\"]", "t.toml", {});
    loaded.settings.start.table_folder = folder_.string();
    run_ = loaded.settings.run;
    files_ = config::postfix_files(loaded.settings.start);
    run_.postfix_config_folders = {folder_.string()};
    std::ofstream(folder_ / "master.cf").flush();
    std::ofstream(folder_ / "main.cf") << "compatibility_level = 3.6\nmydestination = live.com\n";
    start();
  }
  ~DetourDeskTest() override {
    desk_.reset();
    std::filesystem::remove_all(folder_);
  }
  void start() {
    settings_.with([&](auto& run) { run = run_; });
    desk_ = std::make_unique<DetourDesk>(DetourDesk::Around{
        .pipeline = pipeline_,
        .clock = clock_,
        .replies = engine::shipped_replies(),
        .queue = [this] { return action::QueueControl(queue_); },
        .settings = [this] { return settings_.with([](const auto& run) { return run; }); },
        .warning = {},
        .publish_maps =
            [this](const action::Routes& domains, const action::Routes&) {
              maps_.with([&](action::Routes& maps) { maps = domains; });
            },
        .files = files_,
        .state_folder = folder_.string()});
    desk_->start();
  }
  void order(const std::string& via, const std::string& provider = "microsoft-consumer") {
    face::DetourOrder order;
    order.provider = provider;
    order.via = via;
    order.by = "anna";
    const auto done = desk_->set(order);
    ASSERT_TRUE(done) << done.error().message;
  }
  [[nodiscard]] std::string text_of(const char* name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ / name).rdbuf();
    return text.str();
  }
  [[nodiscard]] bool leaves_by_out2() const {
    return text_of("detours.txt").find("hotmail.com out2:") != std::string::npos;
  }
  [[nodiscard]] std::string target_of(const std::string& recipient) {
    return desk_->route(recipient, std::nullopt, "microsoft-consumer").target;
  }
  [[nodiscard]] std::string mapped(const std::string& domain) const {
    return maps_.with([&](const action::Routes& maps) {
      const auto* found = action::find_route(maps, domain);
      return found == nullptr ? "" : *found;
    });
  }
  static bool within(std::chrono::milliseconds patience, const std::function<bool()>& true_now) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < end) {
      if (true_now()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  // In the queue helper's place: writes down what it is told.
  void start_with_helper(const std::string& does) {
    desk_.reset();
    const auto helper = folder_ / "helper";
    std::ofstream(helper) << "#!/bin/sh\nids=$(cat)\necho \"$1 \"$ids >> "
                          << (folder_ / "calls").string() << "\n"
                          << does;
    std::filesystem::permissions(helper, std::filesystem::perms::owner_all);
    queue_.helper = run_.queue_helper = helper.string();
    start();
  }
  [[nodiscard]] bool was_released(const std::string& queue_id) const {
    std::istringstream calls(text_of("calls"));
    for (std::string call; std::getline(calls, call);) {
      const bool its = call.find(queue_id) != std::string::npos;
      if (its && call.starts_with("release")) return true;
    }
    return false;
  }
  // A mail of an account in doubt comes in.
  void hold(const std::string& queue_id, const std::vector<std::string>& recipients,
            const model::Subject& subject) {
    model::Submission mail;
    mail.id = "policy/" + queue_id;
    mail.source = model::Source::policy;
    mail.stage = model::SubmissionStage::recipient;
    engine::Outcome outcome;
    outcome.subject = subject;
    outcome.judgement = {.score = 6, .threshold = 10};
    for (const std::string& recipient : recipients) {
      mail.recipients = {recipient};
      outcome.answer = {};
      desk_->answer({clock_.now(), clock_.now(), mail}, outcome);
      EXPECT_EQ(outcome.answer.disposition, model::Disposition::hold) << recipient;
    }
    mail.stage = model::SubmissionStage::accepted;
    mail.queue.queue_id = queue_id;
    desk_->answer({clock_.now(), clock_.now(), mail}, outcome);
  }

  std::filesystem::path folder_;
  Clock clock_;
  FakeWriter nobody_;
  Pipeline pipeline_;
  config::RunSettings run_;
  base::Guarded<config::RunSettings> settings_;
  base::Guarded<action::Routes> maps_;  // what socketmap answers
  config::PostfixFiles files_;
  action::QueueControlOptions queue_;
  std::unique_ptr<DetourDesk> desk_;
};

TEST_F(DetourDeskTest, AStateFileThatCannotBeReadIsKeptAsideAndSoAreTheTablesUntilAnOrder) {
  order("out2");
  ASSERT_TRUE(within(10s, [&] { return leaves_by_out2(); }));
  desk_.reset();
  const std::string half = text_of("detours.json").substr(0, 100);
  std::ofstream(folder_ / "detours.json") << half;
  start();
  std::this_thread::sleep_for(2500ms);  // two looks
  EXPECT_TRUE(leaves_by_out2());
  EXPECT_EQ(mapped("hotmail.com"), "out2:");
  EXPECT_EQ(target_of("x@hotmail.com"), "out2:");
  EXPECT_EQ(text_of("detours.json.unreadable"), half);
  EXPECT_THAT(desk_->trouble(), HasSubstr("detours.json.unreadable"));
  order("");
  EXPECT_TRUE(within(10s, [&] { return !leaves_by_out2(); }));
  EXPECT_EQ(mapped("hotmail.com"), "");
  EXPECT_THAT(desk_->trouble(), HasSubstr("detours.json.unreadable")) << "what else it held?";
}

TEST_F(DetourDeskTest, AWayIsClosedAlsoWhileTheStateCannotBeWritten) {
  order("out2");
  ASSERT_TRUE(within(10s, [&] { return leaves_by_out2(); }));
  std::filesystem::remove(folder_ / "detours.json");
  std::filesystem::create_directories(folder_ / "detours.json" / "no room");
  order("");
  EXPECT_TRUE(within(10s, [&] { return !leaves_by_out2(); }));
  EXPECT_TRUE(within(10s, [&] { return !desk_->trouble().empty(); }));
  std::filesystem::remove_all(folder_ / "detours.json");
  EXPECT_TRUE(within(10s, [&] { return desk_->trouble().empty(); })) << desk_->trouble();
  EXPECT_THAT(text_of("detours.json"), HasSubstr("microsoft-consumer"));
}

TEST_F(DetourDeskTest, WhatPostfixKeepsToItselfIsInNoTable) {
  order("out2");
  ASSERT_TRUE(within(10s, [&] { return leaves_by_out2(); }));
  EXPECT_EQ(text_of("detours.txt").find("\nlive.com out2:"), std::string::npos);
  EXPECT_THAT(text_of("detours.txt"), HasSubstr("\noutlook.com out2:"));
}

TEST_F(DetourDeskTest, WhoeverAsksIsToldWhatTheTablesSay) {
  order("out2");
  ASSERT_TRUE(within(10s, [&] { return leaves_by_out2(); }));
  EXPECT_EQ(target_of("x@hotmail.com"), "out2:");
  EXPECT_EQ(target_of("x@live.com"), "") << "Postfix keeps it";
  EXPECT_EQ(target_of("x@club.example"), "") << "Postfix was not asked yet whether it keeps it";
  EXPECT_EQ(mapped("live.com"), "");
  EXPECT_THAT(text_of("detours.txt"), HasSubstr("\nlive.com smtp:\n"));

  // Named as own while the detour stands.
  settings_.with([](auto& run) { run.own_domains = {"outlook.com"}; });
  EXPECT_TRUE(within(10s, [&] { return mapped("outlook.com").empty(); }));
  EXPECT_EQ(target_of("x@outlook.com"), "");
  EXPECT_TRUE(within(10s, [&] {
    return text_of("detours.txt").find("\noutlook.com smtp:") != std::string::npos;
  }));
  EXPECT_TRUE(leaves_by_out2());

  // A restart tells it from the first moment on, and another mail server has nobody to ask.
  desk_.reset();
  run_.own_domains = {"outlook.com"};
  run_.postfix_config_folders.clear();
  start();
  EXPECT_EQ(mapped("hotmail.com"), "out2:");
  EXPECT_EQ(mapped("outlook.com"), "");
  EXPECT_TRUE(within(10s, [&] { return target_of("x@club.example") == "out2:"; }));
  EXPECT_EQ(target_of("x@outlook.com"), "");
}

constexpr auto releases =
    "[ $1 != release ] || echo \"$ids\" | sed 's/.*/postsuper: &: released from hold/' >&2\n";
constexpr auto until_released = DetourTries::until_postfix_asks + 30s;

TEST_F(DetourDeskTest, MailInDoubtWaitsUntilNoneOfItsProvidersTakesADetour) {
  start_with_helper(releases);
  order("out2");
  order("out2", "t-online");
  ASSERT_TRUE(within(10s, [&] {
    return leaves_by_out2() &&
           text_of("detours.txt").find("t-online.de out2:") != std::string::npos;
  }));
  const model::Subject anna{model::SubjectKind::account, "anna@ours.example"};
  hold("BOTH1", {"x@hotmail.com", "y@t-online.de"}, anna);
  hold("ONLY2", {"x@hotmail.com"}, anna);
  order("");
  ASSERT_TRUE(within(until_released, [&] { return was_released("ONLY2"); })) << text_of("calls");
  EXPECT_FALSE(was_released("BOTH1")) << "t-online would see it from out2";
  order("", "t-online");
  EXPECT_TRUE(within(until_released, [&] { return was_released("BOTH1"); })) << text_of("calls");
}

// A throttle stops no queued mail, so nobody would let go later what is kept for its sake.
TEST_F(DetourDeskTest, WhatIsHeldOfTheRestrictedGoesWhenTheirRestrictionDoesNotStopIt) {
  start_with_helper(releases);
  order("out2");
  ASSERT_TRUE(within(10s, [&] { return leaves_by_out2(); }));
  const auto restricted = [&](const char* name, model::Level level, std::chrono::hours lasts) {
    model::Restriction one;
    one.subject = {model::SubjectKind::account, name};
    one.level = level;
    if (lasts > 0h) one.until = clock_.now() + lasts;
    pipeline_.with_engine(
        [&](engine::Engine& engine) { (void)engine.book().suspend(one, clock_.now()); });
    return one.subject;
  };
  hold("SLOW1", {"x@hotmail.com"}, restricted("slow@o.test", model::Level::throttle, 1h));
  const auto stopped = restricted("stopped@o.test", model::Level::hold, 1h);
  hold("STOP2", {"x@hotmail.com"}, stopped);
  hold("GONE3", {"x@hotmail.com"}, restricted("gone@o.test", model::Level::hold, 0h));
  order("");
  ASSERT_TRUE(within(until_released, [&] { return was_released("SLOW1"); })) << text_of("calls");
  std::this_thread::sleep_for(2500ms);  // two looks
  EXPECT_FALSE(was_released("STOP2"));
  pipeline_.with_engine([&](engine::Engine& engine) {
    const auto done = engine.book().release(stopped, {.done = {}, .without_checklist = true},
                                            "anna", clock_.now());
    EXPECT_TRUE(done.ok());
  });
  EXPECT_TRUE(within(10s, [&] { return was_released("STOP2"); })) << text_of("calls");
  EXPECT_FALSE(was_released("GONE3")) << "somebody decides about it";
}

// Postfix goes by a new table only seconds later, and a domain is learnt from its first mail.
TEST_F(DetourDeskTest, WhatTheUsualWayPutsOffMeanwhileIsTriedOnceMore) {
  start_with_helper("[ $1 != list ] || cat " + (folder_ / "queue").string() + "\n");
  const auto queued = [](const char* id, const char* recipient) {
    return fmt::format(R"({{"queue_name":"deferred","queue_id":"{}","sender":"anna@ours.example",)"
                       R"("recipients":[{{"address":"{}","delay_reason":"refused"}}]}})"
                       "\n",
                       id, recipient);
  };
  std::ofstream(folder_ / "queue")
      << queued("LATE1", "x@club.example") << queued("OTHER2", "x@elsewhere.example")
      << queued("SECOND3", "y@hotmail.com");
  const auto put_off = [&](const char* id, const char* recipient, const char* egress,
                           const char* transport = "smtp", std::string_view reply = {}) {
    model::Delivery delivery;
    delivery.queue.queue_id = id;
    delivery.source = model::Source::log;
    delivery.recipient = recipient;
    delivery.egress = egress;
    delivery.remote = "mx.olc.protection.outlook.com[192.0.2.7]";
    delivery.transport = transport;
    delivery.reply = reply;
    delivery.status = model::DeliveryStatus::deferred;
    desk_->see({clock_.now(), clock_.now(), delivery});
  };
  const auto flushed = [&](const char* id) {
    const std::string calls = text_of("calls");
    const std::string call = std::string("flush ") + id + "\n";
    std::size_t count = 0;
    for (auto at = calls.find(call); at != std::string::npos; at = calls.find(call, at + 1))
      ++count;
    return count;
  };
  order("out2");
  ASSERT_TRUE(within(until_released, [&] { return flushed("SECOND3") == 1; })) << text_of("calls");
  EXPECT_EQ(flushed("LATE1"), 0U) << "nobody knows yet whose its domain is";
  put_off("LATE1", "x@club.example", "");
  put_off("SECOND3", "y@hotmail.com", "out2");  // the detour itself: that is Postfix's to try
  ASSERT_TRUE(within(until_released, [&] { return flushed("LATE1") == 1; })) << text_of("calls");
  EXPECT_NE(text_of("detours.txt").find("club.example out2:"), std::string::npos);
  put_off("LATE1", "x@club.example", "");
  std::this_thread::sleep_for(DetourTries::until_postfix_asks + 3s);
  EXPECT_EQ(flushed("LATE1"), 1U) << "once more would be for ever";
  EXPECT_EQ(flushed("SECOND3"), 1U);

  order("");
  ASSERT_TRUE(within(until_released, [&] { return flushed("LATE1") == 2; })) << "the return";
  put_off("LATE1", "x@club.example", "", "retry", action::waits_for_a_way);  // as the tables said
  put_off("SECOND3", "y@hotmail.com", "");
  put_off("SECOND3", "y@hotmail.com", "", "error",
          "delivery temporarily suspended: connect to 192.0.2.7[192.0.2.7]:25: timed out");
  EXPECT_TRUE(within(until_released, [&] { return flushed("LATE1") == 3; })) << text_of("calls");
  EXPECT_EQ(flushed("SECOND3"), 2U);
  EXPECT_EQ(flushed("OTHER2"), 0U);
}

TEST_F(DetourDeskTest, AHelperThatHangsIsToldAndKeepsNobodyFromStopping) {
  start_with_helper(std::string(releases) + "[ $1 != flush ] || sleep 60\n");
  order("out2");
  ASSERT_TRUE(within(10s, [&] { return leaves_by_out2(); }));
  const model::Subject anna{model::SubjectKind::account, "anna@ours.example"};
  for (int i = 100; i < 140; ++i) hold("MAIL" + std::to_string(i), {"x@hotmail.com"}, anna);
  order("");
  ASSERT_TRUE(within(until_released, [&] { return was_released("MAIL100"); }));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(within(30s, [&] {
    return desk_->trouble().find("did not end") != std::string::npos;
  })) << desk_->trouble();
  order("out2");  // the desk goes on with what needs no helper
  EXPECT_TRUE(within(5s, [&] { return leaves_by_out2(); }));
  desk_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 40s);
}

// Until whoever sends like the cause is stopped another address would be refused next.
TEST(UnrestrictedSuspect, IsNoScriptOnceItOrItsUidIsStoppedOrExempt) {
  FakeWriter nobody;
  engine::Settings settings;
  settings.book.default_mode = model::Mode::observe;
  const model::Subject uid{model::SubjectKind::script, "uid33"};
  const model::Subject form{model::SubjectKind::script, "uid33:contact.php"};
  base::TimePoint now = base::from_unix_seconds(1'600'000'000);
  Pipeline pipeline(settings, engine::shipped_replies(), nobody);
  const auto send = [&](engine::Engine& engine, const std::string& to) {
    model::Submission mail;
    mail.id = to + std::to_string(base::to_unix_seconds(now));
    mail.source = model::Source::milter;
    mail.script = form.name;
    mail.handed_in_by = uid.to_string();
    mail.client = base::IpAddress::parse("127.0.0.1");
    mail.envelope_sender = "www@site.test";
    mail.recipient_count = 1;
    mail.recipients = {to};
    (void)engine.feed({now, now, std::move(mail)}, now);
  };
  pipeline.with_engine([&](engine::Engine& engine) {
    for (int day = 0; day < 35; ++day, now += 24h) send(engine, "owner@site.test");
    for (int i = 0; i < 300; ++i, now += 2s) {
      send(engine, "stranger" + std::to_string(i) + "@elsewhere.test");
    }
  });
  EXPECT_EQ(unrestricted_suspect(pipeline, now), form.to_string());
  for (const model::Subject& whom : {form, uid}) {
    model::Restriction stop;
    stop.subject = whom;
    stop.level = model::Level::hold;
    pipeline.with_engine([&](engine::Engine& engine) {
      (void)engine.book().suspend(stop, now);
      EXPECT_EQ(engine.explain(form, now).standing, "suspended") << whom.to_string();
    });
    EXPECT_EQ(unrestricted_suspect(pipeline, now), "") << whom.to_string();
    pipeline.with_engine([&](engine::Engine& engine) {
      ASSERT_TRUE(
          engine.book().release(whom, {.done = {}, .without_checklist = true}, "anna", now).ok());
    });
    EXPECT_EQ(unrestricted_suspect(pipeline, now), form.to_string());
    pipeline.with_engine([&](engine::Engine& engine) {
      (void)engine.book().exempt(whom, true, "anna", now);
      EXPECT_EQ(engine.explain(form, now).standing, "exempt") << whom.to_string();
    });
    EXPECT_EQ(unrestricted_suspect(pipeline, now), "") << whom.to_string();
    pipeline.with_engine(
        [&](engine::Engine& engine) { (void)engine.book().exempt(whom, false, "anna", now); });
  }
}

TEST_F(DetourDeskTest, LearntDomainsAreNotWrittenForEachNewOne) {
  const auto see = [&](const std::string& domain) {
    model::Delivery sent;
    sent.recipient = "r@" + domain;
    sent.transport = "smtp";
    sent.remote = "club-example.olc.protection.outlook.com[203.0.113.9]";
    sent.status = model::DeliveryStatus::sent;
    desk_->see({clock_.now(), clock_.now(), sent});
  };
  see("first.example");
  ASSERT_TRUE(within(10s, [&] { return !text_of("provider_domains").empty(); }));
  see("second.example");
  std::this_thread::sleep_for(2500ms);  // two looks
  const auto today = std::chrono::floor<std::chrono::days>(clock_.now()).time_since_epoch();
  EXPECT_EQ(text_of("provider_domains"),
            fmt::format("first.example microsoft-consumer {}\n", today.count()));
  desk_.reset();
  EXPECT_THAT(text_of("provider_domains"), HasSubstr("second.example microsoft-consumer"));
}

}  // namespace
}  // namespace leumund::apps
