#include "wire/mime_header.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/ascii.h"
#include "wire/mime_encoding.h"

namespace leumund::wire {
namespace {

constexpr std::size_t address_bytes = 320;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_token(char c) {
  return c > ' ' && c != '\x7f' &&
         std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

// What stands on either side of the "@" in addresses that reports name. Brackets, quotes, blanks,
// commas and colons end one.
constexpr std::array<bool, 256> make_local_characters() {
  std::array<bool, 256> table{};
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = table[c - 0x20] = true;
  for (const char c : std::string_view("!#$%&*+-/=?^_`{|}~.")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  for (unsigned c = 0x80; c < 0x100; ++c) table[c] = true;
  return table;
}
constexpr auto local_characters = make_local_characters();

bool in_local(char c) { return local_characters[static_cast<unsigned char>(c)]; }

bool in_domain(char c) {
  return (c >= '0' && c <= '9') || (base::ascii_lower(c) >= 'a' && base::ascii_lower(c) <= 'z') ||
         c == '.' || c == '-' || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

// A run of encoded words whose bytes are gathered while charset stays the same, since senders cut
// characters in two.
struct WordRun {
  std::string bytes;
  std::string charset;
};

// Reads "=?charset?B?text?=" at the front of `text`; its size, 0 when it is none.
std::size_t read_encoded_word(std::string_view text, WordRun& word) {
  if (!text.starts_with("=?")) return 0;
  const std::size_t charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 3 >= text.size() || charset_end > 60) {
    return 0;
  }
  const char encoding = base::ascii_lower(text[charset_end + 1]);
  if ((encoding != 'b' && encoding != 'q') || text[charset_end + 2] != '?') return 0;
  const std::size_t begin = charset_end + 3;
  const std::size_t end = text.find("?=", begin);
  if (end == std::string_view::npos) return 0;
  std::string_view charset = text.substr(2, charset_end - 2);
  charset = charset.substr(0, charset.find('*'));  // RFC 2231: a language behind it
  word.charset = charset;
  word.bytes.clear();
  const std::string_view coded = text.substr(begin, end - begin);
  if (encoding == 'b') {
    append_base64(coded, coded.size(), word.bytes);
  } else {
    append_quoted_word(coded, word.bytes);
  }
  return end + 2;
}

void append_cleaned(std::string_view text, std::string& out) {
  for (const char c : text) {
    out.push_back(static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c);
  }
}

}  // namespace

std::size_t header_name_size(std::string_view line) {
  std::size_t i = 0;
  while (i < line.size() && line[i] > ' ' && line[i] != ':' && line[i] < 0x7f) ++i;
  if (i == 0 || i > 80 || i >= line.size() || line[i] != ':') return 0;
  return i;
}

void HeaderFields::parse(std::string_view block) {
  fields_.clear();
  block = block.substr(0, header_bytes_read);
  while (!block.empty() && fields_.size() < header_fields_read) {
    const std::size_t newline = block.find('\n');
    const std::string_view line = block.substr(0, newline);
    const std::size_t next = newline == std::string_view::npos ? block.size() : newline + 1;
    if (!line.empty() && (line[0] == ' ' || line[0] == '\t')) {
      if (!fields_.empty()) {
        auto& value = fields_.back().value;
        value = std::string_view(
            value.data(), static_cast<std::size_t>(line.data() + line.size() - value.data()));
      }
    } else if (const std::size_t name = header_name_size(line); name != 0) {
      std::string_view value = line.substr(name + 1);
      if (!value.empty() && value[0] == ' ') value.remove_prefix(1);
      fields_.push_back({line.substr(0, name), value});
    } else if (!fields_.empty() && (line.empty() || line == "\r")) {
      return;
    }
    block.remove_prefix(next);
  }
}

std::string_view HeaderFields::get(std::string_view name) const {
  for (const auto& field : fields_) {
    if (equal_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

bool HeaderFields::has(std::string_view name) const {
  return std::any_of(fields_.begin(), fields_.end(), [&](const HeaderField& field) {
    return equal_ignoring_case(field.name, name);
  });
}

std::string unfold_header(std::string_view value) {
  value = trim_blanks(value.substr(0, header_value_bytes));
  std::string out;
  out.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '\r' || c == '\n') {
      while (i + 1 < value.size() && is_blank(value[i + 1])) ++i;
      if (out.empty() || out.back() != ' ') out.push_back(' ');
    } else {
      out.push_back(static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c);
    }
  }
  return out;
}

std::string decode_header(std::string_view value, CharsetReader& charsets) {
  const std::string line = unfold_header(value);
  std::string out;
  if (line.find("=?") == std::string::npos) {
    charsets.append_utf8(line, "", out);
    return out;
  }
  WordRun run;
  WordRun word;
  std::string plain;
  std::string decoded;
  const auto flush_plain = [&] {
    charsets.append_utf8(plain, "", out);
    plain.clear();
  };
  const auto flush_run = [&] {
    decoded.clear();
    charsets.append_utf8(run.bytes, run.charset, decoded);
    append_cleaned(decoded, out);
    run.bytes.clear();
  };
  const std::string_view text = line;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = text[i] == '=' ? read_encoded_word(text.substr(i), word) : 0;
    if (size == 0) {
      if (!run.bytes.empty()) {
        // Blanks between two encoded words are not part of the text.
        std::size_t next = i;
        while (next < text.size() && text[next] == ' ') ++next;
        if (next > i && text.substr(next).starts_with("=?")) {
          WordRun ahead;
          if (read_encoded_word(text.substr(next), ahead) != 0) {
            i = next;
            continue;
          }
        }
        flush_run();
      }
      plain.push_back(text[i++]);
      continue;
    }
    flush_plain();
    if (!run.bytes.empty() && !equal_ignoring_case(run.charset, word.charset)) flush_run();
    run.charset = word.charset;
    run.bytes += word.bytes;
    i += size;
  }
  if (!run.bytes.empty()) flush_run();
  flush_plain();
  return out;
}

std::string_view header_main_value(std::string_view value) {
  value = trim_blanks(value.substr(0, value.find(';')));
  std::size_t end = 0;
  while (end < value.size() && !is_blank(value[end])) ++end;
  return value.substr(0, end);
}

namespace {

struct Parameter {
  std::string_view name;  // with "*0*"
  std::string value;      // unquoted
};

// Takes the next ";name=value" off `rest`; false at the end.
bool take_parameter(std::string_view& rest, Parameter& out) {
  const std::size_t semicolon = rest.find(';');
  if (semicolon == std::string_view::npos) return false;
  std::size_t i = semicolon + 1;
  while (i < rest.size() && is_blank(rest[i])) ++i;
  const std::size_t name_begin = i;
  while (i < rest.size() && is_token(rest[i])) ++i;
  out.name = rest.substr(name_begin, i - name_begin);
  while (i < rest.size() && is_blank(rest[i])) ++i;
  out.value.clear();
  if (i >= rest.size() || rest[i] != '=') {
    rest.remove_prefix(std::max(i, semicolon + 1));
    out.name = {};
    return true;
  }
  ++i;
  while (i < rest.size() && is_blank(rest[i])) ++i;
  if (i < rest.size() && rest[i] == '"') {
    for (++i; i < rest.size() && rest[i] != '"'; ++i) {
      if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
      if (rest[i] != '\r' && rest[i] != '\n') out.value.push_back(rest[i]);
    }
    if (i < rest.size()) ++i;
  } else {
    while (i < rest.size() && !is_blank(rest[i]) && rest[i] != ';') out.value.push_back(rest[i++]);
  }
  rest.remove_prefix(i);
  return true;
}

void append_percent_decoded(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out.push_back(static_cast<char>(high * 16 + low));
        i += 2;
        continue;
      }
    }
    out.push_back(text[i]);
  }
}

}  // namespace

