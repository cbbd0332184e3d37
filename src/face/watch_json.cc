#include "face/watch_json.h"

#include <nlohmann/json.hpp>

namespace leumund::face {
namespace {

using Json = nlohmann::ordered_json;

// A list's own text may hold bytes that are no UTF-8.
std::string line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// 1970 stands for never.
Json at_json(base::TimePoint at) {
  return at == base::TimePoint() ? Json(nullptr) : Json(base::to_unix_seconds(at));
}

Json at_json(const std::optional<base::TimePoint>& at) { return at ? at_json(*at) : Json(nullptr); }

Json listing_object(const model::Listing& listing) {
  return {{"place", listing.place},
          {"egress", listing.egress.empty() ? Json(nullptr) : Json(listing.egress)},
          {"list", listing.list},
          {"list_name", listing.list_name},
          {"since", at_json(listing.since)},
          {"last_seen", at_json(listing.last_seen)},
          {"until", at_json(listing.until)},
          {"codes", listing.codes},
          {"meaning", listing.meaning},
          {"policy", listing.policy},
          {"reason", listing.reason},
          {"scope", listing.scope},
          {"mender", listing.mender},
          {"addresses", listing.addresses},
          {"examples", listing.examples},
          {"sends", listing.sends},
          {"proof", listing.proof},
          {"lookup_url", listing.lookup_url},
          {"delist_url", listing.delist_url},
          {"delist_method", listing.delist_method},
          {"predatory", listing.predatory}};
}

Json figures_object(const model::ListFigures& list) {
  return {{"list", list.list},
          {"name", list.name},
          {"state", list.state},
          {"reason", list.reason},
          {"since", at_json(list.since)},
          {"listings", list.listings},
          {"shared_listings", list.shared},
          {"asked", list.asked},
          {"listed", list.listed},
          {"not_listed", list.not_listed},
          {"unanswered", list.unanswered},
          {"wrong", list.wrong},
          {"unknown_codes", list.unknown_codes},
          {"last_unknown_code", list.last_unknown_code},
          {"asked_today", list.asked_today},
          {"per_day", list.per_day},
          {"median_ms", list.median_ms},
          {"slow_ms", list.slow_ms},
          {"round_seconds", list.round_s}};
}

}  // namespace

std::string listing_json(const model::Listing& listing) { return line(listing_object(listing)); }

std::string list_fault_json(const model::ListFault& fault) {
  return line({{"list", fault.list},
               {"list_name", fault.list_name},
               {"reason", fault.reason},
               {"since", at_json(fault.since)},
               {"until", at_json(fault.until)}});
}

std::string watch_report_json(const model::WatchReport& report) {
  Json listings = Json::array();
  for (const auto& one : report.listings) listings.push_back(listing_object(one));
  Json lists = Json::array();
  for (const auto& one : report.lists) lists.push_back(figures_object(one));
  return line({{"on", report.on},
               {"own", report.own},
               {"networks", report.networks},
               {"network_addresses", report.whole},
               {"problems", report.problems},
               {"listings", std::move(listings)},
               {"lists", std::move(lists)}});
}

std::string lookup_json(const std::string& subject, const std::vector<model::ListSaid>& rows) {
  Json lists = Json::array();
  std::size_t listed = 0;
  std::size_t believed = 0;
  for (const auto& row : rows) {
    if (row.doubt.empty()) ++believed;
    if (row.doubt.empty() && row.verdict == "listed") ++listed;
    lists.push_back({{"list", row.list},
                     {"name", row.name},
                     {"verdict", row.verdict},
                     {"codes", row.codes},
                     {"meaning", row.meaning},
                     {"policy", row.policy},
                     {"reason", row.reason},
                     {"trouble", row.trouble},
                     {"state", row.state},
                     {"doubt", row.doubt},
                     {"lookup_url", row.lookup_url},
                     {"delist_url", row.delist_url},
                     {"took_ms", row.took_ms}});
  }
  return line({{"subject", subject},
               {"listed", listed},
               {"believed", believed},
               {"lists", std::move(lists)}});
}

}  // namespace leumund::face
