// What the command leumund says to people, in English and German. Machines read --json instead.
//
// Threads: any; a constant table.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>

#include "config/settings.h"

namespace leumund::apps {

using config::Language;

enum class Phrase {
  daemon_gone,  // {socket} {reason}
  daemon_hint,
  no_socket,
  permission_hint,
  header,  // {version} {mode} {span}
  mode_observe,
  mode_enforce,
  unattended_until,  // {time}
  unattended_off,
  counts,  // {subjects} {recipients} {events}
  rate,    // {per minute}
  nobody_restricted,
  restricted_title,  // {total}
  exempt_total,      // {total}
  watched_title,
  latest_title,
  part_well,
  part_ill,
  until_released,
  until_time,  // {time}
  standing_good,
  standing_watched,
  standing_throttled,
  standing_suspended,
  standing_exempt,
  standing_is,    // {subject} {standing}
  score_is,       // {score} {threshold}
  nothing_known,  // {subject}
  reasons_title,
  habits_title,
  attempts,  // {count} {time}
  queued,    // {count} {ids}
  decided_title,
  release_hint,    // {command}
  checklist_hint,  // {command}
  level_throttle,
  level_hold,
  level_external_only,
  level_no_sending,
  was_restricted,   // {subject} {level} {until}
  would_restrict,   // {subject} {level}
  was_released,     // {subject}
  has_ended,        // {subject}
  was_exempted,     // {subject}
  exemption_ended,  // {subject}
  was_announced,    // {subject}
  was_extended,     // {subject} {until}
  alarm,            // {reason}
  held_count,       // {count}
  undo_hint,        // {number}
  nothing_changed,
  no_held_mail,  // {subject}
  held_title,    // {count} {subject}
  queue_done,    // {done} {failed}
  no_decisions,
  missed_some,  // {count}
  watch_ends,
  config_fine,      // {file}
  config_default,   // {file}
  config_problems,  // {count}
  restart_needed,   // {names}
  reloaded,
  connect_done,     // {folder}
  connect_nothing,  // {folder}
  connect_dry,      // {folder}
  disconnect_done,  // {folder}
  disconnect_bytes,
  changes_title,
  files_title,
  commands_title,
  postfix_reloaded,
  postfix_reload_hint,  // {folder}
  postfix_not_running,
};

// The phrase with its placeholders still in it.
[[nodiscard]] std::string_view phrase(Language language, Phrase which);

template <typename... Args>
std::string say(Language language, Phrase which, const Args&... args) {
  return fmt::vformat(phrase(language, which), fmt::make_format_args(args...));
}

[[nodiscard]] Phrase last_phrase();

// --lang, else LC_ALL, LC_MESSAGES, LANG; English unless they say German.
[[nodiscard]] Language choose_language(std::string_view option);

}  // namespace leumund::apps