std::optional<std::string> header_parameter(std::string_view value, std::string_view name) {
  std::string_view rest = value.substr(0, header_value_bytes);
  std::optional<std::string> continued;
  Parameter parameter;
  while (take_parameter(rest, parameter)) {
    if (equal_ignoring_case(parameter.name, name)) return std::move(parameter.value);
    if (parameter.name.size() <= name.size() || parameter.name[name.size()] != '*' ||
        !equal_ignoring_case(parameter.name.substr(0, name.size()), name)) {
      continue;
    }
    // RFC 2231: name*, name*0, name*1*. They are taken in the order in which they stand.
    std::string_view text = parameter.value;
    const bool percent = parameter.name.ends_with('*');
    if (!continued) continued.emplace();
    if (percent && continued->empty()) {
      const std::size_t language = text.find('\'');
      const std::size_t begin =
          language == std::string_view::npos ? language : text.find('\'', language + 1);
      if (begin != std::string_view::npos) text.remove_prefix(begin + 1);
    }
    if (percent) {
      append_percent_decoded(text, *continued);
    } else {
      *continued += text;
    }
  }
  return continued;
}

namespace {

// How many bytes at `at` are punctuation beyond ASCII: quotation marks, the full-width colon and
// comma, the ideographic blank. Those end an address in running text; letters beyond ASCII do not.
std::size_t wide_mark_size(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  switch (byte(0)) {
    case 0xC2: return byte(1) == 0xA0 || byte(1) == 0xAB || byte(1) == 0xBB ? 2 : 0;
    case 0xE2: return byte(1) == 0x80 && byte(2) >= 0x90 && byte(2) <= 0xBF ? 3 : 0;
    case 0xE3: return byte(1) == 0x80 && byte(2) <= 0xBF ? 3 : 0;
    case 0xEF: {
      const bool mark =
          byte(1) == 0xBC && (byte(2) <= 0x8F || (byte(2) >= 0x9A && byte(2) <= 0xA0));
      return mark ? 3 : 0;
    }
    default: return 0;
  }
}

// `begin` and `end` of an address drawn in to the marks beside it.
void leave_wide_marks(std::string_view text, std::size_t at, std::size_t& begin, std::size_t& end) {
  for (std::size_t i = begin; i < at; ++i) {
    if (const std::size_t size = wide_mark_size(text, i); size != 0) begin = i + size;
  }
  for (std::size_t i = at + 1; i < end; ++i) {
    if (wide_mark_size(text, i) != 0) end = i;
  }
}

}  // namespace

