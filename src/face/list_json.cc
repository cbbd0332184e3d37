#include "face/list_json.h"

#include <nlohmann/json.hpp>

#include "model/abuse_report.h"

namespace leumund::face {
namespace {

using Json = nlohmann::ordered_json;
using listing::HandListing;
using listing::ListingFacts;

// A reason may hold bytes that are no UTF-8.
std::string line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// 1970 stands for never.
Json at_json(base::TimePoint at) {
  return at == base::TimePoint() ? Json(nullptr) : Json(base::to_unix_seconds(at));
}

template <typename Counts>
Json kinds_json(const Counts& counts) {
  Json out = Json::object();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    out[std::string(model::abuse_kind_name(static_cast<model::AbuseKind>(i)))] = counts[i];
  }
  return out;
}

Json name_json(const ListingFacts& facts) { return {{"network", facts.what.to_string()}}; }
Json name_json(const listing::NameFacts& facts) { return {{"name", facts.name}}; }

// After keep_what_is_public().
template <typename Facts>
Json public_json(const Facts& facts) {
  Json out = name_json(facts);
  out.update({{"listed", facts.listed},
              {"since", at_json(facts.listed ? facts.since : base::TimePoint())},
              {"until", at_json(facts.until)},
              {"reports", kinds_json(facts.kinds)},
              {"mail", facts.weighed.mail},
              {"spared", facts.spared},
              {"next_request_at", at_json(facts.next_request_at)}});
  return out;
}

Json facts_json(const ListingFacts& facts) {
  return {{"network", facts.what.to_string()},
          {"listed", facts.listed},
          {"since", at_json(facts.listed ? facts.since : base::TimePoint())},
          {"until", at_json(facts.until)},
          {"last_report_at", at_json(facts.last_report_at)},
          {"reports", kinds_json(facts.kinds)},
          {"reporters", facts.weighed.reporters},
          {"spam_weight", facts.weighed.spam},
          {"mail", facts.weighed.mail},
          {"honest_per_spam", facts.honest_per_spam},
          {"spared", facts.spared},
          {"times_listed", facts.times_listed},
          {"next_request_at", at_json(facts.next_request_at)}};
}

Json facts_json(const listing::NameFacts& facts) {
  return {{"name", facts.name},
          {"listed", facts.listed},
          {"since", at_json(facts.listed ? facts.since : base::TimePoint())},
          {"until", at_json(facts.until)},
          {"last_report_at", at_json(facts.last_report_at)},
          {"reports", kinds_json(facts.kinds)},
          {"reporters", facts.weighed.reporters},
          {"spam_weight", facts.weighed.spam},
          {"spared", facts.spared},
          {"times_listed", facts.times_listed},
          {"next_request_at", at_json(facts.next_request_at)}};
}

Json hand_json(const listing::HandName& hand, bool all) {
  Json out = {{"name", hand.name},
              {"since", at_json(hand.since)},
              {"until", at_json(hand.until)},
              {"reason", hand.reason}};
  if (all) out["by"] = hand.by;
  return out;
}

Json hand_json(const HandListing& hand, bool all) {
  Json out = {{"network", hand.what.to_string()},
              {"since", at_json(hand.since)},
              {"until", at_json(hand.until)},
              {"reason", hand.reason}};
  if (all) out["by"] = hand.by;
  return out;
}

Json history_json(const listing::ListHistoryRecord& one, bool all) {
  Json out = {{"at", at_json(one.at)},
              {"network", one.what.to_string()},
              {"move", one.move},
              {"until", at_json(one.until)}};
  if (all) {
    out["reports"] = kinds_json(one.kinds);
    out["reporters"] = one.reporters;
    out["mail"] = one.mail;
    out["reason"] = one.reason;
    out["by"] = one.by;
  }
  return out;
}

Json history_json(const listing::NameHistoryRecord& one, bool all) {
  Json out = history_json(one.line, all);
  out.erase("network");
  out.erase("mail");
  out["name"] = one.name;
  return out;
}

Json hours_json(const std::vector<listing::ReportHistory::HourSaid>& hours) {
  Json out = Json::array();
  for (const auto& one : hours) {
    out.push_back(
        {{"at", at_json(one.at)}, {"reports", kinds_json(one.kinds)}, {"weight", one.weight}});
  }
  return out;
}

Json reporters_json(const std::vector<ReporterTold>& reporters) {
  Json out = Json::array();
  for (const ReporterTold& one : reporters) {
    out.push_back({{"reporter", one.name},
                   {"named", one.named},
                   {"reports", one.reports},
                   {"last", at_json(one.last)},
                   {"weight", one.weight},
                   {"right", one.right},
                   {"wrong", one.wrong}});
  }
  return out;
}

template <typename Standing>
Json standing_json(const Standing& standing, bool all) {
  Json out = all ? facts_json(standing.facts) : public_json(standing.facts);
  if constexpr (requires { standing.network(); }) out["network"] = standing.network().to_string();
  out["listed"] = standing.listed();
  if (all) {
    out["verdict"] = standing.facts.spared && !standing.listed()
                         ? Json("spared")
                         : Json(listing::list_verdict_name(standing.verdict));
  }
  out["by_hand"] = standing.hand ? hand_json(*standing.hand, all) : Json(nullptr);
  return out;
}

}  // namespace

