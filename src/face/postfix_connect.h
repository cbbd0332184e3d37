// `leumund connect postfix` and `disconnect postfix`: looks at a Postfix, plans, carries out,
// records.
//
// Flow:    look -> plan (postfix_plan.h) -> record -> tables -> postconf -> reload.
// Time:    each Postfix program gets 30 s.
// Threads: the caller's; blocking. Two at once on one folder are the admin's affair.
// Trust:   what is done as root is said by files that root alone can write: the configuration, the
//          record. The tables are made with the rights of whose folder they are in.
// Errors:  name the folder, the program and what it said. What fails half-way is taken back; the
//          record is written first, so that disconnect works even after a power cut in between.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "face/postfix_plan.h"
#include "face/postfix_record.h"

namespace leumund::face {

struct PostfixOrder {
  std::string folder;  // "/etc/postfix"
  config::Settings settings;
  std::string config_file;  // of the settings; the record lies beside it
  bool dry_run = false;
  bool reload = true;  // tell a running Postfix
};

// What was done, or with `dry_run` would be.
struct PostfixReport {
  std::string folder;
  PostfixPlan plan;
  std::vector<std::string> commands;  // as a person would type them
  std::vector<std::string> files;     // tables and folders made
  bool bytes_restored = false;  // disconnect: main.cf and master.cf are the very bytes of before
  bool running = false;
  bool reloaded = false;
};

[[nodiscard]] base::Result<PostfixReport> connect_postfix(const PostfixOrder& order);
// Errors: unavailable when no connect is on record.
[[nodiscard]] base::Result<PostfixReport> disconnect_postfix(const PostfixOrder& order);

// Reads the output of `postconf -n`, `-d`, `-P` and `-F '*/*/chroot' '*/*/command'`.
struct PostconfOutput {
  std::string_view set;
  std::string_view defaults;
  std::string_view overrides;
  std::string_view services;
};
[[nodiscard]] PostfixView parse_postconf(const PostconfOutput& output);

// As a person would type it: quoted for a shell where needed, control characters shown as "?".
[[nodiscard]] std::string shell_text(const std::vector<std::string>& command);

}  // namespace leumund::face
