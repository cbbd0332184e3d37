// The part of ControlDesk about cases, and about how our ways out are set up.
#include <algorithm>
#include <set>
#include <utility>

#include "apps/daemon/control_desk.h"

namespace leumund::apps {

base::Result<model::HygieneReport> ControlDesk::hygiene(bool anew) {
  if (anew) return around_.hygiene.look_now();
  return around_.hygiene.report();
}

base::Result<model::ProviderReports> ControlDesk::provider_reports() {
  return around_.provider_files.report();
}

// What is known of it elsewhere: pages of its parties, and how its places are set up.
void ControlDesk::add_to(face::CaseReport& report) const {
  around_.letters.add_pages(report.one);
  std::set<std::string> places;
  for (const auto& party : report.one.parties) {
    places.insert(party.places.begin(), party.places.end());
  }
  for (const std::string& place : places) {
    for (auto& finding : around_.hygiene.faults_of(place)) {
      const auto same = std::find(report.setup.begin(), report.setup.end(), finding);
      if (same == report.setup.end()) report.setup.push_back(std::move(finding));
    }
  }
}

base::Result<face::CasesReport> ControlDesk::cases(bool closed_too) {
  auto report = around_.cases.report(closed_too);
  for (auto& one : report.cases) {
    if (one.state != model::CaseState::closed) around_.letters.add_pages(one);
  }
  return report;
}

base::Result<face::CaseReport> ControlDesk::find_case(std::uint64_t number) {
  auto report = around_.cases.find(number);
  if (report) add_to(*report);
  return report;
}

base::Result<face::CaseReport> ControlDesk::work_on_case(const action::CaseOrder& order) {
  auto report = around_.cases.work(order);
  if (report) add_to(*report);
  return report;
}

base::Result<action::Letter> ControlDesk::case_letter(const face::LetterOrder& order) {
  const auto report = around_.cases.find(order.number);
  if (!report) return report.error();
  return around_.letters.write(*report, order);
}

base::Result<face::DossierReport> ControlDesk::case_dossier(std::uint64_t number) {
  auto report = around_.cases.find(number);
  if (!report) return report.error();
  face::DossierReport out;
  out.report = std::move(*report);
  for (const auto& party : out.report.one.parties) {
    out.contacts.push_back(around_.letters.contact_of(party.id));
  }
  out.organisation = around_.organisation();
  out.now = around_.clock.now();
  return out;
}

}  // namespace leumund::apps
