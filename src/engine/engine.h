// The whole path on one screen: an event comes in, an answer and decisions come out.
//
// Flow:    intake -> feed() -> message table -> ledger -> detectors -> restriction book -> Outcome.
// Time:    passed in; the engine has no clock, thread, socket or file. Live, replay and cluster run
//          this code; the same events with the same `now` give the same outcomes byte for byte.
// Limits:  bounded memory (Settings::limits); what happens when a table is full stands there.
// Threads: none of its own and no lock; whoever owns it guards it.
// Errors:  none on feed(); commands say why they cannot be done.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "action/restriction_book.h"
#include "base/hash.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "base/time.h"
#include "diagnosis/reader.h"
#include "engine/block_matrix.h"
#include "engine/campaigns.h"
#include "evidence/ledger_journal.h"
#include "model/answer.h"
#include "model/decision.h"
#include "model/mail_event.h"
#include "model/queued_mail.h"
#include "model/subject.h"
#include "verdict/burst.h"
#include "verdict/settings.h"

namespace leumund::engine {

struct Limits {
  std::size_t ledger_bytes = 1ULL << 30;  // full: the account longest silent is forgotten, counted
  std::size_t messages_max = 500'000;     // full: the oldest is forgotten, its queue record is not
  std::size_t campaign_bytes = 64UL << 20;  // full: see evidence::ClusterStore
};

struct Settings {
  verdict::Settings detection;
  verdict::CampaignSettings campaign;
  bool campaigns = true;        // look for campaigns at all
  bool campaign_texts = false;  // of open campaigns, for their template
  action::BookSettings book;
  std::optional<model::Level> burst_level = {};  // nothing: as the detector proposes
  Limits limits;
  base::HashKey key;
  // Clients that may send outwards without a login. Mail from anywhere else without account or
  // script comes in from outside: it is neither counted nor judged.
  std::vector<base::IpPrefix> relay_clients = {};
  BlockMatrixSettings blocks = {};
};

// What one event led to.
struct Outcome {
  model::Subject subject;  // whom a submission was counted for; name "" for other events
  model::Answer answer;
  double score = 0;  // of the subject after this event
  std::vector<model::Decision> decisions;
  std::optional<model::BlockChange> block = {};  // a delivery changed a cell of the block matrix
  bool hold = false;          // this mail of a restricted subject is queued and is to be held
  verdict::Tally tally = {};  // what the score was made of, where the event was judged
  verdict::Judgement judgement = {};
  CampaignSeen campaign = {};
};

// How a subject stands, for people and machines.
struct Explanation {
  model::Subject subject;
  bool known = false;
  std::string standing;  // "good", "watched", "throttled", "suspended", "exempt"
  double score = 0;
  double threshold = 0;
  std::vector<model::Term> terms;                           // what makes the score now
  std::vector<std::pair<std::string, std::string>> habits;  // "recipients_per_day" -> "3.2", ...
  const model::Restriction* restriction = nullptr;          // ends with the next call
  action::Attempts attempts;
  std::vector<model::QueueKey> queued;  // its mail that is still in the queue
  std::string what_would_change;        // a sentence
};

// What is remembered of one message, for whoever must know whether a report speaks the truth.
struct MessageFacts {
  std::uint64_t number = 0;  // tells messages apart
  model::Subject subject;    // whose it is
  bool had_recipient = false;
  bool recipient_done = false;  // delivered or refused
};

// Of a mail in the queue: whose it is (name "" where that is not known), and what it is for, as the
// milter saw it.
struct QueuedFacts {
  model::Subject subject;
  model::MailClass mail_class = model::MailClass::unknown;
};

struct Counters {
  std::uint64_t events = 0;
  std::uint64_t submissions = 0;
  std::uint64_t recipients = 0;
  std::uint64_t duplicates = 0;  // sightings of a recipient already counted
  std::uint64_t late = 0;        // over an hour old: they inform and do not trigger
  std::uint64_t future = 0;      // events dated after `now`, counted at `now`
  std::uint64_t subjects = 0;
  std::uint64_t subjects_forgotten = 0;
  std::uint64_t messages = 0;
  std::uint64_t messages_forgotten = 0;
  std::uint64_t ledger_bytes = 0;
  CampaignCounters campaigns = {};
};

class Engine {
 public:
  // `replies` reads what remote servers answer; shared, since it never changes.
  Engine(Settings settings, std::shared_ptr<const diagnosis::Reader> replies);
  ~Engine();

