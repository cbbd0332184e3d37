#include "evidence/ledger.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "evidence/account_codec.h"
#include "model/subject.h"

namespace leumund::evidence {
namespace {

constexpr std::size_t name_bytes_max = 400;  // a kind and a name of model::Subject
constexpr std::size_t allocation_overhead = 16;
constexpr unsigned size_bits = 25;  // no account comes near 32 MiB

// How a subject's kind is written in a packed record: its number and not its name.
constexpr char kind_unknown = 0x7f;

std::string_view kind_prefix(char code) {
  if (code == kind_unknown) return {};
  return model::subject_kind_name(static_cast<model::SubjectKind>(code));
}

char kind_code(std::string_view subject) {
  for (char code = 0; code <= static_cast<char>(model::SubjectKind::provider); ++code) {
    const std::string_view kind = kind_prefix(code);
    if (subject.size() > kind.size() && subject.starts_with(kind) && subject[kind.size()] == ':') {
      return code;
    }
  }
  return kind_unknown;
}

}  // namespace

// 24 bytes. While it is packed, `place` is the handle of its record and `size` that record's bytes:
// kind, two bytes of length, name, state. While it is active, `place` is a place in active_ and
// `size` what it counts in active_bytes_. The link fields order all entries by their last touch.
struct Ledger::Entry {
  std::uint64_t hash = 0;
  std::uint64_t place : RecordStore::handle_bits = 0;
  std::uint64_t size : size_bits = 0;
  std::uint64_t active : 1 = 0;
  std::uint64_t dirty : 1 = 0;
  std::uint64_t used : 1 = 0;
  Slot newer = none;
  Slot older = none;
};

// A packed record, taken apart.
struct Ledger::Packed {
  std::string_view kind;
  std::string_view rest;  // of the name
  std::string_view state;

  explicit Packed(std::string_view record) {
    std::uint16_t size = 0;
    std::memcpy(&size, record.data() + 1, sizeof size);
    kind = kind_prefix(record.front());
    rest = record.substr(1 + sizeof size, size);
    state = record.substr(1 + sizeof size + size);
  }
  [[nodiscard]] std::string name() const {
    std::string out;
    out.reserve(kind.size() + 1 + rest.size());
    if (!kind.empty()) out.append(kind).push_back(':');
    return out.append(rest);
  }
};

void Ledger::set_packed(Entry& entry, std::string_view name, std::string_view state) {
  const char code = kind_code(name);
  if (code != kind_unknown) name.remove_prefix(kind_prefix(code).size() + 1);
  const auto size = static_cast<std::uint16_t>(name.size());
  std::array<char, 3 + name_bytes_max> head{};
  CHECK(name.size() <= name_bytes_max);
  head[0] = code;
  std::memcpy(head.data() + 1, &size, sizeof size);
  name.copy(head.data() + 3, name.size());
  const std::string_view first(head.data(), 3 + name.size());
  entry.place = packed_.insert(first, state) & ((1ULL << RecordStore::handle_bits) - 1);
  CHECK(first.size() + state.size() < (1U << size_bits));
  entry.size = (first.size() + state.size()) & ((1U << size_bits) - 1);
  entry.active = 0;
}

Ledger::Packed Ledger::packed(const Entry& entry) const {
  return Packed(packed_.view(entry.place, entry.size));
}

std::string Ledger::name_of(const Entry& entry) const {
  return entry.active ? active_[entry.place]->name : packed(entry).name();
}

Account& Ledger::set_active(Entry& entry, std::unique_ptr<Account> account) {
  if (free_places_.empty()) {
    free_places_.push_back(static_cast<std::uint32_t>(active_.size()));
    active_.emplace_back();
  }
  entry.place = free_places_.back();
  free_places_.pop_back();
  entry.active = 1;
  entry.size = 0;
  return *(active_[entry.place] = std::move(account));
}

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
    Account& account = set_active(entry, std::make_unique<Account>());
    account.name = subject;
    account.habits.first_at = at;
    account.recent.at = at;
    account.recent.suspicion.clear(at);
    if (oldest_active_ == none) oldest_active_ = slot;
  }
  return brought_to(slot, at);
}

Account* Ledger::touch_again(std::uint64_t subject_hash, base::TimePoint at) {
  const Slot slot = find(subject_hash);
  return slot == none ? nullptr : &brought_to(slot, at);
}

std::string Ledger::subject_of(std::uint64_t subject_hash) const {
  const Slot slot = find(subject_hash);
  return slot == none ? std::string() : name_of(entries_[slot]);
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
  active_bytes_ -= entry.size;
  entry.size = size & ((1U << size_bits) - 1);
  mark_dirty(slot);
  pack_idle(at);
  make_room();
  fill_house();
  return account;
}

