// Detector B in the engine: places every mail among the others, opens a campaign where a mailing
// over many accounts is out of character for them, and closes it again.
//
// Flow:    Engine::feed() -> see() -> ClusterStore, verdict::judge_campaign() -> RestrictionBook.
// Time:    passed in.
// Limits:  those of ClusterStore, YoungClients, AccountPrograms and RecipientCrowds.
// Threads: none of its own and no lock.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "action/restriction_book.h"
#include "base/hash.h"
#include "engine/message_table.h"
#include "evidence/account_programs.h"
#include "evidence/cluster_store.h"
#include "evidence/ledger.h"
#include "evidence/recipient_crowds.h"
#include "evidence/young_clients.h"
#include "model/decision.h"
#include "model/mail_event.h"
#include "verdict/burst.h"
#include "verdict/campaign.h"
#include "verdict/settings.h"

namespace leumund::engine {

// What detector B saw in one mail.
struct CampaignSeen {
  verdict::MailTraits traits;
  double p = 1;
  double affinity = 0;
  std::uint64_t cluster = 0;  // 0: the mail is alone
  bool judged = false;
  verdict::CampaignJudgement judgement = {};
};

struct CampaignCounters {
  std::uint64_t clusters = 0;
  std::uint64_t clusters_forgotten = 0;
  std::uint64_t open = 0;
  std::uint64_t opened = 0;
  std::uint64_t not_opened = 0;  // too many were open
  std::uint64_t judged = 0;
  std::uint64_t bytes = 0;
};

class Campaigns {
 public:
  // Known members of one campaign; beyond them its mail is held and nobody is named.
  static constexpr std::size_t members_listed = 10'000;

  struct Around {
    evidence::Ledger& ledger;
    MessageTable& messages;
    action::RestrictionBook& book;
    const verdict::Settings& detection;
    const base::HashKey& key;
    std::function<std::string(std::uint64_t message)> name_of;
  };
  struct Settings {
    verdict::CampaignSettings detection;
    std::size_t bytes_max = std::size_t{64} << 20;
    bool keep_texts = false;  // of open campaigns, for their template
  };

  Campaigns(const Settings& settings, const base::HashKey& key);
  // Texts that may no longer be kept are forgotten at once.
  void set_settings(const Settings& settings);

  // Pointers to accounts end with this call. Decisions are appended. A late mail opens nothing.
  CampaignSeen see(const Around& around, const model::Submission& submission, Message& message,
                   bool late, base::TimePoint at, base::TimePoint now,
                   std::vector<model::Decision>& decisions);
  // A mail that came in from outside: what goes out like it later is known.
  void see_from_outside(const model::Submission& submission, base::TimePoint at);

  // Accounts that became known as members since the last call; to be judged anew.
  [[nodiscard]] std::vector<std::uint64_t> take_named() { return std::exchange(named_, {}); }
  // "campaign:ID" of an open campaign that the account is a known member of, else "".
  [[nodiscard]] std::string campaign_of_member(const evidence::Account& account,
                                               std::uint64_t account_hash) const;

  // Closes what is over and does not stand in the book.
  void tick(const Around& around, base::TimePoint now);
  // It no longer stands in the book.
  void ended(const Around& around, const model::Subject& campaign, base::TimePoint now);
  // Ends all that is open as nobody's judgement: `by` says why. They are watched as before.
  void withdraw_all(const Around& around, const std::string& by, base::TimePoint now,
                    std::vector<model::Decision>& decisions);
  // A person let the campaign go, one that is over maybe; if it was honest, the cluster is learned
  // as such.
  std::vector<model::Decision> released(const Around& around, const model::Subject& campaign,
                                        bool honest, base::TimePoint now);

  [[nodiscard]] const evidence::Cluster* find(const model::Subject& campaign) const;
  [[nodiscard]] const std::set<std::uint64_t>& open() const { return open_; }
  [[nodiscard]] const evidence::Cluster* find(std::uint64_t id) const { return store_.find(id); }
  [[nodiscard]] verdict::CampaignJudgement judge(const evidence::Cluster& cluster) const;
  [[nodiscard]] const evidence::ClusterStore& store() const { return store_; }
  [[nodiscard]] CampaignCounters counters() const;

  // Records of open and harmless clusters that changed, as Engine::drain_dirty().
  std::size_t drain_dirty(std::size_t most,
                          const std::function<void(evidence::SubjectRecord&&)>& visit);
  [[nodiscard]] static bool is_record(std::string_view subject) {
    return subject.starts_with("campaign:");
  }
  base::Status load_record(std::string_view name, std::string_view state);
  // A mail of an open campaign that waits in the queue since before a restart.
  void remember_queued(const model::Subject& campaign, Message& message);
  // "campaign:ID" while it is open, else "".
  [[nodiscard]] std::string open_campaign_of(std::uint64_t cluster) const;
  // The same of one mail, and when the campaign is over as well: it may be on hold still.
  [[nodiscard]] std::string campaign_of_queued(const Message& message) const;

