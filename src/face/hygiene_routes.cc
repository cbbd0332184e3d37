#include "face/hygiene_routes.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/ip_address.h"
#include "face/hygiene_json.h"

namespace leumund::face {
namespace {

constexpr std::size_t name_bytes_max = 253;

// Only what is about one address, egress or domain; false: nothing is.
bool narrow(model::HygieneReport& report, const std::string& place) {
  std::erase_if(report.addresses,
                [&](const auto& one) { return one.address != place && one.egress != place; });
  std::erase_if(report.domains, [&](const auto& one) { return one.domain != place; });
  return !report.addresses.empty() || !report.domains.empty();
}

Reply answer(const base::Result<model::HygieneReport>& looked, const std::string& place) {
  if (!looked) return error_reply(looked.error(), false);
  model::HygieneReport report = *looked;
  if (!place.empty() && report.on && !narrow(report, place)) {
    return error_reply({base::ErrorCode::unavailable,
                        "'" + place +
                            "' is no address, egress or domain that is looked at; one "
                            "for documents or private networks is where watch.addresses names it"},
                       true);
  }
  Reply reply;
  reply.body = hygiene_report_json(report);
  return reply;
}

std::string place_field(RouteCall& call) {
  std::string place = base::ascii_lower(call.fields.text("place", name_bytes_max).value_or(""));
  if (const auto address = base::IpAddress::parse(place)) place = address->to_string();
  return place;
}

Reply hygiene(RouteCall& call) {
  const std::string place = place_field(call);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  return answer(call.control.hygiene(false), place);
}

Reply look_now(RouteCall& call) {
  const std::string place = place_field(call);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  return answer(call.control.hygiene(true), place);
}

Reply provider_reports(RouteCall& call) {
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto reports = call.control.provider_reports();
  if (!reports) return error_reply(reports.error(), false);
  Reply reply;
  reply.body = provider_reports_json(*reports);
  return reply;
}

}  // namespace

std::vector<Route> routes_about_hygiene() {
  const RouteField place = {"place", "string", false, "only this address, egress or domain"};
  return {
      {"GET",
       "/v1/hygiene",
       false,
       "How our ways out and domains are set up: reverse DNS, HELO, SPF, DKIM, DMARC and more.",
       {place},
       hygiene},
      {"POST", "/v1/hygiene", true, "Looks at them anew first; takes seconds.", {place}, look_now},
      {"GET",
       "/v1/provider-reports",
       false,
       "What SNDS, Postmaster Tools and feedback loops say of us, from files.",
       {},
       provider_reports},
  };
}

}  // namespace leumund::face
