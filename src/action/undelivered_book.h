// What has not been delivered because a provider refuses us, by account: for notices to customers.
//
// Flow:    a refused delivery -> refused(); the same recipient's delivery -> delivered();
//          due(now) -> one notice for each account or domain. to_text() and from_text() outlive
//          a restart.
// Time:    passed in.
// Limits:  `entries_max` mails, `of_account_max` of one account: the oldest go. What is older than
//          `keep` is forgotten.
// Privacy: holds recipients in plain text, since the account's owner must know them. Nothing is
//          kept unless the operator switched the notices on.
// Threads: none and no lock.
// Errors:  from_text() leaves out lines that are none.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "action/notice_text.h"
#include "base/time.h"
#include "model/subject.h"

namespace leumund::action {

// One recipient of one mail.
struct UndeliveredMail {
  model::Subject subject;  // whose mail it is: account or forward
  std::string queue;       // host, instance and queue id, as one text
  std::string recipient;
  std::string provider;   // registry id, or "mx:DOMAIN"
  base::TimePoint since;  // of the first refusal
  bool returned = false;  // it will not be tried again
  bool told = false;      // a notice has named it

  bool operator==(const UndeliveredMail&) const = default;
};

struct UndeliveredRules {
  std::chrono::seconds after{3600};   // a mail has waited so long; a returned one need not wait
  std::chrono::seconds every{86400};  // between two notices to one account or domain
  std::chrono::seconds keep{259200};
};

class UndeliveredBook {
 public:
  static constexpr std::size_t entries_max = 100'000;
  static constexpr std::size_t of_account_max = 1'000;

  void refused(UndeliveredMail mail);
  void delivered(const std::string& queue, const std::string& recipient);

  struct Notice {
    model::Subject subject;              // account or forward; the domain of a whole customer
    std::vector<UndeliveredMail> mails;  // oldest first; all of the subject and nobody else's
  };
  // Whom a notice about somebody's mail goes to: himself, or the domain that he belongs to.
  using Addressee = std::function<model::Subject(const model::Subject&)>;
  using Silent = std::function<bool(const model::Subject&)>;
  // Who is to be told now, and counts as told with that. Only mail to providers in `refusing`, and
  // of nobody for whom `silent` says so.
  [[nodiscard]] std::vector<Notice> due(base::TimePoint now, const UndeliveredRules& rules,
                                        const std::set<std::string>& refusing, const Silent& silent,
                                        const Addressee& addressee = {});
  void clear();

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::string to_text() const;
  void from_text(std::string_view text);

 private:
  using Key = std::pair<std::string, std::string>;  // queue, recipient
  using Mails = std::map<Key, UndeliveredMail>;

  void forget(base::TimePoint now, std::chrono::seconds keep);
  void drop_oldest(Mails& mails);
  [[nodiscard]] static bool worth_telling(const Mails& mails, base::TimePoint now,
                                          const UndeliveredRules& rules,
                                          const std::set<std::string>& refusing);
  static void take(Mails& mails, const std::set<std::string>& refusing, Notice& notice);

  std::map<model::Subject, Mails> mails_;
  std::map<Key, model::Subject> owners_;
  std::map<model::Subject, base::TimePoint> told_at_;
  std::size_t size_ = 0;
};

// The mail to the account's owner, or to the contact of a domain; `names`: provider id -> what
// people call it.
[[nodiscard]] NoticeText undelivered_notice(const UndeliveredBook::Notice& notice,
                                            const std::map<std::string, std::string>& names,
                                            const std::string& contact, Language language);

}  // namespace leumund::action
