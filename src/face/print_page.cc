#include "face/print_page.h"

#include <fmt/core.h>

#include "face/explain_form.h"

namespace leumund::face {
namespace {

constexpr std::string_view style =
    "body{font:1rem/1.45 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;"
    "color:#111;background:#fff}h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:1.6rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "border-bottom:1px solid #bbb;padding:.25rem .6rem .25rem 0;overflow-wrap:anywhere}"
    "td.time{white-space:nowrap}pre{white-space:pre-wrap;font:inherit}"
    ".operator{border:2px solid #a60;padding:0 1rem;margin-bottom:2rem}small{color:#555}"
    "@page{margin:2cm}@media print{body{margin:0;padding:0;max-width:none;font-size:10pt}"
    ".operator{display:none}tr,h2{break-inside:avoid}h2{break-after:avoid}thead{display:"
    "table-header-group}}";

}  // namespace

std::string print_page_head(config::Language language, std::string_view title) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<meta http-equiv=\""
      "Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<title>{}</title>\n<style>{}</style></head>\n<body>\n",
      language == config::Language::de ? "de" : "en", html_text(title), style);
}

}  // namespace leumund::face
