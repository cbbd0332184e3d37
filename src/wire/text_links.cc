#include "wire/text_links.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "wire/link_choice.h"
#include "wire/mime_header.h"
#include "wire/url.h"

namespace leumund::wire {
namespace {

constexpr std::size_t word_bytes_max = 2'048;
constexpr std::size_t phone_digits_min = 9;
constexpr std::size_t phone_digits_max = 15;

// Top-level domains that are file name endings in technical mail; they need "http://" or a path.
constexpr std::array<std::string_view, 14> file_endings = {
    "md", "sh", "py", "pl", "rs", "so", "ps", "zip", "mov", "cc", "pm", "st", "ml", "in"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }

void add_once(std::string item, const std::vector<std::string>& items, LinkChoice& choice) {
  if (!choice.chose() && std::ranges::find(items, item) != items.end()) return;
  choice.add(std::move(item));
}

// Signs that stand around a link in prose.
std::string_view without_brackets(std::string_view word) {
  while (!word.empty() &&
         std::string_view("<([{\"'*_|").find(word.front()) != std::string_view::npos) {
    word.remove_prefix(1);
  }
  const std::size_t end = word.find_first_of("<>\"");
  word = word.substr(0, end);
  while (!word.empty() &&
         std::string_view(".,;:!?)]}'*_|").find(word.back()) != std::string_view::npos) {
    word.remove_suffix(1);
  }
  return word;
}

class Finder {
 public:
  Finder(TextLinks& found, TextLinkLimits limits)
      : found_(found),
        limits_(limits),
        links_(found.links, limits.links, limits.key),
        contacts_(found.contacts, limits.contacts, limits.key) {}

  void word(std::string_view word, bool dot, bool at, bool colon);
  void wallet(std::string_view word);
  void phone(std::string_view digits) {
    contact("tel:" + std::string(digits.substr(digits.size() - phone_digits_min)));
  }

 private:
  void bare_domain(std::string_view word);
  void link(std::string_view text) { add_once(std::string(text), found_.links, links_); }
  void contact(std::string text) { add_once(std::move(text), found_.contacts, contacts_); }

  TextLinks& found_;
  TextLinkLimits limits_;
  LinkChoice links_;
  LinkChoice contacts_;
  std::size_t tries_ = 0;
};

void Finder::bare_domain(std::string_view word) {
  const std::size_t slash = word.find_first_of("/?#:");
  const std::string_view host = word.substr(0, slash);
  const std::size_t dot = host.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || host.size() - dot < 3 || host.size() > 253)
    return;
  const std::string_view top = host.substr(dot + 1);
  if (!std::ranges::all_of(top, is_letter)) return;
  if (++tries_ > limits_.tries) return;
  const std::string name = base::ascii_lower(host);
  const bool file = slash == std::string_view::npos &&
                    std::ranges::find(file_endings, base::ascii_lower(top)) != file_endings.end();
  if (file || !has_public_suffix(name)) return;
  link(word);
}

void Finder::word(std::string_view word, bool dot, bool at, bool colon) {
  if (word.size() > word_bytes_max) return;
  if (colon) {
    const std::size_t scheme = word.find("://");
    if (scheme != std::string_view::npos) {
      std::size_t begin = scheme;
      while (begin > 0 && is_letter(word[begin - 1])) --begin;
      link(without_brackets(word.substr(begin)));
      return;
    }
  }
  if (at) {
    const auto place = find_address(word);
    if (place) contact(base::ascii_lower(place->in(word)));
    return;
  }
  if (dot) bare_domain(without_brackets(word));
}

// Bitcoin (base58 and bech32) and Ethereum.
void Finder::wallet(std::string_view raw) {
  const std::string_view word = without_brackets(raw);
  if (word.size() < 26 || word.size() > 62) return;
  const bool hex = word.size() == 42 && word.starts_with("0x");
  const bool bech = word.starts_with("bc1");
  const bool base58 = (word[0] == '1' || word[0] == '3') && word.size() <= 35;
  if (!hex && !bech && !base58) return;
  std::size_t digits = 0;
  for (const char c : word) {
    if (!is_digit(c) && !is_letter(c)) return;
    if (base58 && (c == '0' || c == 'O' || c == 'I' || c == 'l')) return;
    digits += is_digit(c);
  }
  if (digits >= 3) contact("coin:" + std::string(word));
}

// "+49 (30) 123-456 78": digits with what people write between them. Returns where it ends.
std::size_t read_phone(std::string_view text, std::size_t at, std::string& digits) {
  digits.clear();
  std::size_t gap = 0;
  std::size_t i = at;
  for (; i < text.size() && gap <= 2; ++i) {
    const char c = text[i];
    if (is_digit(c)) {
      gap = 0;
      if (digits.size() <= phone_digits_max) digits.push_back(c);
    } else if (c == ' ' || c == '-' || c == '(' || c == ')' || c == '/' || c == '.' ||
               (c == '+' && digits.empty())) {
      ++gap;
    } else {
      break;
    }
  }
  return i;
}

}  // namespace

void find_text_links(std::string_view text, TextLinks& found, TextLinkLimits limits) {
  static constexpr auto telling = [] {
    std::array<bool, 256> table{};
    for (const char c : {'.', '@', ':'}) table[static_cast<unsigned char>(c)] = true;
    for (unsigned char c = '0'; c <= '9'; ++c) table[c] = true;
    return table;
  }();
  Finder finder(found, limits);
  std::string digits;
  const std::size_t size = text.size();
  for (std::size_t i = 0, done = 0; i < size;) {
    if (!telling[static_cast<unsigned char>(text[i])]) {
      ++i;
      continue;
    }
    std::size_t begin = i;
    while (begin > done && !is_blank(text[begin - 1])) --begin;
    bool dot = false;
    bool at = false;
    bool colon = false;
    bool digit = false;
    for (; i < size && !is_blank(text[i]); ++i) {
      const char c = text[i];
      if (!telling[static_cast<unsigned char>(c)]) continue;
      // A sign at the end of a word is punctuation.
      const bool inside = i + 1 < size && !is_blank(text[i + 1]);
      dot = dot || (c == '.' && inside);
      at = at || c == '@';
      colon = colon || (c == ':' && inside);
      digit = digit || is_digit(c);
    }
    done = i;
    const std::string_view word = text.substr(begin, i - begin);
    if (dot || at || colon) finder.word(word, dot && word.size() > 4, at, colon);
    if (!digit) continue;
    if (word.size() >= 26) finder.wallet(word);
    if (word[0] != '+' && word[0] != '0' && word[0] != '(') continue;
    const std::size_t end = read_phone(text.substr(0, std::min(size, begin + 40)), begin, digits);
    const bool international = word[0] == '+' || digits.starts_with("00");
    const std::size_t least = international ? phone_digits_min : phone_digits_min + 1;
    if (digits.size() < least || digits.size() > phone_digits_max) continue;
    finder.phone(digits);
    done = i = std::max(i, std::min(end, size));
  }
}

}  // namespace leumund::wire
