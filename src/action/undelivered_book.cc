#include "action/undelivered_book.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "action/one_line.h"

namespace leumund::action {
namespace {

using base::TimePoint;
using model::Subject;
using model::SubjectKind;

constexpr std::size_t field_bytes_max = 320;
constexpr std::size_t shown_max = 50;
constexpr std::size_t fields_of_a_line = 7;

std::int64_t seconds_of(TimePoint at) {
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

// What stands between tabs on one line.
bool is_field(std::string_view text) {
  return !text.empty() && text.size() <= field_bytes_max &&
         std::none_of(text.begin(), text.end(),
                      [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::optional<TimePoint> time_of(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr std::int64_t most = 253'402'300'799;  // the year 9999
  const bool whole = wrong == std::errc() && end == text.data() + text.size();
  if (!whole || seconds < 0 || seconds > most) return std::nullopt;
  return TimePoint(std::chrono::seconds(seconds));
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> out;
  while (out.size() <= fields_of_a_line) {
    const auto end = line.find('\t');
    out.push_back(line.substr(0, end));
    if (end == std::string_view::npos) break;
    line.remove_prefix(end + 1);
  }
  return out;
}

bool counts(const UndeliveredMail& mail, const std::set<std::string>& refusing) {
  return mail.returned || refusing.contains(mail.provider);
}

}  // namespace

void UndeliveredBook::refused(UndeliveredMail mail) {
  for (const std::string* field : {&mail.queue, &mail.recipient, &mail.provider}) {
    if (!is_field(*field)) return;
  }
  if (!is_field(mail.subject.name)) return;
  Mails& mails = mails_[mail.subject];
  const auto key = std::pair(mail.queue, mail.recipient);
  if (const auto known = mails.find(key); known != mails.end()) {
    known->second.returned = known->second.returned || mail.returned;
    return;
  }
  if (mails.size() >= of_account_max) drop_oldest(mails);
  owners_[key] = mail.subject;
  mails.emplace(key, std::move(mail));
  ++size_;
  if (size_ <= entries_max) return;
  // Whoever has most gives way, so that no single account pushes the others out.
  const auto largest = std::max_element(mails_.begin(), mails_.end(), [](auto& a, auto& b) {
    return a.second.size() < b.second.size();
  });
  drop_oldest(largest->second);
}

void UndeliveredBook::drop_oldest(Mails& mails) {
  const auto oldest = std::min_element(
      mails.begin(), mails.end(), [](auto& a, auto& b) { return a.second.since < b.second.since; });
  if (oldest == mails.end()) return;
  owners_.erase(oldest->first);
  mails.erase(oldest);
  --size_;
}

void UndeliveredBook::delivered(const std::string& queue, const std::string& recipient) {
  const auto owner = owners_.find({queue, recipient});
  if (owner == owners_.end()) return;
  const auto at = mails_.find(owner->second);
  size_ -= at->second.erase(owner->first);
  if (at->second.empty()) mails_.erase(at);
  owners_.erase(owner);
}

void UndeliveredBook::forget(TimePoint now, std::chrono::seconds keep) {
  for (auto at = mails_.begin(); at != mails_.end();) {
    size_ -= std::erase_if(at->second, [&](const auto& one) {
      const bool old = one.second.since + keep < now;
      if (old) owners_.erase(one.first);
      return old;
    });
    at = at->second.empty() ? mails_.erase(at) : std::next(at);
  }
  std::erase_if(told_at_, [&](const auto& one) { return one.second + keep < now; });
}

void UndeliveredBook::clear() {
  mails_.clear();
  owners_.clear();
  told_at_.clear();
  size_ = 0;
}

bool UndeliveredBook::worth_telling(const Mails& mails, TimePoint now,
                                    const UndeliveredRules& rules,
                                    const std::set<std::string>& refusing) {
  return std::any_of(mails.begin(), mails.end(), [&](const auto& one) {
    const UndeliveredMail& mail = one.second;
    const bool ripe = mail.returned || mail.since + rules.after <= now;
    return ripe && !mail.told && counts(mail, refusing);
  });
}

void UndeliveredBook::take(Mails& mails, const std::set<std::string>& refusing, Notice& notice) {
  for (auto& [key, mail] : mails) {
    if (!counts(mail, refusing) || mail.told) continue;
    mail.told = true;
    notice.mails.push_back(mail);
  }
}

std::vector<UndeliveredBook::Notice> UndeliveredBook::due(TimePoint now,
                                                          const UndeliveredRules& rules,
                                                          const std::set<std::string>& refusing,
                                                          const Silent& silent,
                                                          const Addressee& addressee) {
  forget(now, rules.keep);
  // Whether somebody is silent is asked of few: it costs.
  struct Together {
    std::vector<Mails*> worth;
    std::vector<std::pair<const Subject*, Mails*>> others;
  };
  std::map<Subject, Together> by_addressee;
  for (auto& [subject, mails] : mails_) {
    const Subject to = addressee ? addressee(subject) : subject;
    const auto told = told_at_.find(to);
    if (told != told_at_.end() && now < told->second + rules.every) continue;
    if (!worth_telling(mails, now, rules, refusing)) {
      if (to != subject) by_addressee[to].others.emplace_back(&subject, &mails);
    } else if (!silent(subject)) {
      by_addressee[to].worth.push_back(&mails);
    }
  }
  std::vector<Notice> out;
  for (auto& [to, together] : by_addressee) {
    if (together.worth.empty()) continue;
    Notice& notice = out.emplace_back(Notice{to, {}});
    for (Mails* mails : together.worth) take(*mails, refusing, notice);
    for (const auto& [subject, mails] : together.others) {
      if (!silent(*subject)) take(*mails, refusing, notice);
    }
    std::sort(notice.mails.begin(), notice.mails.end(),
              [](const auto& a, const auto& b) { return a.since < b.since; });
    told_at_[to] = now;
  }
  return out;
}

// "m" a mail, "t" when somebody was told.
std::string UndeliveredBook::to_text() const {
  std::string out;
  for (const auto& [subject, mails] : mails_) {
    for (const auto& [key, mail] : mails) {
      out += fmt::format("m\t{}\t{}\t{}\t{}\t{}\t{}{}\n", subject.to_string(), mail.queue,
                         mail.recipient, mail.provider, seconds_of(mail.since),
                         mail.returned ? "r" : "w", mail.told ? "t" : "");
    }
  }
  for (const auto& [subject, at] : told_at_) {
    out += fmt::format("t\t{}\t{}\n", subject.to_string(), seconds_of(at));
  }
  return out;
}

void UndeliveredBook::from_text(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto fields = fields_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto subject = fields.size() > 1 ? Subject::parse(fields[1]) : std::optional<Subject>();
    if (!subject) continue;
    if (fields[0] == "t" && fields.size() == 3) {
      const auto at = time_of(fields[2]);
      if (at && told_at_.size() < entries_max) told_at_[*subject] = *at;
    }
    if (fields[0] != "m" || fields.size() != fields_of_a_line) continue;
    const auto since = time_of(fields[5]);
    if (!since) continue;
    UndeliveredMail mail{*subject, std::string(fields[2]), std::string(fields[3]),
                         std::string(fields[4]), *since};
    mail.returned = fields[6].starts_with('r');
    mail.told = fields[6].ends_with('t');
    refused(std::move(mail));
  }
}

NoticeText undelivered_notice(const UndeliveredBook::Notice& notice,
                              const std::map<std::string, std::string>& names,
                              const std::string& contact, Language language) {
  const bool german = language == Language::de;
  const bool of_domain = notice.subject.kind == SubjectKind::domain;
  std::map<std::string, std::string> facts;
  std::set<std::string> providers;
  std::string waiting;
  std::string returned;
  std::size_t shown = 0;
  for (const UndeliveredMail& mail : notice.mails) {
    const auto name = names.find(mail.provider);
    providers.insert(name == names.end() ? mail.provider : name->second);
    if (shown++ >= shown_max) continue;
    std::string& list = mail.returned ? returned : waiting;
    list += fmt::format("{}{}  {}{}", list.empty() ? "" : "\n", notice_time(mail.since),
                        of_domain ? one_line(mail.subject.name, field_bytes_max) + " -> " : "",
                        one_line(mail.recipient, field_bytes_max));
  }
  std::string joined;
  for (const std::string& name : providers) joined += (joined.empty() ? "" : ", ") + name;
  facts["providers"] = one_line(joined, 400);
  facts["account"] = one_line(notice.subject.name, field_bytes_max);
  facts["waiting"] = waiting;
  facts["returned"] = returned;
  // A line without its list stands for nothing: its heading needs a fact as well.
  if (!waiting.empty()) facts["waiting_head"] = german ? "Es wartet noch" : "Still waiting";
  if (!returned.empty()) facts["returned_head"] = german ? "Es kam zurück" : "Returned";
  if (shown > shown_max) {
    facts["left_out"] = german ? fmt::format("... und {} weitere", shown - shown_max)
                               : fmt::format("... and {} more", shown - shown_max);
  }
  facts["contact"] = one_line(contact, 200);
  const bool forward = notice.subject.kind == SubjectKind::forward;
  const char* name = of_domain ? "undelivereddomain"
                     : forward ? "undeliveredforward"
                               : "undelivered";
  return fill_template(notice_template(name, language), facts);
}

}  // namespace leumund::action
