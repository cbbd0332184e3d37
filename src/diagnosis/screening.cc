#include "diagnosis/screening.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace leumund::diagnosis {
namespace {

constexpr std::size_t words_bytes_max = 240;
constexpr std::size_t summary_bytes_max = 900;
constexpr int weight_most = 1000;

// A list's own words are a stranger's: one line of printable ASCII is left of them.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (out.size() >= words_bytes_max) break;
    const bool plain = c > ' ' && c < '\x7f';
    if (plain) out += c;
    if (!plain && !out.empty() && out.back() != ' ') out += ' ';
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// An id of the registry may carry a weight; in postscreen's syntax the parser reads it.
struct Weighed {
  std::string word;
  std::optional<int> weight;
  bool wrong = false;
};
Weighed weighed(std::string_view word) {
  const std::size_t star = word.rfind('*');
  if (star == std::string_view::npos) return {.word = std::string(word), .weight = std::nullopt};
  int value = 0;
  const char* const end = word.data() + word.size();
  const auto read = std::from_chars(word.data() + star + 1, end, value);
  const bool wrong = read.ec != std::errc() || read.ptr != end || value < -weight_most ||
                     value > weight_most || star + 1 == word.size();
  return {.word = std::string(word.substr(0, star)), .weight = value, .wrong = wrong};
}

std::string listing_words(const ScreenList& one, const ScreenSaid& said,
                          const base::IpAddress& client) {
  std::string words = one_line(said.text);
  if (!words.empty() || one.list.lookup_url.empty()) return words;
  constexpr std::string_view place = "{ip}";
  std::string url = one.list.lookup_url;
  if (const std::size_t at = url.find(place); at != std::string::npos) {
    url.replace(at, place.size(), client.to_string());
  }
  return "Blocked - see " + one_line(url);
}

}  // namespace

std::string_view screen_role_name(ScreenRole role) {
  switch (role) {
    case ScreenRole::block: return "block";
    case ScreenRole::score: return "score";
    case ScreenRole::allow: return "allow";
  }
  return "score";
}

void choose_screen(ScreenRole role, std::span<const std::string> words,
                   std::span<const DnsList> known, const std::map<std::string, std::string>& keys,
                   ChosenScreen& out) {
  for (const std::string& word : words) {
    const Weighed one = weighed(word);
    if (one.wrong) {
      out.problems.push_back(
          fmt::format("list '{}': a weight is a whole number up to {}", word, weight_most));
      continue;
    }
    ChosenLists chosen = choose_lists(std::span(&one.word, 1), known, keys);
    std::ranges::move(chosen.problems, std::back_inserter(out.problems));
    for (DnsList& list : chosen.lists) {
      if (!list.of_v4 && !list.of_v6) continue;  // of domains alone
      // A zone with codes of one's own may stand there again with others, a list may not.
      const bool registered =
          std::ranges::any_of(known, [&](const DnsList& each) { return each.id == list.id; });
      const bool again = std::ranges::any_of(out.lists, [&](const ScreenList& each) {
        return each.role == role && each.list.id == list.id;
      });
      if (registered && again) {
        out.problems.push_back(
            fmt::format("list '{}' is the same as one before it: write it once", list.id));
        continue;
      }
      list.weight = one.weight.value_or(1);
      for (ListCode& code : list.codes) {  // what an allow list says is what it is asked for
        if (role == ScreenRole::allow && code.kind == CodeKind::allow) code.kind = CodeKind::listed;
      }
      const bool secret = std::ranges::any_of(
          keys, [&](const auto& key) { return list.zone.contains(key.second); });
      const std::string shown = secret ? list.id : list.zone;
      out.lists.push_back({.list = std::move(list), .role = role, .shown = shown});
    }
  }
}

ScreenVerdict screen(const ScreenRules& rules, std::span<const ScreenSaid> said) {
  ScreenVerdict out;
  std::optional<std::uint32_t> blocking;
  std::optional<std::uint32_t> allowing;
  for (std::uint32_t i = 0; i < std::min(rules.lists.size(), said.size()); ++i) {
    if (said[i].verdict == ListVerdict::unknown || said[i].verdict == ListVerdict::fault) {
      ++out.unknown;
    }
    if (said[i].verdict != ListVerdict::listed) continue;
    out.hits.push_back(i);
    switch (rules.lists[i].role) {
      case ScreenRole::block:
        if (!blocking) blocking = i;
        break;
      case ScreenRole::score: out.score += rules.lists[i].weight(); break;
      case ScreenRole::allow:
        if (!allowing) allowing = i;
        break;
    }
  }
  out.allowed = allowing.has_value();
  out.by = allowing ? allowing : blocking;
  out.refused = !out.allowed && (blocking || (rules.refuse_at > 0 && out.score >= rules.refuse_at));
  return out;
}

std::string screen_refusal(const ScreenRules& rules, std::span<const ScreenSaid> said,
                           const ScreenVerdict& verdict, const base::IpAddress& client) {
  const std::string_view code = rules.temporary ? "451 4.7.1" : "554 5.7.1";
  std::string out =
      fmt::format("{} Service unavailable; Client host [{}] blocked", code, client.to_string());
  if (verdict.by) {
    const ScreenList& one = rules.lists[*verdict.by];
    const std::string words = listing_words(one, said[*verdict.by], client);
    out += " using " + one.shown;
    if (!words.empty()) out += "; " + words;
    return out;
  }
  out += fmt::format(" by score {} of", verdict.score);
  std::string words;
  std::string_view between = " ";
  for (const std::uint32_t i : verdict.hits) {
    if (rules.lists[i].role != ScreenRole::score || rules.lists[i].weight() <= 0) continue;
    if (out.size() + rules.lists[i].shown.size() > 2 * words_bytes_max) break;
    out += between;
    out += rules.lists[i].shown;
    between = ", ";
    if (words.empty()) words = listing_words(rules.lists[i], said[i], client);
  }
  if (!words.empty()) out += "; " + words;
  return out;
}

std::string screen_summary(const ScreenRules& rules, std::span<const ScreenSaid> said,
                           const ScreenVerdict& verdict, const base::IpAddress& client) {
  std::string out =
      fmt::format("score={}/{} client={}", verdict.score, rules.refuse_at, client.to_string());
  for (const std::uint32_t i : verdict.hits) {
    const ScreenList& one = rules.lists[i];
    std::string part =
        fmt::format(" {}={}", one.shown, said[i].codes.empty() ? "listed" : said[i].codes.front());
    part += one.role == ScreenRole::score ? fmt::format("*{}", one.weight())
                                          : fmt::format("*{}", screen_role_name(one.role));
    if (out.size() + part.size() > summary_bytes_max) break;
    out += part;
  }
  if (verdict.unknown > 0) out += fmt::format(" unknown={}", verdict.unknown);
  return out;
}

}  // namespace leumund::diagnosis
