#include "evidence/ledger.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "evidence/account_codec.h"

namespace leumund::evidence {
namespace {

constexpr std::size_t name_bytes_max = 400;  // a kind and a name of model::Subject
constexpr std::size_t allocation_overhead = 16;

// What the allocator takes for a block.
std::size_t block_bytes(std::size_t size) { return (size + 8 + 15) / 16 * 16; }

}  // namespace

// Packed: two bytes of name length, the name, the state. The link fields order all entries by their
// last touch.
struct Ledger::Entry {
  std::uint64_t hash = 0;
  std::unique_ptr<char[]> packed;
  std::unique_ptr<Account> active;
  std::uint32_t packed_size = 0;
  std::uint32_t active_size = 0;  // as it is in active_bytes_
  Slot newer = none;
  Slot older = none;
  bool dirty = false;
  bool used = false;

  [[nodiscard]] std::string_view name() const {
    if (active) return active->name;
    std::uint16_t size = 0;
    std::memcpy(&size, packed.get(), sizeof size);
    return {packed.get() + sizeof size, size};
  }
  [[nodiscard]] std::string_view state() const {
    const std::size_t head = sizeof(std::uint16_t) + name().size();
    return {packed.get() + head, packed_size - head};
  }
  void set_packed(std::string_view name, std::string_view state) {
    const auto size = static_cast<std::uint16_t>(name.size());
    packed_size = static_cast<std::uint32_t>(sizeof size + name.size() + state.size());
    packed = std::make_unique_for_overwrite<char[]>(packed_size);
    std::memcpy(packed.get(), &size, sizeof size);
    std::memcpy(packed.get() + sizeof size, name.data(), name.size());
    std::memcpy(packed.get() + sizeof size + name.size(), state.data(), state.size());
  }
};

Ledger::Ledger(Settings settings)
    : settings_(settings),
      house_(settings.house_bytes),
      index_(1024, none),
      scratch_(std::make_unique<Account>()) {}
Ledger::~Ledger() = default;

std::uint64_t Ledger::hash_of(std::string_view subject) const {
  return base::keyed_hash(settings_.key, subject);
}

void Ledger::note_time(base::TimePoint at) {
  if (!watching_ || at < watching_since_) watching_since_ = at;
  if (!watching_ || at > watched_until_) watched_until_ = at;
  watching_ = true;
}

Account& Ledger::touch(std::string_view subject, base::TimePoint at) {
  const std::uint64_t hash = hash_of(subject);
  Slot slot = find(hash);
  if (slot == none) {
    slot = create(hash);
    Entry& entry = entries_[slot];
    entry.active = std::make_unique<Account>();
    entry.active->name = subject;
    entry.active->habits.first_at = at;
    entry.active->recent.at = at;
    entry.active->recent.suspicion.clear(at);
    entry.active_size = 0;
    if (oldest_active_ == none) oldest_active_ = slot;
  }
  return brought_to(slot, at);
}

Account* Ledger::touch_again(std::uint64_t subject_hash, base::TimePoint at) {
  const Slot slot = find(subject_hash);
  return slot == none ? nullptr : &brought_to(slot, at);
}

Account& Ledger::brought_to(Slot slot, base::TimePoint at) {
  note_time(at);
  if (slot != newest_) {
    if (slot == oldest_active_) oldest_active_ = entries_[slot].newer;
    unlink(slot);
    link_newest(slot);
  }
  Account& account = activate(slot);
  if (oldest_active_ == none) oldest_active_ = slot;
  account.advance(at, settings_.half_life);
  Entry& entry = entries_[slot];
  // Its lists may have grown since the last touch; what they grow by now is counted at the next.
  const auto size = static_cast<std::uint32_t>(account.bytes() + allocation_overhead);
  active_bytes_ += size;
  active_bytes_ -= entry.active_size;
  entry.active_size = size;
  mark_dirty(slot);
  pack_idle(at);
  make_room();
  fill_house();
  return account;
}

Account& Ledger::activate(Slot slot) {
  Entry& entry = entries_[slot];
  if (entry.active) return *entry.active;
  auto account = std::make_unique<Account>();
  account->name = entry.name();
  CHECK(decode_account(entry.state(), *account).ok());  // it was checked when it came in
  entry.active = std::move(account);
  packed_bytes_ -= block_bytes(entry.packed_size);
  entry.packed.reset();
  entry.packed_size = 0;
  return *entry.active;
}

void Ledger::pack(Slot slot) {
  Entry& entry = entries_[slot];
  std::string state;
  encode_account(*entry.active, state);
  const std::string name = std::move(entry.active->name);
  entry.active.reset();
  active_bytes_ -= entry.active_size;
  entry.active_size = 0;
  entry.set_packed(name, state);
  packed_bytes_ += block_bytes(entry.packed_size);
}

// After a start the house's recipients are read from the loaded accounts a few at a time: at once
// they would take longer than everything else in the start.
void Ledger::fill_house() {
  for (int i = 0; i < 2 && house_next_ < loaded_end_; ++i) {
    const Entry& entry = entries_[house_next_++];
    if (!entry.packed || !decode_account(entry.state(), *scratch_).ok()) continue;
    for (const std::uint32_t recipient : scratch_->habits.recipients.members())
      house_.add(recipient);
  }
}

void Ledger::pack_idle(base::TimePoint at) {
  // Two a touch are enough to keep up: each touch makes at most one active.
  for (int i = 0; i < 2 && oldest_active_ != none && oldest_active_ != newest_; ++i) {
    const Slot slot = oldest_active_;
    Entry& entry = entries_[slot];
    if (entry.active->recent.at + settings_.idle_after > at) return;
    entry.active->advance(at, settings_.half_life);
    oldest_active_ = entry.newer;
    pack(slot);
  }
}

void Ledger::make_room() {
  while (bytes() > settings_.bytes_max && count_ > 1) {
    if (oldest_ == oldest_active_ && oldest_active_ != newest_)
      oldest_active_ = entries_[oldest_].newer;
    forget(oldest_);
  }
}

void Ledger::forget(Slot slot) {
  Entry& entry = entries_[slot];
  deleted_.emplace_back(entry.name());
  if (entry.active) {
    active_bytes_ -= entry.active_size;
  } else {
    packed_bytes_ -= block_bytes(entry.packed_size);
  }
  index_erase(entry.hash);
  unlink(slot);
  // A dirty entry stays in the queue; drain_dirty() passes over what is not used or dirty.
  entry = Entry{};
  free_.push_back(slot);
  --count_;
  ++forgotten_;
}

std::size_t Ledger::bytes() const {
  return active_bytes_ + packed_bytes_ + count_ * sizeof(Entry) + index_.size() * sizeof(Slot);
}

std::unique_ptr<Account> Ledger::peek(std::string_view subject) const {
  const Slot slot = find(hash_of(subject));
  if (slot == none) return nullptr;
  const Entry& entry = entries_[slot];
  if (entry.active) return std::make_unique<Account>(*entry.active);
  auto account = std::make_unique<Account>();
  account->name = subject;
  CHECK(decode_account(entry.state(), *account).ok());
  return account;
}

void Ledger::visit_active(const std::function<void(const Account&)>& visit) const {
  for (Slot slot = newest_; slot != none; slot = entries_[slot].older) {
    if (!entries_[slot].active) return;
    visit(*entries_[slot].active);
  }
}

std::size_t Ledger::drain_dirty(std::size_t most,
                                const std::function<void(SubjectRecord&&)>& visit) {
  std::size_t handed = 0;
  for (; handed < most && !deleted_.empty(); ++handed) {
    visit(SubjectRecord{std::move(deleted_.front()), {}});
    deleted_.pop_front();
  }
  while (handed < most && !dirty_.empty()) {
    const Slot slot = dirty_.front();
    dirty_.pop_front();
    Entry& entry = entries_[slot];
    if (!entry.used || !entry.dirty) continue;
    entry.dirty = false;
    SubjectRecord record{std::string(entry.name()), {}};
    if (entry.active) {
      encode_account(*entry.active, record.state);
    } else {
      record.state = entry.state();
    }
    visit(std::move(record));
    ++handed;
  }
  return deleted_.size() + dirty_.size();
}

base::Status Ledger::load_record(std::string_view subject, std::string_view state) {
  if (subject.empty() || subject.size() > name_bytes_max) {
    return base::Error{
        base::ErrorCode::too_large,
        fmt::format("record of an account has a name of {} bytes, allowed are 1 to {}",
                    subject.size(), name_bytes_max)};
  }
  auto status = decode_account(state, *scratch_);
  if (!status.ok()) {
    return base::Error{status.error().code, fmt::format("{}: {}", subject, status.error().message)};
  }
  const std::uint64_t hash = hash_of(subject);
  if (find(hash) != none) return {};  // counted anew since the start: that is newer
  const Slot slot = create(hash);
  Entry& entry = entries_[slot];
  entry.set_packed(subject, state);
  packed_bytes_ += block_bytes(entry.packed_size);
  note_time(scratch_->habits.first_at);
  note_time(scratch_->recent.at);
  loaded_end_ = static_cast<Slot>(entries_.size());
  // Loaded entries lie behind everything active, so that active ones stay together.
  unlink(slot);
  entry.newer = oldest_;
  entry.older = none;
  if (oldest_ != none) entries_[oldest_].older = slot;
  oldest_ = slot;
  if (newest_ == none) newest_ = slot;
  return {};
}

Ledger::Slot Ledger::find(std::uint64_t hash) const {
  const std::size_t mask = index_.size() - 1;
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    if (index_[i] == none || entries_[index_[i]].hash == hash) return index_[i];
  }
}

