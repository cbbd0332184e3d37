#include "intake/log_rotation.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <tuple>

namespace leumund::intake {
namespace {

constexpr std::size_t files_max = 10'000;

std::string without_packing(const std::string& name) {
  switch (packing_of(name)) {
    case Packing::none: return name;
    case Packing::gzip: return name.substr(0, name.size() - 3);
    case Packing::zstd: return name.substr(0, name.size() - 4);
    case Packing::unknown: return name.substr(0, name.rfind('.'));
  }
  return name;
}

// "1" of ".1", "20261121" of "-20261121" and ".20261121", "20261121-1733900400" likewise; nothing
// for what no rotation makes ("mail.log.save").
std::optional<std::string> number_of(std::string_view tail) {
  if (tail.size() < 2 || (tail[0] != '.' && tail[0] != '-')) return std::nullopt;
  tail.remove_prefix(1);
  const auto wanted = [](char c) { return (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  if (!std::all_of(tail.begin(), tail.end(), wanted) || tail[0] < '0') return std::nullopt;
  return std::string(tail);
}

// Dates rise with time and are long; counters fall with it.
bool is_date(const std::string& number) { return number.size() >= 6; }

bool older(const std::string& a, const std::string& b) {
  if (is_date(a)) return a < b;
  return std::make_tuple(a.size(), a) > std::make_tuple(b.size(), b);
}

}  // namespace

std::vector<RotatedFile> rotated_files(const std::string& log_path, std::uint64_t& unknown) {
  namespace fs = std::filesystem;
  const fs::path log(log_path);
  const std::string name = log.filename();
  const fs::path folder = log.has_parent_path() ? log.parent_path() : fs::path(".");
  std::map<std::string, RotatedFile> found;  // by number
  std::error_code error;
  fs::directory_iterator at(folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    const std::string entry = at->path().filename();
    if (entry.size() <= name.size() || !entry.starts_with(name)) continue;
    const auto number = number_of(std::string_view(without_packing(entry)).substr(name.size()));
    if (!number || found.size() >= files_max) continue;
    RotatedFile file;
    file.path = at->path();
    file.packing = packing_of(entry);
    if (file.packing == Packing::unknown) {
      ++unknown;
      continue;
    }
    struct stat about{};
    if (::stat(file.path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) continue;
    file.device = about.st_dev;
    file.inode = about.st_ino;
    file.size_bytes = static_cast<std::uint64_t>(about.st_size);
    file.changed_at = about.st_mtim.tv_sec;
    const auto [there, is_new] = found.try_emplace(*number, file);
    if (!is_new && file.packing == Packing::none) there->second = file;
  }
  std::vector<std::pair<std::string, RotatedFile>> sorted(found.begin(), found.end());
  // A mixture of both ways of naming is put in order by time alone: the comparison must be one.
  const bool dates = std::any_of(sorted.begin(), sorted.end(),
                                 [](const auto& file) { return is_date(file.first); });
  const bool counters = std::any_of(sorted.begin(), sorted.end(),
                                    [](const auto& file) { return !is_date(file.first); });
  std::sort(sorted.begin(), sorted.end(), [&](const auto& a, const auto& b) {
    if (dates && counters) {
      return std::tie(a.second.changed_at, a.first) < std::tie(b.second.changed_at, b.first);
    }
    return older(a.first, b.first);
  });
  std::vector<RotatedFile> out;
  for (auto& [number, file] : sorted) out.push_back(std::move(file));
  return out;
}

}  // namespace leumund::intake
