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
    case FacetKind::quoted_domain:
    case FacetKind::redirector: return link;
    case FacetKind::contact: return contact;
    case FacetKind::attachment:
    case FacetKind::archive_member: return file;
    case FacetKind::brief_text: return words;
    case FacetKind::subject:
    case FacetKind::subject_part: return subject;
    default: return families;
  }
}

// What a link, contact or subject that somebody here had in character is worth at most.
constexpr double sent_before = 1.5;
// Two rare phrases in common are hardly chance.
constexpr double phrases_most = 10;
// Evidence that is worth less does not count as a kind of its own.
constexpr double kind_from = 2;
// A long subject, of which both parts are shared.
constexpr double long_subject = 7.5;

}  // namespace

// Answers share the subject of what they answer, whoever writes them.
bool binds(const Fingerprint& print, std::size_t i) {
  const FacetKind kind = print.facet_kinds[i];
  if (facet_weight_max(kind) <= 0) return false;
  return (kind != FacetKind::subject && kind != FacetKind::subject_part) ||
         !(print.has(model::MailSign::reply) || print.has(model::MailSign::forwarded_by_hand));
}

std::uint32_t facet_part(std::uint64_t key) { return static_cast<std::uint32_t>(key >> 16); }

void ClusterStore::Affinity::add(double more) {
  value += more;
  if (more >= kind_from) ++kinds;
}

// By how rare it is here.
double ClusterStore::facet_weight(const Fingerprint& print, std::size_t i) const {
  const std::uint64_t key = facet_key(print.facet_kinds[i], print.facet_hashes[i]);
  const double rarity = background_.ready() ? -std::log(background_.share(key)) : 6.0;
  const double weight = std::min(facet_weight_max(print.facet_kinds[i]), rarity - common_facet);
  // Like a phrase that somebody wrote here in character: it came with a sentence that others
  // quote, too, and is no further kind of evidence.
  return written_before(key) ? std::min(weight, sent_before) : weight;
}

ClusterStore::Affinity ClusterStore::facet_affinity(
    const Fingerprint& print, const std::function<bool(std::size_t)>& shares) const {
  std::array<double, families> best{};
  std::array<double, families> own{};  // without what comes with a quotation or a list's footer
  double parts = 0;
  for (std::size_t i = 0; i < print.facet_count; ++i) {
    const int family = family_of(print.facet_kinds[i]);
    if (family == families || !binds(print, i) || !shares(i)) continue;
    const double weight = facet_weight(print, i);
    auto& value = best[static_cast<std::size_t>(family)];
    value = std::max(value, weight);
    if (print.facet_kinds[i] != FacetKind::quoted_domain) {
      auto& told = own[static_cast<std::size_t>(family)];
      told = std::max(told, weight);
    }
    if (print.facet_kinds[i] == FacetKind::subject_part) parts += std::max(0.0, weight);
  }
  best[subject] = std::max(best[subject], std::min(parts, long_subject));
  own[subject] = best[subject];
  Affinity sum;
  for (std::size_t family = 0; family < families; ++family) {
    const double counts = family == subject ? settings_.counts.subject : settings_.counts.links;
    sum.value += best[family] * counts;
    if (own[family] * counts >= kind_from) ++sum.kinds;
  }
  // Where there is no text to compare, link, attachment or few words are all that the mail says.
  constexpr double without_text = 1.6;
  if (!print.has_sketch()) sum.value *= without_text;
  return sum;
}

namespace {
constexpr double companion_weight = 3;
constexpr double group_weight = 9;
// Mail of an open campaign came from this address, which nobody here used until lately.
constexpr double client_weight = 5;
// Another mail of the account was in the open campaign.
constexpr double member_weight = 3;
}  // namespace

