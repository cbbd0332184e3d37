#include "apps/command/input_file.h"

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

namespace leumund::apps {

using base::Error;
using base::ErrorCode;

base::Result<std::string> read_input(const std::string& name, std::size_t limit) {
  if (name == "-") return read_stream(std::cin, name, limit);
  std::ifstream file(name, std::ios::binary);
  if (!file) return Error{ErrorCode::unavailable, name + ": " + std::strerror(errno)};
  return read_stream(file, name, limit);
}

base::Result<std::string> read_stream(std::istream& in, const std::string& name,
                                      std::size_t limit) {
  // In pieces: most files are small, and the limit is not.
  std::string text;
  std::array<char, 64UL << 10> piece;
  while (in && text.size() <= limit) {
    in.read(piece.data(), piece.size());
    text.append(piece.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return Error{ErrorCode::unavailable, name + ": cannot be read"};
  if (text.size() > limit) {
    return Error{ErrorCode::too_large, fmt::format("{}: more than {} bytes", name, limit)};
  }
  return text;
}

}  // namespace leumund::apps
