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
// Of a mail whose recipients account for its being like the others.
constexpr float explained_odds = -2;

bool is_over(const Cluster& cluster, base::TimePoint at) {
  if (cluster.state == ClusterState::open) return false;
  const bool longer = cluster.state == ClusterState::harmless || cluster.undecided;
  return cluster.last_at + (longer ? harmless_for : watched_for) < at;
}

}  // namespace

ClusterStore::ClusterStore(Settings settings)
    : settings_(settings),
      background_(std::clamp<std::size_t>(settings.bytes_max / 16, std::size_t{1} << 18,
                                          std::size_t{64} << 20)),
      index_(settings.bytes_max / 2),
      ring_max_(std::max<std::size_t>(1024, settings.bytes_max / 4 / sizeof(Sighting))),
      slots_max_(std::clamp<std::size_t>(settings.bytes_max / 6 / 4096, 1024, 1U << 18)) {}

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
  // It is kept for people only.
  const Cluster& cluster = slots_[slot].cluster;
  if (cluster.undecided && cluster.last_at + watched_for < at) return PrintIndex::none;
  return ref;
}
// One mail can have a sentence of two mailings: spam is padded with what honest people wrote. A
// campaign does not swallow what people write in character because of it. Watched clusters become
// one whatever their members look like: were only the odd ones counted, all would look odd.
bool ClusterStore::alike(const Cluster& into, const Cluster& from) {
  return into.state != ClusterState::open || from.balance() >= 0;
}

// Two clusters that one odd mail belongs to are one mailing. The other one is emptied.
bool ClusterStore::unite(std::size_t slot, std::size_t other) {
  Cluster& into = slots_[slot].cluster;
  Cluster& from = slots_[other].cluster;
  if (slot == other || from.state != ClusterState::watched || into.state == ClusterState::harmless)
    return false;
  if (!alike(into, from)) return false;
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
  if (cluster.state != ClusterState::open || !shapes(arrival, cluster) || arrival.account == 0)
    return taken;
  for (const Candidate& candidate : found_) {
    const std::uint32_t ref = resolve(candidate.ref, arrival.at);
    if (ref == PrintIndex::none || (ref & cluster_bit) != 0) continue;
    Sighting& lone = ring_[(ref - 1) % ring_max_];
    if (candidate.affinity < settings_.join_at || lone.account == 0) continue;
    if (lone.surprise < in_character_below || (candidate.part && lone.odds < 0)) continue;
    lone.joined = ref_of(slot);
    cluster.accounts.add(lone.account, lone.at);
    cluster.add_message(lone.message);
    taken.push_back(lone.message);
    if (cluster.member(lone.account) != nullptr) continue;
    if (cluster.members.size() >= Cluster::members_max)
      cluster.members.erase(cluster.members.begin());
    cluster.members.push_back(
        {lone.account, lone.message, lone.tenant, lone.surprise, lone.at, lone.odds, {}});
  }
  return taken;
}

Placed ClusterStore::place(const Arrival& arrival) {
  keys_of(arrival);
  const PackedSketch sketch(arrival.print);
  if (keys_.empty()) return {};
  find_candidates(arrival);
  weigh_candidates(arrival, sketch);
  const bool of_campaign =
      !found_.empty() && (found_.front().ref & cluster_bit) != 0 &&
      slots_[found_.front().ref & 0xfffffU].cluster.state == ClusterState::open;
  if (is_odd(arrival) && !of_campaign) odd_pace_.add(arrival.at);
  if (arrival.stranger && !of_campaign) stranger_pace_.add(arrival.at);
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
  for (std::size_t i = 1;
       i < found_.size() && shapes(arrival, slots_[slot].cluster) && arrival.account != 0; ++i) {
    // resolve() again: the one before may have swallowed it.
    const std::uint32_t ref = resolve(found_[i].ref, arrival.at);
    if ((ref & cluster_bit) != 0 && found_[i].affinity >= settings_.join_at)
      united = unite(slot, ref & 0xfffffU) || united;
  }
  unlink(slot);
  link_newest(slot);
  Placed placed{.cluster = &slots_[slot].cluster, .affinity = best.affinity, .united = united};
  placed.copy = !sketch.any || placed.cluster->similarity(sketch) >= whole_from;
  join(placed, arrival, sketch);
  placed.lone_before = take_lone(slot, arrival);
  if (shapes(arrival, *placed.cluster)) put_keys(arrival, slot);
  return placed;
}

