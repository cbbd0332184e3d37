// Which clusters and lone mails a mail may belong to, and how much has to bind it to each.
#include <algorithm>
#include <cmath>

#include "evidence/cluster_store.h"

namespace leumund::evidence {
namespace {

using model::Fingerprint;

constexpr double in_character_more = 2;
// From this surprise on nothing speaks for the owner any more.
constexpr double out_of_character = 2;
// Below this one kind of evidence does not do: honest mail quotes honest words that spam is padded
// with, and people share subjects.
constexpr double hardly_odd = 1.3;
constexpr double one_kind_more = 3;
// Text is worth no more than this where nothing but a facet led to the cluster.
constexpr double facet_text_most = 5;
// How much likelier it is from a hacked account than from its owner counts, up to so much, ...
constexpr double odds_count_most = 3;
// ... beside that of all that is odd here so much more than usual is of what is open.
constexpr double odds_usual = 1;
// An open campaign that has more of it than an honest mailing it is a copy of, by so much, has it.
constexpr double copies_differ = 3;
// ... but a part of its text that others have as well needs so much.
constexpr double one_part_needs = 6;
// Of two mails out of character that share a sentence with a campaign, the one that comes while it
// sends a thousand an hour is more likely of it: the odds before any evidence, up to so much.
constexpr double coming_in_most = 2.5;
// ... from e to this many times the odd mail that is usual here.
constexpr double coming_in_from = 1.5;
// ... and where hundreds of accounts that nobody knows send it, while one such writes otherwise.
constexpr double strangers_in_most = 4;

}  // namespace

bool ClusterStore::is_odd(const Arrival& arrival) {
  return static_cast<double>(arrival.surprise) >= out_of_character;
}

// Only what is out of character, or comes from outside, says what the cluster looks like: an honest
// mail that was taken in may not draw its like after it.
// An open campaign takes in more, so it learns from less: one petition taken for a part of it would
// draw the whole petition, and nobody outside may say what is held here.
bool ClusterStore::shapes(const Arrival& arrival, const Cluster& cluster) {
  if (cluster.state == ClusterState::open) return arrival.account != 0 && is_odd(arrival);
  return arrival.account == 0 || arrival.surprise >= in_character_below;
}

void ClusterStore::find_candidates(const Arrival& arrival) {
  // Keys are few and buckets small, so at most some three hundred refs are looked at.
  found_.clear();
  const std::size_t bands = arrival.print.has_sketch() ? Fingerprint::bands : 0;
  const std::size_t phrases_end = bands + arrival.print.phrase_count;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const bool is_phrase = i >= bands && i < phrases_end;
    double most = 0;
    double phrase = 0;
    bool before = false;
    bool weighed = false;
    index_.find(keys_[i], [&](std::uint32_t ref) {
      ref = resolve(ref, arrival.at);
      if (ref == PrintIndex::none) return;
      if (!weighed) {
        most = i < bands ? text_most(keys_[i]) : facet_text_most;
        phrase = is_phrase ? phrase_weight(keys_[i]) : 0;
        before = is_phrase && written_before(keys_[i]);
      }
      weighed = true;
      const auto known = std::find_if(found_.begin(), found_.end(),
                                      [ref](const Candidate& c) { return c.ref == ref; });
      const auto place = static_cast<std::size_t>(known - found_.begin());
      if (known == found_.end()) {
        found_.emplace_back();
        found_.back().ref = ref;
      }
      Candidate& candidate = found_[place];
      candidate.text_most = std::max(candidate.text_most, most);
      if (is_phrase) candidate.phrases.add(phrase, before);
    });
  }
}

std::optional<double> ClusterStore::needed(const Arrival& arrival, const Affinity& affinity,
                                           const Cluster* cluster) const {
  const double surprise = static_cast<double>(arrival.surprise);
  const double odds = static_cast<double>(arrival.odds);
  const bool part = affinity.kinds < 2 && !affinity.whole;
  double needed = settings_.join_at;
  const bool open = cluster != nullptr && cluster->state == ClusterState::open;
  const bool member = open && arrival.member_of == cluster->id;
  // Only a part in common does not outweigh that a mail is likelier from the owner than from a
  // thief. What is not open takes it in: where only the odd were counted, all would look odd.
  const bool owner = arrival.account != 0 && !arrival.stranger && odds < 0;
  if (open && owner && part && !member) return std::nullopt;
  if (open) {
    // Nobody's mail is held because of what others wrote, as long as all else is as always.
    const bool hardly = !arrival.stranger && surprise < out_of_character && !affinity.whole;
    if ((arrival.in_character || hardly) && !member) return std::nullopt;
    // Of accounts never seen before nobody knows what is usual: their mail speaks for itself.
    needed -= arrival.stranger ? std::min(surprise, odds_count_most)
                               : std::clamp(odds + odds_usual, -odds_count_most, odds_count_most);
    if (part) needed = std::max(needed, one_part_needs);
    if (affinity.kinds > 0) needed -= coming_in(arrival, *cluster);
  }
  if (arrival.account == 0) return needed;
  needed += in_character_more * std::max(0.0, 1 - surprise / out_of_character);
  if (surprise < hardly_odd && affinity.kinds < 2 && (arrival.known_account || !affinity.whole))
    needed += one_kind_more;
  return needed;
}

