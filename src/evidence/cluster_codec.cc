#include "evidence/cluster_codec.h"

#include <algorithm>
#include <limits>

#include "evidence/byte_stream.h"

namespace leumund::evidence {
namespace {

constexpr std::uint64_t version = 5;
// Older ones that are still read:
constexpr std::uint64_t oldest = 3;          // had no counts of each recipient
constexpr std::uint64_t counts_repeats = 4;  // the last with a count that nothing used
constexpr std::size_t hashes_most = 20'000;

void write_hash(ByteWriter& writer, std::uint64_t hash) {
  writer.fixed(static_cast<std::uint32_t>(hash));
  writer.fixed(static_cast<std::uint32_t>(hash >> 32));
}

std::uint64_t read_hash(ByteReader& reader) {
  const std::uint64_t low = reader.fixed();
  return low | static_cast<std::uint64_t>(reader.fixed()) << 32;
}

void write_hashes(ByteWriter& writer, const std::vector<std::uint64_t>& hashes) {
  const std::size_t count = std::min(hashes.size(), hashes_most);
  writer.number(count);
  for (std::size_t i = hashes.size() - count; i < hashes.size(); ++i) write_hash(writer, hashes[i]);
}

void read_hashes(ByteReader& reader, std::vector<std::uint64_t>& hashes) {
  const std::uint64_t count = reader.number(hashes_most);
  for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) hashes.push_back(read_hash(reader));
}

void read_sketches(ByteReader& reader, Cluster& cluster) {
  for (std::uint64_t n = reader.number(Cluster::sketches_max_open); n > 0 && !reader.failed();
       --n) {
    PackedSketch& sketch = cluster.sketches.emplace_back();
    sketch.any = true;
    for (std::uint64_t& row : sketch.rows) row = read_hash(reader);
    reader.integer(sketch.messages);
  }
}

void write_recipients(ByteWriter& writer, const MemberRecipients& of) {
  writer.number(of.kept);
  for (std::size_t i = 0; i < of.kept; ++i) writer.fixed(of.hashes[i]);
  writer.number(of.fresh_bits);
  writer.number(of.more ? 1 : 0);
  writer.number(of.to_shared ? 1 : 0);
}

void read_recipients(ByteReader& reader, MemberRecipients& of) {
  of.kept = static_cast<std::uint8_t>(reader.number(MemberRecipients::most));
  for (std::size_t i = 0; i < of.kept; ++i) of.hashes[i] = reader.fixed();
  of.fresh_bits = static_cast<std::uint8_t>(reader.number((1U << of.kept) - 1));
  of.more = reader.flag();
  of.to_shared = reader.flag();
}

void read_counts(ByteReader& reader, std::uint64_t written_by, Cluster& cluster) {
  reader.integer(cluster.recipients_all);
  if (std::uint32_t repeats = 0; written_by <= counts_repeats) reader.integer(repeats);
  for (std::uint32_t* count :
       {&cluster.messages, &cluster.core, &cluster.replies, &cluster.automatic, &cluster.lists,
        &cluster.scripts, &cluster.from_outside, &cluster.days, &cluster.day_accounts,
        &cluster.usual_accounts}) {
    reader.integer(*count);
  }
}

}  // namespace

void encode_cluster(const Cluster& cluster, std::string& out) {
  ByteWriter writer(out);
  writer.number(version);
  write_hash(writer, cluster.id);
  writer.number(static_cast<std::uint64_t>(cluster.state));
  writer.number(cluster.by_person ? 1 : 0);
  writer.time(cluster.first_at);
  writer.time(cluster.last_at);
  writer.time(cluster.opened_at);
  writer.time(cluster.outside_at);
  writer.number(cluster.members.size());
  for (const ClusterMember& member : cluster.members) {
    write_hash(writer, member.account);
    writer.fixed(member.tenant);
    writer.real(member.surprise);
    writer.time(member.at);
    write_recipients(writer, member.wrote_to);
  }
  writer.number(cluster.sketches.size());
  for (const PackedSketch& sketch : cluster.sketches) {
    for (const std::uint64_t row : sketch.rows) write_hash(writer, row);
    writer.number(sketch.messages);
  }
  write_hashes(writer, cluster.bands);
  writer.number(cluster.facets.size());
  for (const SharedFacet& facet : cluster.facets) {
    writer.number(static_cast<std::uint64_t>(facet.kind));
    write_hash(writer, facet.hash);
    writer.number(facet.messages);
  }
  writer.number(cluster.phrases.size());
  for (const SharedPhrase& phrase : cluster.phrases) {
    writer.fixed(phrase.hash);
    writer.number(phrase.messages);
  }
  writer.number(cluster.clients.size());
  for (const std::uint32_t client : cluster.clients) writer.fixed(client);
  writer.number(cluster.recipients.size());
  for (const SharedRecipient& recipient : cluster.recipients) {
    writer.fixed(recipient.hash);
    writer.number(recipient.accounts);
    writer.number(recipient.known ? 1 : 0);
  }
  for (const std::uint32_t count :
       {cluster.recipients_all, cluster.messages, cluster.core, cluster.replies, cluster.automatic,
        cluster.lists, cluster.scripts, cluster.from_outside, cluster.days, cluster.day_accounts,
        cluster.usual_accounts}) {
    writer.number(count);
  }
  writer.number(cluster.phrase_core);
  writer.signed_number(cluster.newest_day);
  writer.real(static_cast<float>(cluster.score));
  write_hashes(writer, cluster.known_members);
}

