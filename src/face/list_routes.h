// The routes about our own lists, for the table of api_routes.cc.
#pragma once

#include <vector>

#include "face/api_routes.h"

namespace leumund::face {

[[nodiscard]] std::vector<Route> routes_about_own_lists();

}  // namespace leumund::face
