#include "apps/daemon/installation_key.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"

namespace leumund::apps {
namespace {

constexpr const char* key_mark = "installation/hash-key";

std::optional<base::HashKey> parse(std::string_view text) {
  base::HashKey key;
  if (text.size() != key.bytes.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < key.bytes.size(); ++i) {
    const char* from = text.data() + 2 * i;
    if (std::from_chars(from, from + 2, key.bytes[i], 16).ptr != from + 2) return std::nullopt;
  }
  return key;
}

}  // namespace

base::Result<base::HashKey> installation_key(storage::Store& store) {
  const auto marks = store.load_marks();
  if (!marks) return marks.error();
  if (const auto kept = marks->find(key_mark); kept != marks->end()) {
    if (const auto key = parse(kept->second)) return *key;
  }
  const base::HashKey key = base::HashKey::random();
  const std::vector<storage::Mark> mark = {
      {key_mark, fmt::format("{:02x}", fmt::join(key.bytes, ""))}};
  if (const auto saved = store.save_checkpoint({}, mark); !saved) {
    base::log(base::LogLevel::warn, "hash key not kept, counts begin anew at the next start: {}",
              saved.error().message);
  }
  return key;
}

}  // namespace leumund::apps
