#include "face/screening_routes.h"

#include <nlohmann/json.hpp>

namespace leumund::face {
namespace {

using Json = nlohmann::ordered_json;

Json list_object(const model::ScreenListReport& one) {
  return {{"list", one.list},
          {"role", one.role},
          {"weight", one.weight},
          {"state", one.state},
          {"reason", one.reason},
          {"asked", one.asked},
          {"alone", one.alone},
          {"decided", one.decided},
          {"unanswered", one.unanswered},
          {"listed", one.listed},
          {"complained", one.complained},
          {"shares_with", one.shares_with},
          {"shared", one.shared},
          {"proposed", one.proposed ? Json(*one.proposed) : Json(nullptr)}};
}

Reply screening(RouteCall& call) {
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto report = call.control.screening();
  if (!report) return error_reply(report.error(), false);
  Json lists = Json::array();
  for (const auto& one : report->lists) lists.push_back(list_object(one));
  const Json out = {{"on", report->on},
                    {"enforce", report->enforce},
                    {"refuse_at", report->refuse_at},
                    {"hears_complaints", report->hears_complaints},
                    {"clients", report->clients},
                    {"complained", report->complained},
                    {"lists", std::move(lists)}};
  Reply reply;
  // A list's own words may hold bytes that are no UTF-8.
  reply.body = out.dump(-1, ' ', false, Json::error_handler_t::replace);
  return reply;
}

}  // namespace

std::vector<Route> routes_about_screening() {
  return {{"GET",
           "/v1/screening",
           false,
           "Lists that screening asks, whom they list, who of these was complained of later, and "
           "the weights that this proposes.",
           {},
           screening}};
}

}  // namespace leumund::face