base::Result<Cluster> decode_cluster(std::string_view state) {
  const base::Error malformed{base::ErrorCode::malformed, "record of a campaign is not readable"};
  ByteReader reader(state);
  const std::uint64_t written_by = reader.number(version);
  if (written_by < oldest) return malformed;
  Cluster cluster;
  cluster.id = read_hash(reader);
  cluster.state = static_cast<ClusterState>(reader.number(2));
  cluster.by_person = reader.flag();
  cluster.undecided = cluster.state == ClusterState::watched;  // others have no record
  reader.time(cluster.first_at);
  reader.time(cluster.last_at);
  reader.time(cluster.opened_at);
  reader.time(cluster.outside_at);
  for (std::uint64_t n = reader.number(Cluster::members_max); n > 0 && !reader.failed(); --n) {
    ClusterMember& member = cluster.members.emplace_back();
    member.account = read_hash(reader);
    member.tenant = reader.fixed();
    reader.real(member.surprise);
    reader.time(member.at);
    if (written_by > oldest) read_recipients(reader, member.wrote_to);
    cluster.accounts.add(member.account, member.at);
  }
  read_sketches(reader, cluster);
  read_hashes(reader, cluster.bands);
  if (cluster.bands.size() > Cluster::sketches_max_open * model::Fingerprint::bands)
    return malformed;
  for (std::uint64_t n = reader.number(Cluster::facets_max_open); n > 0 && !reader.failed(); --n) {
    SharedFacet& facet = cluster.facets.emplace_back();
    facet.kind = static_cast<model::FacetKind>(reader.number(model::facet_kinds - 1));
    facet.hash = read_hash(reader);
    reader.integer(facet.messages);
  }
  for (std::uint64_t n = reader.number(Cluster::phrases_max_open); n > 0 && !reader.failed(); --n) {
    SharedPhrase& phrase = cluster.phrases.emplace_back();
    phrase.hash = reader.fixed();
    reader.integer(phrase.messages);
  }
  for (std::uint64_t n = reader.number(Cluster::clients_max_open); n > 0 && !reader.failed(); --n) {
    const std::uint32_t client = reader.fixed();
    if (!cluster.clients.empty() && client <= cluster.clients.back()) return malformed;
    cluster.clients.push_back(client);
  }
  for (std::uint64_t n = reader.number(Cluster::recipients_max); n > 0 && !reader.failed(); --n) {
    SharedRecipient& recipient = cluster.recipients.emplace_back();
    recipient.hash = reader.fixed();
    recipient.accounts = 1;
    if (written_by == oldest) continue;
    reader.integer(recipient.accounts);
    recipient.known = reader.flag();
  }
  read_counts(reader, written_by, cluster);
  reader.integer(cluster.phrase_core);
  cluster.newest_day = reader.signed_number();
  float score = 0;
  reader.real(score);
  cluster.score = static_cast<double>(score);
  read_hashes(reader, cluster.known_members);
  constexpr std::int64_t day_most = 1'100'000;
  if (reader.failed() || !reader.ended() || cluster.id == 0 || cluster.id >> 48 != 0 ||
      cluster.newest_day > day_most || cluster.newest_day < -day_most) {
    return malformed;
  }
  return cluster;
}

}  // namespace leumund::evidence
