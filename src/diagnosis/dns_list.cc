#include "diagnosis/dns_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace leumund::diagnosis {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t text_bytes_max = 4096;
constexpr std::size_t zone_bytes_max = 190;  // an IPv6 address in nibbles must fit before it

Error malformed(std::string_view text, std::string_view what) {
  return {ErrorCode::malformed, fmt::format("list '{}': {}", text.substr(0, 200), what)};
}

bool is_zone(std::string_view text) {
  if (text.empty() || text.size() > zone_bytes_max || text.front() == '.') return false;
  std::size_t label = 0;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (c == '.' ? label == 0 : !plain) return false;
    label = c == '.' ? 0 : label + 1;
    if (label > 63) return false;
  }
  return label > 0 && text.contains('.');
}

// A number of 0 to 255 at the front of `text`, which loses it.
std::optional<unsigned> take_octet(std::string_view& text) {
  unsigned value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || value > 255) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return value;
}

// "2", "[2;4..7]".
bool take_octet_set(std::string_view& text, std::bitset<256>& out) {
  if (!text.starts_with('[')) {
    const auto value = take_octet(text);
    if (value) out.set(*value);
    return value.has_value();
  }
  text.remove_prefix(1);
  while (true) {
    const auto low = take_octet(text);
    auto high = low;
    if (low && text.starts_with("..")) {
      text.remove_prefix(2);
      high = take_octet(text);
    }
    if (!low || !high || *low > *high) return false;
    for (unsigned value = *low; value <= *high; ++value) out.set(value);
    if (text.starts_with(']')) return text.remove_prefix(1), true;
    if (!text.starts_with(';')) return false;
    text.remove_prefix(1);
  }
}

std::optional<ListCode> parse_postscreen_filter(std::string_view text) {
  ListCode code;
  for (std::size_t i = 0; i < code.octets.size(); ++i) {
    if (i > 0) {
      if (!text.starts_with('.')) return std::nullopt;
      text.remove_prefix(1);
    }
    if (!take_octet_set(text, code.octets[i])) return std::nullopt;
  }
  return text.empty() ? std::optional(code) : std::nullopt;
}

}  // namespace

std::string_view entry_scope_name(EntryScope scope) {
  switch (scope) {
    case EntryScope::address: return "address";
    case EntryScope::range: return "range";
    case EntryScope::asn: return "asn";
    case EntryScope::domain: return "domain";
  }
  return "address";
}

std::string_view mender_name(Mender mender) {
  switch (mender) {
    case Mender::us: return "us";
    case Mender::network_operator: return "network_operator";
    case Mender::time: return "time";
    case Mender::unknown: return "unknown";
  }
  return "unknown";
}

bool ListCode::matches(const base::IpAddress& answer) const {
  if (!answer.is_v4()) return false;
  const std::uint32_t bits = answer.v4_bits();
  if (bit != 0) return (bits & bit) != 0;
  if (bits < low || bits > high) return false;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (!octets[i][(bits >> (24 - 8 * i)) & 0xff]) return false;
  }
  return true;
}

double ListCode::width() const {
  if (bit != 0) return 1U << 23;  // half of what begins with 127.: any other row is narrower
  double most = 1;
  for (const auto& octet : octets) most *= static_cast<double>(octet.count());
  return std::min(most, static_cast<double>(high) - static_cast<double>(low) + 1);
}

Mender DnsList::mender() const {
  if (delist_method == "operator-only") return Mender::network_operator;
  if (scope == EntryScope::asn) return Mender::network_operator;
  if (delist_method == "auto-expiry" || delist_method == "none") return Mender::time;
  if (delist_method.empty() || delist_method == "unknown") return Mender::unknown;
  return Mender::us;
}

