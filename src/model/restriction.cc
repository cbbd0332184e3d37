#include "model/restriction.h"

#include <array>
#include <utility>

namespace leumund::model {
namespace {

constexpr std::array<std::pair<Level, std::string_view>, 4> level_names = {{
    {Level::throttle, "throttle"},
    {Level::hold, "hold"},
    {Level::external_only, "external_only"},
    {Level::no_sending, "no_sending"},
}};

}  // namespace

std::string_view level_name(Level level) {
  return level_names[static_cast<std::size_t>(level)].second;
}

std::optional<Level> parse_level(std::string_view text) {
  for (const auto& [level, name] : level_names) {
    if (name == text) return level;
  }
  return std::nullopt;
}

std::string_view mode_name(Mode mode) { return mode == Mode::observe ? "observe" : "enforce"; }

}  // namespace leumund::model
