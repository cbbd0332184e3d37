#include "action/suspended_file.h"

#include <fmt/core.h>

#include <utility>

#include "action/one_line.h"
#include "base/ascii.h"
#include "base/filled.h"
#include "base/log.h"

namespace leumund::action {
namespace {

using base::Error;
using base::LogLevel;
using base::TimePoint;
using model::Restriction;
using model::Subject;

constexpr int polls_until_same = 1;
constexpr int polls_without_line_feed = 8;  // two seconds
constexpr std::size_t removed_max = 10'000;
constexpr mode_t file_mode = 0640;

SuspendedEntry entry_of(const Restriction& restriction) {
  SuspendedEntry entry{
      .level = restriction.level, .until = std::nullopt, .reason = restriction.reason};
  // The file knows whole seconds; the later one, so that its end never comes before the real one.
  if (restriction.until) entry.until = std::chrono::ceil<std::chrono::seconds>(*restriction.until);
  return entry;
}

// Login names are compared without regard to case, as in the text and in Postfix's tables.
Subject key_of(Subject subject) {
  if (subject.kind == model::SubjectKind::account) subject.name = base::ascii_lower(subject.name);
  return subject;
}

FileCommand suspend_command(const Subject& subject, const SuspendedEntry& entry) {
  return {.suspend = true,
          .restriction = {.subject = subject,
                          .level = entry.level,
                          .mode = model::Mode::enforce,
                          .reason = entry.reason.empty() ? "by hand" : entry.reason,
                          .by = "file",
                          .since = {},
                          .until = entry.until}};
}

FileCommand release_command(const Subject& subject) {
  FileCommand command{.suspend = false, .restriction = {}};
  command.restriction.subject = subject;
  command.restriction.by = "file";
  return command;
}

}  // namespace

void SuspendedFile::complain(std::string trouble, bool until_written) {
  if (trouble != trouble_ && !trouble.empty()) {
    base::log(LogLevel::warn, "suspended_file path={} trouble=\"{}\"", options_.path, trouble);
  }
  trouble_ = std::move(trouble);
  trouble_until_written_ = until_written;
}

void SuspendedFile::set(const Subject& subject, const std::optional<Restriction>& restriction,
                        std::uint64_t decision_number) {
  last_number_ = std::max(last_number_, decision_number);
  const Subject key = key_of(subject);
  const auto it = entries_.find(key);
  if (!restriction || restriction->mode == model::Mode::observe) {
    if (it == entries_.end()) return;
    entries_.erase(it);
    if (removed_.size() >= removed_max) removed_.clear();
    removed_[key] = decision_number;
    dirty_ = true;
    return;
  }
  const SuspendedEntry entry = entry_of(*restriction);
  removed_.erase(key);
  if (it != entries_.end() && it->second.entry.same_measure(entry)) {
    it->second.number = std::max(it->second.number, decision_number);
    return;
  }
  entries_[key] = {subject, entry, decision_number};
  dirty_ = true;
}

std::vector<FileCommand> SuspendedFile::start(std::span<const Restriction> standing,
                                              std::uint64_t last_number, TimePoint now,
                                              const DecisionsAfter& decisions_after) {
  last_number_ = last_number;
  for (const auto& restriction : standing) {
    if (restriction.mode == model::Mode::observe) continue;
    entries_[key_of(restriction.subject)] = {restriction.subject, entry_of(restriction),
                                             restriction.decision};
  }
  dirty_ = true;
  auto content = read_file(options_.path, options_.bytes_max);
  if (!content.ok()) {
    const auto identity = identify_file(options_.path);
    if (!identity.ok() || identity->exists()) {
      complain(content.error().message, false);
      if (identity.ok()) taken_ = seen_ = *identity;
    }
    return {};
  }
  taken_ = seen_ = content->identity;
  SuspendedText text = parse_suspended(content->bytes);
  if (text.as_of && decisions_after) remember_released(*text.as_of, decisions_after);
  return take_up(std::move(text), now);
}

// Released between the last writing of the file and our end.
void SuspendedFile::remember_released(std::uint64_t as_of, const DecisionsAfter& decisions_after) {
  for (auto page = decisions_after(as_of); !page.empty() && removed_.size() < removed_max;
       page = decisions_after(page.back().number)) {
    for (const model::Decision& one : page) {
      if (one.kind == model::DecisionKind::released || one.kind == model::DecisionKind::ended) {
        removed_[key_of(one.subject)] = one.number;
      } else if (one.kind == model::DecisionKind::restricted) {
        removed_.erase(key_of(one.subject));
      }
    }
  }
}

bool SuspendedFile::believable(const SuspendedText& text, std::size_t releases) {
  if (text.blank && !entries_.empty()) {
    complain("the file was found empty; nobody is released, it is written anew", true);
    return false;
  }
  if (releases > options_.releases_max) {
    complain(fmt::format("an edit would release {} senders at once, the limit is {}; nobody is "
                         "released, the file is written anew",
                         releases, options_.releases_max),
             true);
    return false;
  }
  return true;
}

std::vector<FileCommand> SuspendedFile::take_up(SuspendedText text, TimePoint now) {
  std::erase_if(text.entries,
                [now](const auto& pair) { return pair.second.until && *pair.second.until <= now; });
  // A text without the mark was written by somebody who means all of it.
  const std::uint64_t as_of = text.as_of.value_or(last_number_);
  std::vector<Subject> gone;
  for (const auto& [subject, published] : entries_) {
    if (text.entries.contains(subject) || text.problem_lines.contains(subject)) continue;
    if (published.entry.until && *published.entry.until <= now) continue;  // ends by itself
    if (published.number <= as_of) gone.push_back(subject);
  }
  const bool releases_nobody = text.nameless_problems > 0 && !gone.empty();
  if (releases_nobody) gone.clear();
  if (!believable(text, gone.size())) {
    dirty_ = true;
    return {};
  }
  std::vector<FileCommand> commands;
  for (const auto& subject : gone) {
    const auto it = entries_.find(subject);
    commands.push_back(release_command(it->second.subject));
    entries_.erase(it);
  }
  for (const auto& [subject, entry] : text.entries) {
    const auto it = entries_.find(subject);
    if (it != entries_.end()) {
      if (it->second.entry.same_measure(entry) || it->second.number > as_of) continue;
    } else if (const auto removed = removed_.find(subject);
               removed != removed_.end() && removed->second > as_of) {
      continue;
    }
    if (text.problem_lines.contains(subject)) continue;
    const Subject spelled = it == entries_.end() ? subject : it->second.subject;
    commands.push_back(suspend_command(spelled, entry));
    entries_[subject] = {spelled, entry, 0};
  }
  if (!commands.empty()) ++edits_;
  // Lines of ours that an old text lacks, and the mark, are put right.
  dirty_ = true;
  complain(text.problems == 0 ? ""
                              : base::fill("{} <line|lines> cannot be read, {}", text.problems,
                                           text.first_problem) +
                                    (releases_nobody ? "; while it stands nobody is released" : ""),
           false);
  return commands;
}

std::vector<FileCommand> SuspendedFile::poll(TimePoint now) {
  const auto identity = identify_file(options_.path);
  if (!identity.ok()) {
    complain(identity.error().message, false);
    return {};
  }
  same_polls_ = *identity == seen_ ? same_polls_ + 1 : 0;
  seen_ = *identity;
  if (seen_ == taken_ || same_polls_ < polls_until_same) return {};
  if (!seen_.exists()) {
    complain("the file is gone; nobody is released, it is written anew", true);
    taken_ = seen_;
    dirty_ = true;
    return {};
  }
  auto content = read_file(options_.path, options_.bytes_max);
  if (!content.ok()) {
    // Neither released nor overwritten: it may be what a person is working on.
    complain(content.error().message + "; nobody is released", false);
    return {};
  }
  const SuspendedText text = parse_suspended(content->bytes);
  if (!text.ends_with_newline && same_polls_ < polls_without_line_feed) return {};
  taken_ = seen_ = content->identity;
  return take_up(text, now);
}

base::Status SuspendedFile::flush() {
  if (!dirty_ || seen_ != taken_) return {};
  std::string old;
  const auto identity = identify_file(options_.path);
  if (!identity.ok()) return identity.error();
  if (*identity != taken_) return {};  // edited a moment ago: poll() first
  if (identity->exists()) {
    auto content = read_file(options_.path, options_.bytes_max);
    if (!content.ok()) return content.error();
    if (content->identity != taken_) return {};
    old = std::move(content->bytes);
  }
  std::map<Subject, SuspendedEntry> wanted;
  for (const auto& [subject, published] : entries_) wanted.emplace(subject, published.entry);
  const std::string fresh = rewrite_suspended(old, wanted, last_number_);
  if (fresh != old || !identity->exists()) {
    const auto written = write_file_atomically(options_.path, fresh, file_mode);
    if (!written.ok()) return written.error();
    taken_ = seen_ = *written;
    ++writes_;
  }
  dirty_ = false;
  if (trouble_until_written_) complain("", false);
  return {};
}

}  // namespace leumund::action
