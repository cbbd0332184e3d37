// Decisions as mails that people read: facts, and the exact commands for what to do next.
//
// Flow:    Decision + what became of the queue -> template of data/notices -> subject and body.
// Limits:  the eight strongest reasons; lists of 200 lines, what is left out is said.
// Threads: any; pure.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "config/settings.h"
#include "model/decision.h"

namespace leumund::action {

using config::Language;

// What became of the subject's queued mail.
struct HoldOutcome {
  std::uint64_t held = 0;
  std::uint64_t missing = 0;  // had left the queue
  std::string trouble;        // why it could not be held; "" if nothing is wrong
};

struct NoticeText {
  std::string subject;  // one line
  std::string body;
};

// The text of data/notices/NAME.LANGUAGE.txt.
[[nodiscard]] std::string_view notice_template(std::string_view name, Language language);
// A moment as notices spell it.
[[nodiscard]] std::string notice_time(base::TimePoint at);

// A template with its facts: see data/notices/README.md.
[[nodiscard]] NoticeText fill_template(std::string_view text,
                                       const std::map<std::string, std::string>& facts);

[[nodiscard]] NoticeText restricted_notice(const model::Decision& decision,
                                           const HoldOutcome& outcome, Language language);
// A campaign, or a sender's restriction, ended by itself, and this is left of it.
[[nodiscard]] NoticeText over_notice(const model::Decision& decision, std::size_t mails,
                                     std::size_t senders, Language language);
// would_restrict.
[[nodiscard]] NoticeText observed_notice(const model::Decision& decision, Language language);
// provider_refuses and provider_accepts.
[[nodiscard]] NoticeText block_notice(const model::Decision& decision, Language language);
// detour and would_detour.
[[nodiscard]] NoticeText detour_notice(const model::Decision& decision, Language language);
// listed, delisted, list_fault and list_well.
[[nodiscard]] NoticeText listing_notice(const model::Decision& decision, Language language);
// case_due.
[[nodiscard]] NoticeText case_notice(const model::Decision& decision, Language language);
[[nodiscard]] NoticeText alarm_notice(const model::Decision& decision, Language language);
[[nodiscard]] NoticeText collected_notice(std::span<const model::Decision> decisions,
                                          Language language);
// Of the unattended time [from, until].
[[nodiscard]] NoticeText digest_notice(std::span<const model::Decision> decisions,
                                       base::TimePoint from, base::TimePoint until,
                                       Language language);
// To the owner: tells no reasons, since whoever cracked the mailbox may read it.
[[nodiscard]] NoticeText owner_notice(const model::Decision& decision, const std::string& contact,
                                      Language language);

// A name as one argument of a shell.
[[nodiscard]] std::string shell_argument(std::string_view text);

}  // namespace leumund::action
