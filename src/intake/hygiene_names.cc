// What receivers read into a host name: whether it was given by hand or made from the address.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/ascii.h"
#include "intake/hygiene_check.h"

namespace leumund::intake {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "dyn-84-1.pool" -> "dyn", "pool": letters between anything else.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    if (c >= 'a' && c <= 'z') {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  return words;
}

// All runs of digits, "192-0-2-25" -> 192, 0, 2, 25; what is no octet is 1000.
std::vector<unsigned> numbers_of(std::string_view name) {
  std::vector<unsigned> out;
  for (std::size_t i = 0; i < name.size();) {
    if (!is_digit(name[i])) {
      ++i;
      continue;
    }
    unsigned value = 0;
    for (; i < name.size() && is_digit(name[i]); ++i) {
      value = std::min(1000U, value * 10 + static_cast<unsigned>(name[i] - '0'));
    }
    out.push_back(value);
  }
  return out;
}

// Three or four octets one after the other, forwards or backwards: 192-0-2-25, 25.2.0.192.
bool holds_octets(std::string_view name, const base::IpAddress& address) {
  const auto& bytes = address.bytes();
  const std::array<unsigned, 4> octets = {bytes[12], bytes[13], bytes[14], bytes[15]};
  const auto numbers = numbers_of(name);
  const auto holds = [&](auto begin, auto end) {
    return std::search(numbers.begin(), numbers.end(), begin, end) != numbers.end();
  };
  if (holds(octets.begin(), octets.begin() + 3) || holds(octets.begin() + 1, octets.end()) ||
      holds(octets.rbegin(), octets.rbegin() + 3) || holds(octets.rbegin() + 1, octets.rend())) {
    return true;
  }
  // "192000002025" and "c0000219".
  return name.contains(
             fmt::format("{:03}{:03}{:03}{:03}", octets[0], octets[1], octets[2], octets[3])) ||
         name.contains(
             fmt::format("{:02x}{:02x}{:02x}{:02x}", octets[0], octets[1], octets[2], octets[3]));
}

// The last four groups of an IPv6 address in full, with or without something between.
bool holds_groups(std::string_view name, const base::IpAddress& address) {
  std::string plain;
  std::string bare;
  for (const char c : name) {
    if (c != '-' && c != '.' && c != ':') bare += c;
  }
  for (std::size_t i = 8; i < 16; ++i) plain += fmt::format("{:02x}", address.bytes()[i]);
  return bare.contains(plain);
}

}  // namespace

std::string generic_part(std::string_view name, const base::IpAddress& address) {
  const std::string small = base::ascii_lower(name);
  // The registered domain is somebody's name and may be "dialup-museum.example".
  std::size_t cut = small.rfind('.');
  if (cut != std::string::npos) cut = cut == 0 ? std::string::npos : small.rfind('.', cut - 1);
  const std::string_view hosts =
      cut == std::string::npos ? std::string_view() : std::string_view(small).substr(0, cut);
  if (address.is_v4() ? holds_octets(hosts, address) : holds_groups(hosts, address)) {
    return "the address itself";
  }
  static constexpr std::array<std::string_view, 22> generic = {
      "dyn",   "dynamic", "dynip",    "dynamicip", "dhcp",      "dsl",       "adsl", "vdsl",
      "xdsl",  "ppp",     "pppoe",    "dialup",    "dial",      "dialin",    "pool", "pools",
      "cable", "client",  "customer", "cust",      "broadband", "unassigned"};
  for (const std::string& word : words_of(hosts)) {
    if (std::find(generic.begin(), generic.end(), word) != generic.end()) {
      return fmt::format("\"{}\"", word);
    }
  }
  return {};
}

}  // namespace leumund::intake
