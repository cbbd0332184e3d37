#include "model/page_about.h"

#include <algorithm>

namespace leumund::model {

std::string page_about(std::string_view url, std::string_view place) {
  std::string out(url);
  for (const std::string_view mark : {"{ip}", "{domain}"}) {
    auto at = place.empty() ? std::string::npos : out.find(mark);
    while (at != std::string::npos) {
      out.replace(at, mark.size(), place);
      at = out.find(mark, at + place.size());
    }
  }
  const auto open = out.find('{');
  return open == std::string::npos ? out : out.substr(0, std::min(out.find('?'), open));
}

}  // namespace leumund::model
