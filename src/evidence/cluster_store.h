// All clusters and the lone mails that may become some: finds for every mail what it belongs to.
//
// Flow:    engine -> place() -> Cluster -> verdict; open and harmless ones -> records -> storage.
// Time:    passed in; a lone mail is forgotten after three days, a cluster when it was quiet for a
//          week (a harmless one: 60 days).
// Limits:  `bytes_max` for everything, split into fixed tables at construction. A full table of
//          lone mails forgets the oldest one; a full index the entry put longest ago in that
//          bucket; a full table of clusters the watched one that was quiet longest, then the
//          harmless one. Open campaigns are never pushed out; there are at most `open_max`.
// Threads: none of its own and no lock.
// Owner:   pointers to clusters end with the next place() or load().
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/time.h"
#include "evidence/cluster.h"
#include "evidence/facet_counts.h"
#include "evidence/print_index.h"

namespace leumund::evidence {

// A facet that one mail in twenty has says nothing: -ln of its share.
inline constexpr double common_facet = 3;
// Whether this facet can bind mails at all.
[[nodiscard]] bool binds(const model::Fingerprint& print, std::size_t facet);
// What a lone mail remembers of a facet.
[[nodiscard]] std::uint32_t facet_part(std::uint64_t key);

// One mail, as far as clusters care.
struct Arrival {
  const model::Fingerprint& print;
  std::uint64_t account = 0;  // hash in the ledger; 0: it came from outside
  std::uint64_t message = 0;
  std::uint32_t tenant = 0;
  float surprise = 0;
  float odds = 0;  // ln of P(so odd | its account is hacked) / P(so odd | it is honest)
  bool script = false;
  bool known_account = false;  // its habits are known: in character means something
  bool stranger = false;       // nothing is known of the account
  bool in_character = false;   // a known account writes as it does: an open campaign is not of it
  bool may_begin = true;       // a mail in character joins clusters and begins none
  Addressees to;
  std::uint32_t client = 0;     // 0 unless new to this house
  std::uint64_t member_of = 0;  // an open campaign that the account is a member of already
  // Accounts that used the same client address, new to this house, within the last day.
  std::span<const std::uint64_t> companions;
  // Not 0: the mails of accounts that share several such addresses are one group without any text.
  std::uint64_t client_group = 0;
  base::TimePoint at;
};

struct Placed {
  Cluster* cluster = nullptr;     // nothing: it is alone
  bool first_of_account = false;  // the account was not in it before
  bool explained = false;         // its recipients account for its being like the others
  bool copy = false;              // most of its text is the mailing's, or it has none
  double affinity = 0;            // what binds it, in natural-log units
  bool united = false;            // it made two clusters one: there are more members now
  // Mails that were alone until now and belong to the open campaign as well.
  std::vector<std::uint64_t> lone_before = {};
};

class ClusterStore {
 public:
  // How much each kind of evidence that binds mails counts; 0 leaves it out.
  struct Counts {
    double text = 1;
    double phrases = 1;
    double links = 1;  // and contacts, attachments, short texts
    double subject = 1;
    double clients = 1;
    double membership = 1;
  };
  struct Settings {
    std::size_t bytes_max = std::size_t{64} << 20;
    std::size_t open_max = 256;
    double join_at = 8;  // affinity from which two mails are one mailing
    Counts counts;
    base::HashKey key;
  };

  explicit ClusterStore(Settings settings);

  Placed place(const Arrival& arrival);
  // Counts the facets of a mail that nobody objects to.
  void learn_background(const model::Fingerprint& print, base::TimePoint at);
  [[nodiscard]] bool shares_with_open(const model::Fingerprint& print) const;
  [[nodiscard]] const FacetCounts& background() const { return background_; }

  [[nodiscard]] Cluster* find(std::uint64_t id);
  [[nodiscard]] const Cluster* find(std::uint64_t id) const;
  // By the name that people use; 0 when there is none.
  [[nodiscard]] std::uint64_t id_of(std::string_view name) const;
  bool open(Cluster& cluster, base::TimePoint at);  // false: too many are open
  void close(Cluster& cluster, bool harmless, bool by_person);
  void end(Cluster& cluster);  // by itself: it must show itself anew; see Cluster::undecided

  // Puts a cluster from a record back; it replaces one of the same id.
  void load(Cluster cluster);
  // Harmless ones that were quiet for too long; others than create() comes across, too.
  void forget_harmless(base::TimePoint at);
  // Clusters that were forgotten since the last call and whose records are to go with them.
  [[nodiscard]] std::vector<std::uint64_t> take_forgotten() {
    return std::exchange(recorded_gone_, {});
  }

  [[nodiscard]] std::size_t clusters() const { return ids_.size(); }
  [[nodiscard]] std::size_t open_count() const { return open_; }
  [[nodiscard]] std::uint64_t forgotten_clusters() const { return forgotten_; }
  [[nodiscard]] std::uint64_t sightings() const { return newest_sighting_; }
  [[nodiscard]] std::size_t bytes() const;
  // The same without the lists of the clusters, which take time to add up.
  [[nodiscard]] std::size_t fixed_bytes() const;

