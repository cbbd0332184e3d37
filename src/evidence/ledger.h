// The accounts of all subjects: found by a keyed hash, small when idle, bounded in memory.
//
// Flow:    engine -> Ledger::touch() -> Account; drain_dirty() -> LedgerJournal.
// Time:    passed in. An account that was silent for `idle_after` is packed at the next touch of
//          another one; packing is part of the same sequence for the same events.
// Limits:  `bytes_max`, allocator overhead estimated in; when full the account longest silent is
//          forgotten and counted (its record in the journal is deleted too).
// Threads: none of its own and no lock; the engine's owner guards it.
// Owner:   references to accounts end with the next touch().
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "base/time.h"
#include "evidence/account.h"
#include "evidence/house.h"
#include "evidence/ledger_journal.h"
#include "evidence/record_store.h"

namespace leumund::evidence {

class Ledger {
 public:
  struct Settings {
    std::size_t bytes_max = 1ULL << 30;
    std::chrono::seconds idle_after = std::chrono::hours(36);
    std::chrono::seconds half_life = std::chrono::hours(24);
    std::size_t house_bytes = std::size_t{16} << 20;
    base::HashKey key;
  };

  explicit Ledger(Settings settings);
  ~Ledger();

  // The account of a subject ("account:a@c.test"), made when there is none, brought to `at` and
  // marked as changed.
  Account& touch(std::string_view subject, base::TimePoint at);
  // The same for an account found before; nothing when it was forgotten since.
  Account* touch_again(std::uint64_t subject_hash, base::TimePoint at);
  // A copy of what is known of a subject; nothing when unknown.
  [[nodiscard]] std::unique_ptr<Account> peek(std::string_view subject) const;

  [[nodiscard]] std::uint64_t hash_of(std::string_view subject) const;
  // The subject of a hash; "" when it was forgotten.
  [[nodiscard]] std::string subject_of(std::uint64_t subject_hash) const;
  // Visits the accounts that are not packed, newest first.
  void visit_active(const std::function<void(const Account&)>& visit) const;

  // Hands at most `most` changed subjects to `visit` and marks them clean; returns how many are
  // still to come. An empty state says that the subject was forgotten.
  std::size_t drain_dirty(std::size_t most, const std::function<void(SubjectRecord&&)>& visit);
  // Takes one back at start. Errors: malformed, too_large (a name over 400 bytes).
  base::Status load_record(std::string_view subject, std::string_view state);

  // Forgets accounts whose last mail was before `before`, restricted ones excepted; looks at `most`
  // accounts a call and goes on where it stopped. Returns how many it forgot.
  std::size_t forget_silent(base::TimePoint before, std::size_t most);

  // From the oldest to the newest thing that was ever counted: how long we have been watching. A
  // clock set back or a history read in later makes it longer, never shorter.
  [[nodiscard]] base::Micros watched() const { return watched_until_ - watching_since_; }

  [[nodiscard]] House& house() { return house_; }
  // False for the first events after a start: the house does not know yet what the accounts know.
  [[nodiscard]] bool house_ready() const { return house_next_ >= loaded_end_; }
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] std::size_t bytes() const;
  // For want of room.
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }
  void set_bytes_max(std::size_t bytes_max) { settings_.bytes_max = bytes_max; }

 private:
  struct Entry;
  struct Packed;
  using Slot = std::uint32_t;
  static constexpr Slot none = 0xffffffffU;

  Slot find(std::uint64_t hash) const;
  Slot create(std::uint64_t hash);
  void index_insert(std::uint64_t hash, Slot slot);
  void index_erase(std::uint64_t hash);
  void grow_index();
  void link_newest(Slot slot);
  void unlink(Slot slot);
  void set_packed(Entry& entry, std::string_view name, std::string_view state);
  [[nodiscard]] Packed packed(const Entry& entry) const;
  [[nodiscard]] std::string name_of(const Entry& entry) const;
  Account& set_active(Entry& entry, std::unique_ptr<Account> account);
  void drop_active(Entry& entry);
  Account& activate(Slot slot);
  void pack(Slot slot);
  void pack_idle(base::TimePoint at);
  void make_room();
  void fill_house();
  void forget(Slot slot);
  void mark_dirty(Slot slot);
  void note_time(base::TimePoint at);
  Account& brought_to(Slot slot, base::TimePoint at);

  Settings settings_;
  House house_;
  std::deque<Entry> entries_;
  std::vector<std::unique_ptr<Account>> active_;
  std::vector<std::uint32_t> free_places_;  // in active_
  RecordStore packed_;
  std::vector<Slot> free_;
  std::vector<Slot> index_;  // open addressing, linear probing; size is a power of two
  Slot newest_ = none;
  Slot oldest_ = none;
  Slot oldest_active_ = none;  // active accounts are exactly the ones from here to newest_
  std::size_t count_ = 0;
  std::size_t active_bytes_ = 0;
  std::uint64_t forgotten_ = 0;
  std::deque<Slot> dirty_;
  std::deque<std::string> deleted_;
  std::unique_ptr<Account> scratch_;  // for checking records
  Slot sweep_next_ = 0;               // where forget_silent() goes on
  Slot house_next_ = 0;  // entries below loaded_end_ from here on are not in the house yet
  Slot loaded_end_ = 0;
  base::TimePoint watching_since_;
  base::TimePoint watched_until_;
  bool watching_ = false;
};

}  // namespace leumund::evidence
