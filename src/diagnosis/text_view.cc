#include "diagnosis/text_view.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "diagnosis/name_scan.h"

namespace leumund::diagnosis {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); }
constexpr bool is_blank(char c) { return c == ' ' || (c >= '\0' && c < ' ') || c == '\x7f'; }

// Base letters of U+00C0..U+00FF; the second half of "ß" and "æ" is added where they are folded.
constexpr std::string_view latin_letters =
    "aaaaaaaceeeeiiiidnooooo*ouuuuytsaaaaaaaceeeeiiiidnooooo/ouuuuyty";
// Base letters of U+0100..U+017F (Latin Extended-A).
constexpr std::string_view latin_extended_letters =
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

// "554-gmx.net" or "554 5.7.1": a reply code that begins a line of a multi-line reply.
bool reply_code_at(std::string_view text, std::size_t at) {
  return at + 4 <= text.size() && (text[at] == '4' || text[at] == '5') && text[at + 1] >= '0' &&
         text[at + 1] <= '7' && is_digit(text[at + 2]) &&
         (text[at + 3] == '-' || is_blank(text[at + 3]));
}

// Length of "5.7.1 " or "#5.7.1 " at `at`; 0 if there is none.
std::size_t status_length(std::string_view text, std::size_t at) {
  std::size_t i = at;
  if (i < text.size() && text[i] == '#') ++i;
  if (i + 4 >= text.size() || (text[i] != '4' && text[i] != '5') || text[i + 1] != '.') return 0;
  i += 2;
  std::size_t dots = 0;
  while (i < text.size() && (is_digit(text[i]) || text[i] == '.')) dots += text[i++] == '.' ? 1 : 0;
  if (dots != 1) return 0;
  while (i < text.size() && is_blank(text[i])) ++i;
  return i - at;
}

// Small letters, and every blank or control character a blank; the second also the underscore.
constexpr auto folded_ascii = [] {
  std::array<std::array<char, 128>, 2> out{};
  for (std::size_t i = 0; i < 128; ++i) {
    const char c = static_cast<char>(i);
    out[0][i] = is_blank(c) ? ' ' : base::ascii_lower(c);
    out[1][i] = c == '_' ? ' ' : out[0][i];
  }
  return out;
}();

// Sendmail and some gateways answer in_one_word, and qmail logs so: there an underscore is a blank.
bool underscores_are_blanks(std::string_view text) {
  constexpr std::array<std::string_view, 4> signs = {"__", "_is_", "_said:_", "_does_not_"};
  return std::any_of(signs.begin(), signs.end(), [text](std::string_view sign) {
    return text.find(sign) != std::string_view::npos;
  });
}

}  // namespace

void TextView::read(std::string_view text, const HostOracle& oracle) {
  text_ = text.substr(0, max_reply_bytes);
  fold(text_);
  find_entities(oracle);
  mask();
}

