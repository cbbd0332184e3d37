// Any bytes: parsing ends, and every field points into the line. Also as a journal entry.
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string_view>

#include "wire/postfix_log_line.h"

namespace {

using leumund::wire::PostfixLogLine;

void check_inside(std::string_view field, std::string_view whole) {
  if (field.empty()) return;
  const std::less_equal<> not_after;
  if (!not_after(whole.data(), field.data()) ||
      !not_after(field.data() + field.size(), whole.data() + whole.size())) {
    std::abort();
  }
}

void check_fields(const PostfixLogLine& line, std::string_view whole) {
  for (const std::string_view field : {line.host,
                                       line.instance,
                                       line.message,
                                       line.queue_id,
                                       line.client_name,
                                       line.client_address,
                                       line.account,
                                       line.sasl_sender,
                                       line.orig_queue_id,
                                       line.orig_client,
                                       line.other_queue_id,
                                       line.message_id,
                                       line.sender,
                                       line.recipient,
                                       line.orig_recipient,
                                       line.relay,
                                       line.delay,
                                       line.delays,
                                       line.dsn,
                                       line.text}) {
    check_inside(field, whole);
  }
  const auto text = leumund::wire::read_delivery_text(line.text, line.status);
  check_inside(text.reply, whole);
  check_inside(text.remote, whole);
  check_inside(text.queued_as, whole);
  check_inside(leumund::wire::relay_address(line.relay), whole);
  if (line.stamp.month > 12 || line.stamp.day > 31) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  PostfixLogLine line;
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view one = text.substr(start, end - start);
    leumund::wire::parse_postfix_log_line(one, line);
    check_fields(line, one);
    for (const std::string_view tag : {"postfix/smtpd", "postfix/smtp", "postfix-out/qmgr",
                                       "postfix/x/cleanup", "postfix/pickup", "dovecot"}) {
      leumund::wire::parse_postfix_journal_entry(tag, 1, one, line);
      line.instance = {};  // is in the tag
      check_fields(line, one);
    }
    start = end + 1;
  }
  return 0;
}
