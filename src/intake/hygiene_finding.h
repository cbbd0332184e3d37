// Makes findings: the check's name, and a sentence whose values stand where {} does, so that
// data/command/sentences.de.txt can have its German.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>

#include "model/hygiene.h"

namespace leumund::intake {

template <typename... Args>
model::HygieneFinding good(std::string_view check, fmt::format_string<Args...> sentence,
                           Args&&... args) {
  return {std::string(check), "", model::HygieneState::good, false,
          fmt::format(sentence, std::forward<Args>(args)...)};
}

template <typename... Args>
model::HygieneFinding fault(std::string_view check, fmt::format_string<Args...> sentence,
                            Args&&... args) {
  return {std::string(check), "", model::HygieneState::fault, false,
          fmt::format(sentence, std::forward<Args>(args)...)};
}

// A fault for which receivers refuse mail.
template <typename... Args>
model::HygieneFinding grave(std::string_view check, fmt::format_string<Args...> sentence,
                            Args&&... args) {
  return {std::string(check), "", model::HygieneState::fault, true,
          fmt::format(sentence, std::forward<Args>(args)...)};
}

template <typename... Args>
model::HygieneFinding not_known(std::string_view check, fmt::format_string<Args...> sentence,
                                Args&&... args) {
  return {std::string(check), "", model::HygieneState::unknown, false,
          fmt::format(sentence, std::forward<Args>(args)...)};
}

}  // namespace leumund::intake
