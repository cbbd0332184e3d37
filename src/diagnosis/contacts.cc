#include "diagnosis/contacts.h"

#include <algorithm>

namespace leumund::diagnosis {
namespace {

constexpr std::string_view list_prefix = "list:";
constexpr std::string_view provider_prefix = "provider:";
constexpr std::string_view unregistered_prefix = "mx:";

// German is what a postmaster of these countries reads at least as well as English.
bool reads_german(std::string_view country) {
  return country == "DE" || country == "AT" || country == "CH";
}

}  // namespace

model::Contact contact_of(const DnsList& list) {
  model::Contact out;
  out.party = std::string(list_prefix) + list.id;
  out.name = list.name.empty() ? list.zone : list.name;
  out.method = list.delist_method;
  out.form = list.delist_url;
  out.page = list.lookup_url;
  out.email = list.delist_email;
  out.language = "en";
  out.note = list.predatory ? "" : list.expiry_note;  // such a note speaks of prices
  out.predatory = list.predatory;
  out.sure = !list.low_confidence;
  out.ends_after_hours = list.expiry_hours;
  return out;
}

model::Contact contact_of(const Provider& provider) {
  model::Contact out;
  out.party = std::string(provider_prefix) + provider.id;
  out.name = provider.name;
  out.method = provider.delist_method;
  out.form = provider.delist_url;
  out.page = provider.postmaster_url;
  out.email = provider.delist_email;
  out.language = reads_german(provider.country) ? "de" : "en";
  if (!provider.domains.empty()) out.domain = provider.domains.front();
  out.note = provider.delist_note;
  out.sure = !provider.low_confidence;
  out.ends_after_hours = provider.block_hours;
  return out;
}

model::Contact shipped_contact(std::string_view party, const Registry& registry,
                               std::span<const DnsList> lists) {
  model::Contact unknown;
  unknown.party = party;
  unknown.language = "en";
  // What Microsoft says in SNDS is asked for where its mail service is.
  constexpr std::string_view snds = "list:microsoft-snds";
  if (party == snds) {
    model::Contact theirs = shipped_contact("provider:microsoft-consumer", registry, lists);
    theirs.party = party;
    return theirs;
  }
  if (party.starts_with(list_prefix)) {
    const std::string_view id = party.substr(list_prefix.size());
    const auto found = std::find_if(lists.begin(), lists.end(),
                                    [&](const DnsList& list) { return list.id == id; });
    if (found != lists.end()) return contact_of(*found);
    unknown.name = id;
    return unknown;
  }
  if (!party.starts_with(provider_prefix)) return unknown;
  const std::string_view id = party.substr(provider_prefix.size());
  const auto found = std::find_if(registry.providers.begin(), registry.providers.end(),
                                  [&](const Provider& one) { return one.id == id; });
  if (found != registry.providers.end()) return contact_of(*found);
  unknown.name = id;
  if (id.starts_with(unregistered_prefix)) {
    unknown.name = id.substr(unregistered_prefix.size());
    unknown.domain = unknown.name;
  }
  return unknown;
}

}  // namespace leumund::diagnosis
