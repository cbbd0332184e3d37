// The messages whose lines the log reader has seen and whose end it has not: by host, Postfix
// instance and queue id.
//
// Limits:  `messages_max` messages; make() beyond it takes the place of the oldest, which the
// caller
//          is told of first. Records are reused with the memory of their strings.
// Threads: none of its own and no lock.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"

namespace leumund::intake {

// A queue id without a heap allocation, with the origin (host and instance, interned) it is of.
struct MessageKey {
  static constexpr std::size_t id_bytes_max = 24;

  std::array<std::uint64_t, 3> id{};  // zero-padded bytes
  std::uint16_t origin = 0;

  // A longer id gives the key of its first 24 bytes; the parser lets none through.
  [[nodiscard]] static MessageKey of(std::uint16_t origin, std::string_view queue_id) {
    MessageKey key;
    key.origin = origin;
    std::memcpy(key.id.data(), queue_id.data(),
                queue_id.size() < id_bytes_max ? queue_id.size() : id_bytes_max);
    return key;
  }
  [[nodiscard]] std::string_view queue_id() const {
    const char* bytes = reinterpret_cast<const char*>(id.data());
    return {bytes, ::strnlen(bytes, id_bytes_max)};
  }
  [[nodiscard]] std::uint64_t hash() const {
    std::uint64_t x = id[0] * 0x9e3779b97f4a7c15ULL + origin;
    x = (x ^ (x >> 29) ^ id[1]) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 32) ^ id[2]) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }
  bool operator==(const MessageKey&) const = default;
};

enum class MessageState : std::uint8_t {
  collecting,  // not queued yet
  waiting,     // queued; where it came from may still turn up
  submitted,   // told
  silent,      // queued, of unknown origin: its deliveries are told, it is not
  ours,        // a bounce or notice that Postfix wrote itself: nothing of it is told
  gone,        // left the queue; lingers for late lines
};

struct Message {
  MessageKey key;
  MessageKey root;  // the first of the messages this one continues; its own key without one
  MessageState state = MessageState::collecting;
  bool from_client = false;
  bool from_pickup = false;
  bool preset = false;     // its origin was told by the filter's answer, before its own first line
  bool continued = false;  // `root` is another message
  bool from_here = false;  // its client is this host, as a content filter's is
  bool bounce = false;     // bounce(8) said that it wrote this one
  bool removed = false;
  std::uint32_t uid = 0;
  std::uint32_t recipient_count = 0;
  std::uint32_t continued_recipients = 0;  // of messages joined to it by message id alone
  std::uint64_t size_bytes = 0;
  std::uint64_t message_id_hash = 0;  // 0: none
  std::uint64_t sender_hash = 0;
  base::TimePoint queued_at;
  base::TimePoint removed_at;
  std::optional<base::IpAddress> client;
  std::string account;
  std::string sender;
  std::uint32_t first_delivery = 0;  // in the correlator's list of deliveries that wait; 0: none
  std::uint32_t last_delivery = 0;

  // Of the table.
  std::uint32_t generation = 0;  // changes when the record is given to another message
  std::uint32_t older = 0;
  std::uint32_t newer = 0;
  bool in_use = false;
};

class MessageTable {
 public:
  explicit MessageTable(std::size_t messages_max);

  // The number of a message, 0 if it is not known.
  [[nodiscard]] std::uint32_t find(const MessageKey& key) const;
  // A new message under a key that is not known; the table must not be full.
  [[nodiscard]] std::uint32_t make(const MessageKey& key);
  void release(std::uint32_t number);

  [[nodiscard]] Message& at(std::uint32_t number) {
    return blocks_[number / block_size][number % block_size];
  }
  [[nodiscard]] const Message& at(std::uint32_t number) const {
    return blocks_[number / block_size][number % block_size];
  }
  [[nodiscard]] bool full() const { return count_ >= messages_max_; }
  [[nodiscard]] std::uint32_t oldest() const { return oldest_; }
  [[nodiscard]] std::size_t size() const { return count_; }

 private:
  static constexpr std::uint32_t block_size = 128;

  void grow();
  void insert(std::uint64_t hash, std::uint32_t number);
  [[nodiscard]] std::size_t slot_of(std::uint32_t number) const;

  std::size_t messages_max_;
  std::size_t count_ = 0;
  std::vector<std::unique_ptr<Message[]>> blocks_;
  std::vector<std::uint32_t> free_;
  std::uint32_t made_ = 1;            // number 0 means "none"
  std::vector<std::uint64_t> slots_;  // upper half of the hash, then the number; 0: empty
  std::uint32_t oldest_ = 0;
  std::uint32_t newest_ = 0;
};

}  // namespace leumund::intake
