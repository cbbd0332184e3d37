// HTML of any bytes gives text within the limits, and no more links than asked for.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/html_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using leumund::wire::HtmlLimits;
  using leumund::wire::HtmlView;
  const std::string_view html(reinterpret_cast<const char*>(data), size);
  const HtmlLimits limits{.text_bytes = 600, .links = 5, .link_bytes = 40};
  HtmlView view;
  leumund::wire::read_html(html, view, limits);
  CHECK(view.text.size() <= limits.text_bytes);
  CHECK(view.links.size() <= limits.links && view.sources.size() <= limits.links);
  for (const auto& link : view.links) CHECK(!link.empty() && link.size() <= 4 * limits.link_bytes);
  // What was read once is read the same again.
  HtmlView again = view;
  leumund::wire::read_html(html, again, limits);
  CHECK(again.text == view.text && again.links == view.links);
  return 0;
}
