#include "diagnosis/provider_group.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/ascii.h"

namespace leumund::diagnosis {
namespace {

constexpr std::size_t name_bytes_max = 253;

std::string small(std::string_view text) {
  std::string out = base::ascii_lower(text.substr(0, name_bytes_max));
  while (out.ends_with('.')) out.pop_back();
  return out;
}

bool is_host_name(std::string_view name) {
  const bool letters = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
  const bool named = std::any_of(name.begin(), name.end(), [](char c) { return c >= 'a'; });
  return letters && named && name.find('.') != std::string_view::npos;
}

// The domain that was registered, near enough to keep the hosts of one house together: three labels
// where the last two are as in "co.uk". A list of all public suffixes would change the names of
// cells with every update of it.
std::string_view house_of(std::string_view host) {
  constexpr std::array<std::string_view, 9> shared = {"ac", "co", "com", "edu", "gov",
                                                      "gv", "ne", "net", "or"};
  std::size_t at = host.rfind('.');
  if (at == std::string_view::npos || at == 0) return host;
  const bool country = host.size() - at == 3;
  std::size_t before = host.rfind('.', at - 1);
  if (before == std::string_view::npos) return host;
  const std::string_view second = host.substr(before + 1, at - before - 1);
  if (country && before > 0 && std::find(shared.begin(), shared.end(), second) != shared.end()) {
    before = host.rfind('.', before - 1);
    if (before == std::string_view::npos) return host;
  }
  return host.substr(before + 1);
}

std::string unregistered(std::string_view host) { return "mx:" + std::string(house_of(host)); }

}  // namespace

std::string domain_of(std::string_view recipient) {
  return small(recipient.substr(recipient.rfind('@') + 1));
}

std::string group_of_mx(const Reader& reader, std::string_view host) {
  const std::string name = small(host);
  if (!is_host_name(name)) return {};
  if (const auto index = reader.providers().of_mx(name)) {
    return reader.registry().providers[*index].id;
  }
  return unregistered(name);
}

std::string provider_group(const Reader& reader, const Destination& destination) {
  const std::string given = small(destination.provider);
  if (!given.empty()) return given;
  const std::string remote = small(destination.remote.substr(0, destination.remote.find('[')));
  const bool named = is_host_name(remote);
  if (named) {
    if (const auto index = reader.providers().of_mx(remote)) {
      return reader.registry().providers[*index].id;
    }
  }
  const std::string domain = domain_of(destination.recipient);
  if (const auto index = reader.providers().of_domain(domain)) {
    return reader.registry().providers[*index].id;
  }
  if (named) return unregistered(remote);
  return is_host_name(domain) ? unregistered(domain) : std::string();
}

}  // namespace leumund::diagnosis