std::string list_report_json(const ListReport& report) {
  Json lists = Json::array();
  for (const ListOverview& one : report.lists) {
    Json listed = Json::array();
    for (const ListingFacts& facts : one.listed) listed.push_back(facts_json(facts));
    Json hand = Json::array();
    for (const HandListing& each : one.by_hand) hand.push_back(hand_json(each, true));
    for (const auto& facts : one.names) listed.push_back(facts_json(facts));
    for (const auto& each : one.names_by_hand) hand.push_back(hand_json(each, true));
    lists.push_back({{"list", one.name},
                     {"zone", one.zone},
                     {"of", model::list_kind_name(one.of)},
                     {"listed", one.counters.listed},
                     {"addresses", one.counters.addresses},
                     {"reports", one.counters.reports},
                     {"too_old", one.counters.too_old},
                     {"above_cap", one.counters.above_cap},
                     {"not_taken", one.counters.not_taken},
                     {"listings", std::move(listed)},
                     {"by_hand", std::move(hand)}});
  }
  Json own = Json::array();
  for (const OwnStanding& one : report.own) {
    Json each = standing_json(one.standing, true);
    each["address"] = one.address;
    each["egress"] = one.egress.empty() ? Json(nullptr) : Json(one.egress);
    each["would_be_listed"] = one.standing.facts.listed;
    each["listed_on"] = one.listed_on;
    own.push_back(std::move(each));
  }
  Json proposals = Json::array();
  for (const auto& one : report.proposals) proposals.push_back(history_json(one, true));
  return line({{"on", !report.lists.empty()},
               {"trouble", report.trouble},
               {"lists", std::move(lists)},
               {"own", std::move(own)},
               {"proposals", std::move(proposals)}});
}

std::string list_why_json(const std::string& asked, const std::vector<ListWhy>& lists, bool all) {
  Json out = Json::array();
  for (const ListWhy& one : lists) {
    Json each = {{"list", one.name}, {"zone", one.zone}};
    each.update(standing_json(one.standing, all));
    Json history = Json::array();
    for (const auto& line_of : one.history) history.push_back(history_json(line_of, all));
    each["history"] = std::move(history);
    if (all) {
      each["hours"] = hours_json(one.hours);
      each["reported_by"] = reporters_json(one.reporters);
    }
    out.push_back(std::move(each));
  }
  return line({{"address", asked}, {"lists", std::move(out)}});
}

std::string name_why_json(const std::string& name, const std::vector<NameWhy>& lists, bool all) {
  Json out = Json::array();
  for (const NameWhy& one : lists) {
    Json each = {{"list", one.list}, {"zone", one.zone}, {"of", model::list_kind_name(one.of)}};
    each.update(standing_json(one.standing, all));
    Json history = Json::array();
    for (const auto& line_of : one.history) history.push_back(history_json(line_of, all));
    each["history"] = std::move(history);
    out.push_back(std::move(each));
  }
  return line({{"name", name}, {"lists", std::move(out)}});
}

std::string reports_taken_json(const ReportsTaken& taken) {
  return line({{"accepted", taken.accepted},
               {"rejected", taken.rejected},
               {"kept", taken.kept},
               {"problems", taken.problems}});
}

}  // namespace leumund::face
