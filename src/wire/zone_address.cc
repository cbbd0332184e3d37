#include "wire/zone_address.h"

#include <fmt/core.h>

#include <algorithm>

namespace leumund::wire {
namespace {

bool digit(std::string_view text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

// A number up to `most`; nothing when there is none or it is larger.
std::optional<unsigned> read_number(std::string_view& text, unsigned most) {
  if (!digit(text)) return std::nullopt;
  unsigned number = 0;
  while (digit(text)) {
    number = number * 10 + static_cast<unsigned>(text.front() - '0');
    if (number > most) return std::nullopt;
    text.remove_prefix(1);
  }
  return number;
}

std::optional<unsigned> read_bits(std::string_view& text, unsigned most) {
  text.remove_prefix(1);  // the slash
  return read_number(text, most);
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// One group of up to 0xffff; leading zeros may be many.
std::optional<unsigned> read_group(std::string_view& text) {
  unsigned number = 0;
  bool any = false;
  while (!text.empty() && hex_value(text.front()) >= 0) {
    number = number * 16 + static_cast<unsigned>(hex_value(text.front()));
    if (number > 0xffff) return std::nullopt;
    text.remove_prefix(1);
    any = true;
  }
  if (!any) return std::nullopt;
  return number;
}

}  // namespace

Bytes16 masked6(const Bytes16& address, unsigned bits) {
  Bytes16 kept{};
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned left = bits > i * 8 ? std::min(bits - i * 8, 8U) : 0;
    kept[i] = static_cast<std::uint8_t>(address[i] & (0xff00U >> left));
  }
  return kept;
}

// Most of the time of a load is here, so by pointers; a list has an address on every line.
std::optional<ZonePrefix4> read_octets4(std::string_view& text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto is_digit = [&] { return at != end && *at >= '0' && *at <= '9'; };
  ZonePrefix4 read;
  for (;;) {
    if (!is_digit()) return std::nullopt;
    unsigned octet = 0;
    for (; is_digit(); ++at) {
      octet = octet * 10 + static_cast<unsigned>(*at - '0');
      if (octet > 255) return std::nullopt;
    }
    read.bits += 8;
    read.address |= octet << (32 - read.bits);
    if (read.bits == 32 || at == end || *at != '.') break;
    ++at;
  }
  text.remove_prefix(static_cast<std::size_t>(at - text.data()));
  return read;
}

namespace {

// The bits that may stand behind octets; a lone number needs them.
bool read_bits4(std::string_view& text, ZonePrefix4& read) {
  if (!text.starts_with('/')) return read.bits != 8;
  const auto bits = read_bits(text, 32);
  if (bits) read.bits = *bits;
  return bits.has_value();
}

}  // namespace

std::optional<ZonePrefix4> read_prefix4(std::string_view& text) {
  auto read = read_octets4(text);
  if (!read || !read_bits4(text, *read)) return std::nullopt;
  return read;
}

std::optional<ZoneRange4> read_range4(std::string_view& text) {
  std::string_view rest = text;
  auto first = read_octets4(rest);
  if (!first) return std::nullopt;
  if (!rest.starts_with('-')) {
    if (!read_bits4(rest, *first)) return std::nullopt;
    text = rest;
    return ZoneRange4{first->address, first->address | ~mask4(first->bits), first->bits};
  }
  text = rest.substr(1);
  auto last = read_octets4(text);
  if (!last) return std::nullopt;
  if (last->bits == 8) {  // a lone number replaces the last octet given
    last->address = last->address >> (first->bits - 8) | (first->address & mask4(first->bits - 8));
  } else if (last->bits != first->bits) {
    return std::nullopt;
  }
  const ZoneRange4 range{first->address, last->address | ~mask4(first->bits), 32};
  if (range.first > range.last) return std::nullopt;
  return range;
}

std::optional<ZonePrefix4> read_value4(std::string_view& text) {
  auto read = read_octets4(text);
  if (!read || read->bits == 32) return read;
  const unsigned last_octet = read->address >> (32 - read->bits) & 0xff;
  read->address = (read->address & mask4(read->bits - 8)) | last_octet;
  return read;
}

std::optional<ZonePrefix6> read_groups6(std::string_view& text) {
  std::array<std::uint16_t, 8> groups{};
  std::size_t count = 0;
  std::optional<std::size_t> gap;
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  bool complete = false;
  while (const auto group = read_group(text)) {
    groups[count++] = static_cast<std::uint16_t>(*group);
    complete = !text.starts_with(':') || count == groups.size();
    if (complete) break;
    text.remove_prefix(1);
    if (!gap && text.starts_with(':')) {
      gap = count;
      text.remove_prefix(1);
    }
  }
  if (gap && count == groups.size()) return std::nullopt;  // no place for the zeros
  if (!gap && !complete) return std::nullopt;
  ZonePrefix6 read;
  read.bits = gap ? 128 : static_cast<unsigned>(count) * 16;
  const std::size_t before = gap.value_or(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = i < before ? i : i + groups.size() - count;
    read.address[place * 2] = static_cast<std::uint8_t>(groups[i] >> 8);
    read.address[place * 2 + 1] = static_cast<std::uint8_t>(groups[i] & 0xff);
  }
  return read;
}

std::optional<ZonePrefix6> read_prefix6(std::string_view& text) {
  auto read = read_groups6(text);
  if (!read) return std::nullopt;
  if (text.starts_with('/')) {
    const auto bits = read_bits(text, 128);
    if (!bits) return std::nullopt;
    read->bits = *bits;
  } else if (read->bits == 16) {
    return std::nullopt;
  }
  return read;
}

std::string text4(std::uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 0xff, address >> 8 & 0xff,
                     address & 0xff);
}

// RFC 5952, but IPv4-mapped addresses stay groups, as rbldnsd writes them.
std::string text6(const Bytes16& address) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) {
    groups[i] = static_cast<unsigned>(address[2 * i] << 8 | address[2 * i + 1]);
  }
  std::size_t gap_at = 8;
  std::size_t gap = 1;  // a single zero group is written out
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t run = 0;
    while (i + run < 8 && groups[i + run] == 0) ++run;
    if (run > gap) {
      gap = run;
      gap_at = i;
    }
    i += run;
  }
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == gap_at) {
      text += "::";
      i += gap - 1;
      continue;
    }
    if (!text.empty() && !text.ends_with(':')) text += ':';
    text += fmt::format("{:x}", groups[i]);
  }
  return text;
}

}  // namespace leumund::wire
