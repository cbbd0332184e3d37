#include "face/public_page.h"

#include <fmt/format.h>

#include "base/ip_address.h"
#include "face/explain_form.h"
#include "face/print_page.h"

namespace leumund::face {

std::string_view visitor_of(const net::HttpRequest& request) {
  const auto address = base::IpAddress::parse(request.remote);
  if (address && !address->is_loopback()) return request.remote;
  std::string_view forwarded = request.header("x-forwarded-for");
  forwarded = forwarded.substr(forwarded.rfind(',') + 1);
  while (forwarded.starts_with(' ')) forwarded.remove_prefix(1);
  while (forwarded.ends_with(' ')) forwarded.remove_suffix(1);
  return base::IpAddress::parse(forwarded) ? forwarded : std::string_view(request.remote);
}

config::Language page_language(const net::HttpRequest& request, std::string_view asked) {
  if (asked == "de") return config::Language::de;
  if (asked == "en") return config::Language::en;
  return preferred_language(request.header("accept-language"));
}

net::HttpResponse failure_page(config::Language language, int status, std::string_view why) {
  net::HttpResponse out;
  out.status = status;
  out.content_type = "text/html; charset=utf-8";
  out.headers.emplace_back("Content-Language", language == config::Language::de ? "de" : "en");
  out.body = print_page_head(language, why) + "<p>" + html_text(why) + "</p>\n</body>\n</html>\n";
  return out;
}

void add_page_headers(net::HttpResponse& response, std::chrono::seconds kept_for) {
  response.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
      "frame-ancestors 'none'");
  response.headers.emplace_back(
      "Cache-Control", kept_for.count() > 0 ? fmt::format("public, max-age={}", kept_for.count())
                                            : std::string("no-store"));
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  if (response.status == 429) response.headers.emplace_back("Retry-After", "60");
}

}  // namespace leumund::face
