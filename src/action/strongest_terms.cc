#include "action/strongest_terms.h"

#include <algorithm>

namespace leumund::action {

std::vector<const model::Term*> strongest_terms(std::span<const model::Term> terms,
                                                std::size_t most) {
  std::vector<const model::Term*> chosen;
  for (const auto& term : terms) {
    if (term.value > 0) chosen.push_back(&term);
  }
  // All lie in one array, so their places settle a tie.
  std::sort(chosen.begin(), chosen.end(), [](const auto* a, const auto* b) {
    return a->value != b->value ? a->value > b->value : a < b;
  });
  if (chosen.size() > most) chosen.resize(most);
  return chosen;
}

}  // namespace leumund::action
