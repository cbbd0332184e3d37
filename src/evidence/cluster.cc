#include "evidence/cluster.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>

#include "base/hash.h"
#include "evidence/sliding_window.h"

namespace leumund::evidence {

PackedSketch::PackedSketch(const model::Fingerprint& print) : any(print.has_sketch()) {
  if (!any) return;
  for (std::size_t i = 0; i < print.sketch.size(); ++i) {
    rows[i / 16] |= static_cast<std::uint64_t>(print.sketch[i] & 0xFU) << (i % 16 * 4);
  }
}

double PackedSketch::similarity(const PackedSketch& other) const {
  if (!any || !other.any) return 0;
  int same = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::uint64_t differ = rows[i] ^ other.rows[i];
    differ |= differ >> 1;
    differ |= differ >> 2;
    same += 16 - std::popcount(differ & 0x1111111111111111ULL);
  }
  // One row in sixteen agrees by chance.
  constexpr double by_chance = 1.0 / 16;
  return std::max(0.0, (same / 64.0 - by_chance) / (1 - by_chance));
}

const ClusterMember* Cluster::member(std::uint64_t account) const {
  const auto at = std::find_if(members.begin(), members.end(),
                               [account](const ClusterMember& m) { return m.account == account; });
  return at == members.end() ? nullptr : &*at;
}

double Cluster::similarity(const PackedSketch& sketch) const {
  double most = 0;
  for (const PackedSketch& one : sketches) most = std::max(most, one.similarity(sketch));
  return most;
}

std::size_t Cluster::tenants() const {
  std::vector<std::uint32_t> all;
  for (const ClusterMember& m : members) all.push_back(m.tenant);
  std::sort(all.begin(), all.end());
  return static_cast<std::size_t>(std::unique(all.begin(), all.end()) - all.begin());
}

std::size_t Cluster::bytes() const {
  std::size_t text = 0;
  for (const std::string& t : texts) text += t.capacity();
  return sizeof(Cluster) + members.capacity() * sizeof(ClusterMember) + accounts.bytes() +
         sketches.capacity() * sizeof(PackedSketch) + bands.capacity() * sizeof(std::uint64_t) +
         facets.capacity() * sizeof(SharedFacet) + recipients.capacity() * sizeof(std::uint32_t) +
         (message_numbers.capacity() + known_members.capacity() + restricted_by_it.capacity()) *
             sizeof(std::uint64_t) +
         text;
}

std::string Cluster::name_of(std::uint64_t id) { return fmt::format("{:012x}", id); }

void Cluster::add_facets(const model::Fingerprint& print) {
  for (std::size_t i = 0; i < print.facet_count; ++i) {
    const auto known = std::find_if(facets.begin(), facets.end(), [&](const SharedFacet& f) {
      return f.hash == print.facet_hashes[i] && f.kind == print.facet_kinds[i];
    });
    if (known != facets.end()) {
      ++known->messages;
    } else if (facets.size() < facets_max) {
      facets.push_back({print.facet_kinds[i], print.facet_hashes[i], 1});
    } else {
      // The rarest one makes room; what all share stays.
      const auto least = std::min_element(
          facets.begin(), facets.end(),
          [](const SharedFacet& a, const SharedFacet& b) { return a.messages < b.messages; });
      if (least->messages <= 1) *least = {print.facet_kinds[i], print.facet_hashes[i], 1};
    }
  }
}

bool Cluster::add_sketch(const PackedSketch& sketch) {
  const std::size_t most = state == ClusterState::open ? sketches_max_open : sketches_max;
  if (!sketch.any || sketches.size() >= most) return false;
  // A copy of one that is there finds nothing new.
  constexpr double same = 0.8;
  if (similarity(sketch) >= same) return false;
  sketches.push_back(sketch);
  return true;
}

void Cluster::add_recipients(std::span<const std::uint32_t> hashes) {
  for (const std::uint32_t hash : hashes) {
    ++recipients_all;
    if (std::find(recipients.begin(), recipients.end(), hash) != recipients.end()) {
      ++recipients_again;
    } else if (recipients.size() < recipients_max) {
      recipients.push_back(hash);
    }
  }
}

void Cluster::add_message(std::uint64_t number) {
  ++messages;
  const std::size_t most = state == ClusterState::open ? messages_kept_open : messages_kept;
  // Dropping the oldest half now and then is cheaper than a ring and keeps the order.
  if (message_numbers.size() >= most) {
    message_numbers.erase(message_numbers.begin(),
                          message_numbers.begin() + static_cast<std::ptrdiff_t>(most / 2));
  }
  message_numbers.push_back(number);
}

void Cluster::absorb(const Cluster& other) {
  first_at = std::min(first_at, other.first_at);
  last_at = std::max(last_at, other.last_at);
  for (const PackedSketch& sketch : other.sketches) add_sketch(sketch);
  for (const SharedFacet& facet : other.facets) {
    const auto known = std::find_if(facets.begin(), facets.end(), [&](const SharedFacet& f) {
      return f.hash == facet.hash && f.kind == facet.kind;
    });
    if (known != facets.end()) {
      known->messages += facet.messages;
    } else if (facets.size() < facets_max) {
      facets.push_back(facet);
    }
  }
  add_recipients(other.recipients);
  recipients_all += other.recipients_all - static_cast<std::uint32_t>(other.recipients.size());
  recipients_again += other.recipients_again;
  for (const std::uint64_t number : other.message_numbers) add_message(number);
  messages += other.messages - static_cast<std::uint32_t>(other.message_numbers.size());
  core += other.core;
  replies += other.replies;
  automatic += other.automatic;
  lists += other.lists;
  scripts += other.scripts;
  from_outside += other.from_outside;
  day_accounts += other.day_accounts;
}

void Cluster::see_day(base::TimePoint at) {
  const std::int64_t day = bucket_number(at, 86400);
  if (day <= newest_day && days > 0) return;
  newest_day = day;
  ++days;
  usual_accounts = std::max(usual_accounts, day_accounts);
  day_accounts = 0;
}

double facet_weight_max(model::FacetKind kind) {
  using model::FacetKind;
  switch (kind) {
    case FacetKind::attachment: return 9;
    case FacetKind::brief_text: return 8;
    case FacetKind::url_template:
    case FacetKind::redirector:
    case FacetKind::contact: return 7;
    case FacetKind::archive_member: return 6;
    case FacetKind::url_domain:
    case FacetKind::subject: return 4;
    default: return 0;
  }
}

std::uint64_t facet_key(model::FacetKind kind, std::uint64_t hash) {
  return base::combine_hashes(hash, 0xface0000U + static_cast<std::uint64_t>(kind));
}

}  // namespace leumund::evidence