std::optional<AddressPlace> find_address(std::string_view text, std::size_t from) {
  for (std::size_t search = from; search < text.size();) {
    const std::size_t at = text.find('@', search);
    if (at == std::string_view::npos) return std::nullopt;
    std::size_t begin = at;
    if (at > from && text[at - 1] == '"') {
      const std::size_t limit = at > from + 66 ? at - 66 : from;
      std::size_t quote = at - 1;
      while (quote > limit && text[quote - 1] != '"') --quote;
      if (quote > limit) begin = quote - 1;
    } else {
      while (begin > from && in_local(text[begin - 1]) && at - begin < address_bytes) --begin;
      // Quotation marks of prose and "=" of "to=a@b" do not belong to it.
      while (begin < at && (text[begin] == '`' || text[begin] == '.')) ++begin;
      const std::size_t equals = text.substr(begin, at - begin).find('=');
      if (equals != std::string_view::npos && equals <= 4 && begin + equals + 1 < at) {
        const std::string_view key = text.substr(begin, equals);
        if (key == "to" || key == "rcpt" || key == "for" || key == "from" ||
            equal_ignoring_case(key, "smtp")) {
          begin += equals + 1;
        }
      }
    }
    std::size_t end = at + 1;
    if (end < text.size() && text[end] == '[') {
      const std::size_t close = text.find(']', end);
      if (close != std::string_view::npos && close - end <= 60) end = close + 1;
    } else {
      while (end < text.size() && in_domain(text[end]) && end - at < 256) ++end;
      while (end > at + 1 && (text[end - 1] == '.' || text[end - 1] == '-')) --end;
    }
    leave_wide_marks(text, at, begin, end);
    if (begin < at && end > at + 1 && end - begin <= address_bytes) {
      return AddressPlace{begin, end - begin};
    }
    search = std::max(end, at + 1);
    from = search;
  }
  return std::nullopt;
}

std::string address_of(std::string_view value) {
  const std::string line = unfold_header(value);
  const std::string_view text = line;
  auto place = find_address(text);
  for (auto next = place; next; next = find_address(text, next->begin + next->size)) {
    if (next->begin > 0 && text[next->begin - 1] == '<') {
      place = next;
      break;
    }
  }
  return place ? std::string(place->in(text)) : std::string();
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (base::ascii_lower(a[i]) != base::ascii_lower(b[i])) return false;
  }
  return true;
}

bool starts_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

bool contains_ignoring_case(std::string_view text, std::string_view lower_case) {
  if (lower_case.empty()) return true;
  if (text.size() < lower_case.size()) return false;
  const char first = lower_case[0];
  const std::size_t last = text.size() - lower_case.size();
  for (std::size_t i = 0; i <= last; ++i) {
    if (base::ascii_lower(text[i]) == first &&
        equal_ignoring_case(text.substr(i, lower_case.size()), lower_case)) {
      return true;
    }
  }
  return false;
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace leumund::wire
