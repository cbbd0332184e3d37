#include "face/hygiene_json.h"

#include <nlohmann/json.hpp>

namespace leumund::face {
namespace {

using Json = nlohmann::ordered_json;

// Names of the DNS and a page's error may hold bytes that are no UTF-8.
std::string line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json findings_array(const std::vector<model::HygieneFinding>& findings) {
  Json out = Json::array();
  for (const auto& finding : findings) {
    out.push_back({{"check", finding.check},
                   {"about", finding.about},
                   {"state", model::hygiene_state_name(finding.state)},
                   {"grave", finding.grave},
                   {"text", finding.text}});
  }
  return out;
}

}  // namespace

std::string hygiene_findings_json(const std::vector<model::HygieneFinding>& findings) {
  return line(findings_array(findings));
}

std::string hygiene_report_json(const model::HygieneReport& report) {
  const auto counts = model::count_hygiene(report);
  Json addresses = Json::array();
  for (const auto& one : report.addresses) {
    addresses.push_back({{"address", one.address},
                         {"egress", one.egress},
                         {"helo", one.helo},
                         {"detour_way", one.detour_way},
                         {"findings", findings_array(one.findings)}});
  }
  Json domains = Json::array();
  for (const auto& one : report.domains) {
    domains.push_back(
        {{"domain", one.domain}, {"seen", one.seen}, {"findings", findings_array(one.findings)}});
  }
  const auto at = [](base::TimePoint time) { return Json(base::to_unix_seconds(time)); };
  return line({{"on", report.on},
               {"looking", report.looking},
               {"off", report.off},
               {"checked_at", report.checked_at ? at(*report.checked_at) : Json(nullptr)},
               {"next_at", report.checked_at ? at(report.next_at) : Json(nullptr)},
               {"good", counts.good},
               {"faults", counts.faults},
               {"grave", counts.grave},
               {"unknown", counts.unknown},
               {"problems", report.problems},
               {"addresses", std::move(addresses)},
               {"domains", std::move(domains)}});
}

std::string provider_reports_json(const model::ProviderReports& reports) {
  const auto at = [](base::TimePoint time) { return Json(base::to_unix_seconds(time)); };
  const auto known = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
  Json files = Json::array();
  for (const auto& file : reports.files) {
    files.push_back({{"name", file.name},
                     {"kind", file.kind},
                     {"rows", file.rows},
                     {"bad", file.bad},
                     {"problems", file.problems},
                     {"read_at", at(file.read_at)}});
  }
  Json figures = Json::array();
  for (const auto& figure : reports.figures) {
    figures.push_back({{"source", figure.source},
                       {"place", figure.place},
                       {"from", at(figure.from)},
                       {"until", at(figure.until)},
                       {"colour", figure.colour},
                       {"mails", known(figure.mails)},
                       {"complaint_share", known(figure.complaint_share)},
                       {"share_is_below", figure.share_is_below},
                       {"complaints", known(figure.complaints)},
                       {"trap_hits", known(figure.trap_hits)},
                       {"reporter", figure.reporter},
                       {"comment", figure.comment}});
  }
  return line({{"folder", reports.folder},
               {"trouble", reports.trouble},
               {"files", std::move(files)},
               {"figures", std::move(figures)},
               {"older", reports.older}});
}

}  // namespace leumund::face
