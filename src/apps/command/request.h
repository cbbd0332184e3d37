// What was asked on the command line of leumund, as plain values.
//
// Flow:    argv -> parse_request (CLI11, in one file) -> Request -> ask_daemon or work_alone.
// Errors:  a wrong command line is told on standard error, with --json as one object on standard
//          output, and exit status 2.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/command/words.h"

namespace leumund::apps {

// Exit statuses of formats.md.
constexpr int exit_done = 0;
constexpr int exit_negative = 1;     // not found, refused
constexpr int exit_wrong_use = 2;    // or bad input
constexpr int exit_unreachable = 3;  // the daemon or a store

struct Request {
  std::string verb;  // "status", "config check", "connect", ...
  bool json = false;
  std::string socket;
  std::string config;    // file; "" is the default one, which may be missing
  std::string language;  // "de", "en", "" as the environment says

  std::string subject;
  std::string level;
  std::string span;  // --for
  std::string from;
  std::string until;
  std::string reason;
  std::vector<std::string> done;  // "password=hans"
  bool without_checklist = false;
  std::string mail;  // release, delete, keep-held
  bool off = false;
  std::string via;
  std::string pool;
  bool end = false;
  bool now = false;  // of hygiene
  bool all = false;
  std::string work;    // of case: "note", "attempt", ...
  std::string change;  // of case cause: add, remove
  std::string party;
  std::string channel;
  std::string to;
  std::string text;
  std::string outcome;
  bool html = false;
  bool names = false;
  std::uint64_t attempt = 0;
  std::string list;            // of the list verbs: its name
  bool ipv6 = false;           // of list export
  bool force = false;          // of list add
  bool wrong_reports = false;  // of list remove
  std::uint64_t recipients = 0;
  std::uint64_t number = 0;
  bool follow = false;
  std::optional<std::uint64_t> since;
  std::uint64_t limit = 20;
  std::string queue_work;  // "release", "delete", "" lists
  double interval = 2;
  std::uint64_t refreshes = 0;  // of watch; 0: until interrupted
  bool dry_run = false;
  bool no_reload = false;
  std::vector<std::string> config_folders;
  std::string file;
  bool replies = false;
  bool patterns = false;
  std::string registry;
  std::string remote;
  std::string provider;
  std::string stage;
  std::vector<std::string> ours;
  bool changed = false;
  bool reference = false;
  bool openapi = false;
  std::vector<std::string> replay_files;
  std::vector<std::string> files;    // of diagnose and trace
  std::vector<std::string> trusted;  // of trace
  std::string abuse_file;
  bool outer = false;
  bool replay_observe = false;
  bool replay_campaigns = false;
  std::vector<std::string> zone_specs;  // "zone:type:file,file"
  std::string zone_name;                // address or domain name
  std::string zone_type = "A";
  std::string detector_settings;
  std::string features_file;
};

struct ParsedRequest {
  std::optional<Request> request;
  int status = exit_done;  // where there is none: --help was 0, a mistake is 2
};

// What --lang or the environment says, before anything else is read.
[[nodiscard]] Language language_of(int argc, const char* const* argv);

[[nodiscard]] ParsedRequest parse_request(int argc, const char* const* argv, std::FILE* out,
                                          std::FILE* err);

// All verbs and options with a dash, for the test that keeps the manual page complete.
[[nodiscard]] std::vector<std::string> documented_words();

}  // namespace leumund::apps
