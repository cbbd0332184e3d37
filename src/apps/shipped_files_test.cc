// The files in packaging/ say what the code means.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "config/load.h"
#include "config/postfix_files.h"

namespace {

namespace config = leumund::config;

const std::string packaging = std::string(LEUMUND_SOURCE_DIR) + "/packaging/";

config::Surroundings installed() {
  config::Surroundings surroundings = config::Surroundings::of_process();
  surroundings.state_directory = "/var/lib/leumund";
  surroundings.runtime_directory = "/run/leumund";
  return surroundings;
}

// Words of a main.cf without comments, one blank between two.
std::string words_of_file(const std::string& path) {
  std::ifstream in(path);
  std::string words;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#")) continue;
    std::istringstream split(line);
    for (std::string word; split >> word;) words += word + " ";
  }
  return words;
}

TEST(ShippedFiles, ExampleConfigurationIsValid) {
  const auto loaded = config::load_file(packaging + "leumund.toml", true, installed());
  EXPECT_TRUE(loaded.from_file);
  for (const std::string& problem : loaded.problems) ADD_FAILURE() << problem;
}

TEST(ShippedFiles, PostfixSnippetNamesTheTablesAndClassesOfConnect) {
  const auto files = config::postfix_files(config::default_settings(installed()).start);
  const std::string snippet = words_of_file(packaging + "postfix/main.cf.leumund");
  for (const auto& [name, value] : config::restriction_classes(files, "")) {
    EXPECT_NE(snippet.find(name + " = " + value + " "), std::string::npos)
        << name << " = " << value;
  }
  EXPECT_NE(snippet.find("check_sasl_access " + files.accounts + ","), std::string::npos);
  EXPECT_NE(snippet.find("check_sender_access " + files.senders + " "), std::string::npos);
  EXPECT_NE(snippet.find("authorized_submit_users = !" + files.users + ","), std::string::npos);
}

TEST(ShippedFiles, TheUnitsLetSocketsHaveAGroupAndNobodyCloseTheQueueHelper) {
  const std::string daemon = words_of_file(packaging + "leumundd.service");
  const auto refused = daemon.find("SystemCallFilter=~@privileged");  // @chown among them
  ASSERT_NE(refused, std::string::npos);
  EXPECT_NE(daemon.find("SystemCallFilter=@chown", refused), std::string::npos);
  const std::string helper = words_of_file(packaging + "leumund-queue.socket");
  EXPECT_NE(helper.find("TriggerLimitIntervalSec=0 "), std::string::npos);
  EXPECT_NE(helper.find("SocketGroup=leumund "), std::string::npos);
}

TEST(ShippedFiles, TheManualOfTheDaemonNamesItsOptions) {
  const auto text_of = [](const std::string& path) {
    std::ifstream in(path);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  std::string manual = text_of(packaging + "man/leumundd.8");
  std::erase(manual, '\\');
  const std::string source = text_of(LEUMUND_SOURCE_DIR "/src/apps/daemon/leumundd.cc");
  int options = 0;
  for (auto at = source.find("\"--"); at != std::string::npos; at = source.find("\"--", at + 1)) {
    const std::string option = source.substr(at + 1, source.find('"', at + 1) - at - 1);
    EXPECT_NE(manual.find(option), std::string::npos) << option;
    ++options;
  }
  EXPECT_GE(options, 3);
}

}  // namespace
