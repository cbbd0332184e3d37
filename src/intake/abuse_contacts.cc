#include "intake/abuse_contacts.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/trimmed.h"

namespace leumund::intake {
namespace {

using base::trimmed;

constexpr std::string_view blanks = " \t\r";

// Takes the next word off the front.
std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  const std::size_t end = std::min(line.find_first_of(blanks), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

base::Error at_line(std::size_t number, std::string_view what) {
  return {base::ErrorCode::malformed, fmt::format("line {}: {}", number, what)};
}

}  // namespace

base::Result<AbuseContacts> AbuseContacts::read(std::string_view text) {
  AbuseContacts out;
  std::size_t number = 0;
  std::size_t networks = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() > line_bytes)
      return at_line(number, fmt::format("it is longer than {} bytes", line_bytes));
    line = line.substr(0, line.find('#'));
    const std::string_view network = next_word(line);
    if (network.empty()) continue;
    const auto prefix = base::IpPrefix::parse(network);
    if (!prefix) return at_line(number, fmt::format("\"{}\" is no network", network));
    const std::string_view contact = next_word(line);
    if (contact.empty()) return at_line(number, "no contact stands behind the network");
    if (++networks > networks_most)
      return at_line(number, fmt::format("there are more than {} networks", networks_most));
    auto& sizes = prefix->address.is_v4() ? out.v4_ : out.v6_;
    sizes[prefix->bits][prefix->address.masked(prefix->bits, prefix->bits)] = {
        *prefix, std::string(contact), std::string(trimmed(line))};
  }
  return out;
}

const AbuseContact* AbuseContacts::find(const base::IpAddress& address) const {
  for (const auto& [bits, networks] : address.is_v4() ? v4_ : v6_) {
    const auto found = networks.find(address.masked(bits, bits));
    if (found != networks.end()) return &found->second;
  }
  return nullptr;
}

std::size_t AbuseContacts::size() const {
  std::size_t sum = 0;
  for (const auto* sizes : {&v4_, &v6_}) {
    for (const auto& [bits, networks] : *sizes) sum += networks.size();
  }
  return sum;
}

}  // namespace leumund::intake
