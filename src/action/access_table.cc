#include "action/access_table.h"

#include <pwd.h>
#include <unistd.h>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "action/atomic_file.h"
#include "action/lookup_table.h"
#include "action/one_line.h"
#include "base/ascii.h"

namespace leumund::action {
namespace {

using base::Error;
using base::ErrorCode;
using model::Level;
using model::SubjectKind;

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

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

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
    if (!is_lookup_table(*name)) {
      return Error{ErrorCode::malformed,
                   fmt::format("table \"{}\" is neither of type cdb nor lmdb", *name)};
    }
  }
  return std::unique_ptr<AccessTables>(new AccessTables(std::move(files)));
}

base::Status AccessTables::publish_table(const std::string& name,
                                         std::map<std::string, std::string> rows) {
  const std::string path = lookup_table_path(name);
  const auto before = published_.find(name);
  // Somebody may have deleted it: without the file Postfix answers 451 to everybody.
  if (before != published_.end() && before->second == rows && exists(path)) return {};
  base::Status status;
  if (is_lookup_table(name)) {
    std::vector<TableRow> all(rows.begin(), rows.end());
    status = write_lookup_table(name, all);
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
    if (exists(lookup_table_path(*name))) continue;
    auto status = publish_table(*name, {});
    if (!status.ok() && first.ok()) first = std::move(status);
  }
  return first;
}

bool AccessTables::any_missing() const {
  return std::any_of(published_.begin(), published_.end(),
                     [](const auto& pair) { return !exists(lookup_table_path(pair.first)); });
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
