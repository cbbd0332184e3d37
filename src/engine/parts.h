// What an engine is made of, in the order in which an event meets it. Only for the engine's own
// files.
#pragma once

#include "action/restriction_book.h"
#include "diagnosis/refusal.h"
#include "engine/block_matrix.h"
#include "engine/campaigns.h"
#include "engine/counting.h"
#include "engine/engine.h"
#include "engine/message_table.h"
#include "engine/own_listing.h"
#include "engine/shared_clients.h"
#include "evidence/ledger.h"

namespace leumund::engine {

struct Engine::Parts {
  Parts(Settings given, std::shared_ptr<const diagnosis::Reader> replies);

  // A hold for review ends half a day after the last finding, unless the settings say otherwise.
  static action::BookSettings with_review_span(action::BookSettings book);

  // Ends what a release has made void, for an account that an event touches.
  void notice_release(evidence::Account& account, base::TimePoint at);
  // A finding that crosses the threshold becomes a decision.
  void decide(Outcome& outcome, const Counted& counted, base::TimePoint at, base::TimePoint now);
  void answer(Outcome& outcome, const Counted& counted, const model::Submission& submission,
              base::TimePoint now);
  void answer_for_giver(Outcome& outcome, const Counted& counted,
                        const model::Submission& submission, base::TimePoint now);
  void hold_against(evidence::Account& account, const model::Subject& subject, base::TimePoint at);
  void forget_burst(evidence::Account& account);
  void refresh_own_listing(evidence::Account& account, base::TimePoint at);
  [[nodiscard]] std::vector<model::QueueKey> queued_of(const model::Subject& subject) const;
  [[nodiscard]] std::string name_of(std::uint64_t message) const;
  [[nodiscard]] model::Decision announced(const model::Announcement& announcement,
                                          base::TimePoint at);
  // Detector B looks at a submission before the account is judged.
  CampaignSeen see_campaign(const model::Submission& submission, Counted& counted, bool late,
                            base::TimePoint at, base::TimePoint now, Outcome& outcome);
  // ... those whom it named as members are judged with it,
  void judge_named(Counted& counted, bool late, base::TimePoint at, base::TimePoint now,
                   Outcome& outcome);
  void judge(evidence::Account& account, base::TimePoint at, Outcome& outcome);
  // ... and the mail of an open campaign is held.
  void answer_for_campaign(Outcome& outcome, const Counted& counted,
                           const model::Submission& submission, base::TimePoint now);
  [[nodiscard]] Campaigns::Around around();
  void explain_campaign(const evidence::Cluster& cluster, base::TimePoint now, Explanation& e);
  // What a delivery says of the way to its provider.
  void see_block(Outcome& outcome, const model::Delivery& delivery,
                 const diagnosis::Refusal& refusal, const Message* message, base::TimePoint at);

  Settings settings;
  evidence::Ledger ledger;
  MessageTable messages;
  OwnListing own_listing;
  SharedClients shared_clients;
  diagnosis::RefusalReader refusals;
  BlockMatrix blocks;
  Campaigns campaigns;
  action::RestrictionBook book;
  Counters counters;
  CountingTotals totals;
};

}  // namespace leumund::engine
