#include "evidence/cluster_store.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/check.h"

namespace leumund::evidence {
namespace {

using model::FacetKind;
using model::Fingerprint;

constexpr std::chrono::hours remember_for{24 * 3};
constexpr std::chrono::hours watched_for{24 * 7};
constexpr std::chrono::hours harmless_for{24 * 60};
constexpr std::uint32_t keys_per_cluster_max = 64 * 24;
constexpr std::uint32_t keys_per_open_max = 1024 * 24;
// A mail in character is somebody's own until it is nearly a copy.
constexpr double in_character_below = 0.7;  // -ln p
constexpr double in_character_more = 2;
// From this surprise on nothing speaks for the owner any more.
constexpr double out_of_character = 2;
// Below this one kind of evidence does not do: honest mail quotes honest words that spam is padded
// with, and people share subjects.
constexpr double hardly_odd = 1.3;
constexpr double one_kind_more = 3;
// Text is worth no more than this where nothing but a facet led to the cluster.
constexpr double facet_text_most = 5;
// That it is out of character speaks for its being part of an open campaign, up to so much.
constexpr double surprise_counts_most = 3;

}  // namespace

ClusterStore::ClusterStore(Settings settings)
    : settings_(settings),
      background_(std::clamp<std::size_t>(settings.bytes_max / 16, std::size_t{1} << 18,
                                          std::size_t{64} << 20)),
      index_(settings.bytes_max / 2),
      ring_max_(std::max<std::size_t>(1024, settings.bytes_max / 4 / sizeof(Sighting))),
      slots_max_(std::clamp<std::size_t>(settings.bytes_max / 6 / 4096, 1024, 1U << 18)) {}

// Only what is out of character, or comes from outside, says what the cluster looks like: an honest
// mail that was taken in may not draw its like after it.
bool ClusterStore::shapes(const Arrival& arrival) {
  return arrival.account == 0 || static_cast<double>(arrival.surprise) >= in_character_below;
}

std::size_t ClusterStore::fixed_bytes() const {
  return index_.bytes() + background_.bytes() + ring_.capacity() * sizeof(Sighting) +
         slots_.capacity() * sizeof(Slot);
}

std::size_t ClusterStore::bytes() const {
  std::size_t lists = 0;
  for (const Slot& slot : slots_) lists += slot.cluster.bytes() - sizeof(Cluster);
  return fixed_bytes() + lists;
}

void ClusterStore::learn_background(const Fingerprint& print, base::TimePoint at) {
  std::array<std::uint64_t, Fingerprint::facets_max + Fingerprint::bands + Fingerprint::phrases_max>
      hashes{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < print.facet_count; ++i) {
    hashes[count++] = facet_key(print.facet_kinds[i], print.facet_hashes[i]);
  }
  // Pieces of text too: what lists and companies append under every mail tells nothing.
  if (print.has_sketch()) {
    for (const std::uint64_t band : model::band_keys(print)) hashes[count++] = band;
  }
  for (std::size_t i = 0; i < print.phrase_count; ++i)
    hashes[count++] = phrase_key(print.phrases[i]);
  background_.add(std::span(hashes).first(count), at);
}

void ClusterStore::keys_of(const Arrival& arrival) {
  const Fingerprint& print = arrival.print;
  keys_.clear();
  if (print.has_sketch()) {
    const auto bands = model::band_keys(print);
    keys_.assign(bands.begin(), bands.end());
  }
  for (std::size_t i = 0; i < print.phrase_count; ++i)
    keys_.push_back(phrase_key(print.phrases[i]));
  for (std::size_t i = 0; i < print.facet_count; ++i) {
    if (!binds(print, i)) continue;
    const std::uint64_t key = facet_key(print.facet_kinds[i], print.facet_hashes[i]);
    // What everybody has would only fill its bucket.
    if (-std::log(background_.share(key)) > common_facet || !background_.ready())
      keys_.push_back(key);
  }
  if (arrival.client_group != 0) keys_.push_back(arrival.client_group);
  if (arrival.client != 0) keys_.push_back(client_key(arrival.client));
}

std::uint32_t ClusterStore::ref_of(std::size_t slot) const {
  return cluster_bit | (slots_[slot].generation & 0x7ffU) << 20U | static_cast<std::uint32_t>(slot);
}

// What a ref of the index stands for by now; none when that is forgotten.
std::uint32_t ClusterStore::resolve(std::uint32_t ref, base::TimePoint at) const {
  if ((ref & cluster_bit) == 0) {
    const std::size_t place = (ref - 1) % ring_max_;
    if (place >= ring_.size()) return PrintIndex::none;
    const Sighting& sighting = ring_[place];
    if (sighting.number != ref || sighting.at + remember_for < at) return PrintIndex::none;
    if (sighting.joined == 0) return ref;
    ref = sighting.joined;
  }
  const std::size_t slot = ref & 0xfffffU;
  if (slot >= slots_.size() || slots_[slot].cluster.id == 0 || ref_of(slot) != ref)
    return PrintIndex::none;
  return ref;
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
    bool weighed = false;
    index_.find(keys_[i], [&](std::uint32_t ref) {
      ref = resolve(ref, arrival.at);
      if (ref == PrintIndex::none) return;
      if (!weighed) {
        most = i < bands ? text_most(keys_[i]) : facet_text_most;
        phrase = is_phrase ? phrase_weight(keys_[i]) : 0;
      }
      weighed = true;
      const auto known = std::find_if(found_.begin(), found_.end(),
                                      [ref](const Candidate& c) { return c.ref == ref; });
      if (known != found_.end()) {
        known->text_most = std::max(known->text_most, most);
        known->phrases += phrase;
      } else {
        found_.push_back({ref, 0, 0, most, phrase});
      }
    });
  }
}

