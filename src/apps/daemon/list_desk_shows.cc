// What the lists of our own show and take from people.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "apps/daemon/list_desk.h"
#include "base/filled.h"
#include "base/log.h"
#include "face/report_line.h"

namespace leumund::apps {
namespace {

using base::Error;
using base::ErrorCode;
using listing::ServedList;

constexpr std::size_t problems_shown = 20;
constexpr std::size_t proposals_shown = 20;
constexpr std::size_t proposals_looked_for = 1000;  // lines of history
constexpr std::chrono::hours full_told_for{1};

void add_part(std::string& detail, const std::string& list, const listing::ListCounters& counters,
              std::size_t by_hand) {
  detail +=
      (detail.empty() ? "" : "; ") + base::fill("{}: {} listed, {} by hand, {} <report|reports>",
                                                list, counters.listed, by_hand, counters.reports);
}

bool served(const std::unique_ptr<ServedList>& list) { return !list->zone().is_root(); }

}  // namespace

ServedList* ListDesk::find(State& state, const std::string& name) const {
  for (auto& list : state.lists) {
    if (served(list) && (name.empty() || list->name() == name)) return list.get();
  }
  return nullptr;
}

face::ListReport ListDesk::list_report(std::size_t most) const {
  face::ListReport out;
  const auto rules = rules_.read();
  const auto now = around_.clock.now();
  state_.with([&](const State& state) {
    for (const auto& list : state.lists) {
      if (!served(list)) continue;
      out.lists.push_back({list->name(),
                           list->zone().to_text(),
                           list->counters(),
                           list->listed(most, now),
                           list->by_hand(),
                           model::ListKind::addresses,
                           {},
                           {}});
    }
    for (const auto& list : state.names) {
      out.lists.push_back({list->name(),
                           list->zone().to_text(),
                           list->counters(),
                           {},
                           {},
                           list->kind(),
                           list->listed(most, now),
                           list->by_hand()});
    }
    for (const auto& [address, egress] : rules->own) {
      face::OwnStanding one{
          address.to_string(), egress, state.lists.back()->standing(address, now), {}};
      for (const auto& list : state.lists) {
        if (served(list) && list->standing(address, now).listed()) {
          one.listed_on.push_back(list->name());
        }
      }
      out.own.push_back(std::move(one));
    }
  });
  for (const face::ListOverview& list : out.lists) {
    const auto history = around_.store.list_history(list.name, std::nullopt, proposals_looked_for);
    if (!history) continue;
    for (const auto& line : *history) {
      if (line.move == "range_proposed" && out.proposals.size() < proposals_shown) {
        out.proposals.push_back(line);
      }
    }
  }
  out.trouble = part().well ? "" : part().detail;
  return out;
}

std::vector<face::ListWhy> ListDesk::list_why(const base::IpPrefix& what, std::size_t most) const {
  std::vector<face::ListWhy> out;
  const auto now = around_.clock.now();
  const auto rules = rules_.read();
  state_.with([&](const State& state) {
    // Reports about our own addresses are counted apart, and list nobody: they are told here too.
    const bool own = rules->is_own(what.address);
    for (const auto& list : state.lists) {
      if (!served(list)) continue;
      face::ListWhy why{
          list->name(), list->zone().to_text(), list->standing(what, now), {}, {}, {}};
      const ServedList& counted = own ? *state.lists.back() : *list;
      if (own) {
        const auto apart = counted.standing(what, now);
        why.standing.verdict = apart.verdict;
        why.standing.facts.kinds = apart.facts.kinds;
        why.standing.facts.weighed = apart.facts.weighed;
        why.standing.facts.last_report_at = apart.facts.last_report_at;
      }
      const bool one_place = what.bits >= listing::ListEngine::place_of(what.address).bits;
      auto said = one_place && most > 0 ? counted.reports_said(what.address, now)
                                        : listing::ListReportsSaid();
      why.hours = std::move(said.hours);
      for (const auto& one : said.reporters) why.reporters.push_back(told_of(one, *rules));
      out.push_back(std::move(why));
    }
  });
  for (face::ListWhy& one : out) {
    if (most == 0) continue;
    auto history = around_.store.list_history(one.name, one.standing.facts.what, most);
    if (history) one.history = std::move(*history);
    const auto& hand = one.standing.hand;
    if (!hand) continue;
    const bool same = hand->what.address == one.standing.facts.what.address &&
                      hand->what.bits == one.standing.facts.what.bits;
    if (same) continue;
    auto around = around_.store.list_history(one.name, hand->what, most);
    if (around) one.history.insert(one.history.end(), around->begin(), around->end());
    std::ranges::sort(one.history, std::greater(), &listing::ListHistoryRecord::at);
  }
  return out;
}

// Only those whom the operator named have a name: of others nothing but the keyed hash is kept.
face::ReporterTold ListDesk::told_of(const listing::ListReportsSaid::Reporter& one,
                                     const Rules& rules) const {
  face::ReporterTold out{.name = fmt::format("{:08x}", one.said.who >> 32),
                         .named = false,
                         .reports = one.said.reports,
                         .last = one.said.last,
                         .weight = one.standing.weight,
                         .right = one.standing.right,
                         .wrong = one.standing.wrong};
  for (const auto& [name, reporter] : rules.reporters) {
    if (base::keyed_hash(around_.key, name) != one.said.who) continue;
    out.name = name;
    out.named = true;
  }
  return out;
}

// The first of our addresses in a network, with its egress; "" none.
std::string ListDesk::own_in(const base::IpPrefix& what) const {
  const auto rules = rules_.read();
  for (const auto& [address, egress] : rules->own) {
    if (!what.contains(address)) continue;
    return egress.empty() ? address.to_string()
                          : fmt::format("{} ({})", address.to_string(), egress);
  }
  return "";
}

base::Status ListDesk::list_add(const face::ListOrder& order) {
  if (!order.name.empty()) return change_name(order, true);
  if (const auto fit = ServedList::may_be_listed(order.what); !fit) return fit.error();
  if (auto ours = own_in(order.what); !ours.empty() && !order.force) {
    return Error{ErrorCode::refused,
                 fmt::format("{} holds our own address {}: who asks this list would refuse our "
                             "mail; with --force (force in the API) it is listed all the same",
                             order.what.to_string(), ours)};
  }
  const auto now = around_.clock.now();
  const auto done = state_.with([&](State& state) -> base::Status {
    ServedList* list = find(state, order.list);
    if (list == nullptr) {
      return Error{ErrorCode::malformed, fmt::format("there is no list {}", order.list)};
    }
    listing::HandListing hand;
    hand.what = order.what;
    hand.since = now;
    if (order.span) hand.until = now + *order.span;
    hand.reason = order.reason;
    hand.by = order.by;
    return list->add(std::move(hand));
  });
  if (!done) return done.error();
  base::log(base::LogLevel::info, "event=list_added network={} by={}", order.what.to_string(),
            order.by);
  if (settle()) return {};
  return Error{ErrorCode::exhausted, "it is on the list, but not on disk: a restart forgets it"};
}

base::Status ListDesk::list_remove(const face::ListOrder& order) {
  if (!order.name.empty()) return change_name(order, false);
  const auto now = around_.clock.now();
  const auto done = state_.with([&](State& state) -> base::Status {
    if (find(state, order.list) == nullptr) {
      return Error{ErrorCode::malformed, fmt::format("there is no list {}", order.list)};
    }
    // From every list that has it, where none is named.
    bool off = false;
    std::optional<Error> refused;
    for (auto& list : state.lists) {
      if (!served(list) || (!order.list.empty() && list->name() != order.list)) continue;
      const auto removed =
          list->remove(order.what, order.reason, order.reports_were_wrong, order.by, now);
      off = off || removed.ok();
      if (!removed) refused = removed.error();
    }
    return off ? base::Status() : base::Status(*refused);
  });
  if (!done) return done.error();
  base::log(base::LogLevel::info, "event=list_removed network={} by={}", order.what.to_string(),
            order.by);
  if (settle()) return {};
  return Error{ErrorCode::exhausted, "it is off the list, but not on disk: a restart forgets it"};
}

base::Result<std::string> ListDesk::list_export(const std::string& name, bool ipv6) const {
  // Copied under the lock and written behind it: a million lines take some time.
  std::optional<listing::LiveList> live;
  listing::DatasetPointer names;
  state_.with([&](const State& state) {
    for (const auto& list : state.lists) {
      if (!live && served(list) && (name.empty() || list->name() == name)) live = list->live();
    }
    for (const auto& list : state.names) {
      if (!live && !names && (name.empty() || list->name() == name)) names = list->served();
    }
  });
  if (live) return ipv6 ? live->export_6() : live->export_4();
  if (names) return listing::NameList::export_names(*names);
  return Error{ErrorCode::unavailable, fmt::format("there is no list {}", name)};
}

base::Result<face::ReportsTaken> ListDesk::take_reports(std::string_view lines) {
  face::ReportsTaken out;
  const auto now = around_.clock.now();
  std::vector<Said> said;
  std::size_t number = 0;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const auto read = face::parse_report_line(line, now);
    if (!read) {
      ++out.rejected;
      if (out.problems.size() < problems_shown) {
        out.problems.push_back(fmt::format("line {}: {}", number, read.error().message));
      }
      continue;
    }
    ++out.accepted;
    said.push_back({.client = read->client,
                    .kind = read->kind,
                    .reporter = read->reporter,
                    .at = read->at,
                    .domain = read->domain,
                    .account = read->account});
  }
  if (!said.empty()) out.kept = take(said);
  return out;
}

