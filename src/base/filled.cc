#include "base/filled.h"

#include <algorithm>

namespace leumund::base {
namespace {

// "<one|many>" at the begin of the text; nothing where it is none.
struct Choice {
  std::string_view one, many;
  std::size_t size = 0;
};

Choice choice_at(std::string_view text) {
  const auto end = text.find('>');
  const auto bar = text.find('|');
  if (end == std::string_view::npos || bar == std::string_view::npos || bar > end) return {};
  return {text.substr(1, bar - 1), text.substr(bar + 1, end - bar - 1), end + 1};
}

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string with_comma(std::string number) {
  const std::size_t sign = number.starts_with('-') || number.starts_with('+') ? 1 : 0;
  const auto point = number.find('.');
  if (point == std::string::npos) return number;
  const std::string_view view = number;
  if (all_digits(view.substr(sign, point - sign)) && all_digits(view.substr(point + 1))) {
    number[point] = ',';
  }
  return number;
}

std::string filled(std::string_view text, std::span<const std::string> values) {
  std::string out;
  std::size_t used = 0;
  bool one = false;
  while (!text.empty()) {
    const auto at = std::min(text.find_first_of("{<"), text.size());
    out += text.substr(0, at);
    text.remove_prefix(at);
    if (text.empty()) break;
    if (text.front() == '<') {
      const Choice choice = choice_at(text);
      out += choice.size == 0 ? text.substr(0, 1) : one ? choice.one : choice.many;
      text.remove_prefix(std::max<std::size_t>(choice.size, 1));
      continue;
    }
    const bool comma = text.starts_with("{,}");
    const std::string value = used < values.size() ? values[used++] : std::string();
    one = value == "1";
    out += comma ? with_comma(value) : value;
    const auto end = text.find('}');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

std::vector<std::string> all_forms(std::string_view text) {
  std::vector<std::string> forms = {""};
  std::size_t choices = 0;
  while (!text.empty()) {
    const auto at = std::min(text.find('<'), text.size());
    const Choice choice = at < text.size() ? choice_at(text.substr(at)) : Choice();
    const std::size_t plain = choice.size == 0 ? std::min(at + 1, text.size()) : at;
    for (std::string& form : forms) form += text.substr(0, plain);
    text.remove_prefix(plain);
    if (choice.size == 0) continue;
    const std::vector<std::string> before = forms;
    if (++choices > forms_max) {
      for (std::string& form : forms) form += text.substr(0, choice.size);
    } else {
      for (std::string& form : forms) form += choice.many;
      for (std::string form : before) forms.push_back(form += choice.one);
    }
    text.remove_prefix(choice.size);
  }
  return forms;
}

}  // namespace leumund::base
