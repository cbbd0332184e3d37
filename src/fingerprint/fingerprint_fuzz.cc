// A message of any bytes has a fingerprint; the same in one piece and in many, and the same when
// read back from its record. The first byte says how it is cut.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "fingerprint/attribution.h"
#include "fingerprint/print_maker.h"
#include "fingerprint/template_marks.h"
#include "wire/mime_header.h"

namespace {

using leumund::fingerprint::Envelope;
using leumund::fingerprint::MailPrint;
using leumund::fingerprint::PrintMaker;
using leumund::fingerprint::PrintSettings;
using leumund::model::Fingerprint;

PrintMaker& maker() {
  static PrintMaker one = [] {
    PrintSettings settings;
    settings.limits = {.header_bytes = 4'000,
                       .encoded_text_bytes = 20'000,
                       .text_bytes = 5'000,
                       .mime_parts = 40,
                       .mime_depth = 5};
    return PrintMaker(settings, leumund::base::HashKey{});
  }();
  return one;
}

void check_record(const Fingerprint& print) {
  std::string record;
  leumund::model::append_fingerprint(print, record);
  const auto read = leumund::model::read_fingerprint(record);
  CHECK(read.ok() && *read == print);
  CHECK(!print.has_sketch() || leumund::model::similarity(print, print) == 1.0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = 1 + data[0] % 64;
  const std::string_view raw(reinterpret_cast<const char*>(data) + 1, size - 1);
  (void)leumund::model::read_fingerprint(raw);
  const std::vector<std::string> recipients = {"karin.schulze@example.org"};
  const Envelope envelope{.account = "a@b.example",
                          .script = {},
                          .helo = raw.substr(0, 20),
                          .sender = "x@b.example",
                          .recipients = recipients};
  check_record(print_of_message(raw, envelope, maker()).print);

  const std::size_t gap = std::min(raw.find("\n\n"), raw.size());
  const leumund::wire::HeaderFields fields(raw.substr(0, gap));
  const std::string_view body = raw.substr(std::min(gap + 2, raw.size()));
  const auto print_in_steps = [&](std::size_t bytes) {
    maker().begin(envelope);
    for (const auto& field : fields.all()) maker().header(field.name, field.value);
    for (std::size_t at = 0; at < body.size(); at += bytes) maker().body(body.substr(at, bytes));
    return maker().finish();
  };
  const MailPrint whole = print_in_steps(body.size() + 1);
  const std::string text(maker().own_text());
  const MailPrint pieces = print_in_steps(step);
  CHECK(whole.print == pieces.print && whole.script == pieces.script);
  CHECK(maker().own_text() == text);
  leumund::model::Submission mail;
  mail.script = step % 2 == 0 ? "uid33" : "";
  leumund::fingerprint::Attribution attribution(leumund::base::HashKey{});
  attribution.apply(whole, {.from_here = true, .forwarder = step % 3 == 0},
                    leumund::base::TimePoint(), mail);
  CHECK(mail.script.size() <= 320 && mail.account.size() <= 320);
  CHECK(mail.handed_in_by.empty() || step % 2 != 0 || mail.forwarded ||
        mail.script.starts_with("uid33:"));
  const std::vector<std::string_view> texts = {text, raw};
  (void)leumund::fingerprint::mark_template(texts);
  return 0;
}