base::Status ListDesk::delist_on_request(const base::IpAddress& address, std::string_view reason) {
  const auto now = around_.clock.now();
  const auto done = state_.with([&](State& state) -> base::Status {
    std::optional<Error> refused;
    bool off = false;
    for (auto& list : state.lists) {
      if (!served(list) || !list->standing(address, now).facts.listed) continue;
      const auto one = list->delist_on_request(address, reason, now);
      if (one) {
        off = true;
      } else {
        refused = one.error();
      }
    }
    if (off) return {};  // where another list keeps it, the page says so
    if (refused) return *refused;
    return Error{ErrorCode::refused, address.to_string() + " is not listed"};
  });
  if (!done) return done.error();
  static_cast<void>(settle());  // it is off; a store that fails is shown elsewhere
  return {};
}

std::vector<std::string> ListDesk::addresses() const {
  std::vector<std::string> out;
  if (!server_) return out;
  for (const auto& where : server_->bound()) out.push_back("dns " + where.to_string());
  return out;
}

face::PartStatus ListDesk::part() const {
  if (loading_) return {"own lists", true, "what stood is answered; its reports are being read"};
  std::string detail;
  std::string full;
  const base::TimePoint now = around_.clock.now();
  const auto add = [&](const auto& list, const char* option) {
    const listing::ListCounters counters = list.counters();
    add_part(detail, list.name(), counters, list.by_hand().size());
    if (counters.not_taken > 0 && now < counters.no_room_at + full_told_for) {
      full = base::fill("{} is full, {} <report|reports> found no room: raise {}", list.name(),
                        counters.not_taken, option);
    }
  };
  state_.with([&](const State& state) {
    for (const auto& list : state.lists) {
      if (served(list)) add(*list, "list.addresses_max");
    }
    for (const auto& list : state.names) add(*list, "list.names_max");
  });
  const Health health = health_.with([](const Health& known) { return known; });
  const ListKeeper::Health kept = keeper_.health();
  const std::string trouble = !kept.trouble.empty()     ? kept.trouble
                              : !health.exports.empty() ? health.exports
                                                        : full;
  if (trouble.empty()) return {"own lists", true, detail};
  return {"own lists", false, fmt::format("{} ({})", trouble, detail)};
}

