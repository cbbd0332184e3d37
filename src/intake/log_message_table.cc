#include "intake/log_message_table.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace leumund::intake {
namespace {

constexpr std::size_t slots_min = 1024;
constexpr std::size_t string_bytes_kept = 256;  // a record does not keep more for its successor

std::uint64_t entry_of(std::uint64_t hash, std::uint32_t number) {
  return (hash & 0xffffffff00000000ULL) | number;
}

void clear_string(std::string& text) {
  if (text.capacity() > string_bytes_kept) {
    std::string().swap(text);
  } else {
    text.clear();
  }
}

void clear(Message& message) {
  std::string account = std::move(message.account);
  std::string sender = std::move(message.sender);
  clear_string(account);
  clear_string(sender);
  const std::uint32_t generation = message.generation + 1;
  message = Message{};
  message.account = std::move(account);
  message.sender = std::move(sender);
  message.generation = generation;
}

}  // namespace

MessageTable::MessageTable(std::size_t messages_max)
    : messages_max_(std::clamp<std::size_t>(messages_max, 16, 100'000'000)), slots_(slots_min, 0) {}

std::uint32_t MessageTable::find(const MessageKey& key) const {
  const std::uint64_t hash = key.hash();
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
    if ((slots_[slot] ^ hash) >> 32 != 0) continue;
    const auto number = static_cast<std::uint32_t>(slots_[slot]);
    if (at(number).key == key) return number;
  }
  return 0;
}

void MessageTable::insert(std::uint64_t hash, std::uint32_t number) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot] != 0) slot = (slot + 1) & mask;
  slots_[slot] = entry_of(hash, number);
}

void MessageTable::grow() {
  const std::vector<std::uint64_t> before = std::exchange(slots_, {});
  slots_.assign(before.size() * 2, 0);
  for (const std::uint64_t entry : before) {
    if (entry == 0) continue;
    const auto number = static_cast<std::uint32_t>(entry);
    insert(at(number).key.hash(), number);
  }
}

std::uint32_t MessageTable::make(const MessageKey& key) {
  CHECK(!full());
  if ((count_ + 1) * 2 > slots_.size()) grow();
  std::uint32_t number = 0;
  if (!free_.empty()) {
    number = free_.back();
    free_.pop_back();
  } else {
    number = made_++;
    if (number / block_size >= blocks_.size()) {
      blocks_.push_back(std::make_unique<Message[]>(block_size));
    }
  }
  Message& message = at(number);
  message.key = key;
  message.root = key;
  message.in_use = true;
  message.older = newest_;
  if (newest_ != 0) at(newest_).newer = number;
  newest_ = number;
  if (oldest_ == 0) oldest_ = number;
  insert(key.hash(), number);
  ++count_;
  return number;
}

std::size_t MessageTable::slot_of(std::uint32_t number) const {
  const std::uint64_t hash = at(number).key.hash();
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (static_cast<std::uint32_t>(slots_[slot]) != number) {
    CHECK(slots_[slot] != 0);
    slot = (slot + 1) & mask;
  }
  return slot;
}

void MessageTable::release(std::uint32_t number) {
  Message& message = at(number);
  CHECK(message.in_use);
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = slot_of(number);
  // Entries behind the hole move up if their search would stop at it.
  for (std::size_t next = (hole + 1) & mask; slots_[next] != 0; next = (next + 1) & mask) {
    const std::size_t home = at(static_cast<std::uint32_t>(slots_[next])).key.hash() & mask;
    if (((next - home) & mask) >= ((next - hole) & mask)) {
      slots_[hole] = slots_[next];
      hole = next;
    }
  }
  slots_[hole] = 0;
  (message.older != 0 ? at(message.older).newer : oldest_) = message.newer;
  (message.newer != 0 ? at(message.newer).older : newest_) = message.older;
  clear(message);
  free_.push_back(number);
  --count_;
}

}  // namespace leumund::intake