  Outcome feed(const model::MailEvent& event, base::TimePoint now);
  // Forgets what is counted of subjects whose last mail was before `before`; looks at `most` of
  // them a call and goes on where it stopped. Restricted ones stay. Returns how many went.
  std::size_t forget_silent(base::TimePoint before, std::size_t most);

  // Ends restrictions whose time is over; call about once a second.
  std::vector<model::Decision> tick(base::TimePoint now);

  // Which provider refuses which of our addresses.
  [[nodiscard]] BlockMatrix& blocks();

  // The book with its commands; decisions of commands that concern queued mail are completed by
  // with_queue(), which fills Decision::held.
  [[nodiscard]] action::RestrictionBook& book();
  [[nodiscard]] model::Decision with_queue(model::Decision decision) const;

  // A person has reviewed this mail of a subject that stays restricted: it goes on its way and is
  // not held again when the log tells of it.
  void let_go(std::span<const model::QueueKey> mail);
  [[nodiscard]] QueuedFacts queued_facts(const model::QueueKey& queue) const;

  // The restriction was a mistake: what the subject sent in that time becomes habit, and the client
  // addresses it used are no longer held against others. Call after the book released it.
  void learn_from_release(const model::Subject& subject, base::TimePoint now);

  // The same for a campaign: its restriction was released. `honest`: the mail was wanted; its text
  // is known from now on, and what its members were restricted for because of it is lifted.
  std::vector<model::Decision> campaign_released(const model::Subject& campaign, bool honest,
                                                 base::TimePoint now);

  // As drain_dirty() hands it out, to be written together with a decision about it.
  [[nodiscard]] std::string campaign_record(const model::Subject& campaign) const;
  // Who is in a campaign that is open, or over and not decided on: first who is restricted because
  // of it.
  [[nodiscard]] std::vector<model::Subject> campaign_members(const model::Subject& campaign) const;

  // How long this server has been watched, at most as long as the lack of habits counts less for
  // it (detection.learning_days): then it has learned.
  struct Learning {
    base::Micros watched{0};
    base::Micros whole{0};
    [[nodiscard]] bool over() const { return watched >= whole; }
  };
  [[nodiscard]] Learning learning() const;
  // Whether the subject has sent, as far as is remembered.
  [[nodiscard]] bool knows(const model::Subject& subject) const;
  [[nodiscard]] Explanation explain(const model::Subject& subject, base::TimePoint now) const;
  // Subjects with the highest scores now, highest first.
  [[nodiscard]] std::vector<std::pair<model::Subject, double>> watched(
      std::size_t most, base::TimePoint now,
      const std::function<bool(const model::Subject&)>& wanted = {}) const;
  // Campaigns that go on, held or only observed.
  [[nodiscard]] std::vector<model::Subject> open_campaigns() const;
  // A message by submission id, else by queue id; nothing when it or its account is forgotten.
  // `recipient` may be "".
  [[nodiscard]] std::optional<MessageFacts> message_facts(std::string_view id,
                                                          const model::QueueKey& queue,
                                                          std::string_view recipient) const;
  [[nodiscard]] Counters counters() const;

  // Persistence: hands at most `most` changed subjects to `visit` and marks them clean; returns
  // how many are still dirty. load_record() takes one back at start.
  std::size_t drain_dirty(std::size_t most,
                          const std::function<void(evidence::SubjectRecord&&)>& visit);
  base::Status load_record(std::string_view subject, std::string_view state);

  // Whose the queued mail is: changes since the last call, for the same checkpoint. The first call
  // begins to collect. load_queued() takes mail of an earlier run back, oldest first, before the
  // first event.
  [[nodiscard]] std::vector<model::QueuedMail> drain_queue();
  void load_queued(const model::QueuedMail& mail);

  void set_settings(Settings settings);
  void set_replies(std::shared_ptr<const diagnosis::Reader> replies);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace leumund::engine
