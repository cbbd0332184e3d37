#include "intake/watch_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <iterator>
#include <utility>

namespace leumund::intake {
namespace {

using base::Error;
using base::ErrorCode;

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
  if (text.size() > watch_file_bytes_max) return Error{ErrorCode::too_large, "is over 1 MiB large"};
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

bool covers(const base::IpPrefix& wide, const base::IpPrefix& narrow) {
  return wide.contains(narrow.address) && wide.bits <= narrow.bits;
}

using Addresses = std::vector<base::IpAddress>;

bool holds_any(const base::IpPrefix& network, const Addresses& own) {
  return std::any_of(own.begin(), own.end(),
                     [&](const base::IpAddress& one) { return network.contains(one); });
}

// Who in a network has sent, most flows first; "" nobody.
std::string flows_from(const wire::FlowFile& flows, const base::IpPrefix& network,
                       const Addresses& own) {
  constexpr std::size_t named_max = 5;
  std::vector<wire::FlowSender> found;
  std::copy_if(flows.senders.begin(), flows.senders.end(), std::back_inserter(found),
               [&](const wire::FlowSender& one) {
                 return network.contains(one.address) &&
                        std::find(own.begin(), own.end(), one.address) == own.end();
               });
  if (found.empty()) return "";
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.flows > b.flows; });
  wire::FlowSender all = found.front();
  all.flows = 0;
  std::string names;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const wire::FlowSender& one = found[i];
    all.flows += one.flows;
    all.first = std::min(all.first, one.first);
    all.last = std::max(all.last, one.last);
    if (i < named_max) names += (i == 0 ? "" : ", ") + one.address.to_string();
  }
  if (found.size() > named_max) names += fmt::format(" (+{})", found.size() - named_max);
  return fmt::format(
      "{} flows to port 25 left {} between {} and {}: somebody sends from there past us", all.flows,
      names, base::format_rfc3339(all.first), base::format_rfc3339(all.last));
}

// The last time without a gap in which the network was looked at whole.
std::string no_flow_from(const wire::FlowFile& flows, const base::IpPrefix& network,
                         const Addresses& own) {
  if (flows.bad > 0) return "";
  std::vector<wire::FlowCover> spans;
  std::copy_if(flows.covers.begin(), flows.covers.end(), std::back_inserter(spans),
               [&](const wire::FlowCover& one) { return covers(one.network, network); });
  if (spans.empty()) return "";
  std::sort(spans.begin(), spans.end(),
            [](const auto& a, const auto& b) { return a.since < b.since; });
  wire::FlowCover last = spans.front();
  for (const wire::FlowCover& one : spans) {
    if (one.since > last.until) last = one;
    last.until = std::max(last.until, one.until);
  }
  const std::string since = base::format_rfc3339(last.since);
  const std::string until = base::format_rfc3339(last.until);
  if (!holds_any(network, own)) {
    return fmt::format("no flow to port 25 left {} between {} and {}", network.to_string(), since,
                       until);
  }
  return fmt::format("no flow to port 25 left {} except from our own servers between {} and {}",
                     network.to_string(), since, until);
}

// A network may have several rules, each with a line: all that they counted left it, and silent it
// was only while all of them counted.
std::vector<SentCounter> summed(const std::vector<SentCounter>& counters) {
  std::map<std::pair<base::IpAddress, unsigned>, SentCounter> sums;
  for (const SentCounter& one : counters) {
    const auto [entry, added] = sums.try_emplace({one.network.address, one.network.bits}, one);
    if (added) continue;
    SentCounter& sum = entry->second;
    sum.packets += std::min(one.packets, UINT64_MAX - sum.packets);
    sum.since = sum.packets > 0 ? std::min(sum.since, one.since) : std::max(sum.since, one.since);
  }
  std::vector<SentCounter> out;
  for (const auto& [network, sum] : sums) out.push_back(sum);
  return out;
}

std::string packets_from(const SentCounter& counter) {
  return fmt::format(
      "{} packets to port 25 left {} between {} and {}: somebody sends from there past us",
      counter.packets, counter.network.to_string(), base::format_rfc3339(counter.since),
      base::format_rfc3339(counter.until));
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

base::Result<std::vector<SentCounter>> parse_sent_counters(std::string_view text,
                                                           base::TimePoint written) {
  std::vector<SentCounter> counters;
  const auto done = each_line(text, [&](const auto& words) -> std::string {
    const auto network = base::IpPrefix::parse(words[0]);
    if (!network) return fmt::format("'{}' is no network", words[0].substr(0, 100));
    SentCounter counter{.network = *network, .packets = 0, .since = {}, .until = written};
    if (words.size() != 3) return "want a network, its packets and since when they are counted";
    const char* end = words[1].data() + words[1].size();
    const auto read = std::from_chars(words[1].data(), end, counter.packets);
    if (read.ec != std::errc() || read.ptr != end) {
      return fmt::format("'{}' is no number of packets", words[1].substr(0, 100));
    }
    const auto since = base::parse_rfc3339(words[2]);
    if (!since) return since.error().message;
    counter.since = *since;
    if (counter.since < written) counters.push_back(counter);
    return "";
  });
  if (!done) return done.error();
  return counters;
}

std::string sent_proof(const std::vector<SentCounter>& counters, const wire::FlowFile& flows,
                       const std::string& place, const std::vector<base::IpAddress>& own) {
  const auto network = base::IpPrefix::parse(place);
  if (!network) return "";
  if (std::string sent = flows_from(flows, *network, own); !sent.empty()) return sent;
  const auto sums = summed(counters);
  const SentCounter* best = nullptr;
  for (const SentCounter& one : sums) {
    if (holds_any(one.network, own)) continue;
    const bool within = covers(*network, one.network) && one.network.bits > network->bits;
    if (within && one.packets > 0) return packets_from(one);
    const bool narrower = best == nullptr || one.network.bits > best->network.bits;
    if (covers(one.network, *network) && narrower) best = &one;
  }
  if (best == nullptr) return no_flow_from(flows, *network, own);
  if (best->packets > 0) return packets_from(*best);
  return fmt::format("no packet to port 25 left {} between {} and {}", best->network.to_string(),
                     base::format_rfc3339(best->since), base::format_rfc3339(best->until));
}

std::optional<UnsentTime> unsent_time(std::string_view proof) {
  constexpr std::string_view before = " between ";
  constexpr std::string_view gap = " and ";
  const bool counted = proof.starts_with("no packet ");
  const auto at = proof.rfind(before);
  if ((!counted && !proof.starts_with("no flow ")) || at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view times = proof.substr(at + before.size());
  const auto middle = times.find(gap);
  if (middle == std::string_view::npos) return std::nullopt;
  const auto since = base::parse_rfc3339(times.substr(0, middle));
  const auto until = base::parse_rfc3339(times.substr(middle + gap.size()));
  return since && until ? std::optional(UnsentTime{*since, *until, counted}) : std::nullopt;
}

std::optional<UnsentTime> unsent_in_both(const UnsentTime& one, const UnsentTime& other) {
  if (one.counted != other.counted) return std::nullopt;
  const UnsentTime both{std::max(one.since, other.since), std::min(one.until, other.until),
                        one.counted};
  return both.since < both.until ? std::optional(both) : std::nullopt;
}

}  // namespace leumund::intake
