#include "face/postfix_tables.h"

#include <fmt/core.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>

#include "action/atomic_file.h"
#include "action/path_owners.h"
#include "action/run_command.h"
#include "base/check.h"
#include "config/postfix_files.h"

namespace leumund::face {
namespace {

using base::Error;
using base::ErrorCode;

Error system_error(const std::string& path) {
  return {errno == EACCES || errno == EPERM ? ErrorCode::refused : ErrorCode::unavailable,
          fmt::format("{}: {}", path, std::strerror(errno))};
}

// Whose rights files are made with; nothing: those we have.
struct Maker {
  uid_t user = 0;
  gid_t group = 0;
};

// Root makes nothing by name where another user could put a symbolic link first. There it has that
// user's rights, who is the daemon, which writes these files later.
base::Result<std::optional<Maker>> maker_in(const std::string& folder) {
  if (::geteuid() != 0) return std::optional<Maker>();
  const auto foreign = action::foreign_place(std::filesystem::absolute(folder).string(), 0);
  if (!foreign) return std::optional<Maker>();
  if (foreign->owner == 0) {
    return Error{ErrorCode::refused, fmt::format("root makes no tables in {}; chmod go-w, or chown "
                                                 "it to the daemon's user: {} {}",
                                                 folder, foreign->path, foreign->why)};
  }
  const passwd* user = ::getpwuid(foreign->owner);
  return std::optional(Maker{foreign->owner, user != nullptr ? user->pw_gid : foreign->group});
}

// As long as it lives, files are made and changed with the rights of another user.
class Rights {
 public:
  explicit Rights(const std::optional<Maker>& maker) {
    if (!maker) return;
    groups_.resize(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
    lent_ = ::getgroups(static_cast<int>(groups_.size()), groups_.data()) >= 0;
    taken_ = lent_ && ::setgroups(1, &maker->group) == 0 && ::setegid(maker->group) == 0 &&
             ::seteuid(maker->user) == 0;
  }
  Rights(const Rights&) = delete;
  Rights& operator=(const Rights&) = delete;
  ~Rights() {
    if (!lent_) return;
    CHECK(::seteuid(0) == 0 && ::setegid(::getgid()) == 0);
    CHECK(::setgroups(groups_.size(), groups_.data()) == 0 || !taken_);
  }
  [[nodiscard]] bool taken() const { return taken_; }

 private:
  bool lent_ = false;
  bool taken_ = true;
  std::vector<gid_t> groups_;
};

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
  return {};
}

// A folder that nobody else can look into, gone with this object.
class PrivateFolder {
 public:
  PrivateFolder() : open_(::mkdtemp(path_.data()) != nullptr) {}
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  ~PrivateFolder() {
    std::error_code ignored;
    if (open_) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/leumund.XXXXXX";
  bool open_;
};

// The bytes of a table, as postmap makes them. It is root's where we are, so it works in a folder
// of its own.
base::Result<std::string> table_bytes(const std::string& postfix_folder, const std::string& type,
                                      const std::string& file,
                                      const std::vector<std::string>& keys) {
  const PrivateFolder folder;
  if (!folder.open()) return system_error(folder.path());
  const std::string source = folder.path() + "/table";
  std::string text;
  for (const std::string& key : keys) text += key + " " + std::string(config::let_through) + "\n";
  if (auto written = action::write_file_atomically(source, text, 0644); !written) {
    return written.error();
  }
  const auto postmap = postfix_program("postmap");
  if (!postmap) return postmap.error();
  const auto done =
      action::run_command({.arguments = {*postmap, "-c", postfix_folder, type + ":" + source}});
  if (!done) return done.error();
  if (done->exit_status != 0) {
    return Error{ErrorCode::unavailable,
                 fmt::format("postmap {}:{}: {} (is the package postfix-{} installed?)", type, file,
                             done->complaints, type)};
  }
  constexpr std::size_t table_bytes_max = 64U << 20;
  auto content = action::read_file(source + "." + type, table_bytes_max);
  if (!content) return content.error();
  return std::move(content->bytes);
}

// Under another name first and renamed, so that Postfix never opens half of one.
base::Status make_file(const std::string& path, std::string_view bytes,
                       const std::optional<Maker>& maker) {
  const Rights rights(maker);
  if (!rights.taken()) return system_error(path);
  if (auto written = action::write_file_atomically(path, bytes, 0644); !written) {
    return written.error();
  }
  return {};
}

// The rules are the daemon's to write; until then there are none. Without the package that reads
// them smtp(8) would deliver nothing at all.
base::Status check_filter_type(const std::string& postfix_folder, const std::string& table) {
  const auto postmap = postfix_program("postmap");
  if (!postmap) return postmap.error();
  const std::string none = table.substr(0, table.find(':')) + ":/dev/null";
  const auto asked =
      action::run_command({.arguments = {*postmap, "-c", postfix_folder, "-q", "5.7.1 x", none}});
  if (!asked) return asked.error();
  if (asked->complaints.find("unsupported dictionary type") == std::string::npos) return {};
  return Error{ErrorCode::unavailable,
               fmt::format("postmap {}: {} (is the package postfix-pcre installed? "
                           "detour.mode = \"off\" does without)",
                           table, asked->complaints)};
}

bool is_there(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
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
  const std::string& folder = settings.start.table_folder;
  std::vector<std::string> made;
  auto maker = maker_in(folder);
  if (!maker) return maker.error();
  if (!dry_run) {
    {
      const Rights rights(*maker);
      if (!rights.taken()) return system_error(folder);
      if (auto fine = make_folder(folder, made); !fine) return fine.error();
    }
    maker = maker_in(folder);  // somebody may have been quicker
    if (!maker) return maker.error();
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
    const std::string built = file + "." + type;
    if (is_there(built)) continue;
    made.push_back(built);
    if (dry_run) continue;
    const auto bytes = table_bytes(postfix_folder, type, file, keys);
    if (!bytes) return bytes.error();
    if (auto fine = make_file(built, *bytes, *maker); !fine) return fine.error();
  }
  std::vector<std::string> plain = {files.users};
  if (settings.run.detour_mode != config::DetourMode::off) {
    const std::string& rules = files.own_refusals;
    plain.insert(plain.begin(), rules.substr(rules.find(':') + 1));
  }
  for (const std::string& file : plain) {
    if (is_there(file)) continue;
    made.push_back(file);
    if (dry_run) continue;
    if (auto fine = make_file(file, "", *maker); !fine) return fine.error();
  }
  if (dry_run) return made;
  if (settings.run.detour_mode != config::DetourMode::off) {
    if (auto fine = check_filter_type(postfix_folder, files.own_refusals); !fine) {
      return fine.error();
    }
  }
  if (auto fine = check_readable_by_all(files.users); !fine) return fine.error();
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
