// The table of routes: what the Api serves, and what docs/reference/openapi.json tells of it.
#pragma once

#include <string_view>
#include <vector>

#include "base/time.h"
#include "face/api.h"
#include "face/api_fields.h"
#include "face/control.h"

namespace leumund::face {

// One field or parameter, for the description only; the handler reads it.
struct RouteField {
  std::string_view name;
  std::string_view type;  // "string", "integer", "boolean", "object", "time", "span"
  bool required;
  std::string_view sentence;
};

struct RouteCall {
  Control& control;
  Fields& fields;
  std::string_view body;
  std::string_view by;  // "admin" or "api"
  base::TimePoint now;
};

struct Route {
  std::string_view method;
  std::string_view path;
  bool guarded;  // needs the Unix socket or a token: it changes something, or makes others work
  std::string_view sentence;
  std::vector<RouteField> fields;
  Reply (*handler)(RouteCall& call);
};

[[nodiscard]] const std::vector<Route>& routes();

// What an Error from the Control is in HTTP. `nothing_there`: unavailable means 404 here.
[[nodiscard]] Reply error_reply(const base::Error& error, bool nothing_there);
[[nodiscard]] Reply error_reply(int status, std::string_view code, std::string_view message);

}  // namespace leumund::face
