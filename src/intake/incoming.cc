#include "intake/incoming.h"

#include <algorithm>

namespace leumund::intake {

bool is_incoming(const model::Submission& submission,
                 std::span<const base::IpPrefix> own_networks) {
  if (!submission.account.empty() || !submission.script.empty()) return false;
  if (!submission.client) return true;
  if (submission.client->is_private()) return false;
  return std::ranges::none_of(own_networks, [&](const base::IpPrefix& network) {
    return network.contains(*submission.client);
  });
}

}  // namespace leumund::intake
