// The desk's part in lists of names: domains, and mail addresses by their digest.
#include <fmt/core.h>

#include <utility>

#include "apps/daemon/list_desk.h"
#include "base/log.h"

namespace leumund::apps {
namespace {

using base::Error;
using base::ErrorCode;
using base::LogLevel;
using base::TimePoint;
using listing::NameList;

constexpr std::size_t name_bytes_shown = 80;

}  // namespace

void ListDesk::load_names(State& state, TimePoint now, std::string& trouble) {
  for (auto& list : state.names) {
    const auto record = around_.store.load_list(list->name(), now - std::chrono::days(8));
    if (record) {
      if (!record->trouble.empty()) {
        trouble = fmt::format("{}: begins with a part: {}", list->name(), record->trouble);
      }
      list->restore(*record, now);
      base::log(LogLevel::info, "event=list_loaded list={} listed={} names={}", list->name(),
                list->counters().listed, list->counters().addresses);
    } else {
      trouble = fmt::format("{}: begins empty: {}", list->name(), record.error().message);
    }
    plans_.push_back(list->plan(now));
  }
}

// What a report says of a domain or an account goes to every list that keeps such.
void ListDesk::take_names(State& state, const Said& said, const model::AbuseReport& report,
                          TimePoint now) const {
  for (auto& list : state.names) {
    const bool domains = list->kind() == model::ListKind::domains;
    const std::string& name = domains ? said.domain : said.account;
    if (name.empty()) continue;
    // A digest of the other kind is no name for this list; parse_report_line() saw to the rest.
    static_cast<void>(list->report(name, report, now));
  }
}

void ListDesk::tick_names(State& state, TimePoint now, bool& changed,
                          std::vector<listing::ListSave>& saves) {
  const std::size_t first = plans_.size() - state.names.size();
  for (std::size_t i = 0; i < state.names.size(); ++i) {
    NameList& list = *state.names[i];
    list.tick(now);
    if (list.changed()) {
      plans_[first + i] = list.plan(now);
      changed = true;
    }
    for (const listing::NameHistoryRecord& one : list.take_events()) {
      base::log(LogLevel::info, "event=list_{} list={} name={} until={} reporters={}",
                one.line.move, list.name(), one.name, base::format_rfc3339(one.line.until),
                one.line.reporters);
    }
    saves.push_back(list.drain());
  }
}

std::vector<face::NameWhy> ListDesk::name_why(const std::string& name, std::size_t most) const {
  std::vector<face::NameWhy> out;
  const TimePoint now = around_.clock.now();
  state_.with([&](const State& state) {
    for (const auto& list : state.names) {
      auto standing = list->standing(name, now);
      if (!standing) continue;
      out.push_back({list->name(), list->zone().to_text(), list->kind(), std::move(*standing), {}});
    }
  });
  for (face::NameWhy& one : out) {
    if (most == 0) continue;
    auto history = around_.store.name_history(one.list, one.standing.facts.name, most);
    if (history) one.history = std::move(*history);
  }
  return out;
}

base::Error ListDesk::takes_no_names(State& state, const face::ListOrder& order) const {
  const std::string name = order.name.substr(0, name_bytes_shown);
  if (order.list.empty()) {
    return {ErrorCode::malformed,
            fmt::format("\"{}\" is no address or network, and no list of ours takes names: "
                        "list.zones wants one with of=domains, of=sha1 or of=sha256",
                        name)};
  }
  if (find(state, order.list) == nullptr) {
    return {ErrorCode::malformed, fmt::format("there is no list {}", order.list)};
  }
  return {ErrorCode::malformed, fmt::format("\"{}\" is no address or network, and list {} takes "
                                            "nothing else",
                                            name, order.list)};
}

base::Status ListDesk::change_name(const face::ListOrder& order, bool add) {
  const TimePoint now = around_.clock.now();
  const bool mail = order.name.contains('@');
  const auto done = state_.with([&](State& state) -> base::Status {
    std::optional<Error> refused;
    bool off = false;
    for (auto& list : state.names) {
      if (!order.list.empty() && list->name() != order.list) continue;
      listing::HandName hand;
      hand.since = now;
      if (order.span) hand.until = now + *order.span;
      hand.reason = order.reason;
      hand.by = order.by;
      const auto changed =
          add ? list->add(order.name, std::move(hand))
              : list->remove(order.name, order.reason, order.reports_were_wrong, order.by, now);
      if (changed && add) return {};
      off = off || changed.ok();
      // What is told is what the list says whose kind the name looks like.
      const bool fits = (list->kind() == model::ListKind::domains) != mail;
      if (!changed && (fits || !refused)) refused = changed.error();
    }
    if (off) return {};
    if (refused) return *refused;
    return takes_no_names(state, order);
  });
  if (!done) return done.error();
  base::log(LogLevel::info, "event=list_{} by={}", add ? "name_added" : "name_removed", order.by);
  if (settle()) return {};
  return Error{ErrorCode::exhausted, "it is done, but not on disk: a restart forgets it"};
}

base::Status ListDesk::delist_name_on_request(const std::string& name, std::string_view reason) {
  const TimePoint now = around_.clock.now();
  const auto done = state_.with([&](State& state) -> base::Status {
    std::optional<Error> refused;
    bool off = false;
    for (auto& list : state.names) {
      const auto standing = list->standing(name, now);
      if (!standing || !standing->facts.listed) continue;
      const auto one = list->delist_on_request(name, reason, now);
      if (one) {
        off = true;
      } else {
        refused = one.error();
      }
    }
    if (off) return {};  // where another list keeps it, the page says so
    if (refused) return *refused;
    return Error{ErrorCode::refused, "that name is not listed"};
  });
  if (!done) return done.error();
  static_cast<void>(settle());  // it is off; a store that fails is shown elsewhere
  return {};
}

}  // namespace leumund::apps
