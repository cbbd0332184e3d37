// Reads reports from a Maildir: what other software delivers into DIR/new.
//
// Flow:    DIR/new/NAME -> ReportIntake::take -> DIR/cur/NAME:2,S (or away, if so set).
// Time:    none; the caller polls.
// Limits:  `files_per_poll` of a poll, the oldest names first; files over `message_bytes` are set
//          aside as DIR/cur/NAME:2,F and counted. At most 100,000 names are listed of a folder.
// Threads: one.
// Errors:  a folder that is not there stands in the result; a file that cannot be read is set
//          aside; one whose facts cannot be kept now stays in new.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "intake/report_service.h"

namespace leumund::intake {

struct MaildirSettings {
  std::string folder;
  bool remove = false;  // delete what was read, instead of moving it to cur
  std::size_t files_per_poll = 200;
  std::size_t message_bytes = 64UL * 1024 * 1024;
  // Sees each message first whose envelope the delivery agent wrote; nothing: it is a report.
  std::function<std::optional<ReportTaken>(const LmtpEnvelope&, std::string_view raw)> first = {};
};

struct MaildirPoll {
  std::size_t taken = 0;
  std::size_t set_aside = 0;
  std::size_t left = 0;  // not read yet, or to be tried again
};

// Reads what lies in the folder. Never follows a symbolic link within it, never leaves the folder.
[[nodiscard]] base::Result<MaildirPoll> poll_maildir(const MaildirSettings& settings,
                                                     ReportIntake& intake);

}  // namespace leumund::intake
