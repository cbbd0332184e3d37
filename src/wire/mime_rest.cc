#include "wire/mime_rest.h"

#include <algorithm>

#include "wire/base64_values.h"
#include "wire/mime.h"
#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

constexpr std::size_t looked_at_bytes = 1024;
constexpr std::size_t telling_bytes_min = 40;
constexpr std::size_t broken_lines_min = 3;

constexpr std::string_view encoding_field = "content-transfer-encoding:";
constexpr std::string_view type_field = "content-type:";

// Takes a line with its end off `text`.
std::string_view take_line(std::string_view& text) {
  const std::size_t newline = text.find('\n');
  const std::size_t size = newline == std::string_view::npos ? text.size() : newline + 1;
  const std::string_view line = text.substr(0, size);
  text.remove_prefix(size);
  return line;
}

// "--" and one word: most likely a boundary.
bool may_be_boundary(std::string_view line) {
  line = trim_blanks(line);
  return line.size() > 2 && line.starts_with("--") && line.find(' ') == std::string_view::npos;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_of_base64(char c) {
  return base64_values[static_cast<unsigned char>(c)] >= 0 || c == '=' || c == '\r' || c == '\n';
}
// Of random bytes one in nine, of a text in any charset hardly one.
bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte > 0 && byte < ' ' && c != '\t' && c != '\r' && c != '\n') || byte == 0x7f;
}
bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_hex(char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

bool is_quoted_printable(std::string_view sample) {
  std::size_t escapes = 0;
  std::size_t broken_lines = 0;
  for (std::size_t i = 0; i + 2 < sample.size(); ++i) {
    if (sample[i] != '=') continue;
    escapes += is_hex(sample[i + 1]) && is_hex(sample[i + 2]) ? 1U : 0U;
    // Not a rule of "=" over a headline.
    const bool in_word = i > 0 && is_letter(sample[i - 1]);
    const bool at_end = sample[i + 1] == '\n' || (sample[i + 1] == '\r' && sample[i + 2] == '\n');
    broken_lines += in_word && at_end ? 1U : 0U;
  }
  return escapes * 6 > sample.size() || broken_lines >= broken_lines_min;
}

// One part after the other.
class RestReader {
 public:
  RestReader(std::string_view raw, std::string& out) : raw_(raw), out_(out) {}

  void run() {
    std::string_view left = raw_;
    while (!left.empty()) {
      const std::string_view line = take_line(left);
      if (may_be_boundary(line)) {
        // What stands before the parts of a multipart is not shown.
        if (kind_ == MimeKind::multipart) piece_ = {};
        end_part();
        in_header_ = true;
      } else if (!in_header_ || !header_line(line)) {
        in_header_ = false;
        add(line);
      }
    }
    end_part();
  }

 private:
  // False for what belongs to the body.
  bool header_line(std::string_view line) {
    if (trim_blanks(line).empty()) {
      // A message has a header of its own behind that of its part.
      in_header_ = kind_ == MimeKind::message;
      kind_ = kind_ == MimeKind::message ? MimeKind::text_plain : kind_;
      return true;
    }
    if (is_blank(line[0])) return true;
    const std::size_t name = header_name_size(line);
    if (name == 0) return false;
    if (starts_ignoring_case(line, encoding_field))
      encoding_ = transfer_encoding_of(line.substr(name + 1));
    if (starts_ignoring_case(line, type_field)) kind_ = mime_kind_of(line.substr(name + 1));
    return true;
  }

  void add(std::string_view line) {
    if (piece_.empty()) piece_ = line.substr(0, 0);
    piece_ = {piece_.data(), static_cast<std::size_t>(line.data() + line.size() - piece_.data())};
  }

  void end_part() {
    if (kind_ != MimeKind::other && !piece_.empty()) {
      append_decoded(piece_, encoding_by_content(piece_, encoding_), piece_.size(), out_);
      if (!out_.ends_with('\n')) out_.push_back('\n');
    }
    piece_ = {};
    kind_ = MimeKind::text_plain;
    encoding_ = TransferEncoding::identity;
  }

  std::string_view raw_;
  std::string& out_;
  std::string_view piece_;  // the body of the part that is read
  MimeKind kind_ = MimeKind::text_plain;
  TransferEncoding encoding_ = TransferEncoding::identity;
  bool in_header_ = true;
};

}  // namespace

bool names_encoding(std::string_view raw) {
  return contains_ignoring_case(raw.substr(0, 64 * looked_at_bytes), encoding_field);
}

void append_rest_decoded(std::string_view raw, std::string& out) { RestReader(raw, out).run(); }

std::size_t base64_digits(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return base64_values[static_cast<unsigned char>(c)] >= 0; }));
}

TransferEncoding encoding_by_content(std::string_view raw, TransferEncoding named) {
  const std::string_view sample = trim_blanks(raw.substr(0, looked_at_bytes));
  if (sample.size() < telling_bytes_min) return named;
  if (named == TransferEncoding::quoted_printable) return named;
  if (named == TransferEncoding::identity && is_quoted_printable(sample))
    return TransferEncoding::quoted_printable;
  if (named == TransferEncoding::base64) {
    // Words that were never encoded have blanks, and decoded they give no text.
    const std::size_t others = sample.size() - base64_digits(sample);
    if (others * 20 <= sample.size()) return named;
    std::string decoded;
    append_base64(raw, raw.size(), decoded);
    const auto controls = static_cast<std::size_t>(std::ranges::count_if(decoded, is_control));
    return controls * 25 > decoded.size() ? TransferEncoding::identity : named;
  }
  const bool only_digits = std::ranges::all_of(sample, is_of_base64);
  const std::size_t line = std::min(sample.find_first_of("\r\n"), sample.size());
  return only_digits && line >= telling_bytes_min && line % 4 == 0 ? TransferEncoding::base64
                                                                   : named;
}

}  // namespace leumund::wire