void TextView::fold(std::string_view text) {
  plain_.start(2 * text.size() + 4);  // "ß" of one byte becomes "ss"
  const auto& folded = folded_ascii[underscores_are_blanks(text) ? 1 : 0];
  std::string_view line_code;
  const auto put = [this](char c, std::size_t from) { plain_.put(c, from); };
  const auto put_ascii = [&](unsigned char byte, std::size_t& i) {
    const char c = folded[byte];
    if (c != ' ' || !plain_.blank_or_empty()) put(c, i);
    ++i;
  };
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80 && byte != '4' && byte != '5') {  // nearly all there is
      put_ascii(byte, i);
      continue;
    }
    if (byte < 0x80 && plain_.blank_or_empty() && reply_code_at(text, i)) {
      const std::string_view code = text.substr(i, 3);
      const bool continues = text[i + 3] == '-';
      if (code == line_code) {  // a further line of the same reply: its prefix is no text
        if (plain_.text().ends_with(" <<< ")) plain_.size -= 4;  // as a transcript has it
        i += 4;
        i += status_length(text, i);
        continue;
      }
      if (continues) {
        for (std::size_t k = 0; k < 3; ++k) put(text[i + k], i + k);
        put(' ', i + 3);
        line_code = code;
        i += 4;
        continue;
      }
    }
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    const auto third = i + 2 < text.size() ? static_cast<unsigned char>(text[i + 2]) : 0U;
    if (byte < 0x80) {
      put_ascii(byte, i);
    } else if (byte == 0xC2 && (next & 0xC0) == 0x80) {
      if (!plain_.blank_or_empty()) put(' ', i);
      i += 2;
    } else if ((byte == 0xC3 || byte == 0xC4 || byte == 0xC5) && (next & 0xC0) == 0x80) {
      const std::size_t low = next & 0x3F;
      const char base = byte == 0xC3   ? latin_letters[low]
                        : byte == 0xC4 ? latin_extended_letters[low]
                                       : latin_extended_letters[64 + low];
      put(base, i);
      if (byte == 0xC3 && next == 0x9F) put('s', i);
      if (byte == 0xC3 && (next == 0xA6 || next == 0x86)) put('e', i);
      i += 2;
    } else if (byte == 0xD0 && next >= 0x90 && next <= 0xAF) {  // Cyrillic capitals
      put(next < 0xA0 ? '\xD0' : '\xD1', i);
      put(static_cast<char>(next < 0xA0 ? next + 0x20 : next - 0x20), i + 1);
      i += 2;
    } else if (byte == 0xE2 && next == 0x80 && third >= 0x90 && third <= 0x9D) {
      put(third <= 0x95 ? '-' : third <= 0x9B ? '\'' : '"', i);
      i += 3;
    } else if (byte >= 0xC6 && (next & 0xC0) == 0x80) {  // any other script stays as it is
      const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
      for (std::size_t k = 0; k < length && i < text.size(); ++k, ++i) put(text[i], i);
    } else {  // Latin-1, sent without saying so
      put(byte >= 0xC0 ? latin_letters[byte - 0xC0] : ' ', i);
      if (byte == 0xDF) put('s', i);
      ++i;
    }
  }
  while (plain_.size > 0 && plain_.blank_or_empty()) --plain_.size;
}

void TextView::find_entities(const HostOracle& oracle) {
  entities_.clear();
  const std::string_view text = plain();
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    at = is_alnum(c) || c == ':' ? take_token(at, oracle) : at + 1;
  }
}

std::size_t TextView::take_token(std::size_t at, const HostOracle& oracle) {
  const std::string_view text = plain();
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("http://") || rest.starts_with("https://") || rest.starts_with("www.")) {
    const std::size_t end = url_end(text, at);
    if (take_url(at, end, oracle)) return end;
  }
  std::size_t end = at;
  std::size_t colons = 0;
  std::size_t at_sign = std::string_view::npos;
  while (end < text.size() && is_name_char(text[end])) {
    if (text[end] == ':') ++colons;
    if (text[end] == '@') at_sign = end;
    ++end;
  }
  if (end == at) return at + 1;
  if (end - at < 3) return end;
  if (at_sign != std::string_view::npos) {
    const std::size_t stop = trimmed_end(text, at_sign + 1, end);
    if (at_sign > at && stop > at_sign + 1) {
      Entity mailbox{.kind = EntityKind::mailbox,
                     .begin = static_cast<std::uint32_t>(at),
                     .end = static_cast<std::uint32_t>(stop)};
      mailbox.host_begin = static_cast<std::uint32_t>(at_sign + 1);
      mailbox.host_end = static_cast<std::uint32_t>(stop);
      entities_.push_back(mailbox);
    }
    return end;
  }
  if (colons >= 2) {
    if (const auto v6 = find_ipv6(text, at, end)) {
      Entity address{.kind = EntityKind::address, .begin = v6->begin, .end = v6->end};
      address.address = v6->address;
      address.has_address = true;
      const std::size_t bits = prefix_length(text, v6->end);
      if (bits > 0) {
        address.kind = EntityKind::network;
        address.end += static_cast<std::uint32_t>(bits);
      }
      entities_.push_back(address);
      return std::max<std::size_t>(address.end, end);
    }
  }
  if (end < text.size() && text[end] == '/' && colons == 0) {  // spamhaus.org/query/ip/192.0.2.1
    const std::size_t stop = url_end(text, at);
    if (looks_like_host(text.substr(at, end - at)) && take_url(at, stop, oracle)) return stop;
  }
  for (std::size_t piece = at; piece < end;) {
    std::size_t stop = piece;
    while (stop < end && text[stop] != ':') ++stop;
    if (take_word(piece, stop, oracle) && entities_.back().end > end) return entities_.back().end;
    piece = stop + 1;
  }
  return end;
}

