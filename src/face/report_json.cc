#include "face/report_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "face/block_json.h"
#include "face/case_json.h"
#include "face/hygiene_json.h"
#include "face/watch_json.h"

namespace leumund::face {
namespace {

using Json = nlohmann::ordered_json;

// Names and reply texts come from outside and may hold bytes that are no UTF-8.
std::string line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

double at_json(base::TimePoint at) { return base::to_unix_seconds(at); }

Json at_json(const std::optional<base::TimePoint>& at) {
  return at ? Json(base::to_unix_seconds(*at)) : Json(nullptr);
}

// Scores are shown and compared to a thousandth; more digits only differ between machines.
double rounded(double score) { return std::round(score * 1000) / 1000; }

Json terms_json(const std::vector<model::Term>& terms) {
  Json list = Json::array();
  for (const model::Term& term : terms) {
    Json one = {{"name", term.name}, {"value", rounded(term.value)}, {"text", term.text}};
    if (!term.events.empty()) one["events"] = term.events;
    list.push_back(std::move(one));
  }
  return list;
}

Json restriction_json(const model::Restriction& restriction) {
  Json out = {{"subject", restriction.subject.to_string()},
              {"level", model::level_name(restriction.level)},
              {"mode", model::mode_name(restriction.mode)},
              {"reason", restriction.reason},
              {"by", restriction.by},
              {"since", at_json(restriction.since)},
              {"until", at_json(restriction.until)}};
  if (!restriction.rests_on.empty()) out["rests_on"] = restriction.rests_on;
  return out;
}

Json queue_ids_json(const std::vector<model::QueueKey>& keys) {
  Json list = Json::array();
  for (const model::QueueKey& key : keys) list.push_back(key.queue_id);
  return list;
}

bool has_restriction(model::DecisionKind kind) {
  using enum model::DecisionKind;
  return kind != exempted && kind != exemption_ended && kind != announced &&
         kind != provider_refuses && kind != provider_accepts && kind != detour &&
         kind != would_detour && kind != listed && kind != delisted && kind != list_fault &&
         kind != list_well && kind != case_opened && kind != case_closed && kind != case_reopened &&
         kind != case_due && kind != setup_fault && kind != setup_well;
}

Json decision_object(const model::Decision& decision) {
  Json out = {{"decision", model::decision_kind_name(decision.kind)},
              {"number", decision.number},
              {"at", at_json(decision.at)},
              {"subject", decision.subject.to_string()},
              {"kind", decision.detector.empty() ? "manual" : decision.detector},
              {"score", rounded(decision.score)},
              {"held_queue_ids", queue_ids_json(decision.held)},
              {"terms", terms_json(decision.terms)},
              {"by", decision.by},
              {"unattended", decision.unattended}};
  if (has_restriction(decision.kind)) {
    out["level"] = model::level_name(decision.restriction.level);
    out["mode"] = model::mode_name(decision.restriction.mode);
    out["until"] = at_json(decision.restriction.until);
    out["recipients_before"] = decision.recipients_before;
  }
  out["reason"] = decision.restriction.reason;
  if (decision.undoes != 0) out["undoes"] = decision.undoes;
  if (!decision.recovery.empty()) {
    Json done = Json::object();
    for (const auto& [item, who] : decision.recovery) done[item] = who;
    out["recovery"] = std::move(done);
  }
  if (decision.without_checklist) out["without_checklist"] = true;
  if (decision.mistake) out["mistake"] = true;
  if (decision.case_news) out["case"] = Json::parse(case_news_json(*decision.case_news));
  if (decision.listing) out["listing"] = Json::parse(listing_json(*decision.listing));
  if (decision.list_fault) out["list_fault"] = Json::parse(list_fault_json(*decision.list_fault));
  if (!decision.accounts.empty()) out["accounts"] = decision.accounts;
  if (!decision.messages.empty()) out["messages"] = decision.messages;
  if (decision.block) out["block"] = Json::parse(block_change_json(*decision.block));
  if (decision.detour) out["detour"] = Json::parse(detour_json(*decision.detour));
  return out;
}

Json unattended_object(const action::Unattended& unattended, bool now) {
  return {{"now", now},
          {"from", at_json(unattended.from)},
          {"until", at_json(unattended.until)},
          {"restrictions_per_hour", unattended.restrictions_per_hour},
          {"restrictions_per_day", unattended.restrictions_per_day}};
}

Json counters_json(const engine::Counters& counters) {
  return {{"events", counters.events},
          {"submissions", counters.submissions},
          {"recipients", counters.recipients},
          {"duplicates", counters.duplicates},
          {"late", counters.late},
          {"future", counters.future},
          {"subjects", counters.subjects},
          {"subjects_forgotten", counters.subjects_forgotten},
          {"messages", counters.messages},
          {"messages_forgotten", counters.messages_forgotten},
          {"ledger_bytes", counters.ledger_bytes},
          {"campaigns",
           {{"open", counters.campaigns.open},
            {"opened", counters.campaigns.opened},
            {"not_opened", counters.campaigns.not_opened},
            {"clusters", counters.campaigns.clusters},
            {"clusters_forgotten", counters.campaigns.clusters_forgotten},
            {"bytes", counters.campaigns.bytes}}}};
}

}  // namespace

std::string decision_json(const model::Decision& decision) {
  return line(decision_object(decision));
}

namespace {

Json queue_object(const QueueReport& report) {
  return {{"done", report.done},
          {"failed", report.failed},
          {"kept", report.kept},
          {"detail", report.detail}};
}

}  // namespace

std::string order_json(const OrderDone& done) {
  Json out = decision_object(done.decision);
  if (done.before) out["before"] = restriction_json(*done.before);
  if (!done.also.empty()) {
    Json also = Json::array();
    for (const model::Decision& decision : done.also) also.push_back(decision_object(decision));
    out["also"] = std::move(also);
  }
  if (!done.trouble.empty()) out["trouble"] = done.trouble;
  if (done.mail) out["mail"] = queue_object(*done.mail);
  return line(out);
}

std::string decisions_json(const std::vector<model::Decision>& decisions) {
  Json list = Json::array();
  for (const model::Decision& decision : decisions) list.push_back(decision_object(decision));
  return line({{"decisions", std::move(list)}});
}

std::string status_json(const StatusReport& report) {
  Json restrictions = Json::array();
  for (const auto& restriction : report.restrictions)
    restrictions.push_back(restriction_json(restriction));
  Json would = Json::array();
  for (const auto& restriction : report.would_restrict)
    would.push_back(restriction_json(restriction));
  Json watched = Json::array();
  for (const auto& [subject, score] : report.watched) {
    watched.push_back({{"subject", subject.to_string()}, {"score", rounded(score)}});
  }
  Json parts = Json::array();
  for (const PartStatus& part : report.parts) {
    parts.push_back({{"name", part.name}, {"well", part.well}, {"detail", part.detail}});
  }
  return line({{"version", report.version},
               {"now", at_json(report.now)},
               {"started_at", at_json(report.started_at)},
               {"mode", {{"burst", model::mode_name(report.burst_mode)}}},
               {"unattended", unattended_object(report.unattended, report.unattended_now)},
               {"counters", counters_json(report.counters)},
               {"learning",
                {{"days", rounded(base::seconds_of(report.learning.watched) / 86400)},
                 {"of_days", rounded(base::seconds_of(report.learning.whole) / 86400)},
                 {"over", report.learning.over()}}},
               {"restrictions_total", report.restrictions_total},
               {"exemptions_total", report.exemptions_total},
               {"last_decision", report.last_decision},
               {"restrictions", std::move(restrictions)},
               {"would_restrict_total", report.would_restrict_total},
               {"would_restrict", std::move(would)},
               {"watched", std::move(watched)},
               {"parts", std::move(parts)}});
}

std::string subject_json(const SubjectReport& report) {
  const engine::Explanation& about = report.explanation;
  Json habits = Json::object();
  for (const auto& [name, value] : about.habits) habits[name] = value;
  Json decisions = Json::array();
  for (const auto& decision : report.decisions) decisions.push_back(decision_object(decision));
  Json cells = Json::array();
  for (const auto& facts : report.cells) cells.push_back(Json::parse(block_facts_json(facts)));
  Json detours = Json::array();
  for (const auto& one : report.detours) detours.push_back(Json::parse(detour_json(one)));
  Json listings = Json::array();
  for (const auto& one : report.listings) listings.push_back(Json::parse(listing_json(one)));
  return line(
      {{"subject", about.subject.to_string()},
       {"known", about.known},
       {"standing", about.standing},
       {"exempt", report.exempt},
       {"score", rounded(about.score)},
       {"threshold", rounded(about.threshold)},
       {"terms", terms_json(about.terms)},
       {"habits", std::move(habits)},
       {"restriction", report.restriction ? restriction_json(*report.restriction) : Json(nullptr)},
       {"attempts",
        {{"recipients", about.attempts.recipients}, {"last_at", at_json(about.attempts.last_at)}}},
       {"queued", queue_ids_json(about.queued)},
       {"checklist", report.checklist},
       {"what_would_change", about.what_would_change},
       {"decisions", std::move(decisions)},
       {"cells", std::move(cells)},
       {"detours", std::move(detours)},
       {"listings", std::move(listings)},
       {"cases", report.cases},
       {"setup", Json::parse(hygiene_findings_json(report.setup))}});
}

std::string unattended_json(const action::Unattended& unattended, base::TimePoint now) {
  const bool on =
      unattended.from && *unattended.from <= now && (!unattended.until || now < *unattended.until);
  return line(unattended_object(unattended, on));
}

std::string held_mail_json(const std::vector<HeldMessage>& messages) {
  Json list = Json::array();
  for (const HeldMessage& message : messages) {
    list.push_back({{"queue_id", message.queue.queue_id},
                    {"instance", message.queue.instance},
                    {"host", message.queue.host},
                    {"sender", message.sender},
                    {"size", message.size_bytes},
                    {"recipients", message.recipients},
                    {"arrived_at", at_json(message.arrived_at)}});
  }
  return line({{"held", std::move(list)}});
}

std::string queue_json(const QueueReport& report) { return line(queue_object(report)); }

std::string feed_json(const FeedReport& report) {
  return line({{"accepted", report.accepted},
               {"rejected", report.rejected},
               {"problems", report.problems}});
}

std::string reload_json(const std::vector<std::string>& changes) {
  return line({{"reload", changes}});
}

std::string error_json(std::string_view code, std::string_view message) {
  return line({{"error", {{"code", code}, {"message", message}}}});
}

}  // namespace leumund::face
