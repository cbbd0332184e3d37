// Numbers as bits, for records of which there are millions.
//
// A number under order `order` takes about 2 * log2(value / 2^order + 1) + order + 1 bits
// (exponential Golomb code): the nearer the order is to the usual size, the shorter.
//
// Limits:  numbers up to 2^63 - 1, order up to 32.
// Threads: none of its own.
// Errors:  a reader that came to the end or to an impossible code gives zeros from there on and
//          says so in failed().
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace leumund::evidence {

class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}

  void bits(std::uint64_t value, unsigned count);  // the lowest `count`, at most 32
  void number(std::uint64_t value, unsigned order);
  void signed_number(std::int64_t value, unsigned order);
  // `quotient` ones and a zero.
  void unary(std::uint64_t quotient);
  // Golomb-Rice code: value / 2^low in unary, then the lowest `low` bits, at most 31.
  void rice(std::uint64_t value, unsigned low) {
    unary(value >> low);
    bits(value, low);
  }
  // Fills the last byte. The writer must not be used after it.
  void finish();

 private:
  std::string& out_;
  std::uint64_t pending_ = 0;
  unsigned filled_ = 0;  // always below 8 between calls
};

class BitReader {
 public:
  explicit BitReader(std::string_view in) : in_(in) {}

  std::uint64_t bits(unsigned count) {
    const std::uint64_t value = ahead() & ((1ULL << count) - 1);
    skip(count);
    return failed_ ? 0 : value;
  }
  std::uint64_t number(unsigned order) {
    const std::uint64_t word = ahead();
    const auto longer = static_cast<unsigned>(std::countr_one(word));
    const unsigned width = longer + order;
    // Most are short enough to be taken in one piece.
    if (longer + 1 + width > surely_ahead) return long_number(order);
    skip(longer + 1 + width);
    if (failed_) return 0;
    return ((word >> (longer + 1)) & ((1ULL << width) - 1)) + (1ULL << width) - (1ULL << order);
  }
  std::int64_t signed_number(unsigned order) {
    const std::uint64_t value = number(order);
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  // What BitWriter::rice() wrote.
  std::uint64_t rice(unsigned low) {
    const std::uint64_t word = ahead();
    const auto quotient = static_cast<unsigned>(std::countr_one(word));
    if (quotient + 1 + low > surely_ahead) {
      const std::uint64_t high = unary();
      return (high << low) + bits(low);
    }
    skip(quotient + 1 + low);
    if (failed_) return 0;
    return (std::uint64_t{quotient} << low) + ((word >> (quotient + 1)) & ((1ULL << low) - 1));
  }
  std::uint64_t unary();
  // One that must not be above `most`.
  std::uint64_t number_to(std::uint64_t most, unsigned order) {
    const std::uint64_t value = number(order);
    if (value > most) fail();
    return failed_ ? 0 : value;
  }
  void fail() { failed_ = true; }

  [[nodiscard]] bool failed() const { return failed_; }
  // What follows the byte in which the last bit lies; nothing after a failure.
  [[nodiscard]] std::string_view rest() const {
    return failed_ ? std::string_view() : in_.substr((at_ + 7) / 8);
  }

 private:
  static constexpr unsigned surely_ahead = 57;  // bits that ahead() shows, zeros beyond the end

  std::uint64_t long_number(unsigned order);
  [[nodiscard]] std::uint64_t ahead() const {
    const std::size_t byte = at_ / 8;
    if (byte + sizeof(std::uint64_t) > in_.size()) return last_bytes(byte);
    std::uint64_t word = 0;
    std::memcpy(&word, in_.data() + byte, sizeof word);  // little-endian, as our machines are
    return word >> (at_ % 8);
  }
  [[nodiscard]] std::uint64_t last_bytes(std::size_t byte) const;
  void skip(unsigned count) {
    at_ += count;
    if (at_ > in_.size() * 8) failed_ = true;
  }

  std::string_view in_;
  std::size_t at_ = 0;  // in bits
  bool failed_ = false;
};

}  // namespace leumund::evidence
