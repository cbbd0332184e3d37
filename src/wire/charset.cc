#include "wire/charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

namespace leumund::wire {
namespace {

constexpr std::size_t converters_kept = 8;
constexpr std::string_view replacement = "\xEF\xBF\xBD";

struct KnownCharset {
  std::string_view label;  // lower case, letters and digits only
  std::string_view name;   // for iconv; "utf-8", "windows-1252" and "ascii" are read here
};

// What mail names, with the superset that the sending programs really use in place of the standard.
constexpr std::array known_charsets = {
    KnownCharset{"utf8", "utf-8"},
    KnownCharset{"usascii", "ascii"},
    KnownCharset{"ascii", "ascii"},
    KnownCharset{"ansix341968", "ascii"},
    KnownCharset{"iso88591", "windows-1252"},
    KnownCharset{"latin1", "windows-1252"},
    KnownCharset{"windows1252", "windows-1252"},
    KnownCharset{"cp1252", "windows-1252"},
    KnownCharset{"iso2022jp", "ISO-2022-JP-3"},
    KnownCharset{"iso2022jp1", "ISO-2022-JP-3"},
    KnownCharset{"iso2022jp2", "ISO-2022-JP-2"},
    KnownCharset{"iso2022jp3", "ISO-2022-JP-3"},
    KnownCharset{"iso2022jpms", "ISO-2022-JP-3"},
    KnownCharset{"cp50220", "ISO-2022-JP-3"},
    KnownCharset{"cp50221", "ISO-2022-JP-3"},
    KnownCharset{"csiso2022jp", "ISO-2022-JP-3"},
    KnownCharset{"shiftjis", "CP932"},
    KnownCharset{"sjis", "CP932"},
    KnownCharset{"xsjis", "CP932"},
    KnownCharset{"mskanji", "CP932"},
    KnownCharset{"cp932", "CP932"},
    KnownCharset{"windows31j", "CP932"},
    KnownCharset{"eucjp", "EUC-JP-MS"},
    KnownCharset{"xeucjp", "EUC-JP-MS"},
    KnownCharset{"iso2022kr", "ISO-2022-KR"},
    KnownCharset{"euckr", "CP949"},
    KnownCharset{"ksc56011987", "CP949"},
    KnownCharset{"ksc5601", "CP949"},
    KnownCharset{"cp949", "CP949"},
    KnownCharset{"gb2312", "GB18030"},
    KnownCharset{"gbk", "GB18030"},
    KnownCharset{"cp936", "GB18030"},
    KnownCharset{"gb18030", "GB18030"},
    KnownCharset{"hzgb2312", "GB18030"},
    KnownCharset{"big5", "BIG5-HKSCS"},
    KnownCharset{"big5hkscs", "BIG5-HKSCS"},
    KnownCharset{"koi8r", "KOI8-R"},
    KnownCharset{"koi8u", "KOI8-U"},
    KnownCharset{"windows1250", "CP1250"},
    KnownCharset{"cp1250", "CP1250"},
    KnownCharset{"windows1251", "CP1251"},
    KnownCharset{"cp1251", "CP1251"},
    KnownCharset{"windows1253", "CP1253"},
    KnownCharset{"windows1254", "CP1254"},
    KnownCharset{"windows1255", "CP1255"},
    KnownCharset{"windows1256", "CP1256"},
    KnownCharset{"windows1257", "CP1257"},
    KnownCharset{"windows1258", "CP1258"},
    KnownCharset{"windows874", "CP874"},
    KnownCharset{"tis620", "CP874"},
    KnownCharset{"iso88592", "ISO-8859-2"},
    KnownCharset{"latin2", "ISO-8859-2"},
    KnownCharset{"iso88593", "ISO-8859-3"},
    KnownCharset{"iso88594", "ISO-8859-4"},
    KnownCharset{"iso88595", "ISO-8859-5"},
    KnownCharset{"iso88596", "ISO-8859-6"},
    KnownCharset{"iso88597", "ISO-8859-7"},
    KnownCharset{"iso88598", "ISO-8859-8"},
    KnownCharset{"iso88598i", "ISO-8859-8"},
    KnownCharset{"iso88599", "CP1254"},
    KnownCharset{"iso885910", "ISO-8859-10"},
    KnownCharset{"iso885913", "ISO-8859-13"},
    KnownCharset{"iso885914", "ISO-8859-14"},
    KnownCharset{"iso885915", "ISO-8859-15"},
    KnownCharset{"iso885916", "ISO-8859-16"},
    KnownCharset{"ibm850", "CP850"},
    KnownCharset{"cp850", "CP850"},
    KnownCharset{"cp437", "CP437"},
    KnownCharset{"ibm437", "CP437"},
    KnownCharset{"cp866", "CP866"},
    KnownCharset{"macintosh", "MACINTOSH"},
    KnownCharset{"utf7", "UTF-7"},
    KnownCharset{"unicode11utf7", "UTF-7"},
    KnownCharset{"utf16", "UTF-16"},
    KnownCharset{"utf16le", "UTF-16LE"},
    KnownCharset{"utf16be", "UTF-16BE"},
};

// "" for a label nobody knows.
std::string_view iconv_name_of(std::string_view label) {
  std::array<char, 24> folded{};
  std::size_t size = 0;
  for (const char c : label) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9')) continue;
    if (size == folded.size()) return {};
    folded[size++] = letter ? static_cast<char>(c | 0x20) : c;
  }
  const std::string_view wanted(folded.data(), size);
  for (const auto& known : known_charsets) {
    if (known.label == wanted) return known.name;
  }
  return {};
}

// Windows-1252 above Latin-1: 0x80 to 0x9f; 0 is undefined there.
constexpr std::array<std::uint16_t, 32> windows_1252_high = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

void append_windows_1252(std::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 || byte >= 0xA0) {
      append_code_point(byte, out);
    } else if (const auto point = windows_1252_high[byte - 0x80]; point != 0) {
      append_code_point(point, out);
    } else {
      out += replacement;
    }
  }
}