bool TextView::take_url(std::size_t begin, std::size_t end, const HostOracle& oracle) {
  const std::string_view text = plain();
  const std::size_t scheme = text.substr(begin, end - begin).find("://");
  std::size_t host = scheme == std::string_view::npos ? begin : begin + scheme + 3;
  std::size_t host_stop = host;
  while (host_stop < end && (is_alnum(text[host_stop]) || text[host_stop] == '.' ||
                             text[host_stop] == '-' || text[host_stop] == '_')) {
    ++host_stop;
  }
  if (host_stop - host < 3) return false;
  Entity url{.kind = EntityKind::url,
             .begin = static_cast<std::uint32_t>(begin),
             .end = static_cast<std::uint32_t>(end)};
  url.host_begin = static_cast<std::uint32_t>(host);
  url.host_end = static_cast<std::uint32_t>(host_stop);
  url.list = oracle.list_of_host(host_of(url));
  if (const auto found = find_address(text, host_stop, end)) {
    url.address = *found;
    url.has_address = true;
  }
  entities_.push_back(url);
  return true;
}

bool TextView::take_word(std::size_t begin, std::size_t end, const HostOracle& oracle) {
  const std::string_view text = plain();
  while (begin < end && !is_alnum(text[begin])) ++begin;
  end = trimmed_end(text, begin, end);
  if (end - begin < 4) return false;
  Entity entity{.kind = EntityKind::host,
                .begin = static_cast<std::uint32_t>(begin),
                .end = static_cast<std::uint32_t>(end)};
  if (is_digit(text[begin])) {
    const std::size_t length = ipv4_length(text, begin, end);
    if (length > 0) {
      const auto address = base::IpAddress::parse(text.substr(begin, length));
      if (!address) return false;
      entity.address = *address;
      entity.has_address = true;
      if (begin + length == end || text[begin + length] != '.') {
        entity.kind = EntityKind::address;
        entity.end = static_cast<std::uint32_t>(begin + length);
        const std::size_t bits = prefix_length(text, entity.end);
        if (bits > 0) {
          entity.kind = EntityKind::network;
          entity.end += static_cast<std::uint32_t>(bits);
        }
        entities_.push_back(entity);
        return true;
      }
      // 1.2.0.192.zen.spamhaus.org: the name that was asked for, so the address stands reversed.
      entity.address = reversed(entity.address);
      entity.reversed = true;
    }
  }
  if (!looks_like_host(text.substr(begin, end - begin))) return false;
  entity.host_begin = entity.begin;
  entity.host_end = entity.end;
  entity.list = oracle.list_of_host(host_of(entity));
  entities_.push_back(entity);
  return true;
}

void TextView::mask() {
  const std::string_view text = plain();
  masked_.start(text.size() + 4 * entities_.size());  // names are at most four letters long
  std::size_t at = 0;
  const auto copy_to = [&](std::size_t end) {
    while (at < end) {
      if (is_digit(text[at])) {
        masked_.put('0', at);
        while (at < end && is_digit(text[at])) ++at;
        continue;
      }
      masked_.put(text[at], at);
      ++at;
    }
  };
  for (const Entity& entity : entities_) {
    copy_to(entity.begin);
    std::string_view name = "HOST";
    if (entity.kind == EntityKind::address) name = "IP";
    if (entity.kind == EntityKind::network) name = "NET";
    if (entity.kind == EntityKind::mailbox) name = "ADDR";
    if (entity.kind == EntityKind::host && entity.list != 0) name = "ZONE";
    if (entity.kind == EntityKind::url) name = entity.list != 0 ? "PAGE" : "URL";
    for (const char c : name) masked_.put(c, entity.begin);
    at = entity.end;
  }
  copy_to(text.size());
}

std::size_t TextView::plain_offset(std::size_t masked_offset) const {
  return masked_offset < masked_.size ? masked_.from[masked_offset] : plain_.size;
}

std::string_view TextView::raw(std::size_t plain_begin, std::size_t plain_end) const {
  if (plain_begin >= plain_end || plain_begin >= plain_.size) return {};
  const std::size_t begin = plain_.from[plain_begin];
  const std::size_t end = plain_end < plain_.size ? plain_.from[plain_end] : text_.size();
  return text_.substr(begin, end - begin);
}

}  // namespace leumund::diagnosis
