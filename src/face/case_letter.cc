#include "face/case_letter.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "face/explain_form.h"
#include "face/print_page.h"

namespace leumund::face {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::string letter_json(const action::Letter& letter) {
  Json fields = Json::array();
  for (const auto& [label, value] : letter.fields) {
    fields.push_back({{"label", label}, {"value", value}});
  }
  const Json out = {{"party", letter.party},
                    {"title", letter.title},
                    {"channel", model::case_step_name(letter.step)},
                    {"way", action::letter_way_name(letter.way)},
                    {"language", letter.language == config::Language::de ? "de" : "en"},
                    {"ready", letter.ready},
                    {"to", letter.to},
                    {"url", letter.url},
                    {"subject", letter.subject},
                    {"body", letter.body},
                    {"fields", std::move(fields)},
                    {"advice", letter.advice}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string letter_html(const action::Letter& letter, config::Language people) {
  const bool german = people == config::Language::de;
  const std::string title = letter.subject.empty() ? letter.title : letter.subject;
  std::string out = print_page_head(letter.language, title);
  if (!letter.advice.empty()) {
    out += fmt::format(
        "<section class=\"operator\" lang=\"{}\">\n<h2>{}</h2>\n<ul>\n", german ? "de" : "en",
        german ? "Nur für Sie, nicht Teil des Schreibens" : "For you only, not part of the letter");
    for (const std::string& advice : letter.advice) out += "<li>" + html_text(advice) + "</li>\n";
    if (const std::string link = safe_link(letter.url); !link.empty()) {
      out += fmt::format("<li><a href=\"{}\" rel=\"noreferrer\">{}</a></li>\n", link, link);
    }
    out += "</ul>\n";
    for (const auto& [label, value] : letter.fields) {
      out += fmt::format("<p>{}: <code>{}</code></p>\n", html_text(label), html_text(value));
    }
    out += "</section>\n";
  }
  if (!letter.to.empty()) {
    out += fmt::format("<p>{} {}</p>\n", letter.language == config::Language::de ? "An" : "To",
                       html_text(letter.to));
  }
  if (!letter.subject.empty()) out += "<h1>" + html_text(letter.subject) + "</h1>\n";
  out += "<pre>" + html_text(letter.body) + "</pre>\n";
  return out + "</body>\n</html>\n";
}

}  // namespace leumund::face
