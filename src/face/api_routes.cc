#include "face/api_routes.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/ip_address.h"
#include "face/block_json.h"
#include "face/case_routes.h"
#include "face/hygiene_routes.h"
#include "face/list_routes.h"
#include "face/report_json.h"
#include "face/screening_routes.h"
#include "face/watch_json.h"

namespace leumund::face {
namespace {

using base::ErrorCode;

constexpr std::size_t text_bytes_max = 1000;
constexpr std::uint64_t list_max = 1000;
constexpr std::uint64_t list_default = 20;

Reply json_reply(std::string body) {
  Reply reply;
  reply.body = std::move(body);
  return reply;
}

// Who gave the order, as the journal keeps it: the door, and the name the caller gives himself.
std::string author(RouteCall& call) {
  const auto name = call.fields.text("by", 100);
  return std::string(call.by) + (name && !name->empty() ? " " + *name : "");
}

Reply status(RouteCall& call) {
  const auto most = call.fields.count("most", list_max);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto report = call.control.status(most.value_or(list_default));
  return report ? json_reply(status_json(*report)) : error_reply(report.error(), false);
}

Reply block_matrix(RouteCall& call) {
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto cells = call.control.block_matrix();
  return cells ? json_reply(block_matrix_json(*cells)) : error_reply(cells.error(), false);
}

Reply lists(RouteCall& call) {
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto report = call.control.lists();
  return report ? json_reply(watch_report_json(*report)) : error_reply(report.error(), false);
}

bool is_domain_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

Reply look_up(RouteCall& call) {
  constexpr std::size_t name_bytes_max = 200;
  std::string subject = base::ascii_lower(call.fields.text("subject", name_bytes_max).value_or(""));
  const auto address = base::IpAddress::parse(subject);
  if (address) subject = address->to_string();
  const bool domain = subject.contains('.') && subject.front() != '.' && !subject.contains("..") &&
                      std::all_of(subject.begin(), subject.end(), is_domain_byte);
  if (!address && !domain) {
    call.fields.wrong("subject is no address or domain, like 192.0.2.25 or example.org");
  }
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto rows = call.control.look_up(subject);
  return rows ? json_reply(lookup_json(subject, *rows)) : error_reply(rows.error(), false);
}

constexpr std::size_t address_bytes_max = 320;

std::string recipient_field(RouteCall& call) {
  std::string recipient = call.fields.text("recipient", address_bytes_max).value_or("");
  if (recipient.find('.', recipient.rfind('@') + 1) == std::string::npos) {
    call.fields.wrong("recipient is no address, like x@hotmail.com");
  }
  return recipient;
}

Reply reachable(RouteCall& call) {
  const std::string recipient = recipient_field(call);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto report = call.control.reachable(recipient);
  return report ? json_reply(reach_json(*report)) : error_reply(report.error(), false);
}

Reply route(RouteCall& call) {
  const std::string recipient = recipient_field(call);
  const auto sender = call.fields.text("sender", address_bytes_max);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto report = call.control.route(recipient, sender);
  return report ? json_reply(route_json(*report)) : error_reply(report.error(), false);
}

Reply detours(RouteCall& call) {
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto all = call.control.detours();
  return all ? json_reply(detours_json(*all)) : error_reply(all.error(), false);
}

Reply set_detour(RouteCall& call) {
  constexpr std::size_t name_bytes_max = 255;
  DetourOrder order;
  order.provider = call.fields.text("provider", name_bytes_max).value_or("");
  order.pool = call.fields.text("pool", name_bytes_max).value_or("");
  order.via = call.fields.text("via", name_bytes_max).value_or("");
  const bool end = call.fields.flag("end");
  if (!model::Subject::parse("provider:" + order.provider))
    call.fields.wrong("provider is missing");
  if (end == !order.via.empty()) call.fields.wrong("give either via or end");
  order.by = author(call);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto set = call.control.set_detour(order);
  return set ? json_reply(detour_json(*set)) : error_reply(set.error(), true);
}

Reply explain(RouteCall& call) {
  const model::Subject subject = call.fields.subject("subject");
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto report = call.control.explain(subject);
  return report ? json_reply(subject_json(*report)) : error_reply(report.error(), false);
}

Reply suspend(RouteCall& call) {
  SuspendOrder order;
  order.subject = call.fields.sender("subject");
  if (const auto level = call.fields.text("level", 32)) {
    const auto known = model::parse_level(*level);
    if (!known) call.fields.wrong("level is none of throttle, hold, external_only, no_sending");
    order.level = known.value_or(model::Level::no_sending);
  }
  order.span = call.fields.span("for");
  if (const auto until = call.fields.time("until")) {
    if (order.span) call.fields.wrong("give either for or until");
    order.span = std::chrono::duration_cast<std::chrono::seconds>(*until - call.now);
    if (order.span->count() <= 0) call.fields.wrong("until is in the past");
  }
  order.reason = call.fields.text("reason", text_bytes_max).value_or("");
  if (order.reason.empty()) call.fields.wrong("reason is missing: say why, others will ask");
  order.by = author(call);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto decision = call.control.suspend(order);
  return decision ? json_reply(order_json(*decision)) : error_reply(decision.error(), false);
}

Reply release(RouteCall& call) {
  ReleaseOrder order;
  order.subject = call.fields.subject("subject");
  order.recovery.done = call.fields.texts("done");
  order.recovery.without_checklist = call.fields.flag("without_checklist");
  // Whoever releases a campaign says that it was none: its mail goes with it.
  const char* const usual =
      order.subject.kind == model::SubjectKind::campaign ? "release" : "keep-held";
  const std::string mail = call.fields.text("mail", 16).value_or(usual);
  if (mail == "release") {
    order.mail = HeldMail::release;
  } else if (mail == "delete") {
    order.mail = HeldMail::remove;
  } else if (mail != "keep-held") {
    call.fields.wrong("mail is none of release, delete, keep-held");
  }
  order.by = author(call);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto decision = call.control.release(order);
  return decision ? json_reply(order_json(*decision)) : error_reply(decision.error(), true);
}

Reply exempt(RouteCall& call) {
  const model::Subject subject = call.fields.sender("subject");
  const bool off = call.fields.flag("off");
  const std::string by = author(call);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto decisions = call.control.exempt(subject, !off, by);
  return decisions ? json_reply(decisions_json(*decisions)) : error_reply(decisions.error(), true);
}

Reply announce(RouteCall& call) {
  AnnounceOrder order;
  order.subject = call.fields.subject("subject");
  const auto recipients = call.fields.count("recipients", 100'000'000);
  if (recipients.value_or(0) == 0) call.fields.wrong("recipients is missing or 0");
  order.recipients = static_cast<std::uint32_t>(recipients.value_or(0));
  order.from = call.fields.time("from");
  const auto until = call.fields.time("until");
  if (!until) call.fields.wrong("until is missing");
  order.until = until.value_or(call.now);
  if (until && (order.until <= call.now || (order.from && *order.from >= order.until))) {
    call.fields.wrong("until is in the past or not after from");
  }
  order.by = author(call);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto decision = call.control.announce(order);
  return decision ? json_reply(decision_json(*decision)) : error_reply(decision.error(), false);
}

Reply undo(RouteCall& call) {
  const auto number = call.fields.count("number", 1ULL << 53);
  if (number.value_or(0) == 0) call.fields.wrong("number is missing: `leumund events` shows it");
  const std::string by = author(call);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto decision = call.control.undo(*number, by);
  return decision ? json_reply(order_json(*decision)) : error_reply(decision.error(), true);
}

Reply unattended(RouteCall& call) {
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto now = call.control.unattended();
  return now ? json_reply(unattended_json(*now, call.now)) : error_reply(now.error(), false);
}

Reply set_unattended(RouteCall& call) {
  UnattendedOrder order;
  const bool off = call.fields.flag("off");
  order.from = call.fields.time("from");
  order.until = call.fields.time("until");
  if (off && (order.from || order.until)) call.fields.wrong("off goes with neither from nor until");
  if (!off && !order.until) call.fields.wrong("until is missing (or give off)");
  if (order.until && (*order.until <= call.now || (order.from && *order.from >= *order.until))) {
    call.fields.wrong("until is in the past or not after from");
  }
  order.by = author(call);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto set = call.control.set_unattended(order);
  return set ? json_reply(unattended_json(*set, call.now)) : error_reply(set.error(), false);
}

Reply events(RouteCall& call) {
  const auto after = call.fields.count("after", 1ULL << 53);
  const auto limit = call.fields.count("limit", list_max);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto list = call.control.decisions(after.value_or(0), limit.value_or(list_max));
  return list ? json_reply(decisions_json(*list)) : error_reply(list.error(), false);
}

Reply feed(RouteCall& call) {
  const auto report = call.control.feed_events(call.body);
  return report ? json_reply(feed_json(*report)) : error_reply(report.error(), false);
}

Reply queue(RouteCall& call) {
  const model::Subject subject = call.fields.subject("subject");
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto held = call.control.held_mail(subject);
  return held ? json_reply(held_mail_json(*held)) : error_reply(held.error(), true);
}

Reply queue_work(RouteCall& call) {
  const model::Subject subject = call.fields.subject("subject");
  const std::string work = call.fields.text("do", 16).value_or("");
  if (work != "release" && work != "delete") call.fields.wrong("do is neither release nor delete");
  const std::string by = author(call);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto report = call.control.queue_work(
      subject, work == "release" ? QueueWork::release : QueueWork::remove, by);
  return report ? json_reply(queue_json(*report)) : error_reply(report.error(), true);
}

Reply reload(RouteCall& call) {
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto changes = call.control.reload();
  return changes ? json_reply(reload_json(*changes)) : error_reply(changes.error(), false);
}

Reply stream(RouteCall& call) {
  const auto after = call.fields.count("after", 1ULL << 53);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  Reply reply;
  reply.content_type = "text/event-stream";
  reply.stream = true;
  reply.stream_after = after.value_or(UINT64_MAX);
  return reply;
}

Reply openapi(RouteCall&) { return json_reply(openapi_json()); }

const RouteField subject_field = {"subject", "string", true,
                                  "account:NAME, script:uid33, ..., or a bare account name"};
const RouteField by_field = {"by", "string", false, "who gives the order, for the journal"};

std::vector<Route> routes_about_subjects() {
  return {
      {"GET",
       "/v1/status",
       false,
       "Standing of accounts, sources, store and mode.",
       {{"most", "integer", false, "how many restrictions and watched subjects; 20 unless told"}},
       status},
      {"GET",
       "/v1/explain",
       false,
       "Why a subject stands as it does, term by term.",
       {subject_field},
       explain},
      {"POST",
       "/v1/suspend",
       true,
       "Restricts a subject as sender.",
       {subject_field,
        {"level", "string", false, "throttle, hold, external_only or no_sending (the default)"},
        {"for", "span", false, "how long; until released if neither for nor until is given"},
        {"until", "time", false, "until when"},
        {"reason", "string", true, "why"},
        by_field},
       suspend},
      {"POST",
       "/v1/release",
       true,
       "Lifts a restriction.",
       {subject_field,
        {"done", "object", false, "the recovery checklist: item to who did it"},
        {"without_checklist", "boolean", false, "somebody takes the responsibility; recorded"},
        {"mail", "string", false,
         "held mail: release (the default for a campaign), delete or keep-held (else the default)"},
        by_field},
       release},
      {"POST",
       "/v1/exempt",
       true,
       "Never restricts a subject, or ends that.",
       {subject_field, {"off", "boolean", false, "end the exemption"}, by_field},
       exempt},
      {"POST",
       "/v1/announce",
       true,
       "Expects a bulk mailing.",
       {subject_field,
        {"recipients", "integer", true, "how many"},
        {"from", "time", false, "now unless told"},
        {"until", "time", true, "end"},
        by_field},
       announce},
      {"POST",
       "/v1/undo",
       true,
       "Takes back an automatic decision.",
       {{"number", "integer", true, "number of the decision"}, by_field},
       undo},
  };
}

std::vector<Route> routes_about_blocks() {
  return {
      {"GET",
       "/v1/block-matrix",
       false,
       "Which provider takes mail from which egress, since when not, and why.",
       {},
       block_matrix},
      {"GET",
       "/v1/reachable",
       false,
       "Whether an address can be reached now, through which egress, and since when not.",
       {{"recipient", "string", true, "address or domain"}},
       reachable},
      {"GET",
       "/v1/route",
       false,
       "Which way mail to an address takes now: target is a transport of Postfix, empty for the "
       "usual way.",
       {{"recipient", "string", true, "address or domain"},
        {"sender", "string", false, "of the envelope, for senders with ways of their own"}},
       route},
      {"GET", "/v1/detours", false, "All detours, and why they stand.", {}, detours},
      {"POST",
       "/v1/detours",
       true,
       "Sends the mail of one provider another way, or ends that.",
       {{"provider", "string", true, "as the block matrix names it"},
        {"pool", "string", false, "only mail of the senders of this pool (detour.pools)"},
        {"via", "string", false, "one of detour.ways, or of the pool's"},
        {"end", "boolean", false, "back to the usual way"},
        by_field},
       set_detour},
      {"GET",
       "/v1/lists",
       false,
       "What of ours stands on DNS lists, and how the lists answer.",
       {},
       lists},
      {"GET",
       "/v1/lookup",
       true,  // each asks every list
       "What every list says of an address or a domain just now.",
       {{"subject", "string", true, "address or domain"}},
       look_up},
  };
}

std::vector<Route> routes_about_the_daemon() {
  return {
      {"GET", "/v1/unattended", false, "Whether and until when nobody watches.", {}, unattended},
      {"POST",
       "/v1/unattended",
       true,
       "Nobody watches until then: bounded automatic measures.",
       {{"from", "time", false, "now unless told"},
        {"until", "time", false, "end"},
        {"off", "boolean", false, "somebody watches again"},
        by_field},
       set_unattended},
      {"GET",
       "/v1/events",
       false,
       "Decisions, oldest first.",
       {{"after", "integer", false, "only with a higher number"},
        {"limit", "integer", false, "at most 1000"}},
       events},
      {"POST", "/v1/events", true, "Takes mail events, one JSON object a line.", {}, feed},
      {"GET", "/v1/queue", true, "Held mail of a subject.", {subject_field}, queue},
      {"POST",
       "/v1/queue",
       true,
       "Releases or deletes the held mail of a subject.",
       {subject_field, {"do", "string", true, "release or delete"}, by_field},
       queue_work},
      {"POST", "/v1/reload", true, "Reads the configuration anew.", {}, reload},
      {"GET",
       "/v1/stream",
       false,
       "Server-sent events: decisions and mail events as they come.",
       {{"after", "integer", false, "sequence to go on from; only new ones unless told"}},
       stream},
      {"GET", "/v1/openapi.json", false, "This description.", {}, openapi},
  };
}

std::vector<Route> build_routes() {
  std::vector<Route> all = routes_about_subjects();
  for (Route& route : routes_about_blocks()) all.push_back(std::move(route));
  for (Route& route : routes_about_hygiene()) all.push_back(std::move(route));
  for (Route& route : routes_about_screening()) all.push_back(std::move(route));
  for (Route& route : routes_about_cases()) all.push_back(std::move(route));
  for (Route& route : routes_about_own_lists()) all.push_back(std::move(route));
  for (Route& route : routes_about_the_daemon()) all.push_back(std::move(route));
  return all;
}

}  // namespace

const std::vector<Route>& routes() {
  static const std::vector<Route> table = build_routes();
  return table;
}

Reply error_reply(int status_code, std::string_view code, std::string_view message) {
  Reply reply;
  reply.status = status_code;
  reply.body = error_json(code, message);
  return reply;
}

Reply error_reply(const base::Error& error, bool nothing_there) {
  switch (error.code) {
    case ErrorCode::malformed: return error_reply(400, "malformed", error.message);
    case ErrorCode::too_large: return error_reply(413, "too_large", error.message);
    case ErrorCode::refused: return error_reply(409, "refused", error.message);
    case ErrorCode::unavailable:
      return nothing_there ? error_reply(404, "not_found", error.message)
                           : error_reply(503, "unavailable", error.message);
    case ErrorCode::timed_out: return error_reply(503, "timed_out", error.message);
    case ErrorCode::exhausted: return error_reply(503, "exhausted", error.message);
    case ErrorCode::internal: return error_reply(500, "internal", error.message);
  }
  return error_reply(500, "internal", error.message);
}

}  // namespace leumund::face
