// How much two mails have in common, in natural-log units.
#include <algorithm>
#include <cmath>

#include "evidence/cluster_store.h"

namespace leumund::evidence {
namespace {

using model::FacetKind;
using model::Fingerprint;

// What so much of common text is worth; similar texts by chance have a tenth of their shingles in
// common at most.
double text_weight(double similarity) {
  constexpr double from = 0.12;
  constexpr double sure = 0.47;
  constexpr double least = 2;
  constexpr double most = 10;
  if (similarity < from) return 0;
  return std::min(most, least + (similarity - from) / (sure - from) * (most - least));
}

// Facets of one family speak of the same fact: only the most telling counts.
enum Family : std::uint8_t { link, contact, file, words, subject, families };

int family_of(FacetKind kind) {
  switch (kind) {
    case FacetKind::url_domain:
    case FacetKind::url_template:
    case FacetKind::redirector: return link;
    case FacetKind::contact: return contact;
    case FacetKind::attachment:
    case FacetKind::archive_member: return file;
    case FacetKind::brief_text: return words;
    case FacetKind::subject: return subject;
    default: return families;
  }
}

}  // namespace

// Answers share the subject of what they answer, whoever writes them.
bool binds(const Fingerprint& print, std::size_t i) {
  const FacetKind kind = print.facet_kinds[i];
  if (facet_weight_max(kind) <= 0) return false;
  return kind != FacetKind::subject ||
         !(print.has(model::MailSign::reply) || print.has(model::MailSign::forwarded_by_hand));
}

std::uint32_t facet_part(std::uint64_t key) { return static_cast<std::uint32_t>(key >> 16); }

double ClusterStore::facet_affinity(const Fingerprint& print,
                                    const std::function<bool(std::size_t)>& shares) const {
  std::array<double, families> best{};
  for (std::size_t i = 0; i < print.facet_count; ++i) {
    const int family = family_of(print.facet_kinds[i]);
    if (family == families || !binds(print, i) || !shares(i)) continue;
    const double rarity =
        background_.ready()
            ? -std::log(background_.share(facet_key(print.facet_kinds[i], print.facet_hashes[i])))
            : 6.0;
    const double weight = std::min(facet_weight_max(print.facet_kinds[i]), rarity - common_facet);
    auto& value = best[static_cast<std::size_t>(family)];
    value = std::max(value, weight);
  }
  double sum = 0;
  for (const double value : best) sum += value;
  // Where there is no text to compare, link, attachment or few words are all that the mail says.
  constexpr double without_text = 1.6;
  return print.has_sketch() ? sum : without_text * sum;
}

namespace {
constexpr double companion_weight = 3;
constexpr double group_weight = 9;
}  // namespace

double ClusterStore::affinity_to(const Arrival& arrival, const PackedSketch& sketch,
                                 double text_most, const Sighting& sighting) const {
  const auto& parts = sighting.facet_parts;
  double value = std::min(text_most, text_weight(sketch.similarity(sighting.sketch)));
  value += facet_affinity(arrival.print, [&](std::size_t i) {
    const std::uint32_t part =
        facet_part(facet_key(arrival.print.facet_kinds[i], arrival.print.facet_hashes[i]));
    return std::find(parts.begin(), parts.begin() + sighting.facets, part) !=
           parts.begin() + sighting.facets;
  });
  const bool companion = std::find(arrival.companions.begin(), arrival.companions.end(),
                                   sighting.account) != arrival.companions.end();
  if (companion) value += arrival.client_group != 0 ? group_weight : companion_weight;
  return value;
}

double ClusterStore::affinity_to(const Arrival& arrival, const PackedSketch& sketch,
                                 double text_most, const Cluster& cluster) const {
  double value = std::min(text_most, text_weight(cluster.similarity(sketch)));
  value += facet_affinity(arrival.print, [&](std::size_t i) {
    // What only a small part of the cluster has does not stand for it.
    return std::any_of(cluster.facets.begin(), cluster.facets.end(), [&](const SharedFacet& f) {
      return f.hash == arrival.print.facet_hashes[i] && f.kind == arrival.print.facet_kinds[i] &&
             f.messages * 8 >= cluster.core;
    });
  });
  const bool companion =
      std::any_of(arrival.companions.begin(), arrival.companions.end(),
                  [&](std::uint64_t account) { return cluster.member(account) != nullptr; });
  if (companion) value += arrival.client_group != 0 ? group_weight : companion_weight;
  return value;
}

// What common text is worth at most where it was found by this key: a piece of text that honest
// mail has often is worth little.
double ClusterStore::text_most(std::uint64_t key) const {
  constexpr double unknown = 10;
  if (!background_.ready() || background_.count(key) == 0) return unknown;
  return std::clamp((-std::log(background_.share(key)) - common_facet) * 1.5, 0.0, unknown);
}

}  // namespace leumund::evidence