// The best candidates in order of preference; all others are dropped.
void ClusterStore::weigh_candidates(const Arrival& arrival, const PackedSketch& sketch) {
  for (Candidate& candidate : found_) {
    const Cluster* cluster = cluster_of(candidate);
    const Affinity affinity =
        cluster != nullptr
            ? affinity_to(arrival, sketch, candidate.text_most, *cluster)
            : affinity_to(arrival, sketch, candidate.text_most, candidate.phrases.worth(),
                          ring_[(candidate.ref - 1) % ring_max_]);
    candidate.affinity = affinity.value;
    candidate.whole = affinity.whole;
    candidate.part = affinity.kinds < 2 && !affinity.whole;
    // An open campaign goes before other clusters, and these before a lone mail.
    candidate.preferred = candidate.affinity;
    if (cluster != nullptr)
      candidate.preferred += cluster->state == ClusterState::open ? 20.5 : 0.5;
    const std::optional<double> least = needed(arrival, affinity, cluster);
    if (!least || candidate.affinity < *least) candidate.ref = PrintIndex::none;
  }
  std::erase_if(found_, [](const Candidate& c) { return c.ref == PrintIndex::none; });
  prefer_honest_copies();
  std::stable_sort(found_.begin(), found_.end(), [](const Candidate& a, const Candidate& b) {
    return a.preferred > b.preferred;
  });
}

const Cluster* ClusterStore::cluster_of(const Candidate& candidate) const {
  return (candidate.ref & cluster_bit) == 0 ? nullptr : &slots_[candidate.ref & 0xfffffU].cluster;
}

// A petition's next copy is of the petition, whatever sentence or subject a campaign has of it too.
void ClusterStore::prefer_honest_copies() {
  double most = 0;
  for (const Candidate& candidate : found_) {
    const Cluster* cluster = cluster_of(candidate);
    if (cluster == nullptr || !candidate.whole || cluster->state == ClusterState::open) continue;
    const bool honest = cluster->state == ClusterState::harmless ||
                        (cluster->members.size() >= 2 && cluster->balance() < 0);
    if (honest) most = std::max(most, candidate.affinity);
  }
  if (most == 0) return;
  std::erase_if(found_, [&](const Candidate& candidate) {
    const Cluster* cluster = cluster_of(candidate);
    return cluster != nullptr && cluster->state == ClusterState::open &&
           !(candidate.whole && candidate.affinity > most + copies_differ);
  });
}

bool ClusterStore::shares_with_open(const Fingerprint& print) const {
  bool shares = false;
  const auto look = [&](std::uint64_t key, const auto& has) {
    index_.find(key, [&](std::uint32_t ref) {
      const std::size_t slot = ref & 0xfffffU;
      if (shares || (ref & cluster_bit) == 0 || slot >= slots_.size() || ref_of(slot) != ref)
        return;
      const Cluster& cluster = slots_[slot].cluster;
      shares = cluster.id != 0 && cluster.state == ClusterState::open && has(cluster);
    });
  };
  for (std::size_t i = 0; open_ > 0 && i < print.phrase_count; ++i) {
    look(phrase_key(print.phrases[i]),
         [&](const Cluster& c) { return c.has_phrase(print.phrases[i]); });
  }
  for (std::size_t i = 0; open_ > 0 && i < print.facet_count; ++i) {
    if (!binds(print, i)) continue;
    look(facet_key(print.facet_kinds[i], print.facet_hashes[i]), [&](const Cluster& c) {
      return c.has_facet(print.facet_kinds[i], print.facet_hashes[i]);
    });
  }
  return shares;
}

double ClusterStore::coming_in(const Arrival& arrival, const Cluster& campaign) const {
  const auto odds_before = [&](const Pace& of_it, const Pace& of_none, double most) {
    const double ratio = of_it.per_hour(arrival.at) / (1 + of_none.per_hour(arrival.at));
    return std::clamp(std::log(std::max(1e-9, ratio)) - coming_in_from, 0.0, most);
  };
  double more = 0;
  if (is_odd(arrival)) more = odds_before(campaign.pace, odd_pace_, coming_in_most);
  // What nobody knows cannot be odd; but that nobody knows it says much while hundreds such come.
  if (arrival.stranger) {
    more = std::max(more, odds_before(campaign.stranger_pace, stranger_pace_, strangers_in_most));
  }
  return more;
}

}  // namespace leumund::evidence
