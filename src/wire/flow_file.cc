#include "wire/flow_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>

#include "base/ascii.h"
#include "base/trimmed.h"

namespace leumund::wire {
namespace {

using base::Error;
using base::ErrorCode;
using base::TimePoint;
using Fields = std::vector<std::string_view>;

constexpr std::size_t line_bytes_max = 16UL << 10;
constexpr std::size_t senders_max = 100'000;
constexpr std::size_t covers_max = 10'000;
constexpr std::size_t problems_kept = 20;
constexpr std::size_t quoted_max = 60;
constexpr double longest_flow = 366.0 * 24 * 3600;  // seconds
constexpr std::uint32_t mail_port = 25;

void split(std::string_view line, char at, Fields& out) {
  out.clear();
  for (;;) {
    const std::size_t end = line.find(at);
    out.push_back(base::trimmed(line.substr(0, end)));
    if (end == std::string_view::npos) return;
    line.remove_prefix(end + 1);
  }
}

// Where the fields that count stand.
struct Columns {
  std::optional<std::size_t> source;
  std::optional<std::size_t> port;
  std::optional<std::size_t> protocol;
  std::optional<std::size_t> first;
  std::optional<std::size_t> last;
  std::optional<std::size_t> duration;

  [[nodiscard]] bool whole() const { return source && port && protocol && first; }
};

Columns columns_of(const Fields& titles) {
  Columns out;
  const std::map<std::string_view, std::optional<std::size_t>*> known = {
      {"sa", &out.source},     {"srcaddr", &out.source},    {"dp", &out.port},
      {"dstport", &out.port},  {"pr", &out.protocol},       {"proto", &out.protocol},
      {"ts", &out.first},      {"firstseen", &out.first},   {"te", &out.last},
      {"lastseen", &out.last}, {"duration", &out.duration}, {"td", &out.duration}};
  for (std::size_t i = 0; i < titles.size(); ++i) {
    const auto found = known.find(base::ascii_lower(titles[i]));
    if (found != known.end() && !*found->second) *found->second = i;
  }
  return out;
}

// "2026-11-22 21:54:18", with or without a fraction and a zone.
std::optional<TimePoint> time_of(std::string_view text) {
  text = text.substr(0, quoted_max);
  if (const auto read = base::parse_rfc3339(text)) return *read;
  const auto in_utc = base::parse_rfc3339(std::string(text) + "Z");
  return in_utc ? std::optional(*in_utc) : std::nullopt;
}

// "3.000" or "00:00:03.000"
std::optional<base::Micros> span_of(std::string_view text) {
  double seconds = 0;
  Fields parts;
  split(text, ':', parts);
  if (parts.size() != 1 && parts.size() != 3) return std::nullopt;
  for (const std::string_view part : parts) {
    double value = 0;
    const auto read =
        std::from_chars(part.data(), part.data() + part.size(), value, std::chars_format::fixed);
    if (read.ec != std::errc() || read.ptr != part.data() + part.size()) return std::nullopt;
    seconds = seconds * 60 + value;
  }
  if (!std::isfinite(seconds) || seconds < 0 || seconds > longest_flow) return std::nullopt;
  return std::chrono::round<base::Micros>(std::chrono::duration<double>(seconds));
}

std::string wrong(std::string_view what, std::string_view text) {
  return fmt::format("{} '{}'", what, text.substr(0, quoted_max));
}

class Reader {
 public:
  base::Result<FlowFile> read(std::string_view text) {
    if (text.size() > flow_file_bytes_max) {
      return Error{ErrorCode::too_large, fmt::format("is over {} MiB", flow_file_bytes_max >> 20)};
    }
    while (!text.empty()) {
      ++number_;
      const std::size_t end = std::min(text.find('\n'), text.size());
      if (auto done = take_line(base::trimmed(text.substr(0, end))); !done) return done.error();
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (!columns_.whole() && !said_none_) {
      return Error{ErrorCode::malformed,
                   "has no line of titles with sa, dp, pr and ts, or srcAddr, dstPort, proto and "
                   "firstSeen (nfdump -o csv)"};
    }
    for (auto& [address, sender] : senders_) out_.senders.push_back(sender);
    return std::move(out_);
  }

 private:
  base::Status take_line(std::string_view line) {
    if (line.empty()) return {};
    if (line.size() > line_bytes_max) return note("the line is over 16 KiB");
    if (line.front() == '#') return take_remark(line.substr(1));
    if (line == "Summary") {  // of what stood above; what follows it are no flows
      in_summary_ = true;
      return {};
    }
    if (line.starts_with("No match")) {  // "No matching flows"
      said_none_ = true;
      return {};
    }
    split(line, ',', fields_);
    if (const Columns found = columns_of(fields_); found.whole()) {
      columns_ = found;
      in_summary_ = false;
      return {};
    }
    if (in_summary_) return {};
    if (!columns_.whole()) {
      return Error{ErrorCode::malformed,
                   fmt::format("line {}: want the titles of the columns before the first flow, as "
                               "nfdump -o csv writes them (without -q)",
                               number_)};
    }
    return take_flow();
  }

  base::Status take_remark(std::string_view remark) {
    Fields words;
    split(base::trimmed(remark), ' ', words);
    std::erase(words, "");
    if (words.empty() || words.front() != "covers") return {};
    if (words.size() != 4) return note("want '# covers NETWORK SINCE UNTIL'");
    const auto network = base::IpPrefix::parse(words[1]);
    if (!network) return note(wrong("no network:", words[1]));
    const auto since = base::parse_rfc3339(words[2]);
    const auto until = base::parse_rfc3339(words[3]);
    if (!since || !until) return note(wrong("no time:", since ? words[3] : words[2]));
    if (*until <= *since) return note(wrong("ends before it begins:", words[3]));
    if (out_.covers.size() == covers_max) {
      return Error{ErrorCode::too_large, fmt::format("has over {} lines of cover", covers_max)};
    }
    out_.covers.push_back({*network, *since, *until});
    return {};
  }

  base::Status take_flow() {
    const auto field = [&](const std::optional<std::size_t>& at) {
      return at && *at < fields_.size() ? fields_[*at] : std::string_view();
    };
    const std::string protocol = base::ascii_lower(field(columns_.protocol));
    const std::string_view port_text = field(columns_.port);
    // Flows of several protocols or ports put together say nothing about one of them.
    if (protocol.empty() || protocol == "0" || protocol == "any") {
      return note(wrong("no protocol (-A leaves it out):", protocol));
    }
    if (protocol != "tcp" && protocol != "6") return {};
    std::uint32_t port = 0;
    const auto read = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
    if (read.ec != std::errc() || read.ptr != port_text.data() + port_text.size() || port == 0 ||
        port > 65535) {
      return note(wrong("no port (-A leaves it out):", port_text));
    }
    if (port != mail_port) return {};
    const auto address = base::IpAddress::parse(field(columns_.source));
    if (!address) return note(wrong("no address:", field(columns_.source)));
    const auto first = time_of(field(columns_.first));
    if (!first) return note(wrong("no time:", field(columns_.first)));
    auto last = first;
    if (columns_.last) {
      last = time_of(field(columns_.last));
    } else if (columns_.duration) {
      const auto span = span_of(field(columns_.duration));
      last = span ? std::optional(*first + *span) : std::nullopt;
    }
    if (!last || *last < *first) return note(wrong("no end:", field(columns_.last)));
    return count(*address, *first, *last);
  }

  base::Status count(const base::IpAddress& address, TimePoint first, TimePoint last) {
    const auto [at, fresh] = senders_.try_emplace(address, FlowSender{address, 0, first, last});
    if (fresh && senders_.size() > senders_max) {
      return Error{
          ErrorCode::too_large,
          fmt::format("has over {} senders: let nfdump filter by our networks", senders_max)};
    }
    FlowSender& sender = at->second;
    ++sender.flows;
    sender.first = std::min(sender.first, first);
    sender.last = std::max(sender.last, last);
    return {};
  }

  base::Status note(std::string_view what) {
    ++out_.bad;
    if (out_.problems.size() < problems_kept) {
      out_.problems.push_back(fmt::format("line {}: {}", number_, what));
    }
    return {};
  }

  std::size_t number_ = 0;
  Columns columns_;
  Fields fields_;
  bool in_summary_ = false;
  bool said_none_ = false;
  std::map<base::IpAddress, FlowSender> senders_;
  FlowFile out_;
};

}  // namespace

base::Result<FlowFile> read_flow_file(std::string_view text) { return Reader().read(text); }

}  // namespace leumund::wire
