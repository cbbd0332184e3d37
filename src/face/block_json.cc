#include "face/block_json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

namespace leumund::face {
namespace {

using Json = nlohmann::ordered_json;

// Replies come from outside and may hold bytes that are no UTF-8.
std::string line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

double rounded(double value) { return std::round(value * 1000) / 1000; }

// 1970 stands for never.
Json at_json(base::TimePoint at) {
  return at == base::TimePoint() ? Json(nullptr) : Json(base::to_unix_seconds(at));
}

Json examples_json(const std::vector<model::BlockExample>& examples) {
  Json list = Json::array();
  for (const model::BlockExample& example : examples) {
    list.push_back({{"at", at_json(example.at)},
                    {"remote", example.remote},
                    {"stage", example.stage},
                    {"queue_id", example.queue_id},
                    {"reply", example.reply}});
  }
  return list;
}

Json facts_object(const model::BlockFacts& facts) {
  return {{"egress", facts.egress},
          {"provider", facts.provider},
          {"state", model::cell_state_name(facts.state)},
          {"since", at_json(facts.since)},
          {"lists", facts.lists},
          {"private", facts.private_list},
          {"listed_address", facts.listed_address},
          {"refused_share", rounded(facts.refused_share)},
          {"usual_share", rounded(facts.usual_share)},
          {"mails", facts.mails},
          {"recipients", facts.recipients},
          {"sender_domains", facts.sender_domains},
          {"accounts", facts.accounts},
          {"classes", model::counted_classes(facts.classes)},
          {"other_refusals", facts.other_refusals},
          {"last_refused_at", at_json(facts.last_refused_at)},
          {"last_accepted_at", at_json(facts.last_accepted_at)},
          {"evidence", rounded(facts.evidence)},
          {"threshold", rounded(facts.threshold)},
          {"examples", examples_json(facts.examples)},
          {"other_examples", examples_json(facts.other_examples)}};
}

}  // namespace

std::string block_facts_json(const model::BlockFacts& facts) { return line(facts_object(facts)); }

std::string block_change_json(const model::BlockChange& change) {
  Json out = {{"block", model::cell_state_name(change.facts.state)},
              {"from", model::cell_state_name(change.from)}};
  const Json facts = facts_object(change.facts);
  for (const auto& [name, value] : facts.items()) out[name] = value;
  return line(out);
}

std::string block_matrix_json(const std::vector<model::BlockFacts>& cells) {
  Json list = Json::array();
  for (const model::BlockFacts& facts : cells) list.push_back(facts_object(facts));
  return line({{"cells", std::move(list)}});
}

namespace {

Json detour_object(const model::Detour& detour) {
  return {{"provider", detour.provider},
          {"pool", detour.pool.empty() ? Json(nullptr) : Json(detour.pool)},
          {"phase", model::detour_phase_name(detour.phase)},
          {"home", detour.home},
          {"via", detour.via},
          {"reason", detour.reason},
          {"warning", detour.warning},
          {"since", at_json(detour.since)},
          {"began_at", at_json(detour.began_at)},
          {"by", detour.by},
          {"by_hand", detour.by_hand},
          {"kept_off", detour.kept_off},
          {"planned", detour.planned},
          {"cap", detour.cap},
          {"delivered", detour.delivered},
          {"delivered_all", detour.delivered_all},
          {"next_probe_at", at_json(detour.next_probe_at)},
          {"probe_out", detour.probe.has_value()},
          {"probes_accepted", detour.probes_accepted},
          {"probes_refused", detour.probes_refused}};
}

}  // namespace

std::string detour_json(const model::Detour& detour) { return line(detour_object(detour)); }

std::string detours_json(const std::vector<model::Detour>& detours) {
  Json list = Json::array();
  for (const model::Detour& detour : detours) list.push_back(detour_object(detour));
  return line({{"detours", std::move(list)}});
}

std::string route_json(const RouteReport& report) {
  return line({{"recipient_domain", report.domain},
               {"provider", report.provider.empty() ? Json(nullptr) : Json(report.provider)},
               {"way", report.way.empty() ? Json(nullptr) : Json(report.way)},
               {"target", report.target},
               {"pool", report.pool.empty() ? Json(nullptr) : Json(report.pool)},
               {"detour", report.detour ? detour_object(*report.detour) : Json(nullptr)}});
}

std::string reach_json(const ReachReport& report) {
  Json refused = Json::array();
  for (const model::BlockFacts& facts : report.refused) {
    refused.push_back({{"egress", facts.egress},
                       {"state", model::cell_state_name(facts.state)},
                       {"since", at_json(facts.since)},
                       {"lists", facts.lists},
                       {"private", facts.private_list}});
  }
  return line({{"recipient_domain", report.domain},
               {"provider", report.provider.empty() ? Json(nullptr) : Json(report.provider)},
               {"reachable", report.reachable},
               {"through", report.through},
               {"not_since", report.not_since ? at_json(*report.not_since) : Json(nullptr)},
               {"refused", std::move(refused)}});
}

}  // namespace leumund::face