Account& Ledger::activate(Slot slot) {
  Entry& entry = entries_[slot];
  if (entry.active) return *active_[entry.place];
  auto account = std::make_unique<Account>();
  const Packed record = packed(entry);
  account->name = record.name();
  CHECK(decode_account(record.state, *account).ok());  // it was checked when it came in
  packed_.erase(entry.place, entry.size);
  return set_active(entry, std::move(account));
}

void Ledger::drop_active(Entry& entry) {
  active_bytes_ -= entry.size;
  active_[entry.place].reset();
  free_places_.push_back(static_cast<std::uint32_t>(entry.place));
}

void Ledger::pack(Slot slot) {
  Entry& entry = entries_[slot];
  Account& account = *active_[entry.place];
  std::string state;
  encode_account(account, state);
  const std::string name = std::move(account.name);
  drop_active(entry);
  set_packed(entry, name, state);
}

// After a start the house's recipients are read from the loaded accounts a few at a time: at once
// they would take longer than everything else in the start.
void Ledger::fill_house() {
  for (int i = 0; i < 2 && house_next_ < loaded_end_; ++i) {
    const Entry& entry = entries_[house_next_++];
    if (!entry.used || entry.active) continue;
    if (!decode_account(packed(entry).state, *scratch_).ok()) continue;
    for (const std::uint32_t recipient : scratch_->habits.recipients.members())
      house_.add(recipient);
  }
}

void Ledger::pack_idle(base::TimePoint at) {
  // Two a touch are enough to keep up: each touch makes at most one active.
  for (int i = 0; i < 2 && oldest_active_ != none && oldest_active_ != newest_; ++i) {
    const Slot slot = oldest_active_;
    Entry& entry = entries_[slot];
    Account& account = *active_[entry.place];
    if (account.recent.at + settings_.idle_after > at) return;
    account.advance(at, settings_.half_life);
    oldest_active_ = entry.newer;
    pack(slot);
  }
}

void Ledger::make_room() {
  while (bytes() > settings_.bytes_max && count_ > 1) {
    if (oldest_ == oldest_active_ && oldest_active_ != newest_)
      oldest_active_ = entries_[oldest_].newer;
    forget(oldest_);
    ++forgotten_;
  }
}

std::size_t Ledger::forget_silent(base::TimePoint before, std::size_t most) {
  std::size_t gone = 0;
  Account account;
  for (std::size_t i = std::min(most, entries_.size()); i > 0; --i) {
    if (sweep_next_ >= entries_.size()) sweep_next_ = 0;
    const Slot slot = sweep_next_++;
    const Entry& entry = entries_[slot];
    if (!entry.used || entry.active) continue;                 // an active one spoke lately
    CHECK(decode_account(packed(entry).state, account).ok());  // it was checked when it came in
    // Not recent.at: that is when it was packed.
    const base::TimePoint last = std::max(account.habits.last_at, account.habits.first_at);
    if (last >= before || account.recent.restricted) continue;
    forget(slot);
    ++gone;
  }
  return gone;
}

void Ledger::forget(Slot slot) {
  Entry& entry = entries_[slot];
  deleted_.push_back(name_of(entry));
  if (entry.active) {
    drop_active(entry);
  } else {
    packed_.erase(entry.place, entry.size);
  }
  index_erase(entry.hash);
  unlink(slot);
  // A dirty entry stays in the queue; drain_dirty() passes over what is not used or dirty.
  entry = Entry{};
  free_.push_back(slot);
  --count_;
}

std::size_t Ledger::bytes() const {
  return active_bytes_ + packed_.bytes() + count_ * sizeof(Entry) + index_.size() * sizeof(Slot);
}

std::unique_ptr<Account> Ledger::peek(std::string_view subject) const {
  const Slot slot = find(hash_of(subject));
  if (slot == none) return nullptr;
  const Entry& entry = entries_[slot];
  if (entry.active) return std::make_unique<Account>(*active_[entry.place]);
  auto account = std::make_unique<Account>();
  account->name = subject;
  CHECK(decode_account(packed(entry).state, *account).ok());
  return account;
}

void Ledger::visit_active(const std::function<void(const Account&)>& visit) const {
  for (Slot slot = newest_; slot != none; slot = entries_[slot].older) {
    if (!entries_[slot].active) return;
    visit(*active_[entries_[slot].place]);
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
    entry.dirty = 0;
    SubjectRecord record{name_of(entry), {}};
    if (entry.active) {
      encode_account(*active_[entry.place], record.state);
    } else {
      record.state = packed(entry).state;
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
  set_packed(entry, subject, state);
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
  entries_[slot].used = 1;
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
  entries_[slot].dirty = 1;
  dirty_.push_back(slot);
}

}  // namespace leumund::evidence
