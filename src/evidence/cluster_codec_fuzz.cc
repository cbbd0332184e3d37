// A record of a campaign, however broken, is refused or reads back as what it was written from.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "evidence/cluster_codec.h"
#include "evidence/cluster_store.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leumund;
  const std::string_view record(reinterpret_cast<const char*>(data), size);
  auto cluster = evidence::decode_cluster(record);
  if (!cluster) return 0;
  std::string once;
  evidence::encode_cluster(*cluster, once);
  auto again = evidence::decode_cluster(once);
  CHECK(again.ok());
  std::string twice;
  evidence::encode_cluster(*again, twice);
  CHECK(once == twice);
  evidence::ClusterStore::Settings settings;
  settings.bytes_max = 1;
  evidence::ClusterStore store(settings);
  store.load(std::move(*again));
  return 0;
}
