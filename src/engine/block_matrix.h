// The block matrix: which provider takes mail from which of our addresses, since when not, and why.
//
// Flow:    a delivery and what its reply means -> BlockMatrix::see() -> the cell of egress and
//          provider -> verdict's sequential test -> a change, when there is one.
// Time:    passed in.
// Limits:  `cells_max` cells. Full: the cell that was silent longest of those that are open, or
//          whose doubt is six half-lives old, makes room; if there is none, the newcomer is not
//          kept and counted. Providers that nobody registered get a cell
//          from their first refusal on.
// Threads: none of its own and no lock.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "base/time.h"
#include "diagnosis/refusal.h"
#include "evidence/block_cell.h"
#include "evidence/ledger_journal.h"
#include "model/block.h"
#include "model/mail_event.h"
#include "verdict/provider_block.h"

namespace leumund::engine {

struct BlockMatrixSettings {
  std::size_t cells_max = 16'384;
  verdict::BlockSettings test;
  // What the log, a report or the API may call an egress, and its configured name: syslog_name,
  // addresses and the name itself.
  std::map<std::string, std::string> egress_names = {};
  // Egresses that mail takes only while another is refused. What refuses one of them is in doubt
  // again when it was given no mail for `untried_after`: else nobody would ever try.
  std::set<std::string, std::less<>> spare_ways = {};
  std::chrono::seconds untried_after{6 * 3600};
};

// Whose mail a delivery was, as keyed hashes, and what it was for; 0 where it is not known.
struct MailOwner {
  std::uint64_t account = 0;
  std::uint64_t sender_domain = 0;
  model::MailClass mail_class = model::MailClass::unknown;
};

struct BlockCounters {
  std::uint64_t cells = 0;
  std::uint64_t cells_forgotten = 0;
  std::uint64_t cells_refused_full = 0;
  std::uint64_t refusals = 0;  // about our address
};

// The name under which mail counts that no transport of its own sends.
inline constexpr std::string_view default_egress = "default";

// A sentence on what changed, for the journal and the log.
[[nodiscard]] std::string describe_block(const model::BlockChange& change);

class BlockMatrix {
 public:
  BlockMatrix(BlockMatrixSettings settings, base::HashKey key);

  // Counts a delivery. `refusal` is what its reply means, for one that was not sent.
  [[nodiscard]] std::optional<model::BlockChange> see(const model::Delivery& delivery,
                                                      const diagnosis::Refusal& refusal,
                                                      const diagnosis::Reader& reader,
                                                      const MailOwner& owner, base::TimePoint at);

  // The registry's id of the recipient's provider; "" for one that nobody registered.
  [[nodiscard]] std::string_view registered_provider(const model::Delivery& delivery,
                                                     const diagnosis::Reader& reader);

  // Lets a probe out, or takes that back: refused <-> half open. Nothing when the cell is in
  // another state.
  [[nodiscard]] std::optional<model::BlockChange> set_half_open(std::string_view egress,
                                                                std::string_view provider, bool on,
                                                                base::TimePoint now);

  // All cells that were ever given a mail, sorted by egress and provider.
  [[nodiscard]] std::vector<model::BlockFacts> all(base::TimePoint now) const;
  [[nodiscard]] std::vector<model::BlockFacts> of_provider(std::string_view provider,
                                                           base::TimePoint now) const;
  [[nodiscard]] std::vector<model::BlockFacts> of_egress(std::string_view egress,
                                                         base::TimePoint now) const;
  [[nodiscard]] std::optional<model::BlockFacts> find(std::string_view egress,
                                                      std::string_view provider,
                                                      base::TimePoint now) const;
  // The name of an egress as the matrix knows it.
  [[nodiscard]] std::string_view egress_name(std::string_view given) const;
  [[nodiscard]] BlockCounters counters() const;

  // Persistence, as the ledger's.
  [[nodiscard]] static bool is_record(std::string_view subject);
  std::size_t drain_dirty(std::size_t most,
                          const std::function<void(evidence::SubjectRecord&&)>& visit);
  base::Status load_record(std::string_view subject, std::string_view state);

  // The registry changed: who stands behind a host is looked up anew.
  void forget_routes() { routes_.fill({}); }
  void set_settings(BlockMatrixSettings settings) { settings_ = std::move(settings); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Cells = std::unordered_map<std::string, evidence::BlockCell, Hash, std::equal_to<>>;

  // What was found for one pair of remote host and recipient domain.
  struct KnownRoute {
    std::uint64_t hash = 0;
    std::string provider;
  };

  [[nodiscard]] const std::string& provider_of(const model::Delivery& delivery,
                                               const diagnosis::Reader& reader);
  [[nodiscard]] std::string_view egress_of(const model::Delivery& delivery,
                                           const diagnosis::Refusal& refusal) const;
  // The key of a cell in `key_`; the cell is made when it must be and there is room.
  void set_key(std::string_view egress, std::string_view provider);
  [[nodiscard]] Cells::iterator cell_for(bool refused, bool registered, base::TimePoint now);
  [[nodiscard]] bool is_untried(std::string_view key, const evidence::BlockCell& cell,
                                base::TimePoint now) const;
  [[nodiscard]] bool make_room(base::TimePoint now);
  void note_refusal(evidence::BlockCell& cell, const model::Delivery& delivery,
                    const diagnosis::Refusal& refusal, const diagnosis::Reader& reader,
                    const MailOwner& owner, base::TimePoint at);
  void note_other(evidence::BlockCell& cell, const model::Delivery& delivery,
                  const diagnosis::Reader& reader, base::TimePoint at);
  [[nodiscard]] model::BlockFacts facts_of(const std::string& key,
                                           const evidence::BlockCell& cell) const;
  template <typename Wanted>
  [[nodiscard]] std::vector<model::BlockFacts> collect(base::TimePoint now, Wanted wanted) const;
  void mark_dirty(Cells::value_type& entry);
  [[nodiscard]] std::uint64_t hash_of(std::string_view text) const;

  BlockMatrixSettings settings_;
  base::HashKey key_for_hashes_;
  Cells cells_;
  std::string key_;  // of the cell looked for
  std::array<KnownRoute, 4096> routes_;
  std::deque<std::string> dirty_;
  std::deque<std::string> deleted_;
  std::uint64_t forgotten_ = 0;
  std::uint64_t refused_full_ = 0;
  std::uint64_t refusals_ = 0;
};

}  // namespace leumund::engine
