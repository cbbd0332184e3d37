// Text of any bytes that somebody sends as a report: what is found in it is a header that can be
// traced, also where the same bytes are HTML or a whole mail.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "intake/foreign_mail.h"
#include "intake/pasted_header.h"

namespace {

using namespace leumund::intake;  // NOLINT: one file, one subject
using leumund::wire::MimeKind;

void check_found(const PastedHeader& pasted, std::size_t size) {
  const bool found = pasted.found == PastedHeader::Found::header;
  CHECK(found != pasted.lines.empty());
  CHECK(pasted.lines.size() <= size + 3 * pasted_lines_most);
  CHECK(found != received_lines(pasted.lines).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_found(find_pasted_header(text), size);
  leumund::wire::CharsetReader charsets;
  for (const auto kind : {MimeKind::text_plain, MimeKind::text_html}) {
    leumund::wire::MimePart part;
    part.kind = kind;
    part.body = text;
    check_found(find_pasted_header(part, charsets), 8 * size);
  }
  const auto mail = reported_foreign_mail("From: a@b.example\n\n" + std::string(text), {}, {});
  CHECK(mail.from == "a@b.example" || mail.as == ReportedAs::nothing);
  static_cast<void>(reported_foreign_mail(text, {}, {}));
  return 0;
}
