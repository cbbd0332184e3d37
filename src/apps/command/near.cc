#include "apps/command/near.h"

#include <algorithm>

namespace leumund::apps {
namespace {

constexpr std::size_t word_bytes_max = 40;

std::size_t slips_between(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        table[i][j] = i + j;
        continue;
      }
      const std::size_t differ = a[i - 1] == b[j - 1] ? 0 : 1;
      table[i][j] =
          std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + differ});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
      }
    }
  }
  return table[a.size()][b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > word_bytes_max) return std::nullopt;
  std::optional<std::string> best;
  std::size_t best_slips = word_bytes_max;
  for (const std::string& one : known) {
    if (one.size() > word_bytes_max) continue;
    const std::size_t slips = slips_between(word, one);
    if (slips >= best_slips || slips * 3 > std::max(one.size(), std::size_t{3})) continue;
    best = one;
    best_slips = slips;
  }
  return best;
}

}  // namespace leumund::apps
