// A list of our own: addresses and networks that come and go while it is served.
//
// Flow:    list engine -> change() -> datasets() -> a new ZoneSet, published -> DNS workers.
// Time:    a change costs as much as the changes since the last folding (at most `delta_max`), not
//          as the list: under 5 ms. Folding the delta into the sorted tables costs 0.1 s at a
//          million entries, on the caller's thread; nobody who asks the list waits.
// Limits:  as many different values as ZoneValues holds; each new one copies the values.
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

class LiveList {
 public:
  static constexpr std::size_t delta_max = 8192;

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

  // As ip4trie or ip6trie file, for mirrors.
  [[nodiscard]] std::string export_4() const;
  [[nodiscard]] std::string export_6() const;

 private:
  // The networks of one kind of address: the folded table and what changed since.
  using Place_4 = std::pair<unsigned, std::uint32_t>;  // bits, network
  using Place_6 = std::pair<unsigned, Key6>;

  [[nodiscard]] std::uint32_t number_of(const std::optional<ListChange::Value>& value);
  void fold();
  void publish(std::int64_t changed_at);
  [[nodiscard]] std::string export_head() const;

  wire::ZoneHead head_;
  wire::ZoneScope scope_;
  std::shared_ptr<const wire::ZoneValues> values_;
  std::shared_ptr<const PrefixTable4> folded_4_;
  std::shared_ptr<const PrefixTable6> folded_6_;
  std::shared_ptr<const PrefixTable4> ends_4_;
  std::shared_ptr<const PrefixTable6> ends_6_;
  std::map<Place_4, std::uint32_t> delta_4_;
  std::map<Place_6, std::uint32_t> delta_6_;
  DatasetPointer data_4_;
  DatasetPointer data_6_;
};

}  // namespace leumund::listing
