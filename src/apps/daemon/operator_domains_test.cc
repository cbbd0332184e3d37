#include "apps/daemon/operator_domains.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace leumund::apps {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

// A real postconf and postmap, and a configuration that no Postfix runs.
class OperatorDomainsTest : public testing::Test {
 protected:
  OperatorDomainsTest() {
    std::string name = "/tmp/leumund-domains-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    write("master.cf", "");
    write("own", "hosted.example -\n");
    write("names", "# customers\nlisted.example\n");
    write("aliases", "alias.example -\nx@alias.example y@else.example\n");
    write("transport",
          "gateway.example smtp:[gateway-example.mail.protection.outlook.com]\n"
          ".gateway.example :[192.0.2.9]\n"
          "hotmail.com slow:\n* smtp:[smarthost.example]\n");
    write("ours", "live.com out2:[h]\n");
    main_ =
        "compatibility_level = 3.6\nmyhostname = mx.us.example\n"
        "mydestination = $myhostname, Us.Example texthash:$config_directory/own\n"
        "virtual_mailbox_domains = " +
        (folder_ / "names").string() +
        "\n"
        "virtual_alias_maps = texthash:$config_directory/aliases\n"
        "relay_domains = relayed.example\n"
        "transport_maps = texthash:$config_directory/ours texthash:$config_directory/transport\n";
    write("main.cf", main_);
    ours_.detours = "texthash:" + (folder_ / "ours").string();
  }
  ~OperatorDomainsTest() override { std::filesystem::remove_all(folder_); }
  void write(const char* name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  std::vector<std::string> left(std::vector<std::string> domains) {
    known_->take_out(domains, {folder_.string()}, now_);
    return domains;
  }
  void ask_anew() { known_ = std::make_unique<OperatorDomains>(ours_); }

  std::filesystem::path folder_;
  std::string main_;
  config::PostfixFiles ours_;
  OperatorDomains::Time now_ = OperatorDomains::Time() + 1h;
  std::unique_ptr<OperatorDomains> known_;
};

TEST_F(OperatorDomainsTest, AreWhatPostfixKeepsRelaysOrSendsToAHostOfItsAdmin) {
  ask_anew();
  EXPECT_THAT(left({"hotmail.com", "live.com", "us.example", "mx.us.example", "hosted.example",
                    "listed.example", "alias.example", "relayed.example", "sub.relayed.example",
                    "gateway.example", "sub.gateway.example", "sub.hosted.example"}),
              ElementsAre("hotmail.com", "live.com", "sub.hosted.example"));
  EXPECT_EQ(known_->trouble(), "");
  EXPECT_EQ(known_->all().size(), 9U);
  EXPECT_TRUE(known_->all().contains("gateway.example"));
}

TEST_F(OperatorDomainsTest, AreAskedForAgainAfterAWhileAndAtOnceForNewOnes) {
  ask_anew();
  EXPECT_THAT(left({"new.example"}), ElementsAre("new.example"));
  write("own", "new.example -\nnewer.example -\n");
  EXPECT_THAT(left({"new.example", "newer.example"}), ElementsAre("new.example"));
  now_ += OperatorDomains::trusted;
  EXPECT_THAT(left({"new.example"}), ElementsAre());
}

TEST_F(OperatorDomainsTest, ATableThatCannotBeAskedIsNamed) {
  write("main.cf", main_ + "relay_domains = texthash:$config_directory/gone b.example\n");
  ask_anew();
  EXPECT_THAT(left({"hotmail.com", "b.example", "us.example"}), ElementsAre("hotmail.com"));
  EXPECT_THAT(known_->trouble(), HasSubstr("/gone cannot be asked"));
}

// A database behind a table may be slow for once.
TEST_F(OperatorDomainsTest, WhatIsKnownOutlastsATableThatHangs) {
  known_ = std::make_unique<OperatorDomains>(ours_, 5s);
  EXPECT_THAT(left({"hosted.example", "hotmail.com"}), ElementsAre("hotmail.com"));
  std::filesystem::remove(folder_ / "own");
  ASSERT_EQ(::mkfifo((folder_ / "own").c_str(), 0600), 0);  // nobody writes to it
  now_ += OperatorDomains::trusted;
  EXPECT_THAT(left({"hosted.example", "hotmail.com", "new.example", "relayed.example"}),
              ElementsAre("hotmail.com"))
      << "nobody knows whose new.example is";
  EXPECT_THAT(known_->trouble(), HasSubstr("/own cannot be asked"));
  EXPECT_THAT(known_->all(), ElementsAre("hosted.example", "relayed.example"));
  EXPECT_FALSE(known_->is_old(now_ + 1s));
  std::filesystem::remove(folder_ / "own");
  write("own", "new.example -\n");
  now_ += OperatorDomains::retry;
  EXPECT_TRUE(known_->is_old(now_));
  EXPECT_THAT(left({"hosted.example", "hotmail.com", "new.example"}),
              ElementsAre("hosted.example", "hotmail.com"));
  EXPECT_EQ(known_->trouble(), "");
}

// A database that is down for once, or a file that is just being written anew.
TEST_F(OperatorDomainsTest, WhatIsKnownOutlastsATableThatFailsAfterItAnswered) {
  ask_anew();
  EXPECT_THAT(left({"hosted.example", "hotmail.com"}), ElementsAre("hotmail.com"));
  std::filesystem::remove(folder_ / "own");
  now_ += OperatorDomains::trusted;
  EXPECT_THAT(left({"hosted.example", "hotmail.com", "new.example"}), ElementsAre("hotmail.com"));
  EXPECT_TRUE(known_->is_old(now_ + OperatorDomains::retry));
}

TEST_F(OperatorDomainsTest, WithoutAPostfixThereAreNone) {
  folder_ /= "none";
  ask_anew();
  EXPECT_THAT(left({"hotmail.com", "us.example"}), ElementsAre("hotmail.com", "us.example"));
  EXPECT_THAT(known_->trouble(), HasSubstr("postconf"));
}

}  // namespace
}  // namespace leumund::apps
