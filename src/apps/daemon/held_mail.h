// What is on hold now, and whose it is, however long it has waited.
//
// Flow:    the queue's list -> want(), want_of() by engine, decisions and the store's records ->
//          wanted().
// Limits:  those of the queue's list; records are read page by page.
// Threads: a value. Blocks for helper and store; the engine's lock is taken for short.
// Errors:  trouble() says what could not be read: there may be more then.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "action/queue_control.h"
#include "apps/daemon/pipeline.h"
#include "base/result.h"
#include "base/time.h"
#include "face/control.h"
#include "model/queued_mail.h"
#include "model/subject.h"
#include "storage/store.h"

namespace leumund::apps {

class HeldMail {
 public:
  [[nodiscard]] static base::Result<HeldMail> look(const action::QueueControl& queue,
                                                   Pipeline& pipeline, storage::Store& store);

  void want(const std::vector<model::QueueKey>& keys);
  void want_of(const model::Subject& subject);
  // ... and what its decisions name.
  void want_decided(const model::Subject& subject);
  // Wants no longer the mail of senders that are restricted for other reasons than this campaign;
  // returns how many.
  std::size_t leave_out_restricted(const model::Subject& campaign);

  [[nodiscard]] std::vector<face::HeldMessage> wanted() const;
  [[nodiscard]] std::vector<model::QueueKey> wanted_keys() const;
  // How many mails a release would let go: of a campaign, or of a sender whose restriction ended by
  // itself, where the store may not know of its end yet. Nothing of a sender that is stopped or on
  // whom somebody decided since.
  [[nodiscard]] std::size_t count_of(const model::Subject& subject,
                                     std::optional<base::TimePoint> ended_at = {});
  // Those of whom there is mail on hold that is no campaign's.
  [[nodiscard]] std::set<model::Subject> senders();
  // Tells the engine of what is wanted and it has forgotten, so that it can be let go.
  void remind_engine();

  // In whichever queue; nothing where the list was cut.
  [[nodiscard]] bool is_queued(const model::QueueKey& key) const;
  [[nodiscard]] bool whole() const { return whole_; }
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  using Place = std::pair<std::string, std::string>;  // folder, queue id
  struct One {
    face::HeldMessage mail;
    std::optional<model::QueuedMail> record = {};
    bool on_hold = false;
    bool wanted = false;
  };
  HeldMail(const action::QueueControl& queue, Pipeline& pipeline, storage::Store& store)
      : queue_(queue), pipeline_(pipeline), store_(store) {}
  [[nodiscard]] One* held(const model::QueueKey& key);
  [[nodiscard]] bool is_stopped(const model::Subject& sender);
  // Nothing where the last that was decided is something else than an end.
  [[nodiscard]] std::optional<base::TimePoint> end_of(const model::Subject& sender);
  template <typename Visit>
  void visit_records(const model::Subject& subject, Visit&& visit);

  action::QueueControl queue_;
  Pipeline& pipeline_;
  storage::Store& store_;
  std::map<Place, One> all_;
  bool whole_ = true;
  std::string trouble_;
};

}  // namespace leumund::apps
