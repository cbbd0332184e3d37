// The route about screening: its lists in figures, and the weights that later complaints propose.
#pragma once

#include <vector>

#include "face/api_routes.h"

namespace leumund::face {

[[nodiscard]] std::vector<Route> routes_about_screening();

}  // namespace leumund::face