// The best candidates in order of preference; all others are dropped.
void ClusterStore::weigh_candidates(const Arrival& arrival, const PackedSketch& sketch) {
  const double surprise = static_cast<double>(arrival.surprise);
  for (Candidate& candidate : found_) {
    const bool is_cluster = (candidate.ref & cluster_bit) != 0;
    const Affinity affinity =
        is_cluster ? affinity_to(arrival, sketch, candidate.text_most,
                                 slots_[candidate.ref & 0xfffffU].cluster)
                   : affinity_to(arrival, sketch, candidate.text_most, candidate.phrases,
                                 ring_[(candidate.ref - 1) % ring_max_]);
    candidate.affinity = affinity.value;
    // An open campaign goes before other clusters, and these before a lone mail.
    double needed = settings_.join_at;
    candidate.preferred = candidate.affinity;
    if (is_cluster) {
      candidate.preferred += 0.5;
      if (slots_[candidate.ref & 0xfffffU].cluster.state == ClusterState::open) {
        needed -= std::min(surprise_counts_most, surprise);
        candidate.preferred += 20;
      }
    }
    if (arrival.account != 0) {
      const double usual = 1 - surprise / out_of_character;
      needed += in_character_more * std::max(0.0, usual);
      if (surprise < hardly_odd && affinity.kinds < 2 && (arrival.known_account || !affinity.whole))
        needed += one_kind_more;
    }
    if (candidate.affinity < needed) candidate.ref = PrintIndex::none;
  }
  std::erase_if(found_, [](const Candidate& c) { return c.ref == PrintIndex::none; });
  std::stable_sort(found_.begin(), found_.end(), [](const Candidate& a, const Candidate& b) {
    return a.preferred > b.preferred;
  });
}

// Two clusters that one odd mail belongs to are one mailing. The other one is emptied.
bool ClusterStore::unite(std::size_t slot, std::size_t other) {
  Cluster& into = slots_[slot].cluster;
  Cluster& from = slots_[other].cluster;
  if (slot == other || from.state != ClusterState::watched || into.state == ClusterState::harmless)
    return false;
  for (const ClusterMember& member : from.members) {
    if (into.member(member.account) != nullptr) continue;
    if (into.members.size() >= Cluster::members_max) into.members.erase(into.members.begin());
    into.members.push_back(member);
    into.accounts.add(member.account, member.at);
  }
  std::stable_sort(into.members.begin(), into.members.end(),
                   [](const ClusterMember& a, const ClusterMember& b) { return a.at < b.at; });
  const std::uint32_t ref = ref_of(slot);
  for (const std::uint64_t key : from.bands) index_.put(key, ref);
  for (const SharedPhrase& phrase : from.phrases) index_.put(phrase_key(phrase.hash), ref);
  into.absorb(from);
  forget(other);
  return true;
}

