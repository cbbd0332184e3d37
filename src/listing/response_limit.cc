#include "listing/response_limit.h"

#include <algorithm>

#include "base/hash.h"

namespace leumund::listing {
namespace {

constexpr std::size_t groups = 4096;
constexpr std::size_t group_size = 4;
constexpr std::int64_t credit_max = 1'000'000'000;

std::uint64_t network_hash(const base::IpAddress& client) {
  const auto& bytes = client.bytes();
  std::uint64_t network = 0;
  if (client.is_v4()) {
    network = client.v4_bits() >> 8;
  } else {
    for (std::size_t i = 0; i < 7; ++i) network = network << 8 | bytes[i];
  }
  return base::combine_hashes(network, client.is_v4() ? 4 : 6);
}

}  // namespace

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
      const std::int64_t earned =
          std::int64_t{now_ms - one.seen_ms} * settings_.excess_per_second / 1000;
      one.bytes = static_cast<std::int32_t>(std::min(full_, one.bytes + earned));
      // Rounding must not eat what a busy network earns between two questions.
      if (earned > 0) one.seen_ms = now_ms;
      return one;
    }
    if (one.network == 0 ||
        (oldest->network != 0 && now_ms - one.seen_ms > now_ms - oldest->seen_ms)) {
      oldest = &one;
    }
  }
  *oldest = {mark, now_ms, static_cast<std::int32_t>(full_), 0};
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