bool all_ascii(std::string_view bytes) {
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    if ((word & 0x8080808080808080ULL) != 0) return false;
  }
  for (; i < bytes.size(); ++i) {
    if ((static_cast<unsigned char>(bytes[i]) & 0x80U) != 0) return false;
  }
  return true;
}

// Bytes of the well-formed sequence at the front; 0 when it is ill-formed.
std::size_t utf8_sequence(std::string_view bytes) {
  const auto at = [&](std::size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
  };
  const auto next = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80U; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return next(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!next(1) || !next(2)) return 0;
    if (first == 0xE0 && at(1) < 0xA0) return 0;
    return first == 0xED && at(1) >= 0xA0 ? 0 : 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!next(1) || !next(2) || !next(3)) return 0;
    if (first == 0xF0 && at(1) < 0x90) return 0;
    return first == 0xF4 && at(1) >= 0x90 ? 0 : 4;
  }
  return 0;
}

}  // namespace

void append_code_point(std::uint32_t point, std::string& out) {
  const auto tail = [&](int shift) {
    out.push_back(static_cast<char>(0x80 | ((point >> shift) & 0x3F)));
  };
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (point >> 6)));
    tail(0);
  } else if (point < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (point >> 12)));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xF0 | (point >> 18)));
    tail(12);
    tail(6);
    tail(0);
  }
}