// Who wrote before there was anything to compare his mail with is known by what came after it. Only
// of a campaign that is open: it names its members by this and is not found by it.
std::vector<std::uint64_t> ClusterStore::take_lone(std::size_t slot, const Arrival& arrival) {
  std::vector<std::uint64_t> taken;
  Cluster& cluster = slots_[slot].cluster;
  if (cluster.state != ClusterState::open || !shapes(arrival) || arrival.account == 0) return taken;
  for (const Candidate& candidate : found_) {
    const std::uint32_t ref = resolve(candidate.ref, arrival.at);
    if (ref == PrintIndex::none || (ref & cluster_bit) != 0) continue;
    Sighting& lone = ring_[(ref - 1) % ring_max_];
    if (candidate.affinity < settings_.join_at || lone.account == 0) continue;
    lone.joined = ref_of(slot);
    cluster.accounts.add(lone.account, lone.at);
    cluster.add_message(lone.message);
    taken.push_back(lone.message);
    if (cluster.member(lone.account) != nullptr) continue;
    if (cluster.members.size() >= Cluster::members_max)
      cluster.members.erase(cluster.members.begin());
    cluster.members.push_back({lone.account, lone.message, lone.tenant, lone.surprise, lone.at});
  }
  return taken;
}

Placed ClusterStore::place(const Arrival& arrival) {
  keys_of(arrival);
  const PackedSketch sketch(arrival.print);
  if (keys_.empty()) return {};
  find_candidates(arrival);
  weigh_candidates(arrival, sketch);
  if (found_.empty()) {
    if (arrival.may_begin) add_sighting(arrival, sketch);
    return {};
  }
  const Candidate best = found_.front();
  std::size_t slot = best.ref & 0xfffffU;
  if ((best.ref & cluster_bit) == 0) {
    Sighting& with = ring_[(best.ref - 1) % ring_max_];
    slot = begin_cluster(with, arrival.at);
  }
  bool united = false;
  for (std::size_t i = 1; i < found_.size() && shapes(arrival) && arrival.account != 0; ++i) {
    // resolve() again: the one before may have swallowed it.
    const std::uint32_t ref = resolve(found_[i].ref, arrival.at);
    if ((ref & cluster_bit) != 0 && found_[i].affinity >= settings_.join_at)
      united = unite(slot, ref & 0xfffffU) || united;
  }
  unlink(slot);
  link_newest(slot);
  const bool first = join(slots_[slot].cluster, arrival, sketch);
  auto lone_before = take_lone(slot, arrival);
  // More variants of the text are found by more keys, but one cluster may not crowd the index.
  const Cluster& cluster = slots_[slot].cluster;
  const std::uint32_t keys_most =
      cluster.state == ClusterState::open ? keys_per_open_max : keys_per_cluster_max;
  if (shapes(arrival) && slots_[slot].keys_put < keys_most) {
    for (const std::uint64_t key : keys_) index_.put(key, ref_of(slot));
    slots_[slot].keys_put += static_cast<std::uint32_t>(keys_.size());
  }
  return {&slots_[slot].cluster, first, best.affinity, united, std::move(lone_before)};
}

void ClusterStore::add_sighting(const Arrival& arrival, const PackedSketch& sketch) {
  // Numbers wrap long after the entry was overwritten; zero is never one.
  newest_sighting_ = newest_sighting_ + 1 >= cluster_bit ? 1 : newest_sighting_ + 1;
  const std::size_t place = (newest_sighting_ - 1) % ring_max_;
  if (place >= ring_.size()) ring_.resize(place + 1);
  Sighting& sighting = ring_[place];
  sighting = {};
  sighting.sketch = sketch;
  sighting.account = arrival.account;
  sighting.message = arrival.message;
  sighting.number = newest_sighting_;
  sighting.tenant = arrival.tenant;
  sighting.client = arrival.client;
  const std::size_t kept = std::min(arrival.recipients.size(), sighting_recipients);
  std::copy_n(arrival.recipients.begin(), kept, sighting.recipients.begin());
  sighting.surprise = arrival.surprise;
  sighting.script = arrival.script;
  sighting.at = arrival.at;
  for (std::size_t i = 0; i < arrival.print.facet_count && sighting.facets < sighting_facets; ++i) {
    if (!binds(arrival.print, i)) continue;
    sighting.facet_parts[sighting.facets++] =
        facet_part(facet_key(arrival.print.facet_kinds[i], arrival.print.facet_hashes[i]));
  }
  for (const std::uint64_t key : keys_) index_.put(key, sighting.number);
}

