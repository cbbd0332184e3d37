#include "wire/mime_encoding.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "wire/base64_values.h"
#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

void append_utf8_point(std::uint32_t point, std::string& out) {
  if (point == 0 || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) {
    out += "\xEF\xBF\xBD";
  } else if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (point >> 6)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  } else if (point < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (point >> 12)));
    out.push_back(static_cast<char>(0x80 | ((point >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | (point >> 18)));
    out.push_back(static_cast<char>(0x80 | ((point >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((point >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  }
}

struct NamedCharacter {
  std::string_view name;
  std::uint32_t point;
};
constexpr std::array named_characters = {
    NamedCharacter{"lt", '<'},       NamedCharacter{"gt", '>'},
    NamedCharacter{"amp", '&'},      NamedCharacter{"quot", '"'},
    NamedCharacter{"apos", '\''},    NamedCharacter{"nbsp", ' '},
    NamedCharacter{"auml", 0xE4},    NamedCharacter{"ouml", 0xF6},
    NamedCharacter{"uuml", 0xFC},    NamedCharacter{"Auml", 0xC4},
    NamedCharacter{"Ouml", 0xD6},    NamedCharacter{"Uuml", 0xDC},
    NamedCharacter{"szlig", 0xDF},   NamedCharacter{"eacute", 0xE9},
    NamedCharacter{"egrave", 0xE8},  NamedCharacter{"agrave", 0xE0},
    NamedCharacter{"aacute", 0xE1},  NamedCharacter{"ccedil", 0xE7},
    NamedCharacter{"ntilde", 0xF1},  NamedCharacter{"oacute", 0xF3},
    NamedCharacter{"uacute", 0xFA},  NamedCharacter{"iacute", 0xED},
    NamedCharacter{"rsquo", 0x2019}, NamedCharacter{"lsquo", 0x2018},
    NamedCharacter{"ldquo", 0x201C}, NamedCharacter{"rdquo", 0x201D},
    NamedCharacter{"ndash", 0x2013}, NamedCharacter{"mdash", 0x2014},
    NamedCharacter{"hellip", 0x2026}};

// Reads "&...;" at the front; its size, 0 when it is none.
std::size_t read_reference(std::string_view text, std::string& out) {
  const std::size_t end = text.substr(0, 12).find(';');
  if (end == std::string_view::npos || end < 2) return 0;
  std::string_view name = text.substr(1, end - 1);
  if (name[0] != '#') {
    for (const auto& named : named_characters) {
      if (named.name == name) {
        append_utf8_point(named.point, out);
        return end + 1;
      }
    }
    return 0;
  }
  name.remove_prefix(1);
  const bool hex = !name.empty() && (name[0] == 'x' || name[0] == 'X');
  if (hex) name.remove_prefix(1);
  if (name.empty()) return 0;
  std::uint32_t point = 0;
  for (const char c : name) {
    const int digit = hex_digit(c);
    if (digit < 0 || (!hex && digit > 9)) return 0;
    point = std::min<std::uint32_t>(point * (hex ? 16U : 10U) + static_cast<std::uint32_t>(digit),
                                    0x110000);
  }
  append_utf8_point(point == 0xA0 ? ' ' : point, out);
  return end + 1;
}

constexpr std::size_t tag_bytes = 8UL * 1024;

constexpr std::array<std::string_view, 16> block_tags = {
    "br", "p",  "div", "tr",  "li", "table", "h1",         "h2",
    "h3", "h4", "hr",  "pre", "ul", "ol",    "blockquote", "body"};

// The end of an element whose content nobody reads.
std::size_t skip_element(std::string_view html, std::size_t from, std::string_view name) {
  for (std::size_t at = html.find("</", from); at != std::string_view::npos;
       at = html.find("</", at + 2)) {
    if (starts_ignoring_case(html.substr(at + 2), name)) {
      const std::size_t close = html.find('>', at);
      return close == std::string_view::npos ? html.size() : close + 1;
    }
  }
  return html.size();
}

// At "<": moves behind the tag and writes the line end that a block means.
std::size_t read_tag(std::string_view html, std::size_t at, std::string& out) {
  if (html.substr(at).starts_with("<!--")) {
    const std::size_t end = html.find("-->", at + 4);
    return end == std::string_view::npos ? html.size() : end + 3;
  }
  std::size_t name_begin = at + 1;
  const bool closing = name_begin < html.size() && html[name_begin] == '/';
  if (closing) ++name_begin;
  std::size_t name_end = name_begin;
  while (name_end < html.size() && name_end - name_begin < 16 &&
         ((html[name_end] | 0x20) >= 'a' || (html[name_end] >= '0' && html[name_end] <= '9')) &&
         (html[name_end] | 0x20) <= 'z') {
    ++name_end;
  }
  const std::string_view name = html.substr(name_begin, name_end - name_begin);
  const char first = name_begin < html.size() ? html[name_begin] : ' ';
  const char behind = name_end < html.size() ? html[name_end] : '>';
  const bool tag =
      first == '!' || first == '?' ||
      (!name.empty() && (behind == '>' || behind == ' ' || behind == '/' || behind == '\n' ||
                         behind == '\r' || behind == '\t' || behind == ':'));
  // Bounded, so that a text full of "<" is not searched to its end for each of them.
  const std::size_t within =
      tag ? html.substr(name_end, tag_bytes).find('>') : std::string_view::npos;
  const std::size_t close = within == std::string_view::npos ? within : name_end + within;
  if (close == std::string_view::npos) {
    // "<a@b.example>" in careless HTML is text.
    out.push_back('<');
    return at + 1;
  }
  if (!closing) {
    for (const std::string_view silent : {"script", "style", "title"}) {
      if (equal_ignoring_case(name, silent)) return skip_element(html, close + 1, silent);
    }
  }
  if (std::any_of(block_tags.begin(), block_tags.end(),
                  [&](std::string_view block) { return equal_ignoring_case(name, block); })) {
    while (!out.empty() && out.back() == ' ') out.pop_back();
    const bool breaks = equal_ignoring_case(name, "br");
    if (breaks || (!out.empty() && out.back() != '\n')) out.push_back('\n');
  } else if (equal_ignoring_case(name, "td") && !out.empty() && out.back() != '\n') {
    out.push_back(' ');
  }
  return close + 1;
}

}  // namespace

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

TransferEncoding transfer_encoding_of(std::string_view value) {
  const std::string_view name = header_main_value(value);
  if (equal_ignoring_case(name, "quoted-printable")) return TransferEncoding::quoted_printable;
  if (equal_ignoring_case(name, "base64")) return TransferEncoding::base64;
  return TransferEncoding::identity;
}

void append_base64(std::string_view text, std::size_t limit, std::string& out) {
  const std::size_t begin = out.size();
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') {
      count = 0;
      bits = 0;
      continue;
    }
    const int value = base64_values[static_cast<unsigned char>(c)];
    if (value < 0) continue;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>((bits >> count) & 0xFF));
    if (out.size() - begin >= limit) return;
  }
}

void append_quoted_printable(std::string_view text, std::size_t limit, std::string& out) {
  const std::size_t begin = out.size();
  for (std::size_t i = 0; i < text.size() && out.size() - begin < limit; ++i) {
    const char c = text[i];
    if (c != '=') {
      out.push_back(c);
      continue;
    }
    std::size_t end = i + 1;
    while (end < text.size() && (text[end] == ' ' || text[end] == '\t' || text[end] == '\r')) ++end;
    if (end >= text.size() || text[end] == '\n') {
      i = end;
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      out.push_back('=');
      continue;
    }
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
}

void append_quoted_word(std::string_view text, std::string& out) {
  const std::size_t begin = out.size();
  append_quoted_printable(text, text.size(), out);
  // An encoded "_" is "=5F"; it must not become a blank, so plain ones are found in the source.
  std::size_t at = begin;
  for (std::size_t i = 0; i < text.size() && at < out.size(); ++i, ++at) {
    if (text[i] == '_') {
      out[at] = ' ';
    } else if (text[i] == '=' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
               hex_digit(text[i + 2]) >= 0) {
      i += 2;
    }
  }
}

void append_decoded(std::string_view body, TransferEncoding encoding, std::size_t limit,
                    std::string& out) {
  switch (encoding) {
    case TransferEncoding::identity: out.append(body.substr(0, limit)); return;
    case TransferEncoding::quoted_printable: append_quoted_printable(body, limit, out); return;
    case TransferEncoding::base64: append_base64(body, limit, out); return;
  }
}

void append_html_as_text(std::string_view html, std::size_t limit, std::string& out) {
  const std::size_t begin = out.size();
  for (std::size_t i = 0; i < html.size();) {
    const char c = html[i];
    // Not in the middle of a character.
    const bool character_begins = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    const std::size_t written = out.size() - begin;
    if (written >= limit && (character_begins || written >= limit + 3)) return;
    if (c == '<') {
      i = read_tag(html, i, out);
      continue;
    }
    if (c == '&') {
      const std::size_t size = read_reference(html.substr(i), out);
      if (size != 0) {
        i += size;
        continue;
      }
    }
    const bool blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!blank) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != ' ' && out.back() != '\n') {
      out.push_back(' ');
    }
    ++i;
  }
}

}  // namespace leumund::wire
