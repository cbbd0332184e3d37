// Values as bytes, for records: numbers as varints, times as signed varints.
//
// Threads: none of its own.
// Errors:  see ByteReader.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "base/time.h"

namespace leumund::evidence {

// The largest share, weight or count that a record holds.
inline constexpr float weight_max = 0x1p36F;

// Times lie within 3,000 years around 1970, so that no sum of a time and a span overflows.
inline constexpr std::int64_t micros_most = 94'608'000'000'000'000;

class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>((value & 0x7f) | 0x80));
    out_.push_back(static_cast<char>(value));
  }
  void signed_number(std::int64_t value) {
    number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  // A share, weight or count that is never negative, in sixteenths.
  void sixteenths(float value) {
    number(static_cast<std::uint64_t>(std::lround(std::clamp(value, 0.0F, weight_max) * 16)));
  }
  void real(float value) { fixed(std::bit_cast<std::uint32_t>(value)); }
  void fixed(std::uint32_t value) {
    char bytes[4];
    std::memcpy(bytes, &value, sizeof bytes);
    out_.append(bytes, sizeof bytes);
  }
  void bytes(std::string_view bytes) { out_ += bytes; }
  void time(base::TimePoint at) {
    signed_number(std::clamp(at.time_since_epoch().count(), -micros_most, micros_most));
  }

 private:
  std::string& out_;
};

// Every read says no once the record has ended or a value is out of its bounds; then all later ones
// give zeros, and failed() tells.
class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_(in) {}

  std::uint64_t number(std::uint64_t most) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (in_.empty()) return fail();
      const auto byte = static_cast<std::uint8_t>(in_.front());
      in_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value <= most ? value : fail();
    }
    return fail();
  }
  template <typename Integer>
  void integer(Integer& value) {
    value = static_cast<Integer>(number(std::numeric_limits<Integer>::max()));
  }
  std::int64_t signed_number() {
    const std::uint64_t value = number(std::numeric_limits<std::uint64_t>::max());
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  void sixteenths(float& value) { value = static_cast<float>(number(1ULL << 40)) / 16; }
  void real(float& value) {
    value = std::bit_cast<float>(fixed());
    if (!std::isfinite(value) || std::fabs(value) > 1e9F) fail();
  }
  std::uint32_t fixed() {
    if (in_.size() < 4) return static_cast<std::uint32_t>(fail());
    std::uint32_t value = 0;
    std::memcpy(&value, in_.data(), sizeof value);
    in_.remove_prefix(sizeof value);
    return value;
  }
  std::string_view bytes(std::size_t size) {
    if (in_.size() < size) {
      fail();
      return {};
    }
    const std::string_view taken = in_.substr(0, size);
    in_.remove_prefix(size);
    return taken;
  }
  void time(base::TimePoint& at) {
    const std::int64_t value = signed_number();
    if (value > micros_most || value < -micros_most) fail();
    at = failed_ ? base::TimePoint() : base::TimePoint(base::Micros(value));
  }
  void seconds(base::TimePoint& at) {
    const std::int64_t value = signed_number();
    if (value > micros_most / 1'000'000 || value < -micros_most / 1'000'000) fail();
    at = failed_ ? base::TimePoint() : base::TimePoint(std::chrono::seconds(value));
  }
  void hour(std::int64_t& hour) {
    constexpr std::int64_t most = 26'280'000;
    hour = signed_number();
    if (hour > most || hour < -most) hour = static_cast<std::int64_t>(fail());
  }
  bool flag() { return number(1) == 1; }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool ended() const { return in_.empty(); }

 private:
  std::uint64_t fail() {
    failed_ = true;
    in_ = {};
    return 0;
  }

  std::string_view in_;
  bool failed_ = false;
};

}  // namespace leumund::evidence
