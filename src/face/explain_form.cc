#include "face/explain_form.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "wire/charset.h"

namespace leumund::face {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

std::string url_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const auto high = hex_digit(text[i + 1]);
      const auto low = hex_digit(text[i + 2]);
      if (high && low) {
        out += static_cast<char>(*high << 4 | *low);
        i += 2;
        continue;
      }
    }
    out += text[i] == '+' ? ' ' : text[i];
  }
  return out;
}

// Without its parameters, lower case: "text/plain".
std::string media_type(std::string_view content_type) {
  std::string out(content_type.substr(0, content_type.find(';')));
  std::erase_if(out, [](char c) { return c == ' ' || c == '\t'; });
  base::make_ascii_lower(out);
  return out;
}

std::string known_language(std::string_view text) {
  return text == "de" || text == "en" ? std::string(text) : std::string();
}

PastedForm url_encoded(std::string_view body) {
  PastedForm form;
  while (!body.empty()) {
    const std::string_view pair = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(body.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    if (pair.substr(0, equals) == "text") form.text = url_decoded(pair.substr(equals + 1));
    if (pair.substr(0, equals) == "lang") form.language = known_language(pair.substr(equals + 1));
  }
  return form;
}

PastedForm plain(std::string_view body) {
  PastedForm form;
  if (body.starts_with("lang=")) {
    const std::string_view line = body.substr(0, body.find('\n'));
    std::string_view language = line.substr(5);
    if (language.ends_with('\r')) language.remove_suffix(1);
    form.language = known_language(language);
    if (!form.language.empty()) body.remove_prefix(std::min(body.size(), line.size() + 1));
  }
  if (body.starts_with("text=")) body.remove_prefix(5);
  form.text = body;
  return form;
}

// The weight of one item of Accept-Language, in thousandths.
int weight_of(std::string_view parameters) {
  const auto at = parameters.find("q=");
  if (at == std::string_view::npos) return 1000;
  int weight = 0;
  int step = 1000;
  for (const char c : parameters.substr(at + 2, 5)) {
    if (c == '.') continue;
    if (c < '0' || c > '9') break;
    weight += (c - '0') * step;
    step /= 10;
  }
  return std::min(weight, 1000);
}

}  // namespace

base::Result<PastedForm> read_pasted(std::string_view content_type, std::string_view body) {
  const bool encoded = media_type(content_type) == "application/x-www-form-urlencoded";
  PastedForm form = encoded ? url_encoded(body) : plain(body);
  if (form.text.size() > pasted_text_max) {
    return base::Error{base::ErrorCode::too_large,
                       fmt::format("the text has {} bytes, at most {} are read", form.text.size(),
                                   pasted_text_max)};
  }
  if (!wire::valid_utf8(form.text)) {
    std::string repaired;
    wire::append_repaired_utf8(form.text, repaired);
    form.text = std::move(repaired);
  }
  return form;
}

std::map<std::string, std::string> read_form(std::string_view body) {
  constexpr std::size_t fields_max = 16;
  std::map<std::string, std::string> out;
  while (!body.empty() && out.size() < fields_max) {
    const std::string_view pair = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(body.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    std::string value;
    wire::append_repaired_utf8(url_decoded(pair.substr(equals + 1)), value);
    out[url_decoded(pair.substr(0, equals))] = std::move(value);
  }
  return out;
}

std::string html_text(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      case '\n':
      case '\t': out += c; break;
      default: out += byte < 0x20 || byte == 0x7f ? ' ' : c;
    }
  }
  return out;
}

std::string safe_link(std::string_view url) {
  constexpr std::size_t bytes_max = 500;
  if (url.size() > bytes_max || !(url.starts_with("https://") || url.starts_with("http://"))) {
    return {};
  }
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~:/?#[]@!$&()*+,;=%").find(c) != std::string_view::npos;
  };
  return std::all_of(url.begin(), url.end(), fits) ? html_text(url) : std::string();
}

config::Language preferred_language(std::string_view accept_language) {
  int german = 0;
  int english = 0;
  for (int items = 0; items < 32 && !accept_language.empty(); ++items) {
    std::string_view item = accept_language.substr(0, accept_language.find(','));
    accept_language.remove_prefix(std::min(accept_language.size(), item.size() + 1));
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    const std::string name = media_type(item);
    const auto semicolon = item.find(';');
    const int weight =
        semicolon == std::string_view::npos ? 1000 : weight_of(item.substr(semicolon));
    if (name == "de" || name.starts_with("de-")) german = std::max(german, weight);
    if (name == "en" || name.starts_with("en-")) english = std::max(english, weight);
  }
  return german > english ? config::Language::de : config::Language::en;
}

}  // namespace leumund::face
