#include "apps/daemon/list_keys.h"

#include <fmt/format.h>

#include <fstream>

#include "intake/watch_files.h"

namespace leumund::apps {

base::Result<std::string> read_list_file(const std::string& path, std::size_t bytes_max) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::string lot(64UL << 10, '\0');
  while (file && text.size() <= bytes_max) {
    file.read(lot.data(), static_cast<std::streamsize>(lot.size()));
    text.append(lot, 0, static_cast<std::size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) {
    return base::Error{base::ErrorCode::unavailable, path + " cannot be read"};
  }
  if (text.size() > bytes_max) {
    return base::Error{base::ErrorCode::too_large,
                       fmt::format("{} is over {} MiB large", path, bytes_max >> 20)};
  }
  return text;
}

std::map<std::string, std::string> list_keys(const std::string& path,
                                             std::vector<std::string>& problems) {
  if (path.empty()) return {};
  const auto text = read_list_file(path);
  auto read = text ? intake::parse_list_keys(*text) : text.error();
  if (read) return std::move(*read);
  problems.push_back(fmt::format("watch.keys_file {}: {}", path, read.error().message));
  return {};
}

}  // namespace leumund::apps
