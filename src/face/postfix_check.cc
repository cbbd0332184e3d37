#include "face/postfix_check.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string_view>

#include "action/atomic_file.h"
#include "action/run_command.h"
#include "config/listen_address.h"
#include "config/postfix_files.h"
#include "face/postfix_tables.h"
#include "net/socket.h"

namespace leumund::face {
namespace {

constexpr std::size_t allow_bytes_max = 64U << 10;

// The folder itself, or the nearest above it that is there.
std::filesystem::path nearest_existing(std::filesystem::path path) {
  std::error_code error;
  while (!std::filesystem::exists(path, error) && path.has_relative_path()) {
    path = path.parent_path();
  }
  return path;
}

void check_writable(const std::filesystem::path& path, std::vector<std::string>& problems) {
  if (::access(path.c_str(), W_OK) != 0) {
    problems.push_back(fmt::format("{} cannot be written (run this as root)", path.string()));
  }
}

// One that is there, or can be made.
void check_folder(const std::filesystem::path& path, std::vector<std::string>& problems) {
  const std::filesystem::path there = nearest_existing(path);
  std::error_code error;
  if (std::filesystem::is_directory(there, error)) return check_writable(there, problems);
  problems.push_back(there == path ? fmt::format("{} is no folder", path.string())
                                   : fmt::format("{} cannot be made: {} is no folder",
                                                 path.string(), there.string()));
}

// Postfix's processes and the callers of sendmail look through every folder above the tables.
void check_open_to_all(const config::Settings& settings, std::vector<std::string>& problems) {
  const std::filesystem::path folder = settings.start.table_folder;
  for (std::filesystem::path at = nearest_existing(folder);; at = at.parent_path()) {
    struct stat about{};
    const bool there = ::stat(at.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
    if (there && (about.st_mode & S_IXOTH) == 0) {
      problems.push_back(
          fmt::format("{} must be open to everybody, because Postfix and the callers of sendmail "
                      "read the tables below it: chmod o+x {}",
                      at.string(), at.string()));
    }
    if (at == at.parent_path()) break;
  }
  const config::PostfixFiles files = config::postfix_files(settings.start);
  std::vector<std::string> paths = {files.users};
  for (const std::string* table : {&files.accounts, &files.senders, &files.helpdesk,
                                   &files.own_domains, &files.detours, &files.sender_ways}) {
    const auto colon = table->find(':');
    paths.push_back(table->substr(colon + 1) + "." + table->substr(0, colon));
  }
  for (const std::string& path : paths) {
    struct stat about{};
    if (::stat(path.c_str(), &about) == 0 && (about.st_mode & S_IROTH) == 0) {
      problems.push_back(
          fmt::format("everybody must be able to read {}: chmod o+r {}", path, path));
    }
  }
}

void check_table_type(const std::string& postfix_folder, const config::Settings& settings,
                      std::vector<std::string>& problems) {
  const std::string type(config::table_type_name(settings.start.table_type));
  const auto postconf = postfix_program("postconf");
  if (!postconf) return;  // whoever needs it next says so
  const auto types = action::run_command({.arguments = {*postconf, "-c", postfix_folder, "-m"}});
  if (!types || types->exit_status != 0) return;
  if (("\n" + types->output).find("\n" + type + "\n") != std::string::npos) return;
  const std::string other = type == "cdb" ? "lmdb" : "cdb";
  problems.push_back(fmt::format(
      "this Postfix reads no {} tables: install the package postfix-{}, or set tables.type = "
      "\"{}\" (leumundd must be restarted then)",
      type, type, other));
}

// With nobody there Postfix finds no way for any mail and puts it off (451).
void check_socketmap(const config::Settings& settings, std::vector<std::string>& problems) {
  const std::string& text = settings.start.detour_socketmap;
  const auto where = config::parse_listen_address(text);
  if (text.empty() || !where) return;  // wrong text is told when it is loaded
  constexpr std::chrono::seconds patience{2};
  const auto endpoint = where->is_unix()
                            ? net::Endpoint::unix_socket(where->path)
                            : net::Endpoint::tcp(where->address.to_string(), where->port);
  if (net::connect_to(endpoint, std::chrono::steady_clock::now() + patience)) return;
  problems.push_back(fmt::format(
      "nobody answers at {} (detour.socketmap), and Postfix would put off all mail: start "
      "leumundd with this configuration first, or leave the option out",
      text));
}

// The daemon's user is whom the state folder belongs to.
void check_helper(const std::string& postfix_folder, const config::Settings& settings,
                  std::vector<std::string>& remarks) {
  const std::string& helper = settings.run.queue_helper;
  const auto without = [&](const std::string& why) {
    remarks.push_back(fmt::format("{}: queued mail of a suspended sender will not be held", why));
  };
  struct stat about{};
  if (helper.empty()) return without("postfix.queue_helper is empty");
  if (::stat(helper.c_str(), &about) != 0) {
    return without(fmt::format("the queue helper {} is not there", helper));
  }
  if (S_ISSOCK(about.st_mode)) return;
  if (!S_ISREG(about.st_mode) || (about.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0) {
    return without(fmt::format("the queue helper {} is no program that can be run", helper));
  }
  struct stat state{};
  if (::stat(settings.start.state_folder.c_str(), &state) != 0 || state.st_uid == 0) return;
  const bool setuid_root = about.st_uid == 0 && (about.st_mode & S_ISUID) != 0;
  const bool reachable = (about.st_mode & S_IXOTH) != 0 ||
                         ((about.st_mode & S_IXGRP) != 0 && about.st_gid == state.st_gid);
  if (!setuid_root || !reachable) {
    return without(fmt::format(
        "the queue helper {} does not work for user {}: it must belong to root and have mode 4750 "
        "with that user's group",
        helper, state.st_uid));
  }
  if (postfix_folder == "/etc/postfix") return;
  constexpr const char* allow_file = "/etc/leumund/queue.conf";
  const auto allowed = action::read_file(allow_file, allow_bytes_max);
  const bool listed =
      allowed &&
      ("\n" + allowed->bytes + "\n").find("\n" + postfix_folder + "\n") != std::string::npos;
  if (!listed) without(fmt::format("{} does not stand in {}", postfix_folder, allow_file));
}

}  // namespace

void check_surroundings(const std::string& postfix_folder, const PostfixRecordPlace& record,
                        const config::Settings& settings, PostfixPlan& plan) {
  if (!plan.changes.empty()) {
    check_folder(postfix_folder, plan.problems);
    check_writable(postfix_folder + "/main.cf", plan.problems);
    check_writable(postfix_folder + "/master.cf", plan.problems);
    check_folder(std::filesystem::path(record.path).parent_path(), plan.problems);
  }
  check_folder(settings.start.table_folder, plan.problems);
  check_open_to_all(settings, plan.problems);
  check_table_type(postfix_folder, settings, plan.problems);
  check_socketmap(settings, plan.problems);
  check_helper(postfix_folder, settings, plan.remarks);
}

}  // namespace leumund::face