// More variants of the text are found by more keys, but one cluster may not crowd the index with
// what single mails are padded with. What stands for it always has its place, in front of the lone
// mails that have the same.
void ClusterStore::put_keys(const Arrival& arrival, std::size_t slot) {
  const Cluster& cluster = slots_[slot].cluster;
  const std::uint32_t ref = ref_of(slot);
  const std::uint32_t keys_most =
      cluster.state == ClusterState::open ? keys_per_open_max : keys_per_cluster_max;
  for (const std::uint64_t key : keys_) {
    if (index_.renew(key, ref) || slots_[slot].keys_put >= keys_most) continue;
    index_.put(key, ref);
    ++slots_[slot].keys_put;
  }
  if (slots_[slot].keys_put < keys_most) return;
  const Fingerprint& print = arrival.print;
  for (std::size_t i = 0; i < print.phrase_count; ++i) {
    if (cluster.has_phrase(print.phrases[i])) index_.put(phrase_key(print.phrases[i]), ref);
  }
  for (std::size_t i = 0; i < print.facet_count; ++i) {
    if (binds(print, i) && cluster.has_facet(print.facet_kinds[i], print.facet_hashes[i]))
      index_.put(facet_key(print.facet_kinds[i], print.facet_hashes[i]), ref);
  }
}

void ClusterStore::keep_facets(const Fingerprint& print, Sighting& sighting) const {
  std::array<std::pair<double, std::uint32_t>, Fingerprint::facets_max> order{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < print.facet_count; ++i) {
    if (!binds(print, i)) continue;
    order[count++] = {-facet_weight(print, i),
                      facet_part(facet_key(print.facet_kinds[i], print.facet_hashes[i]))};
  }
  std::sort(order.begin(), order.begin() + count);
  for (std::size_t i = 0; i < std::min(count, sighting_facets); ++i)
    sighting.facet_parts[sighting.facets++] = order[i].second;
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
  const std::size_t kept = std::min(arrival.to.all.size(), sighting_recipients);
  std::copy_n(arrival.to.all.begin(), kept, sighting.recipients.begin());
  sighting.recipients_kept = static_cast<std::uint8_t>(kept);
  sighting.recipients_fresh =
      static_cast<std::uint8_t>(std::min(arrival.to.fresh, sighting_recipients + 1));
  sighting.house_knows = arrival.to.house_knows;
  sighting.surprise = arrival.surprise;
  sighting.odds = arrival.odds;
  sighting.script = arrival.script;
  sighting.at = arrival.at;
  keep_facets(arrival.print, sighting);
  std::array<std::uint32_t, PrintIndex::places> campaigns{};
  for (const std::uint64_t key : keys_) {
    std::size_t count = 0;
    if (open_ > 0) {
      index_.find(key, [&](std::uint32_t ref) {
        if ((ref & cluster_bit) != 0 && resolve(ref, arrival.at) == ref &&
            slots_[ref & 0xfffffU].cluster.state == ClusterState::open)
          campaigns[count++] = ref;
      });
    }
    index_.put(key, sighting.number);
    // Lone mails of a campaign that was not recognised in them may not push it out.
    for (std::size_t i = 0; i < count; ++i) index_.renew(key, campaigns[i]);
  }
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
  cluster.members.push_back(
      {with.account, with.message, with.tenant, with.surprise, with.at, with.odds, {}});
  ++cluster.day_accounts;
  cluster.accounts.add(with.account, with.at);
  MemberRecipients& wrote_to = cluster.members.back().wrote_to;
  cluster.add_recipients({std::span(with.recipients).first(with.recipients_kept),
                          with.recipients_fresh, with.house_knows},
                         wrote_to, true);
  wrote_to.more = wrote_to.more || with.recipients_fresh > sighting_recipients;
  cluster.add_client(with.client);
  cluster.add_message(with.message);
  if (with.script) ++cluster.scripts;
  return slot;
}

