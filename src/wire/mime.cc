#include "wire/mime.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

constexpr std::size_t boundary_bytes = 256;  // RFC 2046 allows 70

struct OpenPart {
  std::size_t index = 0;
  std::string boundary;  // "" for what is no multipart
  bool adopted = false;  // a boundary was taken from the body
  bool seen = false;     // a line with the boundary came
};

struct TypedKind {
  std::string_view type;
  MimeKind kind;
};
constexpr std::array typed_kinds = {
    TypedKind{"text/plain", MimeKind::text_plain},
    TypedKind{"text", MimeKind::text_plain},
    TypedKind{"text/html", MimeKind::text_html},
    TypedKind{"message/rfc822", MimeKind::message},
    TypedKind{"message/global", MimeKind::message},
    TypedKind{"message/partial", MimeKind::message},
    TypedKind{"text/rfc822-headers", MimeKind::message_headers},
    TypedKind{"text/rfc822-header", MimeKind::message_headers},
    TypedKind{"text/rfc822", MimeKind::message_headers},
    TypedKind{"message/rfc822-headers", MimeKind::message_headers},
    TypedKind{"message/global-headers", MimeKind::message_headers},
    TypedKind{"message/delivery-status", MimeKind::delivery_status},
    TypedKind{"message/global-delivery-status", MimeKind::delivery_status},
    TypedKind{"message/feedback-report", MimeKind::feedback_report},
    TypedKind{"message/disposition-notification", MimeKind::disposition},
    TypedKind{"message/global-disposition-notification", MimeKind::disposition},
};

std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

class Scanner {
 public:
  Scanner(std::string_view raw, MimeTree& tree, MimeLimits limits)
      : raw_(raw), tree_(tree), limits_(limits) {}

  void run();

 private:
  // Reads the headers at `at` and opens the part; returns where its body begins.
  std::size_t open_part(std::size_t at, std::size_t parent, std::size_t depth);
  std::size_t read_header(std::size_t at, std::string_view& header) const;
  void push(std::size_t index);
  // Ends the innermost parts until `keep` of the open ones are left.
  void close(std::size_t keep, std::size_t end);
  // Which open part the line is a boundary of; nothing when none.
  [[nodiscard]] std::optional<std::size_t> boundary_owner(std::string_view line, bool& last) const;
  // True when the line is taken as the boundary of the innermost multipart, whose own never came.
  bool adopt(std::string_view line, std::size_t next);
  [[nodiscard]] std::string_view line_at(std::size_t at, std::size_t& next) const;

  std::string_view raw_;
  MimeTree& tree_;
  MimeLimits limits_;
  std::vector<OpenPart> open_;
};

std::string_view Scanner::line_at(std::size_t at, std::size_t& next) const {
  const std::size_t newline = raw_.find('\n', at);
  next = newline == std::string_view::npos ? raw_.size() : newline + 1;
  return without_line_end(raw_.substr(at, next - at));
}

std::size_t Scanner::read_header(std::size_t at, std::string_view& header) const {
  const std::size_t begin = at;
  std::size_t next = at;
  bool any = false;
  while (at < raw_.size()) {
    const std::string_view line = line_at(at, next);
    if (line.empty() || line.find_first_not_of(" \t") == std::string_view::npos) {
      header = raw_.substr(begin, at - begin);
      return next;
    }
    if (header_name_size(line) != 0) {
      any = true;
    } else if (line[0] != ' ' && line[0] != '\t' && !line.starts_with("From ") &&
               !line.starts_with(">From ")) {
      bool last = false;
      // A body that follows without an empty line; one odd line between header lines is skipped.
      std::size_t behind = next;
      const bool header_goes_on =
          any && next < raw_.size() && header_name_size(line_at(next, behind)) != 0;
      if (boundary_owner(line, last) || !header_goes_on) break;
    }
    at = next;
  }
  header = raw_.substr(begin, at - begin);
  return at;
}

