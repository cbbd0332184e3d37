#include "listing/response_limit.h"

#include <algorithm>

#include "base/hash.h"

namespace leumund::listing {
namespace {

constexpr std::size_t groups = 4096;
constexpr std::size_t group_size = 4;
constexpr std::int64_t credit_max = 1'000'000'000;

}  // namespace

std::uint64_t ResponseLimit::network_hash(const base::IpAddress& client) const {
  const base::IpAddress network = client.masked(24, 56);
  const auto& bytes = network.bytes();
  return base::keyed_hash(settings_.key,
                          {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void ResponseLimit::earn(Credit& credit, std::uint32_t now_ms) const {
  const std::int64_t earned =
      std::int64_t{now_ms - credit.seen_ms} * settings_.excess_per_second / 1000;
  credit.bytes = static_cast<std::int32_t>(std::min(full_, credit.bytes + earned));
  // Rounding must not eat what a busy network earns between two questions.
  if (earned > 0) credit.seen_ms = now_ms;
}

ResponseLimit::ResponseLimit(const ResponseLimitSettings& settings)
    : settings_(settings),
      full_(
          std::min(std::int64_t{settings.excess_per_second} * settings.burst_seconds, credit_max)),
      credits_(settings.excess_per_second == 0 ? 0 : groups * group_size) {}

ResponseLimit::Credit& ResponseLimit::credit_of(const base::IpAddress& client,
                                                std::uint32_t now_ms) {
  const std::uint64_t hash = network_hash(client);
  const auto mark = static_cast<std::uint32_t>(hash >> 32 | 1);
  Credit* const group = &credits_[(hash % groups) * group_size];
  Credit* oldest = group;
  for (std::size_t i = 0; i < group_size; ++i) {
    Credit& one = group[i];
    if (one.network == mark) {
      earn(one, now_ms);
      return one;
    }
    if (one.network == 0 ||
        (oldest->network != 0 && now_ms - one.seen_ms > now_ms - oldest->seen_ms)) {
      oldest = &one;
    }
  }
  const bool free = oldest->network == 0;
  if (!free) earn(*oldest, now_ms);
  *oldest = {mark, now_ms, free ? static_cast<std::int32_t>(full_) : oldest->bytes, 0};
  return *oldest;
}

ResponseLimit::Verdict ResponseLimit::judge(const base::IpAddress& client,
                                            std::size_t question_bytes, std::size_t answer_bytes,
                                            std::uint64_t now_micros) {
  if (credits_.empty() || answer_bytes <= question_bytes) return Verdict::send;
  Credit& credit = credit_of(client, static_cast<std::uint32_t>(now_micros / 1000));
  const auto excess = static_cast<std::int32_t>(answer_bytes - question_bytes);
  if (credit.bytes >= excess) {
    credit.bytes -= excess;
    credit.over = 0;
    return Verdict::send;
  }
  ++credit.over;
  return settings_.slip != 0 && credit.over % settings_.slip == 0 ? Verdict::truncate
                                                                  : Verdict::drop;
}

}  // namespace leumund::listing
