#include "evidence/cluster.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <utility>

#include "base/hash.h"
#include "evidence/sliding_window.h"

namespace leumund::evidence {
namespace {

// From so many messages on, what only one of them has does not stand for the cluster.
constexpr std::uint32_t established = 4;
// Phrases are counted over so many messages before older ones count half: a mailing changes its
// words, and what it is padded with may not fill the table for good.
constexpr std::uint32_t phrase_window = 512;

// What so many messages have is no chance, though it is a small part of them: a mailing may have
// dozens of texts.
constexpr std::uint32_t many = 8;

// One in so many texts, links or words of a campaign is refused by mistake: e^4.
constexpr float closed_below = -4;
// What it was long ago may not outweigh what it is now.
constexpr float odds_most = 8;
// Texts so similar are variants of each other.
constexpr double variants_from = 0.4;

template <typename Piece>
bool is_closed(const Piece& piece) {
  return piece.odds < closed_below;
}

template <typename Piece>
void weigh(Piece& piece, float odds) {
  piece.odds = std::clamp(piece.odds + odds, -odds_most, odds_most);
}

bool is_subject(model::FacetKind kind) {
  return kind == model::FacetKind::subject || kind == model::FacetKind::subject_part;
}

}  // namespace

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

double Pace::per_hour(base::TimePoint at) const {
  return count_ * std::exp2(-std::max(0.0, base::seconds_of(at - at_)) / 3600 / hours_) / hours_ *
         std::numbers::ln2;
}

void Pace::add(base::TimePoint at) {
  // Back from the rate to the count that has it.
  count_ = per_hour(at) * hours_ / std::numbers::ln2 + 1;
  at_ = std::max(at_, at);
}

const ClusterMember* Cluster::member(std::uint64_t account) const {
  const auto at = std::find_if(members.begin(), members.end(),
                               [account](const ClusterMember& m) { return m.account == account; });
  return at == members.end() ? nullptr : &*at;
}

ClusterMember* Cluster::member(std::uint64_t account) {
  return const_cast<ClusterMember*>(std::as_const(*this).member(account));
}

double Cluster::similarity(const PackedSketch& sketch) const {
  double most = 0;
  for (const PackedSketch& one : sketches) {
    if (!is_closed(one) && (core < established || one.messages >= 2))
      most = std::max(most, one.similarity(sketch));
  }
  return most;
}

std::size_t Cluster::tenants() const {
  std::vector<std::uint32_t> all;
  for (const ClusterMember& m : members) all.push_back(m.tenant);
  std::sort(all.begin(), all.end());
  return static_cast<std::size_t>(std::unique(all.begin(), all.end()) - all.begin());
}

double Cluster::balance() const {
  double sum = 0;
  for (const ClusterMember& m : members) sum += static_cast<double>(m.odds);
  return sum;
}

std::size_t Cluster::bytes() const {
  std::size_t text = 0;
  for (const std::string& t : texts) text += t.capacity();
  return sizeof(Cluster) + members.capacity() * sizeof(ClusterMember) + accounts.bytes() +
         sketches.capacity() * sizeof(PackedSketch) + bands.capacity() * sizeof(std::uint64_t) +
         facets.capacity() * sizeof(SharedFacet) + recipients.capacity() * sizeof(SharedRecipient) +
         phrases.capacity() * sizeof(SharedPhrase) + clients.capacity() * sizeof(std::uint32_t) +
         (message_numbers.capacity() + known_members.capacity()) * sizeof(std::uint64_t) + text;
}

std::string Cluster::name_of(std::uint64_t id) { return fmt::format("{:012x}", id); }

void Cluster::add_facets(const model::Fingerprint& print) {
  const bool open = state == ClusterState::open;
  const std::size_t facets_room = open ? facets_max_open : facets_max;
  const std::size_t subjects_room = open ? subjects_max_open : subjects_max;
  for (std::size_t i = 0; i < print.facet_count; ++i) {
    const model::FacetKind kind = print.facet_kinds[i];
    const auto known = std::find_if(facets.begin(), facets.end(), [&](const SharedFacet& f) {
      return f.hash == print.facet_hashes[i] && f.kind == kind;
    });
    if (known != facets.end()) {
      ++known->messages;
      continue;
    }
    // Subjects have places of their own: what mails are padded with may not crowd them out.
    const bool subject = is_subject(kind);
    const auto in_group = [subject](const SharedFacet& f) { return is_subject(f.kind) == subject; };
    const auto used = std::count_if(facets.begin(), facets.end(), in_group);
    if (static_cast<std::size_t>(used) >= (subject ? subjects_room : facets_room - subjects_room)) {
      // The oldest that came once makes room; what many share stays.
      const auto least = std::find_if(facets.begin(), facets.end(), [&](const SharedFacet& f) {
        return in_group(f) && f.messages <= 1;
      });
      if (least == facets.end()) continue;
      facets.erase(least);
    }
    facets.push_back({kind, print.facet_hashes[i], 1});
  }
}

void Cluster::add_phrases(const model::Fingerprint& print) {
  if (++phrase_core >= phrase_window) {
    phrase_core /= 2;
    for (SharedPhrase& phrase : phrases) phrase.messages /= 2;
    std::erase_if(phrases, [](const SharedPhrase& p) { return p.messages == 0; });
  }
  const bool open = state == ClusterState::open;
  const std::size_t room = open ? phrases_max_open : phrases_max;
  for (std::size_t i = 0; i < print.phrase_count; ++i) {
    const std::uint32_t hash = print.phrases[i];
    const auto known = std::find_if(phrases.begin(), phrases.end(),
                                    [hash](const SharedPhrase& p) { return p.hash == hash; });
    if (known != phrases.end()) {
      ++known->messages;
      continue;
    }
    if (phrases.size() >= room) {
      const auto least = std::min_element(
          phrases.begin(), phrases.end(),
          [](const SharedPhrase& a, const SharedPhrase& b) { return a.messages < b.messages; });
      // Like facets; and one that has not come again gives way in time. In a campaign the halving
      // sees to that: there each mail brings more padding than it has words of its own.
      if (least->messages > 1) {
        if (!open) --least->messages;
        continue;
      }
      phrases.erase(least);
    }
    phrases.push_back({hash, 1});
  }
}

bool Cluster::has_facet(model::FacetKind kind, std::uint64_t hash) const {
  const auto known = std::find_if(facets.begin(), facets.end(), [&](const SharedFacet& f) {
    return f.hash == hash && f.kind == kind;
  });
  if (known == facets.end() || is_closed(*known)) return false;
  const bool subject = is_subject(kind);
  const std::uint32_t n = known->messages;
  return n * 8 >= core || (subject && n >= 3 && n * 40 >= core) || (n >= many && n * 24 >= core);
}

bool Cluster::has_phrase(std::uint32_t hash) const {
  const auto known = std::find_if(phrases.begin(), phrases.end(),
                                  [hash](const SharedPhrase& p) { return p.hash == hash; });
  if (known == phrases.end() || is_closed(*known)) return false;
  const std::uint32_t n = known->messages;
  return core < established || (n >= 2 && n * 12 >= phrase_core) ||
         (n >= many && n * 48 >= phrase_core);
}

bool Cluster::add_sketch(const PackedSketch& sketch) {
  if (!sketch.any) return false;
  // A copy of one that is there finds nothing new, but makes sure of it.
  constexpr double same = 0.8;
  constexpr double like = 0.3;
  double most = 0;
  for (PackedSketch& one : sketches) {
    const double alike = one.similarity(sketch);
    if (alike >= like) ++one.messages;
    most = std::max(most, alike);
  }
  const std::size_t room = state == ClusterState::open ? sketches_max_open : sketches_max;
  if (most >= same || sketches.size() >= room) return false;
  sketches.push_back(sketch);
  return true;
}

void Cluster::weigh_pieces(const model::Fingerprint& print, const PackedSketch& sketch,
                           float mail_odds) {
  for (PackedSketch& one : sketches) {
    if (one.similarity(sketch) >= variants_from) weigh(one, mail_odds);
  }
  for (SharedPhrase& phrase : phrases) {
    const auto end = print.phrases.begin() + print.phrase_count;
    if (std::find(print.phrases.begin(), end, phrase.hash) != end) weigh(phrase, mail_odds);
  }
  for (SharedFacet& facet : facets) {
    if (print.has_facet(facet.kind, facet.hash)) weigh(facet, mail_odds);
  }
}

void Cluster::add_client(std::uint32_t client) {
  const std::size_t room = state == ClusterState::open ? clients_max_open : clients_max;
  const auto at = std::lower_bound(clients.begin(), clients.end(), client);
  if (client == 0 || clients.size() >= room || (at != clients.end() && *at == client)) return;
  clients.insert(at, client);
}

bool Cluster::has_client(std::uint32_t client) const {
  return client != 0 && std::binary_search(clients.begin(), clients.end(), client);
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
  for (const SharedPhrase& phrase : other.phrases) {
    const auto known = std::find_if(phrases.begin(), phrases.end(),
                                    [&](const SharedPhrase& p) { return p.hash == phrase.hash; });
    if (known != phrases.end()) {
      known->messages += phrase.messages;
    } else if (phrases.size() < phrases_max) {
      phrases.push_back(phrase);
    }
  }
  phrase_core += other.phrase_core;
  for (const std::uint32_t client : other.clients) add_client(client);
  absorb_recipients(other);
  for (const std::uint64_t number : other.message_numbers) add_message(number);
  messages += other.messages - static_cast<std::uint32_t>(other.message_numbers.size());
  core += other.core;
  replies += other.replies;
  automatic += other.automatic;
  lists += other.lists;
  scripts += other.scripts;
  // Without mail from outside the time of the first of it says nothing.
  if (other.from_outside > 0) {
    outside_at = from_outside > 0 ? std::min(outside_at, other.outside_at) : other.outside_at;
  }
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
    // Who quotes one mail quotes its links, so these alone bind nothing.
    case FacetKind::quoted_domain: return 5;
    case FacetKind::url_domain:
    case FacetKind::subject: return 4;
    case FacetKind::subject_part: return 3.75;
    default: return 0;
  }
}

std::uint64_t phrase_key(std::uint32_t hash) { return base::combine_hashes(hash, 0x70687261U); }

std::uint64_t client_key(std::uint32_t client) { return base::combine_hashes(client, 0x636c6e74U); }

std::uint64_t facet_key(model::FacetKind kind, std::uint64_t hash) {
  return base::combine_hashes(hash, 0xface0000U + static_cast<std::uint64_t>(kind));
}

}  // namespace leumund::evidence