ClusterStore::Affinity ClusterStore::affinity_to(const Arrival& arrival, const PackedSketch& sketch,
                                                 double text_most, double phrases,
                                                 const Sighting& sighting) const {
  const auto& parts = sighting.facet_parts;
  const double alike = sketch.similarity(sighting.sketch);
  const double text = std::max(settings_.counts.text * std::min(text_most, text_weight(alike)),
                               settings_.counts.phrases * phrases);
  Affinity out = facet_affinity(arrival.print, [&](std::size_t i) {
    const std::uint32_t part =
        facet_part(facet_key(arrival.print.facet_kinds[i], arrival.print.facet_hashes[i]));
    return std::find(parts.begin(), parts.begin() + sighting.facets, part) !=
           parts.begin() + sighting.facets;
  });
  const bool companion = std::find(arrival.companions.begin(), arrival.companions.end(),
                                   sighting.account) != arrival.companions.end();
  out.add(text);
  out.whole = alike >= whole_from;
  if (companion)
    out.add(settings_.counts.clients *
            (arrival.client_group != 0 ? group_weight : companion_weight));
  return out;
}

ClusterStore::Affinity ClusterStore::affinity_to(const Arrival& arrival, const PackedSketch& sketch,
                                                 double text_most, const Cluster& cluster) const {
  const double alike = cluster.similarity(sketch);
  std::size_t shared = 0;
  const double phrases = phrases_in(arrival.print, cluster, shared);
  Affinity out = facet_affinity(arrival.print, [&](std::size_t i) {
    return cluster.has_facet(arrival.print.facet_kinds[i], arrival.print.facet_hashes[i]);
  });
  const bool companion =
      std::any_of(arrival.companions.begin(), arrival.companions.end(),
                  [&](std::uint64_t account) { return cluster.member(account) != nullptr; });
  const bool open = cluster.state == ClusterState::open;
  const bool member = open && arrival.member_of == cluster.id;
  // A member's address is in the cluster because of himself.
  const bool client = open && !member && cluster.has_client(arrival.client);
  out.add(std::max(settings_.counts.text * std::min(text_most, text_weight(alike)),
                   settings_.counts.phrases * phrases));
  // What has no phrases has nothing that could be only a part of it.
  out.whole = alike >= whole_from || shared * 2 >= arrival.print.phrase_count;
  if (companion && arrival.client_group != 0) {
    out.add(settings_.counts.clients * group_weight);
  } else if (client && out.kinds > 0) {
    // An address alone says nothing: people travel.
    out.add(settings_.counts.clients * client_weight);
  } else if (companion) {
    out.add(settings_.counts.clients * companion_weight);
  }
  // That it is a member is no further kind: it followed from the others.
  if (member) out.value += settings_.counts.membership * member_weight;
  return out;
}

// What common text is worth at most where it was found by this key: a piece of text that honest
// mail has often is worth little.
double ClusterStore::text_most(std::uint64_t key) const {
  constexpr double unknown = 10;
  if (!background_.ready() || background_.count(key) == 0) return unknown;
  return std::clamp((-std::log(background_.share(key)) - common_facet) * 1.5, 0.0, unknown);
}

bool ClusterStore::written_before(std::uint64_t key) const {
  return background_.ready() && background_.count(key) > 0;
}

double ClusterStore::phrase_weight(std::uint64_t key) const {
  constexpr double one_most = 4.5;
  constexpr double unknown = 4;
  // Somebody wrote it here in character not long ago: others may as well.
  constexpr double before_most = 2;
  if (!background_.ready()) return unknown;
  if (written_before(key)) {
    return std::clamp(-std::log(background_.share(key)) - common_facet, 0.0, before_most);
  }
  return std::clamp(-std::log(background_.share(key)) - common_facet, 0.0, one_most);
}

void ClusterStore::SharedWords::add(double weight, bool written_before) {
  (written_before ? before : fresh) += weight;
}

// Phrases that were written here before come in a row: a sentence that all quote has several, and
// they are one piece of evidence.
double ClusterStore::SharedWords::worth() const {
  constexpr double before_most = 3;
  return std::min(phrases_most, fresh + std::min(before, before_most));
}

double ClusterStore::phrases_in(const Fingerprint& print, const Cluster& cluster,
                                std::size_t& shared) const {
  SharedWords words;
  for (std::size_t i = 0; i < print.phrase_count; ++i) {
    if (!cluster.has_phrase(print.phrases[i])) continue;
    ++shared;
    const std::uint64_t key = phrase_key(print.phrases[i]);
    words.add(phrase_weight(key), written_before(key));
  }
  return words.worth();
}

}  // namespace leumund::evidence
