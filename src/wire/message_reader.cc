#include "wire/message_reader.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/ascii.h"
#include "wire/base64_values.h"
#include "wire/charset.h"
#include "wire/html_text.h"
#include "wire/link_choice.h"
#include "wire/mime_header.h"
#include "wire/mime_rest.h"

namespace leumund::wire {
namespace {

constexpr std::size_t shape_bytes = 512;
constexpr std::size_t name_bytes = 256;
constexpr std::size_t archive_head_bytes = 8UL * 1024;
constexpr std::size_t archive_tail_bytes = 64UL * 1024;
constexpr std::size_t sniffed_bytes = 1024;
constexpr std::size_t kept_bytes = 1UL * 1024 * 1024;  // of each buffer, for the next message

enum class Use : std::uint8_t { container, text, quoted_text, linked_text, attachment, nothing };

std::string_view subtype_of(std::string_view type) {
  const std::size_t slash = type.find('/');
  return slash == std::string_view::npos ? type : type.substr(slash + 1);
}

// Where the sender's program names no type at all, the text says what it is.
bool looks_like_html(std::string_view text) {
  text = text.substr(0, sniffed_bytes);
  return std::ranges::any_of(
      std::array<std::string_view, 6>{"<html", "<body", "<table", "<br>", "<div", "<!doctype html"},
      [&](std::string_view tag) { return contains_ignoring_case(text, tag); });
}

bool has_word(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    return (c | 0x20) >= 'a' || (static_cast<unsigned char>(c) & 0x80U) != 0;
  });
}

// Decodes base64 in pieces; state as append_base64() has it.
struct Base64Pieces {
  std::uint32_t bits = 0;
  int count = 0;

  void append(std::string_view text, std::string& out) {
    const std::size_t begin = out.size();
    out.resize(begin + text.size() * 3 / 4 + 3);
    char* to = out.data() + begin;
    for (const char c : text) {
      const int value = base64_values[static_cast<unsigned char>(c)];
      if (value < 0) {
        if (c == '=') bits = 0, count = 0;
        continue;
      }
      bits = bits << 6U | static_cast<std::uint32_t>(value);
      count += 6;
      if (count < 8) continue;
      count -= 8;
      *to++ = static_cast<char>(bits >> count & 0xFFU);
    }
    out.resize(static_cast<std::size_t>(to - out.data()));
  }
};

}  // namespace

struct MessageReader::Part {
  Use use = Use::nothing;
  MimeKind kind = MimeKind::other;
  TransferEncoding encoding = TransferEncoding::identity;
  std::string content_type;
  std::string raw;  // of a text
  bool rest = false;
  bool in_message = false;  // an attached one
  bool alternative = false;
  bool html_taken = false;  // of an alternative
  bool child_seen = false;
  std::size_t text_begin = 0;  // of an alternative: where its text begins in the view's
};

struct MessageReader::Reading {
  explicit Reading(const base::HashKey& hash_key) : key(hash_key), digest(hash_key) {}

  base::HashKey key;
  // Of all HTML parts.
  std::optional<LinkChoice> links;
  std::optional<LinkChoice> sources;

  CharsetReader charsets;
  HtmlView html;
  // The end of a long text; there is never more than one that is open.
  std::string text_end;
  std::size_t digits_left_out = 0;  // of base64, before that end
  // The attachment that is open; there is never more than one.
  base::ContentHash digest;
  Attachment attachment;
  Base64Pieces base64;
  std::string decoded;
  std::string head;
  std::string tail;
  std::string spare;
  std::string text;
};

MessageReader::MessageReader(const base::HashKey& key, MessageLimits limits)
    : limits_(limits), stream_(*this, limits.mime), reading_(std::make_unique<Reading>(key)) {}
MessageReader::~MessageReader() = default;

void MessageReader::begin(std::string_view content_type, std::string_view encoding,
                          std::string_view disposition) {
  parts_.clear();
  MessageView fresh;
  fresh.text.swap(view_.text);
  fresh.text.clear();
  view_ = std::move(fresh);
  for (std::string* const kept : {&reading_->text_end, &reading_->decoded, &reading_->text,
                                  &reading_->spare, &reading_->html.text}) {
    if (kept->capacity() > kept_bytes) std::string().swap(*kept);
    kept->clear();
  }
  reading_->links.emplace(view_.links, limits_.links, reading_->key);
  reading_->sources.emplace(view_.sources, limits_.links, reading_->key);
  body_bytes_ = 0;
  beyond_reach_ = false;
  (void)reading_->digest.finish();
  stream_.begin(content_type, encoding, disposition);
}

void MessageReader::feed(std::string_view bytes) {
  const std::size_t within =
      limits_.attachments_reach - std::min(limits_.attachments_reach, body_bytes_);
  body_bytes_ += bytes.size();
  if (bytes.size() > within && !beyond_reach_) {
    stream_.feed(bytes.substr(0, within));
    bytes.remove_prefix(within);
    beyond_reach_ = true;
  }
  stream_.feed(bytes);
}

const MessageView& MessageReader::finish() {
  stream_.end();
  view_.broken_mime = stream_.broken();
  view_.truncated = view_.truncated || stream_.over_limits();
  return view_;
}

