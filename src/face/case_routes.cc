#include "face/case_routes.h"

#include <array>
#include <utility>

#include "action/case_book.h"
#include "face/case_json.h"
#include "face/case_letter.h"

namespace leumund::face {
namespace {

using action::CaseWork;

constexpr std::uint64_t number_max = 1ULL << 53;
constexpr std::size_t name_bytes_max = 320;

constexpr std::array<std::pair<std::string_view, CaseWork>, 8> works = {
    {{"note", CaseWork::note},
     {"attempt", CaseWork::attempt},
     {"answer", CaseWork::answer},
     {"review", CaseWork::review},
     {"close", CaseWork::close},
     {"reopen", CaseWork::reopen},
     {"add_cause", CaseWork::add_cause},
     {"remove_cause", CaseWork::remove_cause}}};

template <typename Report>
Reply reply_of(const base::Result<Report>& report, std::string (*json)(const Report&)) {
  if (!report) return error_reply(report.error(), true);
  Reply reply;
  reply.body = json(*report);
  return reply;
}

std::uint64_t number_field(RouteCall& call) {
  const auto number = call.fields.count("number", number_max);
  if (number.value_or(0) == 0) call.fields.wrong("number is missing: `leumund cases` shows it");
  return number.value_or(0);
}

Reply cases(RouteCall& call) {
  const bool all = call.fields.flag("all");
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  return reply_of(call.control.cases(all), cases_json);
}

Reply find_case(RouteCall& call) {
  const std::uint64_t number = number_field(call);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  return reply_of(call.control.find_case(number), case_json);
}

void read_attempt(RouteCall& call, action::CaseOrder& order) {
  order.party = call.fields.text("party", name_bytes_max).value_or("");
  order.to = call.fields.text("to", action::CaseBook::text_bytes_max).value_or("");
  const auto channel = call.fields.text("channel", 32);
  if (!channel) return;
  order.step = model::parse_case_step(*channel);
  if (!order.step) {
    call.fields.wrong("channel is none of form, reply, postmaster, upstream, legal, given_up");
  }
}

void read_answer(RouteCall& call, action::CaseOrder& order) {
  order.attempt = static_cast<std::uint32_t>(call.fields.count("attempt", UINT32_MAX).value_or(0));
  const auto outcome = model::parse_case_outcome(call.fields.text("outcome", 32).value_or(""));
  const bool word =
      outcome && *outcome != model::CaseOutcome::waiting && *outcome != model::CaseOutcome::ended;
  if (!word) call.fields.wrong("outcome is none of accepted, refused, unanswered");
  order.outcome = outcome.value_or(model::CaseOutcome::waiting);
}

Reply work_on_case(RouteCall& call) {
  action::CaseOrder order;
  order.number = number_field(call);
  const std::string wanted = call.fields.text("do", 16).value_or("");
  bool known = false;
  for (const auto& [name, work] : works) {
    if (name != wanted) continue;
    order.work = work;
    known = true;
  }
  if (!known)
    call.fields.wrong(
        "do is none of note, attempt, answer, review, close, reopen, add_cause, remove_cause");
  order.text = call.fields.text("text", action::CaseBook::text_bytes_max).value_or("");
  if (order.work == CaseWork::attempt) read_attempt(call, order);
  if (order.work == CaseWork::answer) read_answer(call, order);
  if (order.work == CaseWork::add_cause || order.work == CaseWork::remove_cause) {
    order.subject = call.fields.subject("subject");
  }
  const auto name = call.fields.text("by", 100);
  order.by = std::string(call.by) + (name && !name->empty() ? " " + *name : "");
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  return reply_of(call.control.work_on_case(order), case_json);
}

std::optional<config::Language> language_field(RouteCall& call, const char* name) {
  const auto text = call.fields.text(name, 8);
  if (!text || text->empty()) return std::nullopt;
  if (*text != "de" && *text != "en") call.fields.wrong(std::string(name) + " is none of de, en");
  return *text == "de" ? config::Language::de : config::Language::en;
}

Reply html_reply(std::string page) {
  Reply reply;
  reply.content_type = "text/html; charset=utf-8";
  reply.body = std::move(page);
  return reply;
}

Reply case_letter(RouteCall& call) {
  LetterOrder order;
  order.number = number_field(call);
  order.party = call.fields.text("party", name_bytes_max).value_or("");
  if (const auto channel = call.fields.text("channel", 32); channel && !channel->empty()) {
    order.step = model::parse_case_step(*channel);
    if (!order.step) {
      call.fields.wrong("channel is none of form, reply, postmaster, upstream, legal, given_up");
    }
  }
  order.language = language_field(call, "lang");
  order.people = language_field(call, "advice_lang").value_or(config::Language::en);
  const bool html = call.fields.flag("html");
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto letter = call.control.case_letter(order);
  if (!letter || !html) return reply_of(letter, letter_json);
  return html_reply(letter_html(*letter, order.people));
}

Reply case_dossier(RouteCall& call) {
  const std::uint64_t number = number_field(call);
  DossierView view;
  view.language = language_field(call, "lang").value_or(config::Language::en);
  view.names = call.fields.flag("names");
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  const auto dossier = call.control.case_dossier(number);
  if (!dossier) return error_reply(dossier.error(), true);
  return html_reply(dossier_html(*dossier, view));
}

}  // namespace

std::vector<Route> routes_about_cases() {
  return {
      {"GET",
       "/v1/cases",
       false,
       "The cases that are not closed, and how lists and providers have treated us so far.",
       {{"all", "boolean", false, "closed ones too"}},
       cases},
      {"GET",
       "/v1/case",
       false,
       "One case: timeline, causes, requests and answers, and what worked the last time.",
       {{"number", "integer", true, "number of the case"}},
       find_case},
      {"GET",
       "/v1/case-letter",
       false,
       "The letter for a step of a case: to whom, by which way, the text, and what to know before "
       "it is sent.",
       {{"number", "integer", true, "number of the case"},
        {"party", "string", false, "to whom, like list:psbl; left out where only one stands"},
        {"channel", "string", false,
         "form, reply, postmaster, upstream, legal or given_up; the next step unless told"},
        {"lang", "string", false, "of the letter: de or en; what they read unless told"},
        {"advice_lang", "string", false, "of the advice: de or en (the default)"},
        {"html", "boolean", false, "as a page to print or copy from"}},
       case_letter},
      {"GET",
       "/v1/case-dossier",
       false,
       "All of a case as an HTML page to print.",
       {{"number", "integer", true, "number of the case"},
        {"lang", "string", false, "de or en (the default)"},
        {"names", "boolean", false, "with the names of senders and what people noted"}},
       case_dossier},
      {"POST",
       "/v1/case",
       true,
       "Writes into a case, closes or reopens it.",
       {{"number", "integer", true, "number of the case"},
        {"do", "string", true,
         "note, attempt, answer, review, close, reopen, add_cause or remove_cause"},
        {"text", "string", false, "what is noted, was asked or answered; why it is closed"},
        {"party", "string", false, "of an attempt: who was asked, like list:spamhaus-xbl"},
        {"channel", "string", false,
         "of an attempt: form, reply, postmaster, upstream, legal or given_up; the next step "
         "unless "
         "told"},
        {"to", "string", false, "of an attempt: address of the form or mail, name of a person"},
        {"attempt", "integer", false, "of an answer: number; the newest that waits unless told"},
        {"outcome", "string", false, "of an answer: accepted, refused or unanswered"},
        {"subject", "string", false,
         "of add_cause and remove_cause: the stopped sender, like account:NAME"},
        {"by", "string", false, "who gives the order, for the journal"}},
       work_on_case},
  };
}

}  // namespace leumund::face
