#include "storage/stored_name.h"

#include <fmt/core.h>

#include <charconv>

#include "wire/charset.h"

namespace leumund::storage {
namespace {

constexpr std::string_view mark = "bytes:";

}  // namespace

std::string stored_name(std::string_view name) {
  if (wire::valid_utf8(name) && !name.starts_with(mark)) return std::string(name);
  std::string out(mark);
  for (const char c : name) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::string name_of_stored(std::string_view stored) {
  if (!stored.starts_with(mark) || stored.size() % 2 != 0) return std::string(stored);
  std::string out;
  for (std::size_t i = mark.size(); i < stored.size(); i += 2) {
    unsigned byte = 0;
    const char* const at = stored.data() + i;
    const auto [end, error] = std::from_chars(at, at + 2, byte, 16);
    if (error != std::errc() || end != at + 2) return std::string(stored);
    out += static_cast<char>(byte);
  }
  return out;
}

}  // namespace leumund::storage
