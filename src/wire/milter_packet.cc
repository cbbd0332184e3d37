#include "wire/milter_packet.h"

#include <fmt/core.h>

#include <algorithm>

namespace leumund::wire {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t length_bytes = 4;
constexpr std::size_t reply_max = 400;

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return number;
}

void append_number(std::uint32_t number, std::string& out) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xff);
}

// Takes the text up to the next NUL off the front.
std::optional<std::string_view> take_text(std::string_view& data) {
  const std::size_t end = data.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view text = data.substr(0, end);
  data.remove_prefix(end + 1);
  return text;
}

Error unended(std::string_view what) {
  return Error{ErrorCode::malformed, fmt::format("milter {} without its final NUL", what)};
}

void append_packet(char letter, std::string_view data, std::string& out) {
  append_number(static_cast<std::uint32_t>(data.size() + 1), out);
  out += letter;
  out += data;
}

char printable(char c) { return c < ' ' || c > '~' ? '?' : c; }

std::string_view without_braces(std::string_view name) {
  if (name.size() > 2 && name.front() == '{' && name.back() == '}') {
    name = name.substr(1, name.size() - 2);
  }
  return name;
}

}  // namespace

base::Result<std::optional<MilterPacket>> next_milter_packet(std::string_view bytes,
                                                             std::size_t packet_max) {
  if (bytes.size() < length_bytes) return std::optional<MilterPacket>();
  const std::size_t size = number_at(bytes, 0);
  if (size == 0) return Error{ErrorCode::malformed, "milter packet of length 0"};
  if (size > packet_max) {
    return Error{ErrorCode::too_large,
                 fmt::format("milter packet of {} bytes, at most {}", size, packet_max)};
  }
  if (bytes.size() < length_bytes + size) return std::optional<MilterPacket>();
  return std::optional<MilterPacket>({.command = static_cast<MilterCommand>(bytes[length_bytes]),
                                      .data = bytes.substr(length_bytes + 1, size - 1),
                                      .bytes = length_bytes + size});
}

base::Result<MilterOffer> read_milter_offer(std::string_view data) {
  // What follows (lists of macros) is the server's own business.
  if (data.size() < 12) {
    return Error{ErrorCode::malformed,
                 fmt::format("milter negotiation of {} bytes, at least 12", data.size())};
  }
  return MilterOffer{
      .version = number_at(data, 0), .actions = number_at(data, 4), .steps = number_at(data, 8)};
}

base::Result<MilterConnect> read_milter_connect(std::string_view data) {
  MilterConnect out;
  const auto host = take_text(data);
  if (!host || data.empty()) return unended("connection");
  out.host = *host;
  const char family = data.front();
  data.remove_prefix(1);
  if (family != '4' && family != '6') return out;
  if (data.size() < 2) return unended("connection");
  out.port = static_cast<std::uint16_t>(static_cast<unsigned char>(data[0]) << 8 |
                                        static_cast<unsigned char>(data[1]));
  data.remove_prefix(2);
  auto address = take_text(data);
  if (!address) return unended("connection");
  constexpr std::string_view ipv6 = "IPv6:";
  if (address->starts_with(ipv6)) address->remove_prefix(ipv6.size());
  out.address = base::IpAddress::parse(*address);
  return out;
}

base::Result<std::pair<std::string_view, std::string_view>> read_milter_header(
    std::string_view data) {
  const auto name = take_text(data);
  if (!name) return unended("header name");
  const auto value = take_text(data);
  if (!value) return unended("header value");
  return std::pair(*name, *value);
}

base::Result<std::string_view> read_milter_address(std::string_view data) {
  const auto text = take_text(data);  // parameters follow, each with a NUL of its own
  if (!text) return unended("address");
  std::string_view address = *text;
  if (address.starts_with('<') && address.ends_with('>')) {
    address = address.substr(1, address.size() - 2);
  }
  return address;
}

base::Result<std::string_view> read_milter_text(std::string_view data) {
  const auto text = take_text(data);
  if (!text) return unended("text");
  return *text;
}

bool read_milter_macros(std::string_view data,
                        const std::function<void(std::string_view, std::string_view)>& take) {
  if (data.empty()) return false;
  data.remove_prefix(1);  // the command they belong to
  while (!data.empty()) {
    const auto name = take_text(data);
    if (!name) return false;
    const auto value = take_text(data);
    if (!value) return false;
    take(without_braces(*name), *value);
  }
  return true;
}

void append_milter_offer(const MilterOffer& offer, std::string& out) {
  append_number(13, out);
  out += static_cast<char>(MilterCommand::negotiate);
  append_number(offer.version, out);
  append_number(offer.actions, out);
  append_number(offer.steps, out);
}

void append_milter_continue(std::string& out) { append_packet('c', {}, out); }
void append_milter_accept(std::string& out) { append_packet('a', {}, out); }
void append_milter_skip(std::string& out) { append_packet('s', {}, out); }
void append_milter_progress(std::string& out) { append_packet('p', {}, out); }

void append_milter_quarantine(std::string_view reason, std::string& out) {
  std::string text(reason.substr(0, reply_max));
  std::ranges::transform(text, text.begin(), printable);
  text += '\0';
  append_packet('q', text, out);
}

void append_milter_reply(std::string_view reply, std::string& out) {
  std::string text;
  for (const char c : reply.substr(0, reply_max)) {
    text += printable(c);
    if (c == '%') text += '%';
  }
  text += '\0';
  append_packet('y', text, out);
}

void append_milter_delete_header(std::uint32_t place, std::string_view name, std::string& out) {
  std::string data;
  append_number(place, data);
  data += name;
  data += '\0';
  data += '\0';  // an empty value
  append_packet('m', data, out);
}

void append_milter_insert_header(std::string_view name, std::string_view value, std::string& out) {
  std::string data(4, '\0');  // place 0: above all others
  data += name;
  data += '\0';
  data += value;
  data += '\0';
  append_packet('i', data, out);
}

}  // namespace leumund::wire
