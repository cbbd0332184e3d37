// Which logins are evidence for our own lists.
#include "apps/daemon/honeypots.h"

#include <gtest/gtest.h>

#include <set>

#include "config/load.h"

namespace leumund::apps {
namespace {

const base::TimePoint now = base::from_unix_seconds(1'800'000'000);

config::Settings settings(const std::string& honeypots = "\"*@old.example.org\", \"scanner\"") {
  auto loaded = config::load_text(
      "egresses = [\"out1 address=192.0.2.25\"]\n[policy]\nrelay_clients = [\"198.51.100.0/24\"]\n"
      "[reports]\nrelays = [\"192.0.2.77\"]\n[list]\nzones = [\"bl bl.ex\"]\nhoneypots = [" +
          honeypots + "]\n",
      "t.toml", config::Surroundings());
  EXPECT_TRUE(loaded.problems.empty());
  return loaded.settings;
}

class HoneypotsTest : public testing::Test {
 protected:
  std::optional<ListDesk::Said> login(const std::string& account, const std::string& client,
                                      bool ok = false, base::Micros later = {}) {
    model::Login one{.account = account, .client = base::IpAddress::parse(client), .service = ""};
    one.ok = ok;
    return honeypots_.see(one, now + later, now + later);
  }
  std::uint64_t counted(const std::string& outcome) {
    std::vector<face::Metric> metrics;
    honeypots_.add_metrics(metrics);
    for (const auto& sample : metrics.at(0).samples) {
      if (sample.labels.at(0).second == outcome) return static_cast<std::uint64_t>(sample.value);
    }
    return 99;
  }

  std::set<std::string> sent_;
  Honeypots honeypots_{
      {.key = {}, .has_sent = [this](const std::string& name) { return sent_.contains(name); }},
      settings()};
};

TEST_F(HoneypotsTest, WhoTriesANameThatNobodyHasIsReported) {
  const auto said = login("Anna@Old.example.org", "203.0.113.7");
  ASSERT_TRUE(said);
  EXPECT_EQ(said->client->to_string(), "203.0.113.7");
  EXPECT_EQ(said->kind, model::AbuseKind::honeypot);
  EXPECT_EQ(said->reporter, "anna@old.example.org");
  EXPECT_EQ(said->at, now);
  EXPECT_FALSE(said->by_mail);
  EXPECT_TRUE(login("anna@old.example.org", "203.0.113.8", true)) << "also where it succeeds";
  EXPECT_EQ(login("scanner", "203.0.113.7")->reporter, "scanner@honeypot");
  EXPECT_FALSE(login("anna@example.org", "203.0.113.9"));
  EXPECT_FALSE(login("", "203.0.113.9"));
  EXPECT_EQ(counted("counted"), 3U);
}

// Postfix and Dovecot both tell of one login.
TEST_F(HoneypotsTest, TheSameClientAndNameCountOnceInTenMinutes) {
  EXPECT_TRUE(login("scanner", "2001:db8::1"));
  EXPECT_FALSE(login("scanner", "2001:db8::2")) << "of one /64";
  EXPECT_TRUE(login("scanner", "2001:db8:0:1::1"));
  EXPECT_TRUE(login("scanner", "2001:db8::1", false, std::chrono::minutes(25)));
}

TEST_F(HoneypotsTest, OursAndOurPeoplesAddressesAreNotReported) {
  for (const char* own : {"192.0.2.25", "192.0.2.77", "198.51.100.9", "10.0.0.7", "127.0.0.1"}) {
    EXPECT_FALSE(login("scanner", own)) << own;
  }
  EXPECT_EQ(counted("ourselves"), 5U);
  EXPECT_FALSE(login("bert@example.org", "203.0.113.20", true));
  EXPECT_FALSE(login("scanner", "203.0.113.20")) << "the office of somebody who logged in";
  EXPECT_EQ(counted("user"), 1U);
  EXPECT_FALSE(login("bert@example.org", "203.0.113.21", false));
  EXPECT_TRUE(login("scanner", "203.0.113.21")) << "a guess that failed is no person";
}

TEST_F(HoneypotsTest, AnAccountThatHasSentIsNoHoneypot) {
  sent_ = {"anna@old.example.org"};
  EXPECT_FALSE(login("Anna@old.example.org", "203.0.113.7"));
  EXPECT_EQ(counted("in_use"), 1U);
}

TEST_F(HoneypotsTest, AReloadChangesTheNames) {
  honeypots_.set_settings(settings("\"fax@example.org\""));
  EXPECT_FALSE(login("scanner", "203.0.113.7"));
  EXPECT_TRUE(login("fax@example.org", "203.0.113.7"));
}

}  // namespace
}  // namespace leumund::apps
