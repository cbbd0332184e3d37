#include "apps/daemon/client_edge.h"

#include <string>
#include <utility>
#include <variant>

#include "face/block_json.h"
#include "wire/event_line.h"

namespace leumund::apps {

bool ClientEdge::needs_facts(const model::MailEvent& event) const {
  if (const auto* delivery = std::get_if<model::Delivery>(&event.what)) {
    return providers_ != nullptr && providers_->can_add_to(*delivery);
  }
  if (!facts_ || facts_->empty()) return false;
  const auto* submission = std::get_if<model::Submission>(&event.what);
  const auto* login = std::get_if<model::Login>(&event.what);
  return (submission != nullptr && submission->client) || (login != nullptr && login->client);
}

void ClientEdge::add_facts(model::MailEvent& event) const {
  if (auto* submission = std::get_if<model::Submission>(&event.what)) {
    submission->client_facts = facts_->look_up(*submission->client);
  } else if (auto* login = std::get_if<model::Login>(&event.what)) {
    login->client_facts = facts_->look_up(*login->client);
  } else if (auto* delivery = std::get_if<model::Delivery>(&event.what)) {
    delivery->provider = providers_->find(delivery->recipient);
  }
}

// Spelling events as JSON costs more than judging them; it is done only while somebody follows.
engine::Outcome ClientEdge::feed(const model::MailEvent& event, base::TimePoint now) {
  if (followers_.followed()) {
    std::string line;
    wire::write_event_line(event, line);
    followers_.publish("event", std::move(line));
  }
  engine::Outcome outcome = pipeline_.feed(event, now);
  if (outcome.block) followers_.publish("block", face::block_change_json(*outcome.block));
  return outcome;
}

engine::Outcome ClientEdge::feed_live(const model::MailEvent& event) {
  const auto now = clock_.now();
  if (clock_.is_system() && !needs_facts(event)) return feed(event, now);
  model::MailEvent dated = event;
  dated.occurred_at = now;
  dated.received_at = now;
  if (needs_facts(dated)) add_facts(dated);
  return feed(dated, now);
}

engine::Outcome ClientEdge::feed_recorded(const model::MailEvent& event) {
  const auto now = clock_.now();
  if (!needs_facts(event)) return feed(event, now);
  model::MailEvent known = event;
  add_facts(known);
  return feed(known, now);
}

}  // namespace leumund::apps