std::size_t Scanner::open_part(std::size_t at, std::size_t parent, std::size_t depth) {
  for (;;) {
    MimePart part;
    part.parent = parent;
    part.depth = depth;
    const std::size_t body = read_header(at, part.header);
    const HeaderFields fields(part.header);
    part.content_type = fields.get("Content-Type");
    part.kind = mime_kind_of(part.content_type);
    part.encoding = transfer_encoding_of(fields.get("Content-Transfer-Encoding"));
    part.body = raw_.substr(body);
    const bool descends = part.kind == MimeKind::message &&
                          part.encoding == TransferEncoding::identity && depth < limits_.depth &&
                          tree_.parts.size() + 1 < limits_.parts && body < raw_.size();
    const std::size_t index = tree_.parts.size();
    tree_.parts.push_back(part);
    push(index);
    if (!descends) return body;
    bool last = false;
    std::size_t next = body;
    // An empty attached message: what follows is the boundary.
    if (boundary_owner(line_at(body, next), last)) return body;
    // Some put empty lines before the message.
    at = body;
    while (at < raw_.size() && (raw_[at] == '\n' || raw_[at] == '\r')) ++at;
    if (boundary_owner(line_at(at, next), last)) return at;
    parent = index;
    ++depth;
  }
}

void Scanner::push(std::size_t index) {
  OpenPart open;
  open.index = index;
  const MimePart& part = tree_.parts[index];
  if (part.kind == MimeKind::multipart) {
    open.boundary = header_parameter(part.content_type, "boundary").value_or("");
    while (!open.boundary.empty() && open.boundary.back() == ' ') open.boundary.pop_back();
    if (open.boundary.size() > boundary_bytes) open.boundary.clear();
  }
  open_.push_back(std::move(open));
}

void Scanner::close(std::size_t keep, std::size_t end) {
  while (open_.size() > keep) {
    MimePart& part = tree_.parts[open_.back().index];
    const auto begin = static_cast<std::size_t>(part.body.data() - raw_.data());
    part.body = raw_.substr(std::min(begin, end), end > begin ? end - begin : 0);
    if (end < raw_.size()) part.body = without_line_end(part.body);
    open_.pop_back();
  }
}

std::optional<std::size_t> Scanner::boundary_owner(std::string_view line, bool& last) const {
  if (!line.starts_with("--") || line.size() > boundary_bytes + 8) return std::nullopt;
  line.remove_prefix(2);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  for (std::size_t i = open_.size(); i-- > 0;) {
    const std::string_view boundary = open_[i].boundary;
    if (boundary.empty() || !line.starts_with(boundary)) continue;
    const std::string_view rest = line.substr(boundary.size());
    if (!rest.empty() && rest != "--") continue;
    last = rest == "--";
    return i;
  }
  return std::nullopt;
}

bool Scanner::adopt(std::string_view line, std::size_t next) {
  OpenPart& open = open_.back();
  if (tree_.parts[open.index].kind != MimeKind::multipart || open.seen || open.adopted)
    return false;
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  if (line.size() < 5 || line.size() > boundary_bytes) return false;
  if (line.find(' ') != std::string_view::npos) return false;
  std::size_t behind = next;
  if (!starts_ignoring_case(line_at(next, behind), "content-")) return false;
  open.boundary = line.substr(2);
  open.adopted = true;
  return true;
}

void Scanner::run() {
  std::size_t at = 0;
  while (at < raw_.size() && (raw_[at] == '\n' || raw_[at] == '\r')) ++at;
  if (raw_.substr(at).starts_with("From ")) (void)line_at(at, at);
  at = open_part(at, no_part, 0);
  while (at < raw_.size()) {
    if (!raw_.substr(at).starts_with("--")) {
      // memmem: string_view::find stops at every line end, which is slow where lines are empty.
      const void* const found = memmem(raw_.data() + at, raw_.size() - at, "\n--", 3);
      if (found == nullptr) break;
      at = static_cast<std::size_t>(static_cast<const char*>(found) - raw_.data()) + 1;
    }
    std::size_t next = at;
    const std::string_view line = line_at(at, next);
    bool last = false;
    const auto owner = boundary_owner(line, last);
    if (!owner && !adopt(line, next)) {
      at = next;
      continue;
    }
    const std::size_t level = owner.value_or(open_.size() - 1);
    const std::size_t multipart = open_[level].index;
    open_[level].seen = true;
    close(level + 1, at);
    if (last) {
      close(level, next);
      if (open_.empty()) break;
      at = next;
    } else if (tree_.parts.size() >= limits_.parts) {
      tree_.truncated = true;
      break;
    } else {
      at = open_part(next, multipart, tree_.parts[multipart].depth + 1);
    }
  }
  close(0, raw_.size());
}

