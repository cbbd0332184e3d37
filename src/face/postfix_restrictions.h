// A Postfix restriction list as text: putting our elements first, and taking exactly them out
// again.
//
// Elements are separated by commas or white space; braces hold an element together. What is not
// ours is never rewritten, so that taking out gives back what stood there, byte for byte.
// Threads: any; pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace leumund::face {

// One element of a list and where it stands in the text.
struct ListToken {
  std::string_view text;
  std::size_t begin = 0;
  std::size_t end = 0;
};
[[nodiscard]] std::vector<ListToken> list_tokens(std::string_view value);

// `ours` are whole elements such as "check_sasl_access cdb:/x"; those already there are left out,
// wherever they stand.
[[nodiscard]] std::string put_first(const std::vector<std::string>& ours, std::string_view value,
                                    std::string_view separator = ", ");
[[nodiscard]] std::string take_out(const std::vector<std::string>& ours, std::string value);
[[nodiscard]] bool contains_element(std::string_view value, std::string_view element);

// The same list without white space, as master.cf needs it; "" when an element needs its spaces.
// Never "" for a list that is not empty otherwise: `fits` tells.
struct CompactList {
  bool fits = true;
  std::string text;
};
[[nodiscard]] CompactList compact_list(std::string_view value);

}  // namespace leumund::face
