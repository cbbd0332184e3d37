// A list of our own: addresses and networks that come and go while it is served.
//
// Flow:    list engine -> change() -> datasets() -> a new ZoneSet, published -> DNS workers.
//          folding_due() -> ListFolding::run(), on whatever thread -> take().
// Time:    a change costs as much as the changes since the last folding, not as the list: under 5
//          ms at `delta_max`. Folding them into the sorted tables costs 0.1 s at a million entries.
// Limits:  as many different values as ZoneValues holds; each new one copies the values. Who never
//          folds pays for it himself at `delta_most` changes.
// Threads: one thread changes; what datasets() gave belongs to whoever has it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "listing/zone_set.h"

namespace leumund::listing {

struct ListChange {
  base::IpPrefix what;
  struct Value {
    std::uint32_t address = 0x7f000002;
    std::string text;
  };
  std::optional<Value> value;  // nothing: taken off the list
};

// A listing that ends soon, so that no answer may be kept beyond its end.
struct ListEnding {
  base::IpPrefix what;
  std::int64_t at = 0;  // Unix seconds, rounded down
};

// The tables and what has changed since, to be made one table each.
class ListFolding {
 public:
  using Tables = std::pair<PrefixTable4, PrefixTable6>;
  [[nodiscard]] Tables run() const;

 private:
  friend class LiveList;
  // The networks of one kind of address.
  using Place_4 = std::pair<unsigned, std::uint32_t>;  // bits, network
  using Place_6 = std::pair<unsigned, Key6>;
  struct Change {
    std::uint32_t value = 0;   // or `removed_value`
    std::uint64_t number = 0;  // of the changes, in their order
  };
  std::shared_ptr<const PrefixTable4> table_4_;
  std::shared_ptr<const PrefixTable6> table_6_;
  std::map<Place_4, Change> delta_4_;
  std::map<Place_6, Change> delta_6_;
  std::uint64_t last_ = 0;
};

class LiveList {
 public:
  static constexpr std::size_t delta_max = 8192;
  static constexpr std::size_t delta_most = 8 * delta_max;

  // With the test points of RFC 5782 (127.0.0.2 is listed, 127.0.0.1 never is).
  LiveList(wire::ZoneHead head, wire::ZoneScope scope, ListChange::Value test_value);

  // `changed_at` (Unix seconds) becomes the serial. 127.0.0.1 and ::1 are refused silently: a list
  // that lists the world's test point refuses everybody's mail.
  void change(std::span<const ListChange> changes, std::int64_t changed_at);
  // All listings whose end is nearer than the zone's TTL; shown with the next change().
  void set_endings(std::span<const ListEnding> endings);

  // For the ZonePlan: IPv4 and IPv6.
  [[nodiscard]] std::vector<DatasetPointer> datasets() const { return {data_4_, data_6_}; }
  [[nodiscard]] std::size_t size() const;

  [[nodiscard]] std::optional<ListFolding> folding_due() const;
  // False: the tables have become others since; the next folding is due.
  bool take(const ListFolding& folding, ListFolding::Tables made);
  void fold();

  // As ip4trie or ip6trie file, for mirrors.
  [[nodiscard]] std::string export_4() const;
  [[nodiscard]] std::string export_6() const;

 private:
  [[nodiscard]] std::uint32_t number_of(const std::optional<ListChange::Value>& value);
  void publish(std::int64_t changed_at);
  [[nodiscard]] std::string export_head() const;

  wire::ZoneHead head_;
  wire::ZoneScope scope_;
  std::shared_ptr<const wire::ZoneValues> values_;
  ListFolding now_;  // the tables, and what changed since
  std::shared_ptr<const PrefixTable4> ends_4_;
  std::shared_ptr<const PrefixTable6> ends_6_;
  DatasetPointer data_4_;
  DatasetPointer data_6_;
};

}  // namespace leumund::listing