// The escape sequences of ISO-2022 must reach the converter, so control characters go after it.
void append_text_of(const MimePart& part, std::size_t limit, CharsetReader& charsets,
                    std::string& out) {
  std::string charset = header_parameter(part.content_type, "charset").value_or("");
  std::string decoded;
  std::string_view bytes = part.body.substr(0, limit);
  if (part.encoding != TransferEncoding::identity) {
    append_decoded(part.body, part.encoding, limit, decoded);
    bytes = decoded;
  }
  charsets.append_utf8(bytes, charset, out);
}

}  // namespace

MimeKind mime_kind_of(std::string_view content_type) {
  const std::string_view type = header_main_value(content_type);
  if (type.empty()) return MimeKind::text_plain;
  if (starts_ignoring_case(type, "multipart/")) return MimeKind::multipart;
  for (const auto& typed : typed_kinds) {
    if (equal_ignoring_case(type, typed.type)) return typed.kind;
  }
  return starts_ignoring_case(type, "text/") && !equal_ignoring_case(type, "text/calendar")
             ? MimeKind::text_plain
             : MimeKind::other;
}

void scan_mime(std::string_view raw, MimeTree& tree, MimeLimits limits) {
  tree.parts.clear();
  tree.truncated = false;
  limits.parts = std::max<std::size_t>(limits.parts, 1);
  Scanner(raw, tree, limits).run();
}

std::vector<std::string_view> split_mbox(std::string_view raw) {
  std::vector<std::string_view> messages;
  const auto line_end = [&](std::size_t at) {
    const std::size_t newline = raw.find('\n', at);
    return newline == std::string_view::npos ? raw.size() : newline + 1;
  };
  if (!raw.starts_with("From ")) return {raw};
  std::size_t begin = line_end(0);
  for (std::size_t at = raw.find("\nFrom ", begin); at != std::string_view::npos;
       at = raw.find("\nFrom ", at + 1)) {
    // A line of prose may begin with "From "; the next message begins with a header, and stands
    // behind an empty line or a line that is dated as mbox dates it.
    const bool behind_empty =
        at > 0 && (raw[at - 1] == '\n' || (raw[at - 1] == '\r' && at > 1 && raw[at - 2] == '\n'));
    const std::size_t next = line_end(at + 1);
    const std::string_view line = without_line_end(raw.substr(at + 1, next - at - 1));
    const bool dated = line.size() > 30 && line.size() < 400 && line.find(':') < line.rfind(':') &&
                       line.find_last_not_of("0123456789") == line.size() - 5;
    if ((!behind_empty && !dated) || header_name_size(raw.substr(next, 100)) == 0) continue;
    messages.push_back(raw.substr(begin, at + 1 - begin));
    begin = next;
  }
  messages.push_back(raw.substr(begin));
  return messages;
}

void append_clean_lines(std::string_view text, std::string& out) {
  out.reserve(out.size() + text.size());
  static constexpr auto plain = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = 0; c < table.size(); ++c) {
      table[c] = (c >= ' ' && c != 0x7F && c != 0xC2) || c == '\n' || c == '\t';
    }
    return table;
  }();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t begin = i;
    while (i < text.size() && plain[static_cast<unsigned char>(text[i])]) ++i;
    out.append(text.substr(begin, i - begin));
    if (i == text.size()) return;
    const char c = text[i];
    if (c == '\r') {
      if (i + 1 < text.size() && text[i + 1] == '\n') continue;
      out.push_back('\n');
    } else if ((static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t') || c == '\x7f') {
      out.push_back(' ');
    } else if (c == '\xC2' && i + 1 < text.size() && text[i + 1] == '\xA0') {
      out.push_back(' ');
      ++i;
    } else {
      out.push_back(c);
    }
  }
}

void append_part_text(const MimePart& part, std::size_t limit, CharsetReader& charsets,
                      std::string& out) {
  std::string text;
  append_text_of(part, limit, charsets, text);
  if (part.kind == MimeKind::text_html) {
    std::string plain;
    append_html_as_text(text, limit, plain);
    text.swap(plain);
  }
  append_clean_lines(text, out);
}

}  // namespace leumund::wire
