// The routes about the set-up of our ways out.
#pragma once

#include <vector>

#include "face/api_routes.h"

namespace leumund::face {

[[nodiscard]] std::vector<Route> routes_about_hygiene();

}  // namespace leumund::face
