#include "diagnosis/provider_table.h"

#include <algorithm>

namespace leumund::diagnosis {
namespace {

// "ec2-198-51-100-7.compute-1.amazonaws.com", "c-198-51-100-7.hsd1.il.comcast.net": a customer's
// machine, which speaks for itself although the provider gave it a name.
bool holds_address(std::string_view host) {
  int numbers = 0;
  unsigned number = 0;
  bool digit_before = false;
  for (const char c : host) {
    if (c >= '0' && c <= '9') {
      number = digit_before ? std::min(number * 10 + static_cast<unsigned>(c - '0'), 999U)
                            : static_cast<unsigned>(c - '0');
      if (!digit_before) ++numbers;
      digit_before = true;
      if (number > 255) numbers = 0;
      if (numbers >= 4) return true;
      continue;
    }
    const bool between = digit_before && (c == '-' || c == '.');
    if (!between) numbers = 0;
    digit_before = false;
  }
  return false;
}

}  // namespace

void SuffixTable::add(std::string_view name, std::uint32_t value) {
  if (name.starts_with('.')) name.remove_prefix(1);
  if (!name.empty()) values_.emplace(std::string(name), value);
}

std::optional<std::uint32_t> SuffixTable::find(std::string_view host) const {
  while (!host.empty()) {
    if (const auto it = values_.find(host); it != values_.end()) return it->second;
    const std::size_t dot = host.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    host.remove_prefix(dot + 1);
  }
  return std::nullopt;
}

ProviderTable::ProviderTable(const std::vector<Provider>& providers) {
  for (std::uint32_t i = 0; i < providers.size(); ++i) {
    const Provider& provider = providers[i];
    ids_.emplace(provider.id, i);
    for (const std::string& suffix : provider.mx_suffixes) mx_.add(suffix, i);
    for (const std::string& domain : provider.domains) domains_.add(domain, i);
    for (const std::string& host : provider.hosts) named_.add(host, i);
  }
  for (std::uint32_t i = 0; i < providers.size(); ++i) {
    for (const std::string& suffix : providers[i].mx_suffixes) named_.add(suffix, i);
    for (const std::string& domain : providers[i].domains) named_.add(domain, i);
  }
}

std::optional<std::uint32_t> ProviderTable::of_mx(std::string_view host) const {
  return holds_address(host) ? std::nullopt : mx_.find(host);
}

std::optional<std::uint32_t> ProviderTable::of_domain(std::string_view domain) const {
  return domains_.find(domain);
}

std::optional<std::uint32_t> ProviderTable::of_named_host(std::string_view host) const {
  return named_.find(host);
}

std::optional<std::uint32_t> ProviderTable::of_id(std::string_view id) const {
  const auto it = ids_.find(std::string(id));
  if (it == ids_.end()) return std::nullopt;
  return it->second;
}

}  // namespace leumund::diagnosis
