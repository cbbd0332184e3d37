// The names of a list of our own that come and go while it is served.
//
// Flow:    NameList -> put(), remove() -> publish() -> data() -> a ZonePlan -> DNS workers.
//          folding_due() -> NameFolding::run(), on whatever thread -> take().
// Time:    publish() costs as much as what changed since the last folding, not as the list: under
//          5 ms at `delta_max` changes. A folding takes a second at a million names.
// Limits:  those of NameIndex. Who never folds pays for it himself at `delta_most` changes.
// Threads: one changes; what data() and folding_due() gave belongs to whoever has it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "listing/dataset.h"
#include "listing/live_list.h"

namespace leumund::listing {

// The table and what has changed since, to be made one table.
class NameFolding {
 public:
  [[nodiscard]] NameIndex run() const;

 private:
  friend class LiveNames;
  std::shared_ptr<const NameIndex> table_;
  std::vector<std::pair<std::string, std::uint32_t>> changes_;  // by name
  std::uint64_t last_ = 0;
};

class LiveNames {
 public:
  static constexpr std::size_t delta_max = 8192;
  static constexpr std::size_t delta_most = 16 * delta_max;

  // With `below` a name of two labels and more stands for all below it. With the test point of
  // RFC 5782 (5): TEST is always listed; INVALID never is, which one label cannot be.
  LiveNames(wire::ZoneHead head, std::uint32_t ttl, ListChange::Value value, bool below);

  // A name in wire form without its final zero, and when its listing ends.
  void put(std::string_view name, std::optional<std::uint32_t> end);
  void remove(std::string_view name);
  // `changed_at` (Unix seconds) becomes the serial.
  void publish(std::int64_t changed_at);
  [[nodiscard]] DatasetPointer data() const { return data_; }

  [[nodiscard]] std::optional<NameFolding> folding_due() const;
  // False: the table has become another one since; the next folding is due.
  bool take(const NameFolding& folding, NameIndex made);
  void fold();

 private:
  struct Change {
    std::optional<std::uint32_t> end;  // nothing: not listed
    std::uint64_t number = 0;          // of the changes, in their order
  };

  [[nodiscard]] bool listed(std::string_view name) const;
  [[nodiscard]] NameFolding folding() const;
  [[nodiscard]] std::uint32_t row_of(const std::string& name, const Change& change) const;
  void set(std::string_view name, std::optional<std::uint32_t> end);
  void count_parents(std::string_view name, int step);

  const wire::ZoneHead head_;
  wire::ZoneScope scope_;
  std::shared_ptr<const wire::ZoneValues> values_;
  const bool below_;
  std::shared_ptr<const NameIndex> table_;
  std::unordered_map<std::string, Change> delta_;
  std::unordered_map<std::string, std::uint32_t> parents_;  // how many listed names lie below
  std::uint64_t changes_ = 0;
  DatasetPointer data_;
};

}  // namespace leumund::listing
