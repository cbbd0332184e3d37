#include "apps/daemon/list_keys.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "intake/watch_files.h"

namespace leumund::apps {
namespace {

constexpr std::size_t file_bytes_max = 1U << 20;

}  // namespace

base::Result<std::string> read_list_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open() || file.bad()) {
    return base::Error{base::ErrorCode::unavailable, path + " cannot be read"};
  }
  if (text.size() > file_bytes_max) {
    return base::Error{base::ErrorCode::too_large, path + " is over 1 MiB large"};
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