MessageReader::Part* MessageReader::alternative_around() {
  for (std::size_t i = parts_.size(); i-- > 0;) {
    if (parts_[i].alternative) return &parts_[i];
    if (parts_[i].kind == MimeKind::message) break;
  }
  return nullptr;
}

void MessageReader::add_shape(std::string_view word) {
  // "image image image" and one image are one shape.
  const std::string_view shape = view_.shape;
  if (shape.ends_with(word) && word != ")" && !word.ends_with("(")) {
    const std::string_view before = shape.substr(0, shape.size() - word.size());
    if (before.empty() || before.ends_with(' ') || before.ends_with('(')) return;
  }
  if (shape.size() + word.size() + 1 > shape_bytes) return;
  if (word != ")" && !shape.empty() && !shape.ends_with('(')) view_.shape.push_back(' ');
  view_.shape += word;
}

void MessageReader::part_begins(const StreamPart& part) {
  const std::string type = base::ascii_lower(header_main_value(part.content_type));
  bool quoted = false;
  if (!parts_.empty()) {
    Part& outer = parts_.back();
    quoted = outer.in_message || outer.kind == MimeKind::message;
    outer.child_seen = true;
    std::string().swap(outer.raw);
  }
  Part& now = parts_.emplace_back();
  reading_->text_end.clear();
  reading_->digits_left_out = 0;
  now.kind = part.kind;
  now.rest = part.rest;
  now.in_message = quoted;
  now.encoding = part.encoding;
  now.content_type = part.content_type;
  now.text_begin = view_.text.size();
  const std::string_view subtype = subtype_of(type);
  const std::string word(part.rest ? "rest" : type.empty() ? "plain" : subtype.substr(0, 40));
  const bool is_text = part.kind == MimeKind::text_plain || part.kind == MimeKind::text_html;
  view_.calendar = view_.calendar || type == "text/calendar";
  view_.report = view_.report || type == "multipart/report";
  view_.signed_or_encrypted = view_.signed_or_encrypted || type == "multipart/signed" ||
                              type == "multipart/encrypted" || subtype.ends_with("pkcs7-mime") ||
                              type == "application/pgp-encrypted";
  const bool container =
      part.kind == MimeKind::multipart ||
      (part.kind == MimeKind::message && part.encoding == TransferEncoding::identity);
  add_shape(container ? word + "(" : word);
  if (container) {
    now.use = Use::container;
    now.alternative = type == "multipart/alternative";
  } else if (is_text && (!part.attached || part.depth == 0)) {  // a whole mail is shown
    now.use = quoted ? Use::quoted_text : Use::text;
  } else if (part.kind == MimeKind::message_headers) {
    now.use = Use::quoted_text;
  } else if (part.kind == MimeKind::text_html) {
    now.use = Use::linked_text;
  } else if (type == "text/calendar" || subtype.ends_with("-signature") ||
             part.kind == MimeKind::delivery_status || part.kind == MimeKind::feedback_report ||
             part.kind == MimeKind::disposition) {
    now.use = Use::nothing;
  } else {
    now.use = Use::attachment;
  }
  if (now.use != Use::attachment && now.use != Use::linked_text) return;
  Attachment& attachment = reading_->attachment = {};
  attachment.type = type;
  attachment.is_image = type.starts_with("image/");
  std::string name = header_parameter(part.disposition, "filename").value_or("");
  if (name.empty()) name = header_parameter(part.content_type, "name").value_or("");
  attachment.name = decode_header(std::string_view(name).substr(0, name_bytes), reading_->charsets);
  reading_->base64 = {};
  reading_->head.clear();
  reading_->tail.clear();
}

void MessageReader::part_bytes(std::string_view bytes) {
  Part& part = parts_.back();
  // What stands around the parts of a multipart is not shown; one without parts is text.
  if (part.use == Use::nothing || (part.use == Use::container && part.child_seen)) return;
  if (part.use != Use::attachment) {
    keep_text(part, bytes);
    if (part.use != Use::linked_text) return;
  }
  if (beyond_reach_) {
    view_.truncated = true;
    return;
  }
  Reading& now = *reading_;
  if (part.encoding == TransferEncoding::base64) {
    now.decoded.clear();
    now.base64.append(bytes, now.decoded);
    bytes = now.decoded;
  }
  now.attachment.bytes += bytes.size();
  now.digest.add(bytes);
  if (now.head.size() < archive_head_bytes) {
    now.head += bytes.substr(0, archive_head_bytes - now.head.size());
  }
  if (!looks_like_zip(now.head)) return;
  now.tail += bytes;
  // Cut seldom, so that each byte is moved about once.
  if (now.tail.size() > 4 * archive_tail_bytes) {
    now.tail.erase(0, now.tail.size() - archive_tail_bytes);
  }
}

