#include "apps/diagnose/own_patterns.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "diagnosis/registry_check.h"

namespace leumund::apps {
namespace {

using base::Error;
using base::ErrorCode;

base::Result<std::string> read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{ErrorCode::unavailable,
                 fmt::format("diagnosis.patterns: {}: {}", path, std::strerror(errno))};
  }
  std::string text(diagnosis::max_registry_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) {
    return Error{ErrorCode::unavailable,
                 fmt::format("diagnosis.patterns: {}: cannot be read", path)};
  }
  return text;
}

}  // namespace

base::Result<std::shared_ptr<const diagnosis::Reader>> open_patterns(const std::string& path) {
  std::string text;
  std::vector<diagnosis::RegistrySource> own;
  if (!path.empty()) {
    auto read = read_whole(path);
    if (!read) return read.error();
    text = std::move(*read);
    own.push_back({.name = path, .text = text});
  }
  auto reader = diagnosis::Reader::shipped(own);
  if (!reader) return reader.error();
  return std::shared_ptr<const diagnosis::Reader>(std::move(*reader));
}

std::vector<std::string> pattern_problems(const std::string& path) {
  if (path.empty()) return {};
  const auto reader = open_patterns(path);
  if (!reader) return {reader.error().message};
  return diagnosis::check_registry(**reader, path);
}

}  // namespace leumund::apps
