// The parts of a message: where each begins and ends, and what it says it is.
//
// One pass over the bytes, nothing is copied. Made for reports, whose MIME is often broken: a
// missing
// terminator, an outer boundary inside an unclosed inner part, a boundary that differs from the one
// the header names, parts without headers, a header without an empty line behind it, mbox "From "
// lines. A message inside a message is scanned too, unless it is encoded.
//
// Flow:    raw message -> scan_mime() -> MimeTree -> DeliveryReportReader, read_feedback_report().
// Limits:  MimeLimits; what lies beyond them stays part of the last part, and `truncated` is set.
// Owner:   views the raw bytes.
// Errors:  none: every input has at least one part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wire/charset.h"
#include "wire/mime_encoding.h"

namespace leumund::wire {

struct MimeLimits {
  std::size_t parts = 256;
  std::size_t depth = 16;
};

enum class MimeKind : std::uint8_t {
  text_plain,
  text_html,
  message,          // message/rfc822, message/global
  message_headers,  // text/rfc822-headers, message/global-headers
  delivery_status,  // message/delivery-status, message/global-delivery-status
  feedback_report,  // message/feedback-report
  disposition,      // message/disposition-notification
  multipart,
  other,
};

// By the value of Content-Type; "" is plain text.
[[nodiscard]] MimeKind mime_kind_of(std::string_view content_type);

inline constexpr std::size_t no_part = static_cast<std::size_t>(-1);

struct MimePart {
  MimeKind kind = MimeKind::text_plain;
  TransferEncoding encoding = TransferEncoding::identity;
  std::size_t parent = no_part;  // index in MimeTree::parts
  std::size_t depth = 0;
  std::string_view header;        // its header lines; the root's are the message's own
  std::string_view body;          // as sent
  std::string_view content_type;  // value of the field, as sent; "" when there is none
};

struct MimeTree {
  std::vector<MimePart> parts;  // in the order in which they begin; the first is the message itself
  bool truncated = false;
};

// Replaces what `tree` held, keeping its memory.
void scan_mime(std::string_view raw, MimeTree& tree, MimeLimits limits = {});

// The messages of an mbox file, each without its "From " line; a file that does not begin with one
// is one message.
[[nodiscard]] std::vector<std::string_view> split_mbox(std::string_view raw);

// Appends the part's text as UTF-8: decoded, HTML as plain text, line ends as "\n", control
// characters and no-break blanks as blanks. Reads no more of the part than gives `limit` bytes.
void append_part_text(const MimePart& part, std::size_t limit, CharsetReader& charsets,
                      std::string& out);

// Appends `text` with line ends as "\n" and control characters as blanks.
void append_clean_lines(std::string_view text, std::string& out);

}  // namespace leumund::wire
