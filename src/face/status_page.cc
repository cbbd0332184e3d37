#include "face/status_page.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "action/letter_facts.h"
#include "action/sentences.h"
#include "face/explain_form.h"
#include "face/print_page.h"
#include "face/public_page.h"

namespace leumund::face {
namespace {

using config::Language;
using Json = nlohmann::ordered_json;

constexpr std::size_t outages_max = 100;
constexpr std::size_t domains_max = 20;

std::string_view say(Language language, std::string_view english, std::string_view german) {
  return language == Language::de ? german : english;
}

std::string_view care_name(OutageCare care) {
  switch (care) {
    case OutageCare::another: return "another_way";
    case OutageCare::waiting: return "waiting";
    case OutageCare::none: break;
  }
  return "none";
}

std::string_view care_words(OutageCare care, Language language) {
  switch (care) {
    case OutageCare::another:
      return say(language, "Your mail to it takes another way; it may arrive later than usual.",
                 "Ihre Post dorthin nimmt einen anderen Weg; sie kommt vielleicht später an als "
                 "sonst.");
    case OutageCare::waiting:
      return say(language,
                 "Your mail to it waits and is sent by itself as soon as it is taken. You need not "
                 "send it again.",
                 "Ihre Post dorthin wartet und geht von selbst hinaus, sobald sie angenommen wird. "
                 "Sie brauchen sie nicht noch einmal zu senden.");
    case OutageCare::none: break;
  }
  return say(language, "Mail to it may arrive late, or come back to you. We are working on it.",
             "Post dorthin kann später ankommen oder an Sie zurückgehen. Wir arbeiten daran.");
}

std::string domains_of(const Outage& one) {
  std::string out;
  for (std::size_t i = 0; i < std::min(one.domains.size(), domains_max); ++i) {
    out += (i == 0 ? "" : ", ") + one.domains[i];
  }
  return out + (one.domains.size() > domains_max ? ", ..." : "");
}

std::string sentence_of(const Outage& one, Language language) {
  const std::string since = action::letter_time(one.since, language);
  if (one.until) {
    return fmt::format(fmt::runtime(say(language, "From {} to {}.", "Vom {} bis zum {}.")), since,
                       action::letter_time(*one.until, language));
  }
  return fmt::format(fmt::runtime(say(language, "Mail from us has been refused there since {}.",
                                      "Dort wird Post von uns seit dem {} abgewiesen.")),
                     since);
}

std::string_view summary(const OutageReport& report, Language language) {
  if (report.affected.empty() && report.unregistered == 0) {
    return say(language, "Mail gets through: no provider refuses mail from us.",
               "Die Post kommt an: Kein Anbieter weist Post von uns ab.");
  }
  if (report.affected.empty()) {
    return say(language, "Mail gets through to all large providers.",
               "Bei allen großen Anbietern kommt die Post an.");
  }
  return say(language, "Some providers are refusing mail from us.",
             "Einige Anbieter weisen Post von uns ab.");
}

void append_outages(const std::vector<Outage>& outages, Language language, std::string& out) {
  for (std::size_t i = 0; i < std::min(outages.size(), outages_max); ++i) {
    const Outage& one = outages[i];
    out += fmt::format("<h3>{}</h3>\n<p>", html_text(action::translated(language, one.name)));
    if (const std::string domains = domains_of(one); !domains.empty()) {
      out += html_text(domains) + "<br>\n";
    }
    out += html_text(sentence_of(one, language));
    if (!one.until) out += fmt::format("<br>\n{}", care_words(one.care, language));
    out += "</p>\n";
  }
}

Json outage_json(const Outage& one) {
  Json out = {{"provider", one.provider}, {"name", one.name}, {"domains", one.domains}};
  out["since"] = base::format_rfc3339(one.since);
  out["until"] = one.until ? Json(base::format_rfc3339(*one.until)) : Json(nullptr);
  if (!one.until) out["mail"] = care_name(one.care);
  return out;
}

void append_entry(const Outage& one, Language language, std::string& out) {
  const auto title =
      one.until ? say(language, "{} takes our mail again", "{} nimmt unsere Post wieder an")
                : say(language, "{} refuses mail from us", "{} weist Post von uns ab");
  std::string text = domains_of(one);
  if (!text.empty()) text += ". ";
  text += sentence_of(one, language);
  if (!one.until) text += " " + std::string(care_words(one.care, language));
  // One entry for each trouble: its end changes the entry.
  out += fmt::format(
      "<entry>\n<id>urn:leumund:outage:{}:{}</id>\n<title>{}</title>\n<updated>{}</updated>\n"
      "<summary>{}</summary>\n</entry>\n",
      html_text(one.provider),
      std::chrono::duration_cast<std::chrono::seconds>(one.since.time_since_epoch()).count(),
      html_text(fmt::format(fmt::runtime(title), action::translated(language, one.name))),
      base::format_rfc3339(one.until.value_or(one.since)), html_text(text));
}

}  // namespace

std::string status_html(const OutageReport& report, Language language) {
  const bool german = language == Language::de;
  const std::string title =
      std::string(say(language, "State of mail delivery", "Stand der Mailzustellung")) +
      (report.organisation.empty() ? "" : ": " + report.organisation);
  std::string out = print_page_head(language, title);
  out += fmt::format(
      "<p><a href=\"?lang={0}\" hreflang=\"{0}\">{1}</a> &middot; <a href=\"status.atom?lang={2}\" "
      "type=\"application/atom+xml\">Atom</a> &middot; <a href=\"status.json\">JSON</a></p>\n"
      "<h1>{3}</h1>\n<p role=\"status\">{4}</p>\n",
      german ? "en" : "de", german ? "English" : "Deutsch", german ? "de" : "en", html_text(title),
      summary(report, language));
  if (!report.affected.empty()) {
    out += fmt::format("<h2>{}</h2>\n", say(language, "Affected", "Betroffen"));
    append_outages(report.affected, language, out);
  }
  if (report.unregistered > 0) {
    out += fmt::format(
        "<p>{}</p>\n",
        fmt::format(fmt::runtime(say(language, "Single other mail servers that refuse us: {}.",
                                     "Einzelne weitere Mailserver, die uns abweisen: {}.")),
                    report.unregistered));
  }
  if (!report.unaffected.empty()) {
    std::string names;
    for (const std::string& name : report.unaffected) {
      names += (names.empty() ? "" : ", ") + action::translated(language, name);
    }
    out += fmt::format("<h2>{}</h2>\n<p>{}</p>\n", say(language, "Not affected", "Nicht betroffen"),
                       html_text(names));
  }
  if (!report.over.empty()) {
    out += fmt::format("<h2>{}</h2>\n", say(language, "Over", "Vorbei"));
    append_outages(report.over, language, out);
  }
  out += fmt::format("<p><small>{}: {}<br>\n{}: {}</small></p>\n", say(language, "As of", "Stand"),
                     action::letter_time(report.now, language),
                     say(language, "Next update by", "Nächster Stand bis"),
                     action::letter_time(report.next_update, language));
  return out + "</body>\n</html>\n";
}

std::string status_json(const OutageReport& report) {
  Json affected = Json::array();
  Json over = Json::array();
  for (std::size_t i = 0; i < std::min(report.affected.size(), outages_max); ++i) {
    affected.push_back(outage_json(report.affected[i]));
  }
  for (std::size_t i = 0; i < std::min(report.over.size(), outages_max); ++i) {
    over.push_back(outage_json(report.over[i]));
  }
  const Json out = {{"updated", base::format_rfc3339(report.now)},
                    {"next_update", base::format_rfc3339(report.next_update)},
                    {"affected", std::move(affected)},
                    {"others_affected", report.unregistered},
                    {"unaffected", report.unaffected},
                    {"over", std::move(over)}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string status_atom(const OutageReport& report, Language language) {
  // The feed changes when an outage begins or ends, not each time it is read.
  base::TimePoint updated;
  for (const auto* outages : {&report.affected, &report.over}) {
    for (const Outage& one : *outages) updated = std::max(updated, one.until.value_or(one.since));
  }
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" "
      "xml:lang=\"{}\">\n<id>urn:leumund:outages</id>\n<title>{}</title>\n<updated>{}</updated>\n"
      "<author><name>{}</name></author>\n",
      language == Language::de ? "de" : "en",
      say(language, "State of mail delivery", "Stand der Mailzustellung"),
      base::format_rfc3339(updated),
      html_text(report.organisation.empty() ? "Leumund" : report.organisation));
  for (const auto* outages : {&report.affected, &report.over}) {
    for (std::size_t i = 0; i < std::min(outages->size(), outages_max); ++i) {
      append_entry((*outages)[i], language, out);
    }
  }
  return out + "</feed>\n";
}

StatusPage::StatusPage(Look look, RateSettings rate, std::function<base::TimePoint()> now)
    : look_(std::move(look)), now_(std::move(now)), rate_(rate, base::HashKey::random()) {}

// Under its lock: of many who come at once one looks, the others read what he saw.
std::shared_ptr<const OutageReport> StatusPage::look(base::TimePoint now) {
  return seen_.with([&](Seen& seen) {
    if (!seen.at || now >= *seen.at + kept_for || now < *seen.at) {
      auto report = look_();
      seen.at = now;
      seen.report = report ? std::make_shared<const OutageReport>(std::move(*report)) : nullptr;
    }
    return seen.report;
  });
}

void StatusPage::answer(Form form, const net::HttpRequest& request, net::HttpResponse& response) {
  const auto now = now_();
  const Language language = page_language(request, request.param("lang"));
  // Who reads the page in a browser is told there, a program as it reads the rest.
  const auto refuse = [&](int status, std::string_view english, std::string_view german) {
    response = form == Form::html
                   ? failure_page(language, status, language == Language::de ? german : english)
                   : net::HttpResponse::failure(status, english);
    add_page_headers(response);
  };
  if (!rate_.with([&](RateLimit& rate) { return rate.take(visitor_of(request), now); })) {
    return refuse(429, "too many requests, wait a minute",
                  "zu viele Anfragen, bitte eine Minute warten");
  }
  const auto report = look(now);
  if (!report) return refuse(404, "no such page", "diese Seite gibt es nicht");
  add_page_headers(response, std::chrono::seconds(60));
  response.headers.emplace_back("Vary", "Accept-Language");
  switch (form) {
    case Form::html:
      response.content_type = "text/html; charset=utf-8";
      response.headers.emplace_back("Content-Language", language == Language::de ? "de" : "en");
      response.body = status_html(*report, language);
      break;
    case Form::json: response.body = status_json(*report); break;
    case Form::atom:
      response.content_type = "application/atom+xml; charset=utf-8";
      response.body = status_atom(*report, language);
      break;
  }
}

std::vector<net::HttpRoute> StatusPage::routes() {
  std::vector<net::HttpRoute> list;
  for (const auto& [pattern, form] : {std::pair("/status", Form::html),
                                      {"/status.json", Form::json},
                                      {"/status.atom", Form::atom}}) {
    list.push_back({.method = "GET",
                    .pattern = pattern,
                    .handler = [this, form](const auto& request,
                                            auto& response) { answer(form, request, response); },
                    .body_max = 1024});
  }
  return list;
}

}  // namespace leumund::face
