#include "face/postfix_tables.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "action/atomic_file.h"
#include "action/run_command.h"
#include "config/postfix_files.h"

namespace leumund::face {
namespace {

using base::Error;
using base::ErrorCode;

Error system_error(const std::string& path) {
  return {errno == EACCES || errno == EPERM ? ErrorCode::refused : ErrorCode::unavailable,
          fmt::format("{}: {}", path, std::strerror(errno))};
}

// What we make as root belongs to whom the folder above belongs: the daemon writes there later.
base::Status give_to_owner_of(const std::string& folder, const std::string& path) {
  struct stat about{};
  if (::geteuid() != 0) return {};
  if (::stat(folder.c_str(), &about) != 0) return system_error(folder);
  if (::chown(path.c_str(), about.st_uid, about.st_gid) != 0) return system_error(path);
  return {};
}

// The folders above belong to the system; only the last ones are made here, open to everybody.
base::Status make_folder(const std::string& path, std::vector<std::string>& made) {
  struct stat about{};
  if (::stat(path.c_str(), &about) == 0) {
    if (S_ISDIR(about.st_mode)) return {};
    return Error{ErrorCode::unavailable, path + " is no folder"};
  }
  const std::string above = std::filesystem::path(path).parent_path();
  if (above == path || above.empty()) return system_error(path);
  if (auto fine = make_folder(above, made); !fine) return fine;
  if (::mkdir(path.c_str(), 0755) != 0 || ::chmod(path.c_str(), 0755) != 0)
    return system_error(path);
  made.push_back(path);
  return give_to_owner_of(above, path);
}

// Builds the table under another name and renames it, so that Postfix never opens half of one.
base::Status make_table(const std::string& postfix_folder, const std::string& type,
                        const std::string& file, const std::vector<std::string>& keys) {
  const std::string source = fmt::format("{}.new{}", file, ::getpid());
  std::string text;
  for (const std::string& key : keys) text += key + " " + std::string(config::let_through) + "\n";
  if (auto written = action::write_file_atomically(source, text, 0644); !written) {
    return written.error();
  }
  const auto postmap = postfix_program("postmap");
  if (!postmap) return postmap.error();
  const auto done =
      action::run_command({.arguments = {*postmap, "-c", postfix_folder, type + ":" + source}});
  std::remove(source.c_str());
  if (!done) return done.error();
  const std::string built = source + "." + type;
  if (done->exit_status != 0) {
    std::remove(built.c_str());
    return Error{ErrorCode::unavailable,
                 fmt::format("postmap {}:{}: {} (is the package postfix-{} installed?)", type, file,
                             done->complaints, type)};
  }
  const std::string final = file + "." + type;
  if (::chmod(built.c_str(), 0644) != 0 || std::rename(built.c_str(), final.c_str()) != 0) {
    return system_error(final);
  }
  return give_to_owner_of(std::filesystem::path(final).parent_path(), final);
}

// The rules are the daemon's to write; until then there are none. Without the package that reads
// them smtp(8) would deliver nothing at all.
base::Status make_filter(const std::string& postfix_folder, const config::Settings& settings,
                         std::vector<std::string>& made, bool dry_run) {
  const std::string table = config::postfix_files(settings.start).own_refusals;
  const std::string file = table.substr(table.find(':') + 1);
  const bool there = std::filesystem::exists(file);
  if (!there) made.push_back(file);
  if (dry_run) return {};
  if (!there) {
    if (auto fine = action::write_file_atomically(file, "", 0644); !fine) return fine.error();
    if (auto fine = give_to_owner_of(settings.start.table_folder, file); !fine) return fine;
  }
  const auto postmap = postfix_program("postmap");
  if (!postmap) return postmap.error();
  const auto asked =
      action::run_command({.arguments = {*postmap, "-c", postfix_folder, "-q", "5.7.1 x", table}});
  if (!asked) return asked.error();
  if (asked->complaints.find("unsupported dictionary type") == std::string::npos) return {};
  return Error{ErrorCode::unavailable,
               fmt::format("postmap {}: {} (is the package postfix-pcre installed? "
                           "detour.mode = \"off\" does without)",
                           table, asked->complaints)};
}

}  // namespace

base::Result<std::string> postfix_program(const std::string& name) {
  for (const char* folder : {"/usr/sbin/", "/usr/local/sbin/", "/usr/bin/", "/sbin/"}) {
    if (::access((folder + name).c_str(), X_OK) == 0) return folder + name;
  }
  return Error{ErrorCode::unavailable, fmt::format("{} is not installed here", name)};
}

base::Result<std::vector<std::string>> make_missing_tables(const std::string& postfix_folder,
                                                           const config::Settings& settings,
                                                           bool dry_run) {
  const config::PostfixFiles files = config::postfix_files(settings.start);
  const std::string type(config::table_type_name(settings.start.table_type));
  std::vector<std::string> made;
  if (!dry_run) {
    if (auto fine = make_folder(settings.start.table_folder, made); !fine) return fine.error();
  }
  const std::vector<std::string> none;
  for (const auto& [table, keys] :
       {std::pair<const std::string&, const std::vector<std::string>&>{files.accounts, none},
        {files.senders, none},
        {files.helpdesk, settings.run.helpdesk},
        {files.own_domains, settings.run.own_domains},
        {files.detours, none},
        {files.sender_ways, none}}) {
    const std::string file = table.substr(type.size() + 1);
    if (std::filesystem::exists(file + "." + type)) continue;
    made.push_back(file + "." + type);
    if (dry_run) continue;
    if (auto fine = make_table(postfix_folder, type, file, keys); !fine) return fine.error();
  }
  if (settings.run.detour_mode != config::DetourMode::off) {
    if (auto fine = make_filter(postfix_folder, settings, made, dry_run); !fine) {
      return fine.error();
    }
  }
  if (!std::filesystem::exists(files.users)) {
    made.push_back(files.users);
    if (!dry_run) {
      if (auto fine = action::write_file_atomically(files.users, "", 0644); !fine)
        return fine.error();
      if (auto fine = give_to_owner_of(settings.start.table_folder, files.users); !fine) {
        return fine.error();
      }
    }
  }
  if (!dry_run) {
    if (auto fine = check_readable_by_all(files.users); !fine) return fine.error();
  }
  return made;
}

base::Status check_readable_by_all(const std::string& path) {
  struct stat about{};
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  while (true) {
    if (::stat(folder.c_str(), &about) != 0) return system_error(folder);
    if ((about.st_mode & S_IXOTH) == 0) {
      return Error{ErrorCode::refused,
                   fmt::format("{} must be readable by everybody, because sendmail runs as whoever "
                               "calls it: chmod o+x {}",
                               path, folder.string())};
    }
    if (folder == folder.parent_path()) break;
    folder = folder.parent_path();
  }
  if (::stat(path.c_str(), &about) != 0) return system_error(path);
  if ((about.st_mode & S_IROTH) == 0) {
    return Error{ErrorCode::refused,
                 fmt::format("everybody must be able to read {0}: chmod o+r {0}", path)};
  }
  return {};
}

}  // namespace leumund::face