Ledger::Slot Ledger::create(std::uint64_t hash) {
  if ((count_ + 1) * 4 > index_.size() * 3) grow_index();
  Slot slot = none;
  if (free_.empty()) {
    slot = static_cast<Slot>(entries_.size());
    entries_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  entries_[slot].hash = hash;
  entries_[slot].used = true;
  index_insert(hash, slot);
  link_newest(slot);
  ++count_;
  return slot;
}

void Ledger::index_insert(std::uint64_t hash, Slot slot) {
  const std::size_t mask = index_.size() - 1;
  std::size_t i = hash & mask;
  while (index_[i] != none) i = (i + 1) & mask;
  index_[i] = slot;
}

void Ledger::index_erase(std::uint64_t hash) {
  const std::size_t mask = index_.size() - 1;
  std::size_t hole = hash & mask;
  while (entries_[index_[hole]].hash != hash) hole = (hole + 1) & mask;
  // Move later members of the run into the hole, so that no search stops early.
  for (std::size_t i = (hole + 1) & mask; index_[i] != none; i = (i + 1) & mask) {
    const std::size_t home = entries_[index_[i]].hash & mask;
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      index_[hole] = index_[i];
      hole = i;
    }
  }
  index_[hole] = none;
}

void Ledger::grow_index() {
  index_.assign(index_.size() * 2, none);
  // In the order of the entries, which lie behind each other; the old index would jump about.
  for (Slot slot = 0; slot < entries_.size(); ++slot) {
    if (entries_[slot].used) index_insert(entries_[slot].hash, slot);
  }
}

void Ledger::link_newest(Slot slot) {
  Entry& entry = entries_[slot];
  entry.older = newest_;
  entry.newer = none;
  if (newest_ != none) entries_[newest_].newer = slot;
  newest_ = slot;
  if (oldest_ == none) oldest_ = slot;
}

void Ledger::unlink(Slot slot) {
  Entry& entry = entries_[slot];
  (entry.newer == none ? newest_ : entries_[entry.newer].older) = entry.older;
  (entry.older == none ? oldest_ : entries_[entry.older].newer) = entry.newer;
  entry.newer = none;
  entry.older = none;
}

void Ledger::mark_dirty(Slot slot) {
  if (entries_[slot].dirty) return;
  entries_[slot].dirty = true;
  dirty_.push_back(slot);
}

}  // namespace leumund::evidence
