#include "intake/watch_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

namespace leumund::intake {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t text_bytes_max = 1U << 20;
constexpr std::size_t lines_max = 10'000;

std::vector<std::string_view> words_of(std::string_view line) {
  line = line.substr(0, line.find('#'));
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

// Calls `take` with the words of each line that has some; it says "" or what is wrong.
base::Status each_line(
    std::string_view text,
    const std::function<std::string(const std::vector<std::string_view>&)>& take) {
  if (text.size() > text_bytes_max) return Error{ErrorCode::too_large, "is over 1 MiB large"};
  for (std::size_t number = 1; !text.empty(); ++number) {
    if (number > lines_max) {
      return Error{ErrorCode::too_large, fmt::format("has over {} lines", lines_max)};
    }
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty()) continue;
    if (const std::string wrong = take(words); !wrong.empty()) {
      return Error{ErrorCode::malformed, fmt::format("line {}: {}", number, wrong)};
    }
  }
  return {};
}

bool is_key(std::string_view text) {
  return text.size() >= 8 && text.size() <= 63 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
         });
}

}  // namespace

base::Result<std::map<std::string, std::string>> parse_list_keys(std::string_view text) {
  std::map<std::string, std::string> keys;
  const auto done = each_line(text, [&](const auto& words) -> std::string {
    // The key itself is a secret and never in a message.
    if (words.size() != 2 || !is_key(words[1])) {
      return "want the id of a list and its key of 8 to 63 letters and digits";
    }
    keys[std::string(words[0])] = words[1];
    return "";
  });
  if (!done) return done.error();
  return keys;
}

base::Result<std::vector<SentCounter>> parse_sent_counters(std::string_view text) {
  std::vector<SentCounter> counters;
  const auto done = each_line(text, [&](const auto& words) -> std::string {
    const auto network = base::IpPrefix::parse(words[0]);
    if (!network) return fmt::format("'{}' is no network", words[0].substr(0, 100));
    SentCounter counter{.network = *network, .packets = 0, .since = {}};
    if (words.size() != 3) return "want a network, its packets and since when they are counted";
    const char* end = words[1].data() + words[1].size();
    const auto read = std::from_chars(words[1].data(), end, counter.packets);
    if (read.ec != std::errc() || read.ptr != end) {
      return fmt::format("'{}' is no number of packets", words[1].substr(0, 100));
    }
    const auto since = base::parse_rfc3339(words[2]);
    if (!since) return since.error().message;
    counter.since = *since;
    counters.push_back(counter);
    return "";
  });
  if (!done) return done.error();
  return counters;
}

std::string sent_proof(const std::vector<SentCounter>& counters, const std::string& place) {
  const auto network = base::IpPrefix::parse(place);
  if (!network) return "";
  const SentCounter* best = nullptr;
  for (const SentCounter& one : counters) {
    const bool covers = one.network.contains(network->address) && one.network.bits <= network->bits;
    if (covers && (best == nullptr || one.network.bits > best->network.bits)) best = &one;
  }
  if (best == nullptr) return "";
  const std::string since = base::format_rfc3339(best->since);
  if (best->packets == 0) {
    return fmt::format("no packet to port 25 left {} since {}", best->network.to_string(), since);
  }
  return fmt::format("{} packets to port 25 left {} since {}: somebody sends from there past us",
                     best->packets, best->network.to_string(), since);
}

std::optional<base::TimePoint> unsent_since(std::string_view proof) {
  constexpr std::string_view before = " since ";
  const auto at = proof.rfind(before);
  if (!proof.starts_with("no packet ") || at == std::string_view::npos) return std::nullopt;
  const auto since = base::parse_rfc3339(proof.substr(at + before.size()));
  return since ? std::optional(*since) : std::nullopt;
}

}  // namespace leumund::intake