void ListDesk::add_metrics(std::vector<face::Metric>& out) const {
  face::Metric listed{"leumund_list_listed", "Addresses or names on our own lists by reports.", {}};
  face::Metric known{
      "leumund_list_addresses", "Addresses or names that our own lists remember.", {}};
  face::Metric reports{"leumund_list_reports_total", "Reports for our own lists.", {}};
  std::vector<std::string> names;
  const std::uint64_t not_counted = not_counted_;
  const auto add_lists = [&](const State& state) {
    const auto add_list = [&](const std::string& list, const listing::ListCounters& counters) {
      const auto add = [&](face::Metric& metric, std::uint64_t value, const char* outcome = "") {
        face::MetricSample sample{{{"list", list}}, static_cast<double>(value)};
        if (*outcome != '\0') sample.labels.emplace_back("outcome", outcome);
        metric.samples.push_back(std::move(sample));
      };
      add(listed, counters.listed);
      add(known, counters.addresses);
      add(reports, counters.reports - counters.too_old - counters.above_cap - counters.not_taken,
          "counted");
      add(reports, counters.too_old, "too_old");
      add(reports, counters.above_cap, "above_cap");
      add(reports, counters.not_taken, "no_room");
    };
    for (const auto& list : state.lists) {
      add_list(list->name(), list->counters());
      if (served(list)) names.push_back(list->zone().to_text());
    }
    for (const auto& list : state.names) {
      add_list(list->name(), list->counters());
      names.push_back(list->zone().to_text());
    }
  };
  if (!loading_) state_.with(add_lists);  // a scrape does not wait
  const Health health = health_.with([](const Health& now) { return now; });
  const ListKeeper::Health kept = keeper_.health();
  const auto single = [&](std::string name, std::string help, double value) {
    out.push_back({std::move(name), std::move(help), {{{}, value}}});
  };
  out.push_back(std::move(listed));
  out.push_back(std::move(known));
  out.push_back(std::move(reports));
  single("leumund_list_reports_private_total", "Reports about addresses that no stranger has.",
         static_cast<double>(not_counted));
  single("leumund_list_published_total", "Zones published.", static_cast<double>(health.published));
  single("leumund_list_publish_slowest_seconds", "The longest way of a change into the zone.",
         health.slowest_publish);
  single("leumund_list_store_failures_total", "Writes of our own lists that failed.",
         static_cast<double>(kept.failures));
  single("leumund_list_rows_lost_total", "Rows that a failing store made us drop.",
         static_cast<double>(kept.rows_lost));
  if (!server_) return;
  face::Metric queries{"leumund_list_queries_total", "DNS questions by zone and answer.", {}};
  const auto counts = server_->counters();
  names.emplace_back("other");
  for (std::size_t i = 0; i < std::min(counts.size(), names.size()); ++i) {
    const std::array<std::pair<const char*, std::uint64_t>, 5> results = {
        {{"listed", counts[i].listed},
         {"not_listed", counts[i].not_found},
         {"error", counts[i].errors},
         {"dropped", counts[i].dropped},
         {"truncated", counts[i].truncated}}};
    for (const auto& [result, value] : results) {
      queries.samples.push_back(
          {{{"zone", names[i]}, {"result", result}}, static_cast<double>(value)});
    }
  }
  out.push_back(std::move(queries));
}

}  // namespace leumund::apps
