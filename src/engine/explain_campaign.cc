// How a campaign stands, in words: who is in it, what they share, why it is none of the honest
// kinds.
#include <fmt/core.h>

#include <algorithm>
#include <sstream>

#include "engine/parts.h"

namespace leumund::engine {
namespace {

using evidence::Cluster;

constexpr std::size_t names_shown = 50;
constexpr std::size_t words_shown = 120;

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; words.size() < 400 && in >> word;) words.push_back(std::move(word));
  return words;
}

// Words that both have, in order (longest common subsequence); what lies between became "[...]".
std::vector<std::string> common_words(const std::vector<std::string>& a,
                                      const std::vector<std::string>& b) {
  static const std::string varies = "[...]";
  std::vector<std::vector<std::uint16_t>> length(a.size() + 1,
                                                 std::vector<std::uint16_t>(b.size() + 1));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t k = b.size(); k-- > 0;) {
      length[i][k] = a[i] == b[k] && a[i] != varies
                         ? static_cast<std::uint16_t>(length[i + 1][k + 1] + 1)
                         : std::max(length[i + 1][k], length[i][k + 1]);
    }
  }
  std::vector<std::string> out;
  std::size_t i = 0;
  std::size_t k = 0;
  const auto vary = [&] {
    if (out.empty() || out.back() != varies) out.push_back(varies);
  };
  while (i < a.size() && k < b.size()) {
    if (a[i] == b[k] && a[i] != varies) {
      out.push_back(a[i++]);
      ++k;
    } else {
      vary();
      length[i + 1][k] >= length[i][k + 1] ? ++i : ++k;
    }
  }
  if (i < a.size() || k < b.size()) vary();
  return out;
}

std::string template_of(const Cluster& cluster) {
  if (cluster.texts.size() < 2) return {};
  std::vector<std::string> words = words_of(cluster.texts.front());
  for (std::size_t i = 1; i < cluster.texts.size(); ++i)
    words = common_words(words, words_of(cluster.texts[i]));
  std::string out;
  for (std::size_t i = 0; i < std::min(words.size(), words_shown); ++i)
    out += (i == 0 ? "" : " ") + words[i];
  return out;
}

std::string facets_of(const Cluster& cluster) {
  std::vector<evidence::SharedFacet> facets = cluster.facets;
  std::stable_sort(facets.begin(), facets.end(),
                   [](const auto& a, const auto& b) { return a.messages > b.messages; });
  std::string out;
  for (std::size_t i = 0; i < std::min<std::size_t>(facets.size(), 8); ++i) {
    out +=
        fmt::format("{}{} in {} of {}", i == 0 ? "" : ", ", model::facet_kind_name(facets[i].kind),
                    facets[i].messages, cluster.messages);
  }
  return out;
}

std::string what_would_change(const Cluster& cluster, const model::Restriction* restriction) {
  if (restriction == nullptr) {
    return cluster.state == evidence::ClusterState::open
               ? "its mail passes, since campaigns are only observed; an exemption says that it is "
                 "honest"
               : "its mail passes";
  }
  const std::string end =
      restriction->until
          ? fmt::format("its mail is held until somebody releases it, or until {} if no more comes",
                        base::format_rfc3339(*restriction->until))
          : std::string("its mail is held until somebody releases it");
  return end +
         "; the release lets the held mail go, lifts what its members are restricted for because "
         "of "
         "it, and the text counts as honest from then on";
}

}  // namespace

void Engine::Parts::explain_campaign(const evidence::Cluster& cluster, base::TimePoint now,
                                     Explanation& e) {
  const verdict::CampaignJudgement judgement = campaigns.judge(cluster);
  e.known = true;
  e.score = cluster.state == evidence::ClusterState::open ? cluster.score : judgement.score;
  e.threshold = judgement.threshold;
  e.terms = verdict::describe_campaign(cluster, judgement);
  e.standing = book.is_exempt(e.subject)                           ? "exempt"
               : e.restriction != nullptr                          ? "suspended"
               : cluster.state == evidence::ClusterState::harmless ? "good"
                                                                   : "watched";
  auto& facts = e.habits;
  facts.emplace_back("first_seen", base::format_rfc3339(cluster.first_at));
  facts.emplace_back("last_seen", base::format_rfc3339(cluster.last_at));
  facts.emplace_back("accounts_last_day",
                     fmt::format("{}{:.0f}", cluster.accounts.exact() ? "" : "about ",
                                 cluster.accounts.in_day(now)));
  facts.emplace_back("accounts_last_week",
                     fmt::format("{}{:.0f}", cluster.accounts.exact() ? "" : "about ",
                                 cluster.accounts.in_week(now)));
  facts.emplace_back("messages", std::to_string(cluster.messages));
  facts.emplace_back("shared", facets_of(cluster));
  std::string names;
  std::size_t shown = 0;
  std::size_t restricted = 0;
  const auto add = [&](std::uint64_t account) {
    const std::string name = ledger.subject_of(account);
    if (name.empty() || shown >= names_shown) return;
    names += (shown++ == 0 ? "" : ", ") + name;
  };
  if (cluster.known_members.empty()) {
    for (const evidence::ClusterMember& member : cluster.members) add(member.account);
  } else {
    for (const std::uint64_t account : cluster.known_members) {
      add(account);
      const auto member = model::Subject::parse(ledger.subject_of(account));
      if (member && book.find(*member) != nullptr) ++restricted;
    }
  }
  facts.emplace_back("members_known", std::to_string(std::max(cluster.known_members.size(),
                                                              cluster.members.size())));
  facts.emplace_back("members", names);
  facts.emplace_back("members_restricted", std::to_string(restricted));
  facts.emplace_back("restricted_only_by_it",
                     std::to_string(book.resting_on(Campaigns::subject_of(cluster)).size()));
  facts.emplace_back("without_strongest_term",
                     fmt::format("score {:.1f} of {:.1f} needed", judgement.without_strongest,
                                 judgement.threshold));
  if (judgement.honest != verdict::HonestKind::none) {
    facts.emplace_back("honest_kind", std::string(verdict::honest_kind_name(judgement.honest)));
  } else {
    for (auto& [name, why] : verdict::why_not_honest(cluster))
      facts.emplace_back(std::move(name), std::move(why));
  }
  const std::string pattern = template_of(cluster);
  if (!pattern.empty()) facts.emplace_back("template", pattern);
  e.what_would_change = what_would_change(cluster, e.restriction);
}

}  // namespace leumund::engine
