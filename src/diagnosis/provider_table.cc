#include "diagnosis/provider_table.h"

namespace leumund::diagnosis {

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
  return mx_.find(host);
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
