#include "wire/socketmap.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace leumund::wire {
namespace {

constexpr std::size_t request_bytes_max = 10'000;
constexpr std::size_t length_digits_max = 5;

std::string_view word_of(SocketmapStatus status) {
  switch (status) {
    case SocketmapStatus::ok: return "OK ";
    case SocketmapStatus::not_found: return "NOTFOUND ";
    case SocketmapStatus::temporary: return "TEMP ";
    case SocketmapStatus::permanent: return "PERM ";
  }
  return "PERM ";
}

}  // namespace

SocketmapRequest parse_socketmap_request(std::string_view waiting) {
  SocketmapRequest out;
  out.state = SocketmapRequest::State::failed;
  std::size_t length = 0;
  std::size_t at = 0;
  for (; at < waiting.size() && waiting[at] >= '0' && waiting[at] <= '9'; ++at) {
    if (at == length_digits_max) return out;
    length = length * 10 + static_cast<std::size_t>(waiting[at] - '0');
  }
  const bool padded = at > 1 && waiting[0] == '0';
  if (padded || length > request_bytes_max) return out;
  if (at == waiting.size()) {
    out.state = SocketmapRequest::State::incomplete;
    return out;
  }
  if (at == 0 || waiting[at] != ':') return out;
  const std::string_view body = waiting.substr(at + 1);
  if (body.size() <= length) {
    out.state = SocketmapRequest::State::incomplete;
    return out;
  }
  if (body[length] != ',') return out;
  const std::string_view text = body.substr(0, length);
  const auto blank = text.find(' ');
  if (blank == std::string_view::npos || blank == 0) return out;
  out.map = text.substr(0, blank);
  out.key = text.substr(blank + 1);
  out.consumed = at + 1 + length + 1;
  out.state = SocketmapRequest::State::complete;
  return out;
}

void append_socketmap_reply(SocketmapStatus status, std::string_view text, std::string& out) {
  const std::string_view word = word_of(status);
  fmt::format_to(std::back_inserter(out), "{}:{}{},", word.size() + text.size(), word, text);
}

}  // namespace leumund::wire
