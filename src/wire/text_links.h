// Links and ways to answer that stand in a plain text: web addresses with or without "http://",
// mail addresses, telephone numbers, wallets.
//
// Limits:  TextLinkLimits; a text is read once.
// Errors:  none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"

namespace leumund::wire {

struct TextLinkLimits {
  std::size_t links = 64;
  std::size_t contacts = 32;
  std::size_t tries = 512;  // words with a dot inside that are looked up
  base::HashKey key = {};   // of the choice among more than those (LinkChoice)
};

struct TextLinks {
  std::vector<std::string> links;
  // Mail addresses in lower case, telephone numbers as "tel:" and their last nine digits, wallets
  // as "coin:...".
  std::vector<std::string> contacts;
};

// Appends what `text` (UTF-8) holds, each once.
void find_text_links(std::string_view text, TextLinks& found, TextLinkLimits limits = {});

}  // namespace leumund::wire
