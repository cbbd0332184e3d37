// Links of any bytes, and texts with links in them: hosts are ASCII in lower case.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "wire/text_links.h"
#include "wire/url.h"

namespace {

void check_link(std::string_view link) {
  const auto view = leumund::wire::view_link(link);
  if (!view) return;
  CHECK(!view->host.empty() && view->host.size() <= 253 && !view->domain.empty());
  CHECK(std::ranges::all_of(view->host, [](char c) { return c > ' ' && (c & 0x80) == 0; }));
  CHECK(std::ranges::none_of(view->host, [](char c) { return c >= 'A' && c <= 'Z'; }));
  CHECK(view->host.ends_with(view->domain));
  CHECK(view->page.size() <= 2'600 && view->pattern.size() <= 1'200);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_link(text);
  leumund::wire::TextLinks found;
  const leumund::wire::TextLinkLimits limits{.links = 8, .contacts = 4, .tries = 20};
  leumund::wire::find_text_links(text, found, limits);
  CHECK(found.links.size() <= limits.links && found.contacts.size() <= limits.contacts);
  for (const std::string& link : found.links) check_link(link);
  return 0;
}
