// The shipped sentences of explanations, one TOML text per language.
#pragma once

#include <cstdint>
#include <string_view>

namespace leumund::diagnosis {

enum class Language : std::uint8_t { english, german };

[[nodiscard]] std::string_view embedded_explanations(Language language);

}  // namespace leumund::diagnosis
