// A cluster as bytes, for the journal: open campaigns and what was learned as harmless.
//
// Errors:  malformed for a record that is cut, of another version or out of bounds.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "evidence/cluster.h"

namespace leumund::evidence {

// Appends. Texts are not kept on disk, and of a long list of messages only the newest.
void encode_cluster(const Cluster& cluster, std::string& out);
[[nodiscard]] base::Result<Cluster> decode_cluster(std::string_view state);

}  // namespace leumund::evidence