std::size_t ClusterStore::begin_cluster(Sighting& with, base::TimePoint at) {
  const std::size_t slot = create(at);
  Cluster& cluster = slots_[slot].cluster;
  cluster.first_at = with.at;
  with.joined = ref_of(slot);
  cluster.core = 1;
  cluster.add_sketch(with.sketch);
  if (with.account == 0) {
    cluster.from_outside = 1;
    cluster.outside_at = with.at;
    return slot;
  }
  cluster.see_day(with.at);
  cluster.members.push_back({with.account, with.message, with.tenant, with.surprise, with.at});
  ++cluster.day_accounts;
  cluster.accounts.add(with.account, with.at);
  const auto end = std::find(with.recipients.begin(), with.recipients.end(), 0U);
  cluster.add_recipients(std::span(with.recipients.begin(), end));
  cluster.add_client(with.client);
  cluster.add_message(with.message);
  if (with.script) ++cluster.scripts;
  return slot;
}

bool ClusterStore::join(Cluster& cluster, const Arrival& arrival, const PackedSketch& sketch) {
  cluster.last_at = std::max(cluster.last_at, arrival.at);
  if (shapes(arrival)) {
    ++cluster.core;
    cluster.add_facets(arrival.print);
    cluster.add_phrases(arrival.print);
    cluster.add_client(arrival.client);
  }
  if (shapes(arrival) && cluster.add_sketch(sketch)) {
    const auto bands = model::band_keys(arrival.print);
    cluster.bands.insert(cluster.bands.end(), bands.begin(), bands.end());
  }
  if (arrival.account == 0) {
    if (cluster.from_outside++ == 0) cluster.outside_at = arrival.at;
    return false;
  }
  cluster.see_day(arrival.at);
  const bool explained = cluster.explains(arrival.recipients, arrival.acquainted);
  cluster.add_recipients(arrival.recipients);
  cluster.add_message(arrival.message);
  if (arrival.print.has(model::MailSign::reply)) ++cluster.replies;
  if (arrival.print.has(model::MailSign::auto_submitted)) ++cluster.automatic;
  if (arrival.print.has(model::MailSign::list)) ++cluster.lists;
  if (arrival.script) ++cluster.scripts;
  cluster.accounts.add(arrival.account, arrival.at);
  if (cluster.member(arrival.account) != nullptr) return false;
  std::erase_if(cluster.members,
                [&](const ClusterMember& m) { return m.at + watched_for < arrival.at; });
  if (cluster.members.size() >= Cluster::members_max)
    cluster.members.erase(cluster.members.begin());
  cluster.members.push_back({arrival.account, arrival.message, arrival.tenant,
                             explained ? 0 : arrival.surprise, arrival.at});
  ++cluster.day_accounts;
  return true;
}

