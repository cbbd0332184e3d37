#include "evidence/bit_stream.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace leumund::evidence {

void BitWriter::bits(std::uint64_t value, unsigned count) {
  CHECK(count <= 32);
  pending_ |= (value & ((1ULL << count) - 1)) << filled_;
  for (filled_ += count; filled_ >= 8; filled_ -= 8) {
    out_.push_back(static_cast<char>(pending_ & 0xff));
    pending_ >>= 8;
  }
}

void BitWriter::unary(std::uint64_t quotient) {
  for (; quotient >= 32; quotient -= 32) bits(0xffffffff, 32);
  bits((1ULL << quotient) - 1, static_cast<unsigned>(quotient) + 1);
}

void BitWriter::number(std::uint64_t value, unsigned order) {
  // value + 2^order has `length` bits more than order + 1; that many ones announce it.
  const std::uint64_t shifted = value + (1ULL << order);
  const auto width = static_cast<unsigned>(std::bit_width(shifted)) - 1;
  unary(width - order);
  const unsigned high = width > 32 ? width - 32 : 0;
  bits(shifted, width - high);
  if (high > 0) bits(shifted >> 32, high);
}

void BitWriter::signed_number(std::int64_t value, unsigned order) {
  number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63), order);
}

void BitWriter::finish() {
  if (filled_ > 0) out_.push_back(static_cast<char>(pending_ & 0xff));
  filled_ = 0;
}

std::uint64_t BitReader::last_bytes(std::size_t byte) const {
  std::uint64_t word = 0;
  for (std::size_t i = 0; byte + i < in_.size(); ++i) {
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(in_[byte + i])) << (8 * i);
  }
  return word >> (at_ % 8);
}

std::uint64_t BitReader::unary() {
  std::uint64_t quotient = 0;
  while (!failed_) {
    const auto ones = static_cast<unsigned>(std::countr_one(ahead()));
    if (ones < 32) {
      skip(ones + 1);
      return failed_ ? 0 : quotient + ones;
    }
    quotient += 32;
    skip(32);
  }
  return 0;
}

std::uint64_t BitReader::long_number(unsigned order) {
  const std::uint64_t longer = unary();
  if (longer + order > 63) fail();
  if (failed_) return 0;
  const unsigned width = static_cast<unsigned>(longer) + order;
  std::uint64_t value = bits(std::min(width, 32U));
  if (width > 32) value |= bits(width - 32) << 32;
  return failed_ ? 0 : value + (1ULL << width) - (1ULL << order);
}

}  // namespace leumund::evidence
