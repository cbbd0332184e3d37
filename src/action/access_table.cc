#include "action/access_table.h"

#include <cdb.h>
#include <lmdb.h>
#include <pwd.h>
#include <unistd.h>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "action/atomic_file.h"
#include "action/one_line.h"
#include "base/ascii.h"

namespace leumund::action {
namespace {

using base::Error;
using base::ErrorCode;
using model::Level;
using model::SubjectKind;

constexpr std::string_view cdb_type = "cdb:";
constexpr std::string_view lmdb_type = "lmdb:";
// What check_user_acl_byuid() of Postfix looks up for a uid without a name.
constexpr std::string_view nameless_user = "unknown";

std::optional<std::string_view> class_of(Level level) {
  switch (level) {
    case Level::throttle: return std::nullopt;
    case Level::hold: return config::hold_class;
    case Level::external_only: return config::external_only_class;
    case Level::no_sending: return config::no_sending_class;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> uid_of(std::string_view script) {
  if (!script.starts_with("uid")) return std::nullopt;
  script.remove_prefix(3);
  std::uint32_t uid = 0;
  const auto [end, error] = std::from_chars(script.data(), script.data() + script.size(), uid);
  if (error != std::errc() || end != script.data() + script.size()) return std::nullopt;
  return uid;
}

// A line of the list is a pattern to Postfix: "!", "/" or ":" in it would mean something else.
bool plain_login_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-$@+").contains(c);
  });
}

std::string path_of(const std::string& name) {
  if (name.starts_with(cdb_type)) return name.substr(cdb_type.size()) + ".cdb";
  if (name.starts_with(lmdb_type)) return name.substr(lmdb_type.size()) + ".lmdb";
  return name;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

base::Status write_cdb(const std::string& path, const std::map<std::string, std::string>& rows) {
  auto file = AtomicFile::open(path, 0644);
  if (!file.ok()) return file.error();
  const auto failed = [&path] {
    return Error{errno == ENOSPC ? ErrorCode::exhausted : ErrorCode::unavailable,
                 fmt::format("cannot write table {}: {}", path, std::strerror(errno))};
  };
  cdb_make making{};
  if (::cdb_make_start(&making, file->fd()) != 0) return failed();
  bool written = true;
  for (const auto& [key, value] : rows) {
    written = written &&
              ::cdb_make_put(&making, key.data(), static_cast<unsigned>(key.size()), value.data(),
                             static_cast<unsigned>(value.size()), CDB_PUT_REPLACE) >= 0;
  }
  // Always finished: it frees the memory of cdb_make.
  if (::cdb_make_finish(&making) != 0 || !written) return failed();
  const auto done = file->commit();
  return done.ok() ? base::Status() : done.error();
}

// Puts all rows into a new LMDB file in one transaction; 0 or LMDB's error number.
int fill_lmdb(MDB_env* environment, const std::string& path,
              const std::map<std::string, std::string>& rows) {
  std::size_t bytes = 1 << 20;
  // Pages are about half full at worst; the room is only address space.
  for (const auto& [key, value] : rows) bytes += 4 * (key.size() + value.size() + 64);
  if (const int failed = ::mdb_env_set_mapsize(environment, bytes)) return failed;
  // The file is ours alone until it is renamed, and AtomicFile syncs it.
  constexpr unsigned alone = MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC;
  if (const int failed = ::mdb_env_open(environment, path.c_str(), alone, 0644)) return failed;
  MDB_txn* work = nullptr;
  if (const int failed = ::mdb_txn_begin(environment, nullptr, 0, &work)) return failed;
  MDB_dbi table = 0;
  int failed = ::mdb_dbi_open(work, nullptr, 0, &table);
  for (auto row = rows.begin(); failed == 0 && row != rows.end(); ++row) {
    MDB_val key{row->first.size(), const_cast<char*>(row->first.data())};
    MDB_val value{row->second.size(), const_cast<char*>(row->second.data())};
    failed = ::mdb_put(work, table, &key, &value, 0);
    if (failed == MDB_BAD_VALSIZE) failed = 0;  // a name over 511 bytes no login can have
  }
  if (failed == 0) return ::mdb_txn_commit(work);
  ::mdb_txn_abort(work);
  return failed;
}

base::Status write_lmdb(const std::string& path, const std::map<std::string, std::string>& rows) {
  auto file = AtomicFile::open(path, 0644);
  if (!file.ok()) return file.error();
  MDB_env* environment = nullptr;
  int failed = ::mdb_env_create(&environment);
  if (failed == 0) failed = fill_lmdb(environment, file->beside(), rows);
  if (environment != nullptr) ::mdb_env_close(environment);
  if (failed != 0) {
    return Error{failed == ENOSPC ? ErrorCode::exhausted : ErrorCode::unavailable,
                 fmt::format("cannot write table {}: {}", path, ::mdb_strerror(failed))};
  }
  const auto done = file->commit();
  return done.ok() ? base::Status() : done.error();
}

}  // namespace

std::optional<std::string> system_login_name(std::uint32_t uid) {
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  return std::string(found->pw_name);
}

AccessTableContent compile(std::span<const model::Restriction> restrictions,
                           std::span<const std::string> helpdesk,
                           std::span<const std::string> own_domains,
                           const LoginNameOf& login_name_of) {
  AccessTableContent content;
  for (const auto& restriction : restrictions) {
    const auto stop = class_of(restriction.level);
    const auto& subject = restriction.subject;
    if (restriction.mode == model::Mode::observe) continue;
    if (stop && subject.kind == SubjectKind::account && !subject.name.starts_with("cert:")) {
      const std::string name = base::ascii_lower(subject.name);
      content.accounts[name] = *stop;
      // By envelope sender only what leaves for other domains: see restriction_classes().
      if (restriction.level != Level::hold && name.contains('@')) {
        content.senders[name] = config::sender_class;
      }
    } else if (const auto uid = uid_of(subject.name); uid && subject.kind == SubjectKind::script &&
                                                      restriction.level == Level::no_sending) {
      const auto name = login_name_of(*uid);
      if (name && !plain_login_name(*name)) {
        ++content.not_expressed;
      } else {
        content.users[name ? base::ascii_lower(*name) : std::string(nameless_user)] = "";
      }
    } else {
      ++content.not_expressed;
    }
  }
  for (const auto& address : helpdesk) {
    content.helpdesk[base::ascii_lower(address)] = config::let_through;
  }
  for (const auto& domain : own_domains) {
    content.own_domains[base::ascii_lower(domain)] = config::let_through;
  }
  return content;
}

base::Result<std::unique_ptr<AccessTables>> AccessTables::open(config::PostfixFiles files) {
  for (const auto* name : {&files.accounts, &files.senders, &files.helpdesk, &files.own_domains}) {
    if (!name->starts_with(cdb_type) && !name->starts_with(lmdb_type)) {
      return Error{ErrorCode::malformed,
                   fmt::format("table \"{}\" is neither of type cdb nor lmdb", *name)};
    }
  }
  return std::unique_ptr<AccessTables>(new AccessTables(std::move(files)));
}

base::Status AccessTables::publish_table(const std::string& name,
                                         std::map<std::string, std::string> rows) {
  const std::string path = path_of(name);
  const auto before = published_.find(name);
  // Somebody may have deleted it: without the file Postfix answers 451 to everybody.
  if (before != published_.end() && before->second == rows && exists(path)) return {};
  base::Status status;
  if (name.starts_with(cdb_type)) {
    status = write_cdb(path, rows);
  } else if (name.starts_with(lmdb_type)) {
    status = write_lmdb(path, rows);
  } else {
    std::string lines;
    for (const auto& [key, value] : rows) lines += key + "\n";
    const auto done = write_file_atomically(path, lines, 0644);
    if (!done.ok()) status = done.error();
  }
  if (!status.ok()) return status;
  published_[name] = std::move(rows);
  ++writes_;
  return {};
}

base::Status AccessTables::create_missing() {
  base::Status first;
  for (const auto* name :
       {&files_.helpdesk, &files_.own_domains, &files_.accounts, &files_.users, &files_.senders}) {
    if (exists(path_of(*name))) continue;
    auto status = publish_table(*name, {});
    if (!status.ok() && first.ok()) first = std::move(status);
  }
  return first;
}

bool AccessTables::any_missing() const {
  return std::any_of(published_.begin(), published_.end(),
                     [](const auto& pair) { return !exists(path_of(pair.first)); });
}

base::Status AccessTables::publish(const AccessTableContent& content) {
  base::Status first;
  // What lets the helpdesk through comes before what stops a sender.
  const std::array<std::pair<const std::string*, const std::map<std::string, std::string>*>, 5>
      tables = {{{&files_.helpdesk, &content.helpdesk},
                 {&files_.own_domains, &content.own_domains},
                 {&files_.accounts, &content.accounts},
                 {&files_.users, &content.users},
                 {&files_.senders, &content.senders}}};
  for (const auto& [name, rows] : tables) {
    auto status = publish_table(*name, *rows);
    if (!status.ok() && first.ok()) first = std::move(status);
  }
  return first;
}

}  // namespace leumund::action
