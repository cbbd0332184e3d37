#include "intake/log_position.h"

#include <fmt/core.h>

#include <charconv>

#include "base/hash.h"

namespace leumund::intake {
namespace {

template <typename T>
bool take_field(std::string_view& text, T& value, int number_base = 10) {
  if (!text.starts_with(' ')) return false;
  text.remove_prefix(1);
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, number_base);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take_settled(std::string_view& text, std::optional<std::uint64_t>& value) {
  if (text.starts_with(" - ")) {
    text.remove_prefix(2);
    return true;
  }
  return take_field(text, value.emplace());
}

}  // namespace

std::string LogPosition::to_string() const {
  return fmt::format("file1 {} {} {} {:x} {} {} {}", device, inode, head_bytes, head_hash, offset,
                     settled_at ? fmt::format("{}", *settled_at) : "-", latest_stamp);
}

base::Result<LogPosition> LogPosition::parse(std::string_view text) {
  constexpr std::string_view mark = "file1";
  std::string_view rest = text;
  LogPosition out;
  const bool marked = rest.starts_with(mark);
  if (marked) rest.remove_prefix(mark.size());
  if (!marked || !take_field(rest, out.device) || !take_field(rest, out.inode) ||
      !take_field(rest, out.head_bytes) || !take_field(rest, out.head_hash, 16) ||
      !take_field(rest, out.offset) || !take_settled(rest, out.settled_at) ||
      !take_field(rest, out.latest_stamp) || !rest.empty() || out.head_bytes > head_bytes_max ||
      out.settled_at.value_or(0) > out.offset) {
    return base::Error{base::ErrorCode::malformed,
                       fmt::format("'{}' is no position in a log file", text.substr(0, 120))};
  }
  return out;
}

std::uint64_t hash_of_head(std::string_view head) {
  return base::keyed_hash(base::HashKey{}, head);
}

}  // namespace leumund::intake
