#include "apps/command/words.h"

#include <cstdlib>

namespace leumund::apps {
namespace {

// By the number of the line in en.txt; empty where de.txt has none.
const auto& german_texts() {
  static const auto table = [] {
    std::array<std::string_view, english_texts.size()> all{};
    each_text(texts_de, [&](std::string_view key, std::string_view text) {
      for (std::size_t i = 0; i < english_texts.size(); ++i) {
        if (english_texts[i].key == key) all[i] = text;
      }
    });
    return all;
  }();
  return table;
}

}  // namespace

std::optional<Phrase> Phrase::find(std::string_view key) {
  for (std::size_t i = 0; i < english_texts.size(); ++i) {
    if (english_texts[i].key == key) return Phrase(static_cast<std::uint16_t>(i));
  }
  return std::nullopt;
}

std::vector<Phrase> Phrase::all() {
  std::vector<Phrase> out;
  for (std::size_t i = 0; i < english_texts.size(); ++i) {
    out.push_back(Phrase(static_cast<std::uint16_t>(i)));
  }
  return out;
}

std::string_view Phrase::text(Language language) const {
  const std::string_view english = english_texts[number_].text;
  if (language == Language::en) return english;
  const std::string_view german = german_texts()[number_];
  return german.empty() ? english : german;
}

Language choose_language(std::string_view option) {
  if (option == "de") return Language::de;
  if (option == "en") return Language::en;
  for (const char* variable : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view wanted(value);
    return wanted == "de" || wanted.starts_with("de_") || wanted.starts_with("de.") ? Language::de
                                                                                    : Language::en;
  }
  return Language::en;
}

}  // namespace leumund::apps
