// DKIM keys, DMARC records and DKIM signatures of any bytes: no crash, and what is read keeps its
// bounds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/tag_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto key = leumund::wire::parse_dkim_key(text)) {
    CHECK(key->revoked || key->bits > 0 || key->type == leumund::wire::DkimKeyType::other);
    CHECK(key->bits <= 8 * size);
  }
  const auto policy = leumund::wire::parse_dmarc_record(text);
  CHECK(!policy || (policy->percent <= 100 && leumund::wire::is_dmarc_record(text)));
  if (const auto signature = leumund::wire::parse_dkim_signature(text)) {
    CHECK(!signature->domain.empty() && signature->domain.size() <= size);
    CHECK(!signature->selector.empty() && signature->selector.size() <= size);
  }
  return 0;
}
