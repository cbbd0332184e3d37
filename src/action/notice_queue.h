// Which notice goes out when: at once, collected when many come, again after a failure.
//
// Flow:    add() -> due() -> the notifier sends -> sent() or failed().
// Time:    passed in. A token for a mail of its own comes back every `token_every`, `tokens_max` at
//          most; without one, decisions wait for a collected mail every `collect_every`. What is
//          about the house (listings, refusing providers, detours, campaigns) has tokens of its
//          own: a hundred stopped accounts must not delay that; lists that cannot be believed have
//          theirs. What is only reported, and small news of the house, leave half of the tokens to
//          the rest. After a failure the pause doubles from `retry_first` to `retry_most`; after
//          `give_up` the notice is dropped and counted.
// Limits:  `waiting_max` notices, `collected_max` collected decisions; beyond it the oldest go,
//          counted in dropped().
// Threads: none and no lock; the notifier guards it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "action/notice_text.h"
#include "base/time.h"
#include "model/decision.h"

namespace leumund::action {

enum class NoticeWay : std::uint8_t { mail, webhook };

struct Outgoing {
  std::uint64_t ticket = 0;
  NoticeWay way = NoticeWay::mail;
  std::string to = {};       // of a mail
  NoticeText text = {};      // of a mail
  std::string payload = {};  // of a webhook, JSON
  std::string about = {};    // decision numbers, for the log and a mail's header
  base::TimePoint made_at = {};
};

struct NoticeRates {
  std::uint32_t tokens_max = 5;
  std::chrono::seconds token_every{600};
  std::chrono::seconds collect_every{600};
  std::chrono::seconds retry_first{5};
  std::chrono::seconds retry_most{900};
  std::chrono::hours give_up{48};
  std::size_t waiting_max = 2000;
  std::size_t collected_max = 5000;
};

class NoticeQueue {
 public:
  explicit NoticeQueue(NoticeRates rates)
      : rates_(rates),
        senders_{rates.tokens_max},
        house_{rates.tokens_max},
        lists_{rates.tokens_max} {}

  // Something that goes out as it is; the ticket is given here.
  void add(Outgoing outgoing, base::TimePoint now);
  // Whether a decision gets a mail of its own; if not it is kept for the collected one.
  [[nodiscard]] bool own_mail(const model::Decision& decision, base::TimePoint now);
  // The collected decisions, when their time has come; empty otherwise.
  [[nodiscard]] std::vector<model::Decision> collected(base::TimePoint now);
  // ... whether it has come or not: the daemon stops.
  [[nodiscard]] std::vector<model::Decision> take_collected();

  // The next notice to try now; it stays in the queue until sent() or failed().
  [[nodiscard]] std::optional<Outgoing> due(base::TimePoint now);
  void sent(std::uint64_t ticket);
  // True when it was given up.
  bool failed(std::uint64_t ticket, base::TimePoint now);

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::size_t collecting() const { return collected_.size(); }
  // When the collected mail goes out; nothing where none is to.
  [[nodiscard]] std::optional<base::TimePoint> collected_at() const;
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  struct Waiting {
    Outgoing outgoing;
    base::TimePoint next_try;
    std::chrono::seconds pause;
  };
  // Mails of their own that may still go out at once.
  struct Budget {
    std::uint32_t tokens = 0;
    std::optional<base::TimePoint> token_at = {};  // when the last token came back
  };
  [[nodiscard]] bool spend(Budget& budget, bool small, base::TimePoint now) const;
  [[nodiscard]] std::deque<Waiting>::iterator find(std::uint64_t ticket);

  NoticeRates rates_;
  Budget senders_;
  Budget house_;
  Budget lists_;  // that cannot be believed: each is an alarm of its own
  std::deque<Waiting> waiting_;
  std::deque<model::Decision> collected_;
  std::optional<base::TimePoint> collecting_since_;
  std::uint64_t last_ticket_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace leumund::action
