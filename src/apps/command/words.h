// What the command leumund says to people, in English and German. Machines read --json instead.
//
// Flow:    data/command/{en,de}.txt, built in -> Phrase("key") -> say().
//          A text is filled as base/filled.h has it: "{} <line|lines>".
// Threads: any; constant tables.
// Errors:  a key that is not in en.txt does not compile; one that de.txt lacks is said in English.
#pragma once

#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/leumund_texts.inc"
#include "base/filled.h"
#include "config/settings.h"

namespace leumund::apps {

using config::Language;

struct Text {
  std::string_view key;
  std::string_view text;
};

// Calls `take(key, text)` for each line "key = text" of a table; comments and empty lines are none.
template <typename Take>
constexpr void each_text(std::string_view table, Take take) {
  while (!table.empty()) {
    const std::string_view line = table.substr(0, table.find('\n'));
    table.remove_prefix(line.size() < table.size() ? line.size() + 1 : line.size());
    const auto equals = line.find(" = ");
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    take(line.substr(0, equals), line.substr(equals + 3));
  }
}

constexpr std::size_t count_texts(std::string_view table) {
  std::size_t count = 0;
  each_text(table, [&count](std::string_view, std::string_view) { ++count; });
  return count;
}

inline constexpr auto english_texts = [] {
  std::array<Text, count_texts(texts_en)> all{};
  std::size_t at = 0;
  each_text(texts_en,
            [&](std::string_view key, std::string_view text) { all[at++] = {key, text}; });
  return all;
}();

// Something the command says: the number of a line of en.txt.
class Phrase {
 public:
  consteval Phrase(const char* key) : number_(number_of(key)) {}  // NOLINT: reads as the text

  // For keys that come with the daemon's answer: "standing.good".
  [[nodiscard]] static std::optional<Phrase> find(std::string_view key);
  [[nodiscard]] static std::vector<Phrase> all();
  [[nodiscard]] std::string_view key() const { return english_texts[number_].key; }
  // With its placeholders still in it.
  [[nodiscard]] std::string_view text(Language language) const;

 private:
  explicit constexpr Phrase(std::uint16_t number) : number_(number) {}
  static void not_in_en_txt(const char*) {}  // calling it ends the compilation
  static consteval std::uint16_t number_of(const char* key) {
    for (std::size_t i = 0; i < english_texts.size(); ++i) {
      if (english_texts[i].key == key) return static_cast<std::uint16_t>(i);
    }
    not_in_en_txt(key);
    return 0;
  }

  std::uint16_t number_;
};

template <typename... Args>
std::string say(Language language, Phrase which, const Args&... args) {
  return base::fill(which.text(language), args...);
}

// --lang, else LC_ALL, LC_MESSAGES, LANG; English unless they say German.
[[nodiscard]] Language choose_language(std::string_view option);

}  // namespace leumund::apps
