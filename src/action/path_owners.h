// Who else could change what a path means: by its own mode, or by a folder or symbolic link on the
// way from / to it. Root must neither obey such a file nor write there by name.
//
// Header only: the privileged queue helper uses it and links nothing of ours.
// Threads: any. What is found to be ours stays so, since each step was taken in a folder that is;
//          what is not may be something else a moment later.
#pragma once

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace leumund::action {

// The first place on the way that is not ours alone.
struct ForeignPlace {
  std::string path;
  std::string why;  // "belongs to user 65534"
  uid_t owner = 0;
  gid_t group = 0;
};

namespace path_owners {

// Looks at one place, in a folder that is ours. `about.st_mode` is 0 when it is not there.
[[nodiscard]] inline std::optional<ForeignPlace> look(const std::string& here, uid_t also,
                                                      bool on_the_way, struct stat& about) {
  about = {};
  if (::lstat(here.c_str(), &about) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return ForeignPlace{here, std::string("cannot be looked at: ") + std::strerror(errno)};
  }
  ForeignPlace place{here, "", about.st_uid, about.st_gid};
  const bool sticky = S_ISDIR(about.st_mode) && (about.st_mode & S_ISVTX) != 0;
  if (about.st_uid != 0 && about.st_uid != also) {
    place.why = "belongs to user " + std::to_string(about.st_uid);
  } else if (!S_ISLNK(about.st_mode) && (about.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
             !(sticky && on_the_way)) {
    place.why = "can be written by others than its owner";
  }
  if (place.why.empty()) return std::nullopt;
  return place;
}

}  // namespace path_owners

// Nothing: only root and `also` can change what the absolute `path` means, as far as it is there.
// In a sticky folder such as /tmp others make files but do not touch those of others, so one is
// fine on the way, but not at its end.
[[nodiscard]] inline std::optional<ForeignPlace> foreign_place(std::string_view path, uid_t also) {
  constexpr int links_max = 40;  // as the kernel has it
  struct stat about{};
  std::string at;  // "" is /; without symbolic links, and ours
  std::string rest(path);
  if (auto root = path_owners::look("/", also, true, about)) return root;
  for (int links = 0; !rest.empty();) {
    const auto slash = rest.find('/');
    const std::string name = rest.substr(0, slash);
    rest.erase(0, slash == std::string::npos ? slash : slash + 1);
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      at.erase(at.empty() ? 0 : at.rfind('/'));
      continue;
    }
    const std::string here = at + "/" + name;
    const bool on_the_way = rest.find_first_not_of("/.") != std::string::npos;
    if (auto place = path_owners::look(here, also, on_the_way, about)) return place;
    if (about.st_mode == 0) return std::nullopt;
    if (!S_ISLNK(about.st_mode)) {
      at = here;
      continue;
    }
    std::array<char, PATH_MAX> target;
    const auto size = ::readlink(here.c_str(), target.data(), target.size());
    if (size <= 0 || ++links > links_max) {
      return ForeignPlace{here, "is a symbolic link that leads nowhere"};
    }
    const std::string_view to(target.data(), static_cast<std::size_t>(size));
    if (to.front() == '/') at.clear();
    rest = std::string(to) + "/" + rest;
  }
  return std::nullopt;
}

}  // namespace leumund::action