 private:
  static constexpr std::size_t sighting_facets = 8, sighting_recipients = 4;
  // -ln p below which a mail is in character: somebody's own until it is nearly a copy.
  static constexpr float in_character_below = 0.7F;
  static constexpr double whole_from = 0.4;  // variants, not only neighbours in a sentence
  static constexpr std::uint32_t cluster_bit = 0x80000000U;
  struct Sighting {
    PackedSketch sketch;
    std::uint64_t account = 0;
    std::uint64_t message = 0;
    std::uint32_t number = 0;  // 0: free
    std::uint32_t tenant = 0;
    std::uint32_t joined = 0;  // ref of the cluster that it went into
    std::array<std::uint32_t, sighting_recipients> recipients{};  // as in Addressees
    std::uint8_t recipients_kept = 0;
    std::uint8_t recipients_fresh = 0;  // more than are kept: others were, too
    bool house_knows = false;
    std::uint32_t client = 0;
    float surprise = 0;
    float odds = 0;
    std::uint8_t facets = 0;
    bool script = false;
    std::array<std::uint32_t, sighting_facets> facet_parts{};
    base::TimePoint at;
  };
  struct Slot {
    Cluster cluster;
    std::uint32_t generation = 0;
    std::uint32_t newer = 0;  // 1 + slot, by when it was last used
    std::uint32_t older = 0;
    std::uint32_t keys_put = 0;
  };
  // What the phrases are worth that two mails share.
  struct SharedWords {
    double fresh = 0;
    double before = 0;
    void add(double weight, bool written_before);
    [[nodiscard]] double worth() const;
  };
  struct Candidate {
    std::uint32_t ref = 0;
    double affinity = 0;
    double preferred = 0;
    double text_most = 0;
    bool part = true;     // one kind of evidence, and not most of the text
    bool whole = false;   // most of the text
    SharedWords phrases;  // those that led to it
  };

  // So much out of character that nothing speaks for the owner any more.
  [[nodiscard]] static bool is_odd(const Arrival& arrival);
  [[nodiscard]] static bool shapes(const Arrival& arrival, const Cluster& cluster);
  void keys_of(const Arrival& arrival);
  // What binds two mails, and by how many kinds of evidence.
  struct Affinity {
    double value = 0;
    int kinds = 0;
    bool whole = false;  // most of the text is shared, not a sentence of it
    void add(double more);
  };
  [[nodiscard]] double facet_weight(const model::Fingerprint& print, std::size_t i) const;
  // What a lone mail remembers: its rarest facets.
  void keep_facets(const model::Fingerprint& print, Sighting& sighting) const;
  [[nodiscard]] Affinity facet_affinity(const model::Fingerprint& print,
                                        const std::function<bool(std::size_t)>& shares) const;
  [[nodiscard]] Affinity affinity_to(const Arrival& arrival, const PackedSketch& sketch,
                                     double text_most, double phrases,
                                     const Sighting& sighting) const;
  [[nodiscard]] Affinity affinity_to(const Arrival& arrival, const PackedSketch& sketch,
                                     double text_most, const Cluster& cluster) const;
  void keep_undecided(Cluster& cluster);
  [[nodiscard]] std::uint32_t resolve(std::uint32_t ref, base::TimePoint at) const;
  [[nodiscard]] double text_most(std::uint64_t key) const;
  [[nodiscard]] double phrase_weight(std::uint64_t key) const;
  // Somebody here had it in a mail in character.
  [[nodiscard]] bool written_before(std::uint64_t key) const;
  // What the phrases are worth that the cluster has too; `shared` becomes how many they are.
  [[nodiscard]] double phrases_in(const model::Fingerprint& print, const Cluster& cluster,
                                  std::size_t& shared) const;
  void find_candidates(const Arrival& arrival);
  void weigh_candidates(const Arrival& arrival, const PackedSketch& sketch);
  // What a candidate must reach; nothing when no affinity would do.
  [[nodiscard]] std::optional<double> needed(const Arrival& arrival, const Affinity& affinity,
                                             const Cluster* cluster) const;
  [[nodiscard]] const Cluster* cluster_of(const Candidate& candidate) const;
  // Drops the open campaigns where the mail is a copy of what people write in character.
  void prefer_honest_copies();
  std::vector<std::uint64_t> take_lone(std::size_t slot, const Arrival& arrival);
  [[nodiscard]] static bool alike(const Cluster& into, const Cluster& from);
  bool unite(std::size_t slot, std::size_t other);
  [[nodiscard]] std::uint32_t ref_of(std::size_t slot) const;
  std::size_t create(base::TimePoint at);
  void forget(std::size_t slot);
  void link_newest(std::size_t slot);
  void unlink(std::size_t slot);
  // How much sooner an odd mail, or one of an account that nobody knows, belongs to this open
  // campaign because so many like it are coming in.
  [[nodiscard]] double coming_in(const Arrival& arrival, const Cluster& campaign) const;
  void put_keys(const Arrival& arrival, std::size_t slot);
  void add_sighting(const Arrival& arrival, const PackedSketch& sketch);
  std::size_t begin_cluster(Sighting& with, base::TimePoint at);
  // Sets what the mail is to the cluster.
  void join(Placed& placed, const Arrival& arrival, const PackedSketch& sketch);

  Settings settings_;
  FacetCounts background_;
  PrintIndex index_;
  std::vector<Sighting> ring_;
  std::size_t ring_max_;
  std::uint32_t newest_sighting_ = 0;
  std::vector<Slot> slots_;
  std::size_t slots_max_;
  std::vector<std::uint32_t> free_;
  std::uint32_t newest_ = 0;  // 1 + slot
  std::uint32_t oldest_ = 0;
  std::unordered_map<std::uint64_t, std::uint32_t> ids_;
  std::size_t open_ = 0;
  std::uint64_t made_ = 0, forgotten_ = 0;
  std::vector<std::uint64_t> recorded_gone_, undecided_;  // ids, those that went first in front
  std::vector<std::uint64_t> keys_;                       // of the mail at hand
  std::vector<Candidate> found_;                          // for it
  Pace odd_pace_{72};       // of mails out of character that belong to no campaign
  Pace stranger_pace_{72};  // ... and of those of accounts nobody knows
};

}  // namespace leumund::evidence
