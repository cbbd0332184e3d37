// The version that the programs tell, from the project() line of CMakeLists.txt.
#pragma once

namespace leumund::apps {

inline constexpr const char* version = LEUMUND_VERSION;

}  // namespace leumund::apps