bool valid_utf8(std::string_view bytes) {
  if (all_ascii(bytes)) return true;
  while (!bytes.empty()) {
    const std::size_t size = utf8_sequence(bytes);
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

void append_repaired_utf8(std::string_view bytes, std::string& out) {
  bool broken = false;
  while (!bytes.empty()) {
    const std::size_t size = utf8_sequence(bytes);
    if (size != 0) {
      out.append(bytes.substr(0, size));
    } else if (!broken) {
      out += replacement;
    }
    broken = size == 0;
    bytes.remove_prefix(size == 0 ? 1 : size);
  }
}

struct CharsetReader::Converter {
  Converter(std::string_view wanted, iconv_t opened) : name(wanted), handle(opened) {}
  ~Converter() { iconv_close(handle); }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  std::string_view name;  // of known_charsets
  iconv_t handle;
};

CharsetReader::CharsetReader() = default;
CharsetReader::~CharsetReader() = default;
CharsetReader::CharsetReader(CharsetReader&&) noexcept = default;
CharsetReader& CharsetReader::operator=(CharsetReader&&) noexcept = default;

CharsetReader::Converter* CharsetReader::converter_for(std::string_view iconv_name) {
  for (auto& converter : converters_) {
    if (converter->name == iconv_name) return converter.get();
  }
  const iconv_t handle = iconv_open("UTF-8", std::string(iconv_name).c_str());
  if (handle == reinterpret_cast<iconv_t>(-1)) return nullptr;
  if (converters_.size() == converters_kept) converters_.erase(converters_.begin());
  converters_.push_back(std::make_unique<Converter>(iconv_name, handle));
  return converters_.back().get();
}

bool CharsetReader::convert(std::string_view bytes, std::string_view iconv_name, bool strict,
                            std::string& out) {
  Converter* const converter = converter_for(iconv_name);
  if (converter == nullptr) return false;
  const std::size_t begin = out.size();
  iconv(converter->handle, nullptr, nullptr, nullptr, nullptr);
  char* in = const_cast<char*>(bytes.data());
  std::size_t in_left = bytes.size();
  std::array<char, 4096> buffer;
  while (in_left > 0) {
    char* to = buffer.data();
    std::size_t to_left = buffer.size();
    const std::size_t before = in_left;
    const std::size_t done = iconv(converter->handle, &in, &in_left, &to, &to_left);
    const int reason = done == static_cast<std::size_t>(-1) ? errno : 0;
    out.append(buffer.data(), buffer.size() - to_left);
    if (reason == 0 || (reason == E2BIG && before != in_left)) continue;
    if (strict) {
      out.resize(begin);
      return false;
    }
    out += replacement;
    ++in;
    --in_left;
  }
  // What a converter still holds back.
  char* to = buffer.data();
  std::size_t to_left = buffer.size();
  iconv(converter->handle, nullptr, nullptr, &to, &to_left);
  out.append(buffer.data(), buffer.size() - to_left);
  return true;
}

void CharsetReader::append_utf8(std::string_view bytes, std::string_view label, std::string& out) {
  std::string_view name = iconv_name_of(label);
  if (name == "UTF-16") {
    // iconv would remember the byte order of the text before.
    const bool little = bytes.starts_with("\xFF\xFE");
    if (little || bytes.starts_with("\xFE\xFF")) bytes.remove_prefix(2);
    name = little ? "UTF-16LE" : "UTF-16BE";
  }
  const bool ascii = all_ascii(bytes);
  const bool escapes = bytes.find('\x1b') != std::string_view::npos;
  const bool in_7_bits = (name.starts_with("ISO-2022") && (escapes || !ascii)) || name == "UTF-7";
  if (ascii && !in_7_bits && !name.starts_with("UTF-16")) {
    // An unlabelled text with the escape that switches to Japanese is one.
    if (escapes && convert(bytes, "ISO-2022-JP-3", true, out)) return;
    out.append(bytes);
    return;
  }
  if (ascii || (!in_7_bits && !name.empty() && name != "ascii" && name != "windows-1252")) {
    if (name == "utf-8") {
      if (valid_utf8(bytes)) {
        out.append(bytes);
        return;
      }
    } else if (convert(bytes, name, false, out)) {
      return;
    }
  }
  if (valid_utf8(bytes)) {
    out.append(bytes);
    return;
  }
  if (name.starts_with("ISO-2022-JP")) {
    if (convert(bytes, "EUC-JP-MS", true, out) || convert(bytes, "CP932", true, out)) return;
  } else if (name == "ISO-2022-KR") {
    if (convert(bytes, "CP949", true, out)) return;
  }
  if (name == "utf-8") {
    append_repaired_utf8(bytes, out);
  } else {
    append_windows_1252(bytes, out);
  }
}

}  // namespace leumund::wire
