#include "net/http_route_match.h"

namespace leumund::net {
namespace {

std::string_view take_segment(std::string_view& rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view segment = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash);
  return segment;
}

}  // namespace

bool match_route(std::string_view pattern, std::string_view path,
                 std::map<std::string, std::string>& params) {
  std::map<std::string, std::string> found;
  while (!pattern.empty() && !path.empty()) {
    if (!pattern.starts_with('/') || !path.starts_with('/')) return false;
    pattern.remove_prefix(1);
    path.remove_prefix(1);
    const std::string_view wanted = take_segment(pattern);
    if (wanted.ends_with("...}") && wanted.starts_with('{')) {
      if (path.empty()) return false;
      found[std::string(wanted.substr(1, wanted.size() - 5))] = std::string(path);
      params.merge(found);
      return true;
    }
    const std::string_view segment = take_segment(path);
    if (wanted.starts_with('{') && wanted.ends_with('}')) {
      if (segment.empty()) return false;
      found[std::string(wanted.substr(1, wanted.size() - 2))] = std::string(segment);
    } else if (segment != wanted) {
      return false;
    }
  }
  if (!pattern.empty() || !path.empty()) return false;
  params.merge(found);
  return true;
}

}  // namespace leumund::net