std::size_t ClusterStore::create(base::TimePoint at) {
  // Watched clusters that were quiet for a week go by themselves; a full table pushes out one.
  for (int looked = 0; looked < 8 && oldest_ != 0; ++looked) {
    const std::size_t slot = oldest_ - 1;
    const Cluster& old = slots_[slot].cluster;
    const bool over = (old.state == ClusterState::watched && old.last_at + watched_for < at) ||
                      (old.state == ClusterState::harmless && old.last_at + harmless_for < at);
    if (!over) break;
    forget(slot);
  }
  if (free_.empty() && slots_.size() >= slots_max_) {
    // Open ones get another turn, and so do harmless ones for a while.
    for (std::size_t looked = 0; looked < settings_.open_max + 64; ++looked) {
      const ClusterState state = slots_[oldest_ - 1].cluster.state;
      if (state == ClusterState::watched || (state == ClusterState::harmless && looked >= 64))
        break;
      const std::size_t slot = oldest_ - 1;
      unlink(slot);
      link_newest(slot);
    }
    forget(oldest_ - 1);
  }
  std::size_t slot = slots_.size();
  if (free_.empty()) {
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Cluster& cluster = slots_[slot].cluster;
  cluster.id = base::combine_hashes(
      base::keyed_hash(settings_.key, "campaign"),
      base::combine_hashes(++made_, static_cast<std::uint64_t>(at.time_since_epoch().count())));
  cluster.id = std::max<std::uint64_t>(1, cluster.id & 0xffffffffffffULL);
  cluster.last_at = at;
  ids_[cluster.id] = static_cast<std::uint32_t>(slot);
  link_newest(slot);
  return slot;
}

void ClusterStore::forget(std::size_t slot) {
  if (slots_[slot].cluster.state == ClusterState::open) --open_;
  ids_.erase(slots_[slot].cluster.id);
  unlink(slot);
  slots_[slot].cluster = Cluster{};
  ++slots_[slot].generation;
  slots_[slot].keys_put = 0;
  free_.push_back(static_cast<std::uint32_t>(slot));
  ++forgotten_;
}

void ClusterStore::link_newest(std::size_t slot) {
  const auto place = static_cast<std::uint32_t>(slot + 1);
  slots_[slot].older = newest_;
  slots_[slot].newer = 0;
  if (newest_ != 0) slots_[newest_ - 1].newer = place;
  newest_ = place;
  if (oldest_ == 0) oldest_ = place;
}

void ClusterStore::unlink(std::size_t slot) {
  Slot& entry = slots_[slot];
  (entry.newer == 0 ? newest_ : slots_[entry.newer - 1].older) = entry.older;
  (entry.older == 0 ? oldest_ : slots_[entry.older - 1].newer) = entry.newer;
  entry.newer = 0;
  entry.older = 0;
}

Cluster* ClusterStore::find(std::uint64_t id) {
  const auto at = ids_.find(id);
  return at == ids_.end() ? nullptr : &slots_[at->second].cluster;
}

const Cluster* ClusterStore::find(std::uint64_t id) const {
  const auto at = ids_.find(id);
  return at == ids_.end() ? nullptr : &slots_[at->second].cluster;
}

std::uint64_t ClusterStore::id_of(std::string_view name) const {
  std::uint64_t id = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), id, 16);
  if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) return 0;
  return ids_.contains(id) ? id : 0;
}

bool ClusterStore::open(Cluster& cluster, base::TimePoint at) {
  if (cluster.state == ClusterState::open) return true;
  if (open_ >= settings_.open_max) return false;
  cluster.state = ClusterState::open;
  cluster.opened_at = at;
  ++open_;
  return true;
}

void ClusterStore::close(Cluster& cluster, bool harmless, bool by_person) {
  if (cluster.state == ClusterState::open) --open_;
  cluster.state = harmless ? ClusterState::harmless : ClusterState::watched;
  cluster.by_person = by_person;
  cluster.known_members = {};
  cluster.texts = {};
}

void ClusterStore::visit_open(const std::function<void(Cluster&)>& visit) {
  if (open_ == 0) return;
  for (Slot& slot : slots_) {
    if (slot.cluster.id != 0 && slot.cluster.state == ClusterState::open) visit(slot.cluster);
  }
}

void ClusterStore::load(Cluster cluster) {
  if (cluster.id == 0) return;
  const auto known = ids_.find(cluster.id);
  if (known != ids_.end()) forget(known->second);
  const std::size_t slot = create(cluster.last_at);
  Cluster& made = slots_[slot].cluster;
  ids_.erase(made.id);
  ids_[cluster.id] = static_cast<std::uint32_t>(slot);
  if (cluster.state == ClusterState::open) ++open_;
  made = std::move(cluster);
  for (const std::uint64_t key : made.bands) index_.put(key, ref_of(slot));
  for (const std::uint32_t client : made.clients) index_.put(client_key(client), ref_of(slot));
  for (const SharedPhrase& phrase : made.phrases) {
    if (made.has_phrase(phrase.hash)) index_.put(phrase_key(phrase.hash), ref_of(slot));
  }
  for (const SharedFacet& facet : made.facets) {
    if (facet_weight_max(facet.kind) > 0 && facet.messages * 8 >= made.messages)
      index_.put(facet_key(facet.kind, facet.hash), ref_of(slot));
  }
}

}  // namespace leumund::evidence
