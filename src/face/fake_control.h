// A Control for the tests of the HTTP layer alone: remembers what it was asked, answers plainly.
// Everything else is tested against the real daemon.
#pragma once

#include <string>
#include <vector>

#include "face/control.h"
#include "face/fake_hygiene.h"
#include "face/fake_screening.h"

namespace leumund::face {

class FakeControl final : public Control {
 public:
  std::vector<std::string> asked;
  std::uint64_t decisions_made = 7;
  std::uint64_t last_number = 0;  // as status tells it; higher where a crash skipped numbers
  std::optional<base::Error> error;
  std::optional<model::Restriction> before;  // of suspend, release and undo
  std::string trouble;

  template <typename T>
  base::Result<T> answer(T value) {
    if (error) return *error;
    return value;
  }
  base::Result<OrderDone> done(model::Decision made) {
    return answer(OrderDone{std::move(made), before, {}, trouble});
  }
  static model::Decision decision(model::DecisionKind kind, const model::Subject& subject) {
    model::Decision made;
    made.number = 7;
    made.kind = kind;
    made.subject = subject;
    made.restriction.subject = subject;
    return made;
  }

  base::Result<StatusReport> status(std::size_t most) override {
    asked.push_back("status " + std::to_string(most));
    StatusReport report;
    report.version = "0.1.0";
    report.last_decision = last_number;
    report.parts.push_back({"store", false, "disk full"});
    report.watched.push_back({{model::SubjectKind::account, "b@c.test"}, 3.25});
    return answer(report);
  }
  base::Result<std::vector<model::BlockFacts>> block_matrix() override {
    asked.emplace_back("block_matrix");
    model::BlockFacts cell;
    cell.egress = "out1";
    cell.provider = "t-online";
    cell.state = model::CellState::refused;
    cell.lists = {"t-online"};
    return answer(std::vector{cell});
  }
  base::Result<std::vector<model::Detour>> detours() override {
    asked.emplace_back("detours");
    model::Detour detour;
    detour.provider = "t-online";
    detour.phase = model::DetourPhase::open;
    detour.home = "default";
    detour.via = "out2";
    return answer(std::vector{detour});
  }
  base::Result<model::Detour> set_detour(const DetourOrder& order) override {
    asked.push_back("set_detour " + order.provider + " " + order.via + " " + order.by +
                    (order.pool.empty() ? "" : " pool " + order.pool));
    model::Detour detour;
    detour.provider = order.provider;
    detour.pool = order.pool;
    detour.via = order.via;
    return answer(detour);
  }
  base::Result<RouteReport> route(const std::string& recipient,
                                  const std::optional<std::string>& sender) override {
    asked.push_back("route " + recipient + (sender ? " from " + *sender : ""));
    RouteReport report;
    report.domain = "hotmail.com";
    report.provider = "microsoft-consumer";
    report.way = "out2";
    report.target = "out2:";
    return answer(report);
  }
  base::Result<ReachReport> reachable(const std::string& recipient) override {
    asked.push_back("reachable " + recipient);
    ReachReport report;
    report.domain = "hotmail.com";
    report.reachable = false;
    return answer(report);
  }
  base::Result<model::HygieneReport> hygiene(bool anew) override {
    asked.emplace_back(anew ? "hygiene now" : "hygiene");
    return answer(fake_hygiene());
  }
  base::Result<model::ProviderReports> provider_reports() override {
    asked.emplace_back("provider reports");
    return answer(fake_provider_reports());
  }
  base::Result<model::ScreenReport> screening() override {
    asked.emplace_back("screening");
    return answer(fake_screening());
  }
  base::Result<model::WatchReport> lists() override {
    asked.emplace_back("lists");
    model::WatchReport report;
    report.on = true;
    model::Listing listing;
    listing.place = "192.0.2.25";
    listing.list = "psbl";
    report.listings = {listing};
    return answer(report);
  }
  base::Result<std::vector<model::ListSaid>> look_up(const std::string& subject) override {
    asked.push_back("look_up " + subject);
    model::ListSaid said;
    said.list = "psbl";
    said.verdict = "listed";
    return answer(std::vector{said});
  }
  static CaseReport case_report() {
    CaseReport report;
    report.one.number = 7;
    report.one.subject = {model::SubjectKind::egress, "out1"};
    model::CaseParty party;
    party.id = "provider:t-online";
    party.title = "t-online";
    report.one.parties.push_back(party);
    return report;
  }
  base::Result<CasesReport> cases(bool closed_too) override {
    asked.push_back(closed_too ? "cases all" : "cases");
    return answer(CasesReport{{case_report().one}, {}});
  }
  base::Result<CaseReport> find_case(std::uint64_t number) override {
    asked.push_back("case " + std::to_string(number));
    return answer(case_report());
  }
  base::Result<CaseReport> work_on_case(const action::CaseOrder& order) override {
    asked.push_back("case " + std::to_string(order.number) + " " +
                    std::to_string(static_cast<int>(order.work)) + " " + order.party +
                    (order.subject.name.empty() ? "" : order.subject.to_string()) + " " +
                    std::string(order.step ? model::case_step_name(*order.step) : "next") + " " +
                    order.text);
    return answer(case_report());
  }
  base::Result<action::Letter> case_letter(const LetterOrder& order) override {
    asked.push_back("letter " + std::to_string(order.number) + " " + order.party + " " +
                    (order.step ? std::string(model::case_step_name(*order.step)) : "-") + " " +
                    (!order.language                           ? "-"
                     : *order.language == config::Language::de ? "de"
                                                               : "en") +
                    (order.people == config::Language::de ? " de" : " en"));
    action::Letter letter;
    letter.way = action::LetterWay::mail;
    letter.party = "provider:t-online";
    letter.title = "Telekom <b>";
    letter.to = "tosa@rx.t-online.de";
    letter.subject = "Please";
    letter.body = "Hello & bye,\n\nline one\n";
    letter.fields = {{"Name", "Anna \"A\""}};
    letter.advice = {"Do not ask yet <now>"};
    return answer(letter);
  }
  base::Result<DossierReport> case_dossier(std::uint64_t number) override {
    asked.push_back("dossier " + std::to_string(number));
    DossierReport dossier;
    dossier.report = case_report();
    return answer(dossier);
  }
  base::Result<SubjectReport> explain(const model::Subject& subject) override {
    asked.push_back("explain " + subject.to_string());
    SubjectReport report;
    report.explanation.subject = subject;
    report.explanation.standing = "good";
    return answer(report);
  }
  base::Result<OrderDone> suspend(const SuspendOrder& order) override {
    asked.push_back("suspend " + order.subject.to_string() + " " +
                    std::string(model::level_name(order.level)) + " " +
                    (order.span ? std::to_string(order.span->count()) : "-") + " " + order.reason +
                    " by " + order.by);
    auto made = decision(model::DecisionKind::restricted, order.subject);
    made.restriction.reason = order.reason;
    return done(made);
  }
  base::Result<OrderDone> release(const ReleaseOrder& order) override {
    std::string text = "release " + order.subject.to_string();
    for (const auto& [item, who] : order.recovery.done) text += " " + item + "=" + who;
    if (order.recovery.without_checklist) text += " without_checklist";
    asked.push_back(text + " mail " + std::to_string(static_cast<int>(order.mail)));
    return done(decision(model::DecisionKind::released, order.subject));
  }
  base::Result<std::vector<model::Decision>> exempt(const model::Subject& subject, bool on,
                                                    const std::string&) override {
    asked.push_back(std::string(on ? "exempt " : "exempt off ") + subject.to_string());
    return answer(std::vector{decision(model::DecisionKind::exempted, subject)});
  }
  base::Result<model::Decision> announce(const AnnounceOrder& order) override {
    asked.push_back("announce " + order.subject.to_string() + " " +
                    std::to_string(order.recipients) + " " + base::format_rfc3339(order.until));
    return answer(decision(model::DecisionKind::announced, order.subject));
  }
  base::Result<OrderDone> undo(std::uint64_t number, const std::string&) override {
    asked.push_back("undo " + std::to_string(number));
    return done(decision(model::DecisionKind::released, {model::SubjectKind::account, "a"}));
  }
  base::Result<action::Unattended> unattended() override { return answer(action::Unattended{}); }
  base::Result<action::Unattended> set_unattended(const UnattendedOrder& order) override {
    asked.push_back("unattended " + (order.until ? base::format_rfc3339(*order.until) : "off"));
    action::Unattended set;
    set.from = order.from;
    set.until = order.until;
    return answer(set);
  }
  base::Result<std::vector<HeldMessage>> held_mail(const model::Subject& subject) override {
    asked.push_back("queue " + subject.to_string());
    HeldMessage one;
    one.queue.queue_id = "4XyZ";
    return answer(std::vector{one});
  }
  base::Result<QueueReport> queue_work(const model::Subject& subject, QueueWork work,
                                       const std::string&) override {
    asked.push_back("queue " + std::string(work == QueueWork::release ? "release " : "delete ") +
                    subject.to_string());
    return answer(QueueReport{.done = 2, .failed = 0, .detail = ""});
  }
  base::Result<std::vector<model::Decision>> decisions(std::uint64_t after,
                                                       std::size_t limit) override {
    asked.push_back("decisions " + std::to_string(after) + " " + std::to_string(limit));
    std::vector<model::Decision> list;
    for (std::uint64_t n = after + 1; n <= decisions_made && list.size() < limit; ++n) {
      list.push_back(decision(model::DecisionKind::ended, {model::SubjectKind::account, "a"}));
      list.back().number = n;
    }
    return answer(std::move(list));
  }
  base::Result<FeedReport> feed_events(std::string_view lines) override {
    asked.push_back("feed " + std::to_string(lines.size()));
    return answer(FeedReport{.accepted = 1, .rejected = 0, .problems = {}});
  }
  base::Result<std::vector<std::string>> reload() override {
    asked.emplace_back("reload");
    return answer(std::vector<std::string>{"detectors.burst.mode"});
  }
};

}  // namespace leumund::face