  [[nodiscard]] static model::Subject subject_of(const evidence::Cluster& cluster);

 private:
  [[nodiscard]] verdict::MailTraits traits_of(const Around& around,
                                              const model::Submission& submission,
                                              const evidence::Account& account,
                                              const Message& message,
                                              const verdict::MessageRecipients& recipients,
                                              const evidence::YoungClients::Seen& client) const;
  [[nodiscard]] double chance_of(const Around& around, const Message& message,
                                 const verdict::MailTraits& traits) const;
  evidence::Placed place(const Around& around, const model::Submission& submission,
                         const Message& message, const evidence::Account& account,
                         const evidence::YoungClients::Seen& client, const CampaignSeen& seen,
                         bool house_knows, base::TimePoint at);
  void learn(const model::Fingerprint& print, std::uint64_t account,
             verdict::Acquaintance acquaintance, double p, base::TimePoint at);
  // What was sent a day ago, was not odd and is of no campaign is common here, too.
  void learn_waiting(base::TimePoint at);
  void take_in(const Around& around, evidence::Cluster& cluster, std::uint64_t account,
               base::TimePoint at);
  void take_in_all(const Around& around, evidence::Cluster& cluster, const Message& message,
                   const evidence::Placed& placed, bool owner, base::TimePoint at);
  void open(const Around& around, evidence::Cluster& cluster,
            const verdict::CampaignJudgement& judgement, base::TimePoint at, base::TimePoint now,
            std::vector<model::Decision>& decisions);
  void go_on(const Around& around, evidence::Cluster& cluster, const model::Submission& submission,
             base::TimePoint at, base::TimePoint now, std::vector<model::Decision>& decisions);
  // A mail of an open campaign. What the accounts after the alarm write can refute it; until it is
  // beyond doubt, what is likelier its owner's is let go.
  void see_of_open(const Around& around, evidence::Cluster& cluster, const evidence::Placed& placed,
                   const model::Submission& submission, Message& message, CampaignSeen& seen,
                   base::TimePoint at, base::TimePoint now,
                   std::vector<model::Decision>& decisions);
  void withdraw(const Around& around, evidence::Cluster& cluster, const std::string& by,
                base::TimePoint now, std::vector<model::Decision>& decisions);
  // Names in the decision whose mail it is about, and which of it is still queued.
  void name_members(const Around& around, evidence::Cluster& cluster, model::Decision& decision);
  void ended(const Around& around, std::uint64_t id, base::TimePoint now);
  void make_room(const Around& around, base::TimePoint at, base::TimePoint now,
                 std::vector<model::Decision>& decisions);
  // Of the cluster's members those whom another campaign in force names as well.
  [[nodiscard]] std::unordered_set<std::uint64_t> named_elsewhere(
      const Around& around, const evidence::Cluster& cluster) const;
  void unname(const Around& around, const evidence::Cluster& cluster, base::TimePoint now);
  static void lift_resting(const Around& around, const model::Subject& campaign,
                           base::TimePoint now, std::vector<model::Decision>& decisions);
  [[nodiscard]] model::Finding finding(const evidence::Cluster& cluster,
                                       const verdict::CampaignJudgement& judgement,
                                       base::TimePoint at) const;
  // The open campaign that the account is a known member of; 0 none.
  [[nodiscard]] std::uint64_t campaign_of(std::uint64_t account) const;
  void count_size(std::size_t accounts, base::TimePoint at);

  Settings settings_;
  evidence::ClusterStore store_;
  evidence::YoungClients clients_;
  evidence::AccountPrograms programs_;
  evidence::RecipientCrowds crowds_;
  std::vector<std::uint64_t> named_;
  std::set<std::uint64_t> open_;   // ids
  std::set<std::uint64_t> dirty_;  // ids
  // Numbers of queued mails by cluster, until its record is loaded.
  std::map<std::uint64_t, std::vector<std::uint64_t>> queued_before_;
  struct Waiting {
    model::Fingerprint print;
    base::TimePoint at;
  };
  std::deque<Waiting> waiting_;      // oldest first; a full one takes none until some went
  base::TimePoint milter_at_;        // the last mail that was seen whole
  verdict::ClusterRates reached_{};  // clusters that came to each size, fading
  base::TimePoint reached_at_;
  std::uint64_t judged_ = 0;
  std::uint64_t opened_ = 0;
  std::uint64_t not_opened_ = 0;
  base::TimePoint ticked_at_;
  base::TimePoint swept_at_;
};

}  // namespace leumund::engine
