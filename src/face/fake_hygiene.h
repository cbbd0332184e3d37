// For tests: one egress without a reverse name, and a red row of SNDS.
#pragma once

#include "model/hygiene.h"
#include "model/provider_report.h"

namespace leumund::face {

inline model::HygieneReport fake_hygiene() {
  model::HygieneReport report;
  report.on = true;
  report.checked_at = base::from_unix_seconds(1'000);
  const model::HygieneFinding finding = {"reverse_dns", "", model::HygieneState::fault, true,
                                         "192.0.2.25 has no reverse name"};
  report.addresses.push_back({"192.0.2.25", "out1", "mail.example.org", false, {finding}});
  report.domains.push_back({"example.org", 0, {}});
  return report;
}

inline model::ProviderReports fake_provider_reports() {
  model::ProviderReports reports;
  reports.folder = "/var/lib/leumund/reports";
  model::ProviderFigure red;
  red.source = "snds";
  red.place = "192.0.2.25";
  red.colour = "red";
  red.mails = 100;
  red.complaint_share = 0.02;
  red.trap_hits = 3;
  reports.figures.push_back(red);
  return reports;
}

}  // namespace leumund::face