void MessageReader::keep_text(Part& part, std::string_view bytes) {
  const std::size_t room =
      limits_.encoded_text_bytes - std::min(limits_.encoded_text_bytes, part.raw.size());
  part.raw += bytes.substr(0, room);
  bytes.remove_prefix(std::min(room, bytes.size()));
  if (bytes.empty()) return;
  reading_->text_end += bytes;
  // Seldom, so that each byte is moved about once.
  if (reading_->text_end.size() > 2 * limits_.encoded_text_end_bytes) cut_text_end();
}

void MessageReader::cut_text_end() {
  std::string& end = reading_->text_end;
  if (end.size() <= limits_.encoded_text_end_bytes) return;
  const std::size_t left_out = end.size() - limits_.encoded_text_end_bytes;
  reading_->digits_left_out += base64_digits(std::string_view(end).substr(0, left_out));
  end.erase(0, left_out);
  view_.truncated = true;
}

void MessageReader::part_ends() {
  Part part = std::move(parts_.back());
  parts_.pop_back();
  switch (part.use) {
    case Use::container:
      add_shape(")");
      if (!part.child_seen) end_text(part);
      break;
    case Use::text:
    case Use::quoted_text: end_text(part); break;
    case Use::linked_text:
      end_text(part);
      end_attachment(part);
      break;
    case Use::attachment: end_attachment(part); break;
    case Use::nothing: break;
  }
}

// Decodes part.raw to Reading::decoded.
void MessageReader::decode_text(Part& part) {
  Reading& now = *reading_;
  now.decoded.clear();
  cut_text_end();
  std::string_view end = now.text_end;
  if (part.encoding == TransferEncoding::base64) {
    // What is left out must be whole groups of four.
    for (std::size_t digits = now.digits_left_out; digits % 4 != 0 && !end.empty();
         end.remove_prefix(1)) {
      digits += base64_digits(end.substr(0, 1));
    }
  }
  part.raw += end;
  now.text_end.clear();
  now.digits_left_out = 0;
  const bool no_part_seen = part.use == Use::container && names_encoding(part.raw);
  if (part.rest || no_part_seen) return append_rest_decoded(part.raw, now.decoded);
  const TransferEncoding encoding = part.use == Use::container
                                        ? TransferEncoding::identity
                                        : encoding_by_content(part.raw, part.encoding);
  append_decoded(part.raw, encoding, part.raw.size(), now.decoded);
}

void MessageReader::end_text(Part& part) {
  if (part.raw.empty()) return;
  Reading& now = *reading_;
  decode_text(part);
  now.text.clear();
  const std::string charset = header_parameter(part.content_type, "charset").value_or("");
  now.charsets.append_utf8(now.decoded, charset, now.text);
  const bool html =
      part.kind == MimeKind::text_html || (part.content_type.empty() && looks_like_html(now.text));
  if (!html) {
    now.spare.clear();
    append_clean_lines(now.text, now.spare);
    part.kind = MimeKind::text_plain;
    if (part.use != Use::linked_text) add_text(part, now.spare);
    return;
  }
  part.kind = MimeKind::text_html;
  read_html(now.text, now.html,
            {.text_bytes = limits_.text_bytes, .links = limits_.links, .key = now.key});
  view_.html = true;
  view_.hidden_text = view_.hidden_text || now.html.hidden_bytes > 0;
  view_.truncated = view_.truncated || now.html.truncated;
  view_.images += now.html.images;
  for (std::string& link : now.html.links) now.links->add(std::move(link));
  for (std::string& source : now.html.sources) now.sources->add(std::move(source));
  view_.truncated = view_.truncated || now.links->chose() || now.sources->chose();
  if (part.use != Use::linked_text) add_text(part, now.html.text);
}

void MessageReader::add_text(Part& part, std::string_view text) {
  std::string& to = part.use == Use::quoted_text ? view_.quoted : view_.text;
  if (part.use != Use::quoted_text) {
    Part* const around = alternative_around();
    if (around != nullptr) {
      const bool html = part.kind == MimeKind::text_html;
      if (!html && around->html_taken) return;
      if (html && (has_word(text) || reading_->html.images > 0)) {
        to.resize(std::min(to.size(), around->text_begin));
        around->html_taken = true;
      }
    }
  }
  const std::size_t room = limits_.text_bytes - std::min(limits_.text_bytes, to.size());
  if (text.size() > room) view_.truncated = true;
  to += text.substr(0, room);
  if (!to.ends_with('\n')) to.push_back('\n');
}

void MessageReader::end_attachment(Part& part) {
  Reading& now = *reading_;
  const std::uint64_t digest = now.digest.finish();
  ++view_.attachments_seen;
  view_.images += now.attachment.is_image;
  if (part.use == Use::attachment && view_.attachments.size() >= limits_.attachments) {
    view_.truncated = true;
    return;
  }
  if (now.attachment.bytes == 0 || view_.attachments.size() >= limits_.attachments) return;
  now.attachment.digest = digest;
  if (looks_like_zip(now.head)) {
    std::string_view tail = now.tail;
    if (tail.size() > archive_tail_bytes) tail.remove_prefix(tail.size() - archive_tail_bytes);
    now.attachment.members = read_zip_listing(now.head, tail, limits_.archive_members);
  }
  view_.attachments.push_back(std::move(now.attachment));
}

}  // namespace leumund::wire
