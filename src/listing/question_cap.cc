#include "listing/question_cap.h"

#include <algorithm>
#include <cstring>

namespace leumund::listing {
namespace {

constexpr std::uint64_t day_micros = 86'400'000'000;

}  // namespace

QuestionCap::QuestionCap(std::uint32_t most_a_day, base::HashKey key)
    : most_(static_cast<std::uint16_t>(std::min(most_a_day, 65'535U))),
      key_(key),
      cells_(most_a_day == 0 ? 0 : 2 * row_cells) {}

bool QuestionCap::take(const base::IpAddress& client, const base::IpAddress& about,
                       std::int32_t zone, std::uint64_t now_micros) {
  if (most_ == 0) return true;
  if (const std::uint64_t day = now_micros / day_micros; day != day_) {
    day_ = day;
    std::ranges::fill(cells_, 0);
  }
  char pair[16 + 16 + sizeof zone];
  const base::IpAddress network = client.masked(24, 48);
  std::memcpy(pair, network.bytes().data(), 16);
  std::memcpy(pair + 16, about.bytes().data(), 16);
  std::memcpy(pair + 32, &zone, sizeof zone);
  const std::uint64_t hash = base::keyed_hash(key_, std::string_view(pair, sizeof pair));
  std::uint16_t& one = cells_[hash % row_cells];
  std::uint16_t& other = cells_[row_cells + (hash >> 32) % row_cells];
  const std::uint16_t count = std::min(one, other);
  if (count >= most_) return false;
  const auto next = static_cast<std::uint16_t>(count + 1);
  one = std::max(one, next);
  other = std::max(other, next);
  return true;
}

}  // namespace leumund::listing
