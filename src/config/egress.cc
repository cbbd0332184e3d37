#include "config/egress.h"

#include <algorithm>

#include "config/text_checks.h"

namespace leumund::config {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t name_bytes_max = 32;
constexpr std::size_t addresses_max = 2;
constexpr const char* wanted =
    "want a name and what is known of it, like \"out1 address=192.0.2.25 helo=mail.example.org\"";

bool is_egress_name(std::string_view text) {
  return !text.empty() && text.size() <= name_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

// What Postfix takes as syslog_name and a log tag can carry.
bool is_syslog_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '/' || c == '.';
  });
}

std::string set_field(Egress& egress, std::string_view key, std::string_view value) {
  if (key == "address") {
    const auto address = base::IpAddress::parse(value);
    if (!address) return "address is none";
    const bool again =
        std::any_of(egress.addresses.begin(), egress.addresses.end(),
                    [&](const auto& one) { return one.is_v4() == address->is_v4(); });
    if (again || egress.addresses.size() >= addresses_max) {
      return "one address of IPv4 and one of IPv6 is what an egress has";
    }
    egress.addresses.push_back(*address);
    return "";
  }
  if (key == "helo") {
    egress.helo = value;
    return check_domain(egress.helo);
  }
  if (key == "syslog_name") {
    egress.syslog_name = value;
    return is_syslog_name(value) ? "" : "syslog_name is letters, digits, -, _, . and /";
  }
  return "knows address, helo and syslog_name";
}

}  // namespace

base::Result<Egress> parse_egress(std::string_view text) {
  Egress egress;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    const std::size_t equals = word.find('=');
    if (egress.name.empty()) {
      if (!is_egress_name(word)) return Error{ErrorCode::malformed, wanted};
      egress.name = word;
    } else if (equals == std::string_view::npos) {
      return Error{ErrorCode::malformed, wanted};
    } else if (const std::string wrong =
                   set_field(egress, word.substr(0, equals), word.substr(equals + 1));
               !wrong.empty()) {
      return Error{ErrorCode::malformed, egress.name + ": " + wrong};
    }
  }
  if (egress.name.empty()) return Error{ErrorCode::malformed, wanted};
  if (egress.syslog_name.empty()) egress.syslog_name = "postfix/" + egress.name;
  return egress;
}

std::vector<OwnAddress> own_addresses(const std::vector<std::string>& egresses,
                                      const std::vector<std::string>& watched) {
  std::vector<OwnAddress> out;
  std::map<base::IpAddress, std::size_t> known;
  const auto add = [&](OwnAddress one) {
    const auto [at, added] = known.try_emplace(one.address, out.size());
    if (added) {
      out.push_back(std::move(one));
    } else {
      out[at->second].watched |= one.watched;
    }
  };
  for (const std::string& text : egresses) {
    const auto egress = parse_egress(text);
    if (!egress) continue;  // `config check` names it
    for (const auto& address : egress->addresses) add({address, egress->name, egress->helo});
  }
  for (const std::string& text : watched) {
    if (const auto address = base::IpAddress::parse(text)) add({*address, "", "", true});
  }
  return out;
}

std::map<std::string, std::string> egress_names(const std::vector<std::string>& egresses) {
  std::map<std::string, std::string> names;
  for (const std::string& text : egresses) {
    const auto egress = parse_egress(text);
    if (!egress) continue;  // `config check` names it
    names.emplace(egress->name, egress->name);
    names.emplace(egress->syslog_name, egress->name);
    // The log follower takes the instance's own part away.
    const std::size_t slash = egress->syslog_name.find('/');
    if (slash != std::string::npos) {
      names.emplace(egress->syslog_name.substr(slash + 1), egress->name);
    }
    for (const auto& address : egress->addresses) names.emplace(address.to_string(), egress->name);
  }
  return names;
}

}  // namespace leumund::config
