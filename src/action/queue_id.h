// Which texts are a Postfix queue id. Header only: the privileged queue helper uses it and links
// nothing of ours.
#pragma once

#include <cstddef>
#include <string_view>

namespace leumund::action {

constexpr std::size_t queue_id_bytes_min = 5;  // "ALL" of postsuper is shorter, on purpose
constexpr std::size_t queue_id_bytes_max = 20;

// Short ids are hexadecimal, long ones letters without vowels and digits.
[[nodiscard]] constexpr bool is_queue_id(std::string_view text) {
  if (text.size() < queue_id_bytes_min || text.size() > queue_id_bytes_max) return false;
  for (const char c : text) {
    const bool good = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (!good) return false;
  }
  return true;
}

}  // namespace leumund::action
