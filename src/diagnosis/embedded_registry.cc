// The shipped registry, built into the program: the daemon needs no file at run time.
#include "diagnosis/explanation_texts.h"
#include "diagnosis/registry.h"

#include <array>

// .incbin takes the bytes as they are; the compiler never parses them.
#define LEUMUND_EMBED(symbol, file)          \
  __asm__(                                   \
      ".section .rodata\n"                   \
      ".global " #symbol "_begin\n" #symbol  \
      "_begin:\n"                            \
      ".incbin \"" LEUMUND_DATA_DIR "/" file \
      "\"\n"                                 \
      ".global " #symbol "_end\n" #symbol    \
      "_end:\n.byte 0\n"                     \
      ".previous\n");                        \
  extern "C" const char symbol##_begin[];    \
  extern "C" const char symbol##_end[];

LEUMUND_EMBED(leumund_registry_structure, "registry/structure.toml")
LEUMUND_EMBED(leumund_registry_vocabulary, "registry/vocabulary.toml")
LEUMUND_EMBED(leumund_registry_meanings, "registry/meanings.toml")
LEUMUND_EMBED(leumund_registry_list_names, "registry/list_names.toml")
LEUMUND_EMBED(leumund_registry_blocklists, "registry/blocklists.toml")
LEUMUND_EMBED(leumund_registry_providers, "registry/providers.toml")
LEUMUND_EMBED(leumund_registry_reasons, "registry/reasons.toml")
LEUMUND_EMBED(leumund_explanations_en, "explanations/en.toml")
LEUMUND_EMBED(leumund_explanations_de, "explanations/de.toml")

namespace leumund::diagnosis {
namespace {

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

std::span<const RegistrySource> embedded_registry() {
  // In this order: the first list that claims a host keeps it.
  static const std::array<RegistrySource, 7> sources = {{
      {"structure.toml", between(leumund_registry_structure_begin, leumund_registry_structure_end)},
      {"vocabulary.toml",
       between(leumund_registry_vocabulary_begin, leumund_registry_vocabulary_end)},
      {"meanings.toml", between(leumund_registry_meanings_begin, leumund_registry_meanings_end)},
      {"list_names.toml",
       between(leumund_registry_list_names_begin, leumund_registry_list_names_end)},
      {"blocklists.toml",
       between(leumund_registry_blocklists_begin, leumund_registry_blocklists_end)},
      {"providers.toml", between(leumund_registry_providers_begin, leumund_registry_providers_end)},
      {"reasons.toml", between(leumund_registry_reasons_begin, leumund_registry_reasons_end)},
  }};
  return sources;
}

std::string_view embedded_explanations(Language language) {
  return language == Language::german
             ? between(leumund_explanations_de_begin, leumund_explanations_de_end)
             : between(leumund_explanations_en_begin, leumund_explanations_en_end);
}

}  // namespace leumund::diagnosis
