// The second half of Reading: what was found goes into the Diagnosis.
#include <algorithm>
#include <array>

#include "diagnosis/reading.h"

#include "base/trimmed.h"
#include "diagnosis/list_shape.h"

namespace leumund::diagnosis {
namespace {

using base::trimmed;

std::string with_address(std::string_view url, std::string_view address) {
  std::string out(url);
  const std::size_t at = out.find("{ip}");
  if (at != std::string::npos && !address.empty()) out.replace(at, 4, address);
  return out.find('{') == std::string::npos ? out : std::string();
}

// The last two labels: near enough to tell whether two names are of one house.
std::string_view registered_domain(std::string_view host) {
  const std::size_t last = host.rfind('.');
  if (last == std::string_view::npos || last == 0) return host;
  const std::size_t before = host.rfind('.', last - 1);
  return before == std::string_view::npos ? host : host.substr(before + 1);
}

// "example" of "www.example.co.uk": what people call the house.
std::string_view house_name(std::string_view host) {
  std::string_view rest = host.substr(0, host.rfind('.'));
  if (rest.size() == host.size()) return {};
  std::string_view label = rest.substr(rest.rfind('.') + 1);
  const bool shared = host.size() - rest.size() == 3 && label.size() <= 3;  // co.uk, com.br, ne.jp
  if (shared && label.size() < rest.size()) {
    rest = rest.substr(0, rest.size() - label.size() - 1);
    label = rest.substr(rest.rfind('.') + 1);
  }
  return label;
}

// Top-level names that the public DNS does not have.
bool in_no_public_domain(std::string_view zone) {
  constexpr std::array<std::string_view, 12> tops = {
      "zap",    "local",   "lan",  "internal", "localdomain", "localhost",
      "intern", "private", "home", "corp",     "intranet",    "rbl"};
  const std::string_view top = zone.substr(zone.rfind('.') + 1);
  return std::find(tops.begin(), tops.end(), top) != tops.end();
}

}  // namespace

// "dsn=5.4.4" of a log line without a code.
std::string Reading::logged_status() const {
  constexpr std::string_view key = " dsn=";
  const std::size_t at = plain_.substr(0, announced_).find(key);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = plain_.substr(at + key.size());
  const std::string_view status = rest.substr(0, rest.find_first_not_of("0123456789."));
  const bool fits = status.size() >= 5 && (status[0] == '4' || status[0] == '5');
  return std::string(fits ? status : std::string_view());
}

void Reading::fill_codes(Diagnosis& out) const {
  // The answer our mail got: the first, unless that is only the reporter's envelope around it.
  const Hop* hop = &hops_[0];
  for (std::size_t i = 0; i < hop_count_; ++i) {
    hop = &hops_[i];
    if (!hops_[i].wrapper && (hops_[i].code != 0 || !hops_[i].status.empty())) break;
  }
  out.code = hop->code;
  out.status = std::string(hop->status);
  if (out.code == 0 && out.status.empty()) out.status = logged_status();
  out.permanent = out.code != 0 ? out.code >= 500 : out.status.starts_with('5');
  if (provider_) out.provider = reader_.registry_.providers[*provider_].id;
  out.remote = std::string(remote_.substr(0, remote_.find('[')));
  if (ours_ == nullptr) return;
  out.listed_address = ours_->address.to_string();
  if (ours_->kind == EntityKind::network) {
    const std::string_view text = view_.text_of(*ours_);
    out.listed_address += text.substr(std::min(text.find('/'), text.size()));
  }
}

void Reading::fill_lists(Diagnosis& out) {
  const auto& lists = reader_.registry_.lists;
  if (choice_.reply != nullptr && !choice_.reply->list.empty()) {
    std::string_view rest = choice_.reply->list;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const auto it = reader_.list_ids_.find(std::string(rest.substr(0, comma)));
      if (it != reader_.list_ids_.end()) note_list(it->second, choice_.hop, true);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  // Who could not ask a list says nothing about our being on it; the zone tells which it was.
  const bool about_lists = out.kind != Kind::unknown_user && out.kind != Kind::mailbox_full &&
                           out.kind != Kind::greylist && out.detail != "dnsbl-error";
  const bool about_address = out.about_our_address() || out.kind == Kind::domain_reputation;
  const bool says_listed =
      reader_.listed_bit_ && hops_[choice_.hop].concepts.test(*reader_.listed_bit_);
  const bool own_list = out.kind == Kind::ip_blocklist_private && provider_ &&
                        !reader_.registry_.providers[*provider_].private_list.empty();
  for (std::size_t i = 0; about_lists && i < list_count_; ++i) {
    const BlockList& list = lists[lists_[i]];
    // A filter's maker may be named where no list is: "identified as spam by Cloudmark".
    if (!list_by_address_[i] && !list.lists_domains && !about_address && !says_listed) continue;
    if (list_hops_[i] != choice_.hop && list_hops_[i] + 1U != hop_count_) continue;
    const bool beaten =
        std::any_of(lists_.begin(), lists_.begin() + list_count_, [&](std::uint32_t k) {
          const bool part =
              lists[k].part_of == list.id && list.part_of != lists[k].id && !lists[k].dead;
          return part ||
                 (lists[k].family == list.family && lists[k].exactness() > list.exactness());
        });
    if (beaten) continue;
    out.lists.push_back({.id = list.id,
                         .delist_url = with_address(list.delist_url, out.listed_address),
                         .delist_method = list.delist_method,
                         .dead = list.dead});
  }
  if (own_list && out.lists.empty()) name_providers_list(out);
  if (out.kind == Kind::ip_blocklist_private && out.detail == "customer-list" &&
      out.lists.empty()) {
    out.lists.push_back({.id = "recipient-domain"});
  }
  const bool all_dead =
      !out.lists.empty() && std::all_of(out.lists.begin(), out.lists.end(),
                                        [](const NamedList& list) { return list.dead; });
  if (all_dead && out.kind == Kind::ip_blocklist_public) {
    out.fault = Fault::receiver;
    out.advice = "ask-recipient";
  }
}

void Reading::fill_zone(Diagnosis& out) const {
  const auto spell = [&](const Entity& entity) {
    std::string name(view_.raw(entity.begin, entity.end));
    if (entity.reversed) {  // the name that was looked up: the zone begins behind the address
      std::size_t at = 0;
      for (int i = 0; i < 4; ++i) at = name.find('.', at) + 1;
      name.erase(0, at);
    }
    return name;
  };
  for (const Entity& entity : view_.entities()) {
    if (entity.kind != EntityKind::host || entity.begin < announced_) continue;
    if (entity.list != 0) {
      out.zone = spell(entity);
      continue;
    }
    if (!out.zone.empty()) continue;
    // A list nobody knows, which the text calls by its zone: "blocked using mail.example.org".
    const std::string_view before = plain_.substr(0, entity.begin);
    if (&entity == unknown_list_ || before.ends_with("using ") || leads_to_list(before)) {
      out.zone = spell(entity);
    }
  }
  take_zone_as_own(out);
  const bool block =
      out.kind == Kind::ip_blocklist_public || out.kind == Kind::ip_blocklist_private;
  if (out.zone.empty()) take_unnamed_as_own(out);
  if (out.lists.empty()) name_unknown_list(block, out);
  name_receivers_list(out);
  // Of a list that could not be asked the zone is all there is to tell.
  if (!block && out.lists.empty() && out.detail != "dnsbl-error") out.zone.clear();
}

void Reading::name_unknown_list(bool block, Diagnosis& out) const {
  if (!out.zone.empty() && block) {
    out.lists.push_back({.id = out.zone});
    for (const Entity& entity : view_.entities()) {  // "listed in a.example and b.example"
      const bool zone = entity.kind == EntityKind::host && unknown_list_ != nullptr &&
                        list_shape(view_.host_of(entity)) != ListShape::none;
      if (!zone || entity.list != 0 || entity.reversed || entity.begin < announced_) continue;
      if (out.lists.size() == max_named_lists) break;
      NamedList more{.id = std::string(view_.raw(entity.begin, entity.end))};
      if (std::find(out.lists.begin(), out.lists.end(), more) == out.lists.end()) {
        out.lists.push_back(std::move(more));
      }
    }
    return;
  }
  const bool page = unknown_list_ != nullptr && unknown_list_->kind == EntityKind::url;
  const bool about = block || out.kind == Kind::domain_reputation;
  if (!page || !about || !out.zone.empty()) return;
  std::string_view host = view_.host_of(*unknown_list_);
  if (host.starts_with("www.")) host.remove_prefix(4);
  out.lists.push_back({.id = std::string(host)});
}

// A receiver whom nobody registered refuses us by a list of his own and tells his page.
void Reading::name_receivers_list(Diagnosis& out) const {
  const bool own = out.kind == Kind::ip_blocklist_private && out.detail == "listed";
  if (!own || provider_ || !out.lists.empty() || !out.zone.empty()) return;
  for (const Entity& entity : view_.entities()) {
    if (entity.kind != EntityKind::url || entity.list != 0 || entity.begin < announced_) continue;
    const std::string_view name = house_name(view_.host_of(entity));
    if (!name.empty()) {
      out.lists.push_back({.id = std::string(name)});
      return;
    }
  }
}

void Reading::name_providers_list(Diagnosis& out) const {
  const Provider& provider = reader_.registry_.providers[*provider_];
  out.lists.push_back({.id = provider.private_list,
                       .delist_url = provider.delist_url,
                       .delist_method = provider.delist_method});
}

// "IP is black listed" with nothing but the provider's own page beside it speaks of his own list;
// "found on a DNSBL" speaks of somebody else's.
void Reading::take_unnamed_as_own(Diagnosis& out) const {
  if (out.kind != Kind::ip_blocklist_public || !out.lists.empty() || !provider_) return;
  if (reader_.registry_.providers[*provider_].private_list.empty()) return;
  const ConceptSet& has = hops_[choice_.hop].concepts;
  if (reader_.dns_list_bit_ && has.test(*reader_.dns_list_bit_)) return;
  out.kind = Kind::ip_blocklist_private;
  out.detail = "listed";
  out.advice = "delist-request";
  name_providers_list(out);
}

// A zone under the receiver's own domain is a list of his own, whatever its name sounds like; so is
// one that only his own resolver can know.
void Reading::take_zone_as_own(Diagnosis& out) const {
  if (out.zone.empty() || !out.lists.empty() || out.kind != Kind::ip_blocklist_public) return;
  const auto owner = reader_.provider_table_->of_named_host(out.zone);
  const bool of_provider = owner && !reader_.registry_.providers[*owner].private_list.empty();
  const bool of_remote = registered_domain(out.zone) == registered_domain(out.remote);
  const bool unpublished = in_no_public_domain(out.zone);
  if (!of_provider && !of_remote && !unpublished) return;
  out.kind = Kind::ip_blocklist_private;
  out.advice = "delist-request";
  if (of_provider) {
    out.lists.push_back({.id = reader_.registry_.providers[*owner].private_list});
  } else if (unpublished && provider_ &&
             !reader_.registry_.providers[*provider_].private_list.empty()) {
    name_providers_list(out);
  } else {
    out.lists.push_back({.id = "recipient-own-rbl"});
  }
}

void Reading::fill_lookup(Diagnosis& out) const {
  const Entity* page = nullptr;
  int best = 0;
  for (const Entity& entity : view_.entities()) {
    if (entity.kind != EntityKind::url || entity.begin < announced_) continue;
    if (view_.text_of(entity).find("/returnc/") != std::string_view::npos) continue;
    const int points = 1 + (entity.list != 0 ? 2 : 0) + (entity.has_address ? 4 : 0) +
                       static_cast<int>(hop_at(entity.begin)) * 8;
    if (points <= best) continue;
    best = points;
    page = &entity;
  }
  if (page != nullptr) {
    out.lookup_url = std::string(view_.raw(page->begin, page->end));
    return;
  }
  for (const NamedList& named : out.lists) {
    const auto it = reader_.list_ids_.find(named.id);
    if (it == reader_.list_ids_.end() || !out.lookup_url.empty()) continue;
    out.lookup_url =
        with_address(reader_.registry_.lists[it->second].lookup_url, out.listed_address);
  }
}

void Reading::fill_hops(Diagnosis& out) const {
  if (hop_count_ < 2) return;
  for (std::size_t i = 0; i < hop_count_; ++i) {
    const auto hop = trimmed(view_.raw(hops_[i].begin, hops_[i].end));
    if (!hop.empty()) out.hops.emplace_back(hop);
  }
}

std::string Reading::words_of(const Match& match) const {
  const auto [begin, end] = reader_.words_->locate(match, view_.masked());
  if (end == begin) return {};
  const std::size_t from = view_.plain_offset(begin);
  return std::string(trimmed(view_.raw(from, view_.plain_offset(end))));
}

void Reading::fill_evidence(Diagnosis& out) const {
  if (choice_.meaning == nullptr) return;
  if (choice_.reply != nullptr) {
    for (const Match& match : session_.code_matches_) {
      const PatternUse& use = reader_.code_uses_[match.pattern];
      if (use.role != PatternUse::Role::provider_reply ||
          &reader_.registry_.providers[use.owner].replies[use.item] != choice_.reply) {
        continue;
      }
      const auto [begin, end] = reader_.codes_->locate(match, plain_);
      if (end > begin) out.evidence = std::string(trimmed(view_.raw(begin, end)));
      return;
    }
  }
  if (choice_.compiled != nullptr) {
    for (const std::uint32_t bit : choice_.compiled->need_order) add_evidence(bit, out);
  }
  // Where a fact decided (a list is named, our address is), the words beside it are told.
  for (const std::uint32_t bit : reader_.told_bits_) {
    if (out.evidence.empty()) add_evidence(bit, out);
  }
}

void Reading::add_evidence(std::uint32_t concept_bit, Diagnosis& out) const {
  if (!hops_[choice_.hop].concepts.test(concept_bit)) return;
  for (const Match& match : session_.word_matches_) {
    const PatternUse& use = reader_.word_uses_[match.pattern];
    if (use.role != PatternUse::Role::concept_words || use.owner != concept_bit) continue;
    const std::size_t at = view_.plain_offset(match.end - 1);
    if (at < announced_ || hop_at(at) != choice_.hop) continue;
    const std::string words = words_of(match);
    if (words.empty() || out.evidence.find(words) != std::string::npos) return;
    if (!out.evidence.empty()) out.evidence += " ... ";
    out.evidence += words;
    return;
  }
}

bool Reading::any_hop_has(std::uint32_t bit) const {
  return std::any_of(hops_.begin(), hops_.begin() + hop_count_,
                     [bit](const Hop& hop) { return hop.concepts.test(bit); });
}

void Reading::fill_pool(Diagnosis& out) const {
  if (!reader_.pool_bit_ || !any_hop_has(*reader_.pool_bit_)) return;
  for (const Match& match : session_.word_matches_) {
    const PatternUse& use = reader_.word_uses_[match.pattern];
    if (use.role != PatternUse::Role::concept_words || use.owner != *reader_.pool_bit_) continue;
    const std::string words = words_of(match);
    if (words.size() < out.pool.size()) continue;  // of several the longest
    out.pool = words;
  }
  if (!out.pool.empty()) {
    if (out.pool.starts_with("from ")) out.pool.erase(0, 5);
    // In a pool the mail of others leaves by the same addresses.
    if (out.fault == Fault::ours && out.about_our_address()) out.fault = Fault::neighbour;
  }
}

}  // namespace leumund::diagnosis
