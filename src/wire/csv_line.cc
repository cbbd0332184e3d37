#include "wire/csv_line.h"

#include <algorithm>

#include "base/trimmed.h"

namespace leumund::wire {
namespace {

constexpr std::size_t fields_max = 64;

}  // namespace

std::optional<std::vector<std::string>> split_csv(std::string_view line) {
  std::vector<std::string> fields;
  for (;;) {
    if (fields.size() == fields_max) return std::nullopt;
    const auto begin = std::min(line.find_first_not_of(" \t"), line.size());
    if (begin < line.size() && line[begin] == '"') {
      std::string field;
      std::size_t at = begin + 1;
      for (;; ++at) {
        if (at >= line.size()) return std::nullopt;
        if (line[at] != '"') {
          field += line[at];
        } else if (at + 1 < line.size() && line[at + 1] == '"') {
          field += line[at++];
        } else {
          break;
        }
      }
      const std::size_t next = line.find(',', at);
      if (!base::trimmed(line.substr(at + 1, next == std::string_view::npos ? next : next - at - 1))
               .empty()) {
        return std::nullopt;
      }
      fields.emplace_back(base::trimmed(field));
      if (next == std::string_view::npos) return fields;
      line.remove_prefix(next + 1);
      continue;
    }
    const std::size_t next = line.find(',');
    fields.emplace_back(base::trimmed(line.substr(0, next)));
    if (next == std::string_view::npos) return fields;
    line.remove_prefix(next + 1);
  }
}

}  // namespace leumund::wire
