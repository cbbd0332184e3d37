// The parts of any bytes lie within them, children within their parents, and within the limits;
// headers, parameters, transfer encodings and HTML of any bytes give UTF-8.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "wire/mime.h"
#include "wire/mime_header.h"

namespace {

using namespace leumund::wire;  // NOLINT: one file, one subject

bool within(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_tree(std::string_view raw) {
  const MimeLimits limits{.parts = 12, .depth = 4};
  MimeTree tree;
  scan_mime(raw, tree, limits);
  CHECK(!tree.parts.empty() && tree.parts.size() <= limits.parts);
  CharsetReader charsets;
  for (std::size_t i = 0; i < tree.parts.size(); ++i) {
    const MimePart& part = tree.parts[i];
    CHECK(within(part.header, raw) && within(part.body, raw));
    CHECK((i == 0) == (part.parent == no_part));
    if (i > 0) {
      CHECK(part.parent < i && within(part.body, tree.parts[part.parent].body));
    }
    std::string text;
    append_part_text(part, 1'000, charsets, text);
    CHECK(valid_utf8(text));
    const HeaderFields fields(part.header);
    CHECK(fields.all().size() <= header_fields_read);
    for (const auto& field : fields.all()) {
      const std::string value = decode_header(field.value, charsets);
      CHECK(valid_utf8(value) && value.find('\n') == std::string::npos);
      (void)header_parameter(field.value, "charset");
      const std::string address = address_of(field.value);
      CHECK(address.size() <= 700 && (address.empty() || address.find('@') != std::string::npos));
    }
  }
}

void check_decoders(std::string_view input) {
  for (const auto encoding :
       {TransferEncoding::identity, TransferEncoding::quoted_printable, TransferEncoding::base64}) {
    std::string out;
    append_decoded(input, encoding, 100, out);
    CHECK(out.size() <= 100);
  }
  std::string html;
  append_html_as_text(input, 100, html);
  CHECK(html.size() <= 110);
  std::size_t total = 0;
  for (const std::string_view message : split_mbox(input)) {
    CHECK(within(message, input));
    total += message.size();
  }
  CHECK(total <= input.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_tree(input);
  check_decoders(input);
  return 0;
}