base::Result<DnsList> parse_postscreen_list(std::string_view text) {
  constexpr std::string_view untestable = "no-test-point:";
  const std::string_view whole = text;
  if (text.size() > text_bytes_max) return malformed(text, "is over 4 KiB long");
  const bool tested = !text.starts_with(untestable);
  if (!tested) text.remove_prefix(untestable.size());
  DnsList list;
  list.weight = 1;
  const std::size_t star = text.rfind('*');
  if (star != std::string_view::npos) {
    const std::string_view weight = text.substr(star + 1);
    int value = 0;
    const auto read = std::from_chars(weight.data(), weight.data() + weight.size(), value);
    if (weight.empty() || read.ec != std::errc() || read.ptr != weight.data() + weight.size()) {
      return malformed(whole, "what follows * is no whole number");
    }
    list.weight = value;
    text = text.substr(0, star);
  }
  const std::size_t equals = text.find('=');
  list.zone = text.substr(0, equals);
  std::transform(list.zone.begin(), list.zone.end(), list.zone.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (!is_zone(list.zone)) return malformed(whole, "wants a zone, like bl.example.org");
  if (equals == std::string_view::npos) {
    list.any_code = true;
  } else {
    auto code = parse_postscreen_filter(text.substr(equals + 1));
    if (!code) return malformed(whole, "wants codes like 127.0.0.[2..11] after =");
    list.codes.push_back(std::move(*code));
  }
  list.id = list.name = list.zone;
  list.of_v4 = list.of_v6 = list.of_domains = true;
  // RFC 5782: every list of IPv4 addresses lists the one and not the other, every list of domains
  // the third; which of them a zone is, nobody told us.
  if (tested) {
    list.test_listed = "127.0.0.2";
    list.test_else = "test";
  }
  list.test_clean = "127.0.0.1";
  list.delist_method = "unknown";
  return list;
}

namespace {

bool same_family(const DnsList& list, std::string_view word) {
  return list.id == word ||
         (list.id.starts_with(word) && list.id.size() > word.size() && list.id[word.size()] == '-');
}

// The list with its key in the zone; nothing when it wants one that is not there.
std::optional<DnsList> with_key(DnsList list, const std::map<std::string, std::string>& keys) {
  constexpr std::string_view place = "{key}";
  const std::size_t at = list.zone.find(place);
  if (at == std::string::npos) return list;
  for (const auto& [word, key] : keys) {
    if (!same_family(list, word)) continue;
    list.zone.replace(at, place.size(), key);
    return list;
  }
  return std::nullopt;
}

void add_once(std::vector<DnsList>& lists, DnsList list) {
  const bool there = std::any_of(lists.begin(), lists.end(),
                                 [&](const DnsList& one) { return one.id == list.id; });
  if (!there) lists.push_back(std::move(list));
}

}  // namespace

ChosenLists choose_lists(std::span<const std::string> words, std::span<const DnsList> known,
                         const std::map<std::string, std::string>& keys) {
  ChosenLists out;
  for (std::string_view word : words) {
    const bool away = word.starts_with('-');
    if (away) {
      word.remove_prefix(1);
      std::erase_if(out.lists, [&](const DnsList& list) { return same_family(list, word); });
      continue;
    }
    bool found = false;
    for (const DnsList& list : known) {
      const bool all = word == "all" || word == "default";
      if (word == "default" ? !list.by_default : !all && !same_family(list, word)) continue;
      found = true;
      auto keyed = with_key(list, keys);
      if (keyed) {
        add_once(out.lists, std::move(*keyed));
      } else if (list.id == word) {
        out.problems.push_back(
            fmt::format("list {} wants a key of yours in watch.keys_file", list.id));
      }
    }
    if (found) continue;
    auto own = parse_postscreen_list(word);
    if (own) {
      add_once(out.lists, std::move(*own));
    } else {
      out.problems.push_back(
          fmt::format("list '{}' is neither in the registry nor a zone", word.substr(0, 200)));
    }
  }
  return out;
}

}  // namespace leumund::diagnosis
