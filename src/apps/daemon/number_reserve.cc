#include "apps/daemon/number_reserve.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "action/atomic_file.h"

namespace leumund::apps {
namespace {

constexpr std::size_t file_bytes_max = 64;
// A number beyond is damage: at a decision a microsecond it is 30,000 years away.
constexpr std::uint64_t number_max = 1'000'000'000'000'000'000;

std::uint64_t seconds_of(base::TimePoint now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0));
}

}  // namespace

NumberReserve NumberReserve::open(const std::string& folder, std::uint64_t last,
                                  base::TimePoint now) {
  NumberReserve reserve;
  reserve.path_ = folder + "/decision_number";
  reserve.first_ = last;
  bool known = true;
  const auto there = action::identify_file(reserve.path_);
  if (there && there->exists()) {
    const auto content = action::read_file(reserve.path_, file_bytes_max);
    std::uint64_t number = 0;
    if (content) {
      const std::string& text = content->bytes;
      const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
      known = read.ec == std::errc() && read.ptr != text.data() && number <= number_max &&
              std::string_view(read.ptr, text.data() + text.size()) == "\n";
    } else {
      known = false;
    }
    if (known) {
      reserve.first_ = std::max(last, number);
    } else {
      reserve.trouble_ =
          fmt::format("{} cannot be read: decision numbers start from the time", reserve.path_);
    }
  } else {
    known = there.ok();
  }
  if (!known) reserve.first_ = std::max(last, seconds_of(now));
  const std::string unreadable = reserve.trouble_;
  reserve.write(reserve.first_ + block);
  if (reserve.reserved_ == 0) {
    // The numbers of this run can be noted nowhere: they are taken where no other run's are.
    reserve.first_ = std::max(reserve.first_, seconds_of(now));
  } else if (!unreadable.empty()) {
    reserve.trouble_ = unreadable;
  }
  return reserve;
}

void NumberReserve::keep_ahead(std::uint64_t last) {
  if (last + block / 2 > reserved_) write(std::max(last, first_) + block);
}

void NumberReserve::settle(std::uint64_t last) { write(std::max(last, first_)); }

void NumberReserve::write(std::uint64_t number) {
  const auto written = action::write_file_atomically(path_, std::to_string(number) + "\n", 0644);
  trouble_ = written ? "" : written.error().message;
  if (written) reserved_ = number;
}

}  // namespace leumund::apps
