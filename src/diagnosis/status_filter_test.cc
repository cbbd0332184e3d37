#include "diagnosis/status_filter.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/need_peer.h"
#include "diagnosis/refusal.h"

namespace leumund::diagnosis {
namespace {

using testing::HasSubstr;

const base::IpAddress ours = *base::IpAddress::parse("192.0.2.25");

// What Postfix itself makes of delivery statuses, one a line: "" for those no rule matches.
std::map<std::string, std::string> ask_postfix(const std::string& rules,
                                               const std::string& statuses) {
  const auto folder =
      std::filesystem::temp_directory_path() / fmt::format("leumund-status-filter-{}", ::getpid());
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "main.cf") << "compatibility_level = 3.6\n";
  std::ofstream(folder / "master.cf") << "\n";
  std::ofstream(folder / "rules") << rules;
  std::ofstream(folder / "keys") << statuses;
  const std::string command =
      fmt::format("/usr/sbin/postmap -c {0} -q - pcre:{0}/rules < {0}/keys", folder.string());
  std::map<std::string, std::string> out;
  FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 8192> line{};
  while (pipe != nullptr && std::fgets(line.data(), line.size(), pipe) != nullptr) {
    const std::string text = line.data();
    const auto tab = text.find('\t');
    if (tab != std::string::npos) out[text.substr(0, tab)] = text.substr(tab + 1);
  }
  if (pipe != nullptr) ::pclose(pipe);
  std::filesystem::remove_all(folder);
  return out;
}

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  return text;
}

// Every sample of the registry, worded as smtp(8) hands it to the filter.
TEST(StatusFilter, PutsOffWhatProvidersSayOfOurAddressAndNothingElse) {
  NEED_PEER("/usr/sbin/postmap", "postfix");
  const auto made = Reader::shipped();
  ASSERT_TRUE(made.ok());
  const Reader& reader = **made;
  Reader::Session session(reader);
  std::string keys;
  std::map<std::string, Refusal> meant;
  for (const Provider& provider : reader.registry().providers) {
    if (provider.mx_suffixes.empty()) continue;
    for (const ProviderReply& reply : provider.replies) {
      if (!reply.pattern.sample.starts_with('5')) continue;
      const std::string sample = one_line(reply.pattern.sample);
      const std::string key =
          fmt::format("5.7.1 host mx1{}[203.0.113.9] said: {} (in reply to MAIL FROM command)",
                      provider.mx_suffixes.front(), sample);
      meant[key] = refusal_of(
          reader.diagnose({.text = reply.pattern.sample, .provider = provider.id}, session));
      keys += key + "\n";
    }
  }
  const auto answers = ask_postfix(status_filter_rules(reader, {}), keys);
  std::size_t put_off = 0;
  std::size_t all = 0;
  for (const auto& [key, refusal] : meant) {
    auto found = answers.find(key);
    if (found != answers.end() && found->second == key + "\n") {
      found = answers.end();  // left as it is
    }
    // A missing reverse name, say, is not counted as a block but is no fault of the mail either.
    if (refusal.reply_class != ReplyClass::address_blocked) {
      EXPECT_EQ(found, answers.end()) << key;
    }
    if (!refusal.about_our_address()) continue;
    ++all;
    if (found == answers.end()) continue;
    EXPECT_THAT(found->second, testing::StartsWith("4.7.1 host ")) << key;
    ++put_off;
  }
  EXPECT_GT(all, 30U);
  EXPECT_GE(put_off * 100, all * 95) << put_off << " of " << all;
}

TEST(StatusFilter, KnowsOurAddressesAndPostfixsOwnWords) {
  NEED_PEER("/usr/sbin/postmap", "postfix");
  const auto reader = Reader::shipped();
  ASSERT_TRUE(reader.ok());
  const std::string rules = status_filter_rules(**reader, std::array{ours});
  const std::string host = " host mx.example.org[203.0.113.9] said: ";
  const std::vector<std::pair<std::string, bool>> cases = {
      {"5.7.1" + host +
           "554 5.7.1 Service unavailable; Client host [198.51.100.7] blocked using "
           "bl.example.net",
       true},
      {"5.7.1" + host + "550 5.7.1 192.0.2.25 is listed in our block list", true},
      {"5.0.0" + host + "554 Blacklisted: 192.0.2.25", true},
      {"5.7.1" + host + "550 5.7.1 192.0.2.251 is listed", false},
      {"5.1.1" + host + "550 5.1.1 user unknown; 192.0.2.25 not blocked", false},
      {"5.7.1" + host + "550 5.7.1 message content rejected as spam from 192.0.2.25", false},
      {"4.7.1" + host + "450 4.7.1 192.0.2.25 is listed", false},
      {"5.2.2" + host + "552 5.2.2 mailbox full", false}};
  std::string keys;
  for (const auto& [key, wanted] : cases) keys += key + "\n";
  const auto answers = ask_postfix(rules, keys);
  for (const auto& [key, wanted] : cases) {
    ASSERT_EQ(answers.contains(key), wanted) << key;
    if (wanted) {
      EXPECT_EQ(answers.at(key), "4" + key.substr(1) + "\n");
    }
  }
}

}  // namespace
}  // namespace leumund::diagnosis
