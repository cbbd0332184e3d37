// Any bytes as a form, and any text shown again: nothing of it becomes a tag, an attribute or a
// target that a browser runs.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "face/explain_form.h"
#include "wire/charset.h"

namespace {

void check_shown(std::string_view text) {
  using namespace leumund::face;  // NOLINT: one file, one subject
  for (const char c : html_text(text)) {
    CHECK(c != '<' && c != '>' && c != '"' && c != '\'');
    CHECK(c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= 0x20);
  }
  const std::string link = safe_link(text);
  CHECK(link.empty() || link.starts_with("http://") || link.starts_with("https://"));
  CHECK(link.find_first_of("\"'<> \n\r\t") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leumund::face;  // NOLINT: one file, one subject
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line_end = std::min(input.find('\n'), input.size());
  for (const std::string_view type : {std::string_view("application/x-www-form-urlencoded"),
                                      std::string_view("text/plain"), input.substr(0, line_end)}) {
    const auto form = read_pasted(type, input);
    if (!form) {
      CHECK(form.error().code == leumund::base::ErrorCode::too_large);
      continue;
    }
    CHECK(leumund::wire::valid_utf8(form->text));
    CHECK(form->language.empty() || form->language == "de" || form->language == "en");
    check_shown(form->text);
  }
  check_shown(input);
  static_cast<void>(preferred_language(input));
  return 0;
}