void ClusterStore::join(Placed& placed, const Arrival& arrival, const PackedSketch& sketch) {
  Cluster& cluster = *placed.cluster;
  cluster.last_at = std::max(cluster.last_at, arrival.at);
  const bool core = shapes(arrival, cluster);
  if (arrival.stranger) cluster.stranger_pace.add(arrival.at);
  if (core) {
    ++cluster.core;
    cluster.pace.add(arrival.at);
    cluster.add_facets(arrival.print);
    cluster.add_phrases(arrival.print);
    cluster.add_client(arrival.client);
  }
  if (core && cluster.add_sketch(sketch)) {
    const auto bands = model::band_keys(arrival.print);
    cluster.bands.insert(cluster.bands.end(), bands.begin(), bands.end());
  }
  // An account counts once: what its thief sent is among its habits by its next mail, be it of a
  // part of the mailing that was found as a campaign of its own.
  if (cluster.state == ClusterState::open && arrival.account != 0 && !arrival.stranger &&
      arrival.member_of == 0 && cluster.member(arrival.account) == nullptr)
    cluster.weigh_pieces(arrival.print, sketch, arrival.odds);
  if (arrival.account == 0) {
    if (cluster.from_outside++ == 0) cluster.outside_at = arrival.at;
    return;
  }
  cluster.see_day(arrival.at);
  placed.explained = cluster.explains(arrival.to);
  ClusterMember* const known = cluster.member(arrival.account);
  placed.first_of_account = known == nullptr;
  MemberRecipients wrote_to;
  cluster.add_recipients(arrival.to, known == nullptr ? wrote_to : known->wrote_to,
                         placed.first_of_account);
  cluster.add_message(arrival.message);
  if (arrival.print.has(model::MailSign::reply)) ++cluster.replies;
  if (arrival.print.has(model::MailSign::auto_submitted)) ++cluster.automatic;
  if (arrival.print.has(model::MailSign::list)) ++cluster.lists;
  if (arrival.script) ++cluster.scripts;
  cluster.accounts.add(arrival.account, arrival.at);
  if (!placed.first_of_account) return;
  std::erase_if(cluster.members,
                [&](const ClusterMember& m) { return m.at + watched_for < arrival.at; });
  if (cluster.members.size() >= Cluster::members_max)
    cluster.members.erase(cluster.members.begin());
  cluster.members.push_back(
      {arrival.account, arrival.message, arrival.tenant, placed.explained ? 0 : arrival.surprise,
       arrival.at, placed.explained ? std::min(explained_odds, arrival.odds) : arrival.odds,
       wrote_to});
  ++cluster.day_accounts;
}

std::size_t ClusterStore::create(base::TimePoint at) {
  // Watched clusters that were quiet for a week go by themselves; a full table pushes out one.
  for (int looked = 0; looked < 8 && oldest_ != 0; ++looked) {
    const std::size_t slot = oldest_ - 1;
    const Cluster& old = slots_[slot].cluster;
    if (is_over(old, at)) {
      forget(slot);
      continue;
    }
    if (!old.undecided) break;
    unlink(slot);  // others behind it may be over
    link_newest(slot);
  }
  if (free_.empty() && slots_.size() >= slots_max_) {
    // Open ones get another turn, and so do harmless ones for a while.
    for (std::size_t looked = 0; looked < settings_.open_max + 64; ++looked) {
      const Cluster& old = slots_[oldest_ - 1].cluster;
      const bool kept = old.state == ClusterState::harmless || old.undecided;
      if (old.state != ClusterState::open && (!kept || looked >= 64)) break;
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

void ClusterStore::forget_harmless(base::TimePoint at) {
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    const Cluster& cluster = slots_[slot].cluster;
    const bool kept = cluster.state == ClusterState::harmless || cluster.undecided;
    if (cluster.id != 0 && kept && is_over(cluster, at)) forget(slot);
  }
}

void ClusterStore::forget(std::size_t slot) {
  const Cluster& cluster = slots_[slot].cluster;
  if (cluster.state == ClusterState::open) --open_;
  if (cluster.recorded()) recorded_gone_.push_back(cluster.id);
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
  if (made.undecided) keep_undecided(made);
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
