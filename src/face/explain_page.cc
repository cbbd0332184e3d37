#include "face/explain_page.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "face/explain_form.h"
#include "face/public_page.h"

namespace leumund::face {
namespace {

using config::Language;

constexpr std::size_t results_shown_max = 10;
constexpr std::size_t evidence_bytes_max = 400;

struct Words {
  std::string_view code, title, lead, label, button, other_code, other_name, nothing, unsure,
      permanent, for_now, because, lookup, recipient, too_much, too_often, privacy;
};

constexpr Words english = {
    "en",
    "Why was my mail refused?",
    "Paste the error message you got back, or the whole mail that brought it. You will read what "
    "it means and what you can do.",
    "The error message",
    "Explain",
    "de",
    "Deutsch",
    "There is no refusal of a mail server in this text. Paste the lines that begin with a number "
    "like 550 or 4.7.1, or the whole mail that came back.",
    "This text says little; what follows is a guess.",
    "For good: sending the same mail again changes nothing.",
    "For now: the mail server tries again by itself.",
    "Because it says:",
    "Where this can be looked up",
    "To",
    "This is too much text. Paste only the error message.",
    "You asked very often just now. Please wait a minute.",
    "What you paste is read once and not kept."};

constexpr Words german = {
    "de",
    "Warum wurde meine Mail abgewiesen?",
    "Fügen Sie die Fehlermeldung ein, die Sie bekommen haben, oder die ganze Mail, in der sie "
    "stand. Sie lesen dann, was sie bedeutet und was Sie tun können.",
    "Die Fehlermeldung",
    "Erklären",
    "en",
    "English",
    "In diesem Text steht keine Abweisung eines Mailservers. Fügen Sie die Zeilen ein, die mit "
    "einer Zahl wie 550 oder 4.7.1 beginnen, oder die ganze Mail, die zurückkam.",
    "Dieser Text sagt wenig; was folgt, ist eine Vermutung.",
    "Endgültig: dieselbe Mail noch einmal zu senden ändert nichts.",
    "Vorläufig: der Mailserver versucht es von selbst noch einmal.",
    "Weil dort steht:",
    "Wo man das nachsehen kann",
    "An",
    "Das ist zu viel Text. Fügen Sie nur die Fehlermeldung ein.",
    "Sie haben gerade sehr oft gefragt. Bitte warten Sie eine Minute.",
    "Was Sie einfügen, wird einmal gelesen und nicht aufgehoben."};

const Words& words_of(Language language) { return language == Language::de ? german : english; }

constexpr std::string_view style =
    "body{font:1.05rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;"
    "color:#222;background:#fff}textarea{width:100%;box-sizing:border-box;font:1rem monospace}"
    "button{font:inherit;padding:.4rem 1.2rem}section{border-top:1px solid #bbb;margin-top:1.5rem}"
    ".evidence,small{color:#555}.trouble{color:#a00}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}"
    ".evidence,small{color:#aaa}.trouble{color:#f88}a{color:#8bf}}";

// Whole characters of UTF-8 only.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) --most;
  return text.substr(0, most);
}

void append_result(const ExplainedReply& one, const Words& words, std::string& out) {
  out += "<section>\n";
  if (!one.recipient.empty()) {
    out += fmt::format("<h2>{} {}</h2>\n", words.recipient, html_text(one.recipient));
  }
  if (!one.sure) out += fmt::format("<p><em>{}</em></p>\n", words.unsure);
  out += fmt::format("<p>{}</p>\n", html_text(one.explanation));
  out += fmt::format("<p>{}</p>\n", one.permanent ? words.permanent : words.for_now);
  if (!one.evidence.empty()) {
    out += fmt::format("<p class=\"evidence\">{} {}</p>\n", words.because,
                       html_text(cut(one.evidence, evidence_bytes_max)));
  }
  const std::string link = safe_link(one.lookup_url);
  if (!link.empty()) {
    out += fmt::format("<p>{}: <a href=\"{}\" rel=\"nofollow noopener noreferrer\">{}</a></p>\n",
                       words.lookup, link, link);
  }
  out += "</section>\n";
}

// What was pasted, from the address or the body; nothing asked gives an empty text.
base::Result<PastedForm> pasted(const net::HttpRequest& request) {
  if (request.method == "POST") {
    return read_pasted(request.header("content-type"), request.body);
  }
  auto form = read_pasted("", request.param("text"));
  if (form) form->language.clear();
  return form;
}

}  // namespace

std::string explain_html(const ExplainView& view) {
  const Words& words = words_of(view.language);
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"robots\" "
      "content=\"noindex\">\n<title>{}</title>\n<style>{}</style></head>\n<body>\n"
      "<p><a href=\"?lang={}\" hreflang=\"{}\">{}</a></p>\n<h1>{}</h1>\n<p>{}</p>\n",
      words.code, words.title, style, words.other_code, words.other_code, words.other_name,
      words.title, words.lead);
  if (!view.trouble.empty()) {
    out += fmt::format("<p class=\"trouble\" role=\"alert\">{}</p>\n", html_text(view.trouble));
  }
  // text/plain keeps a pasted mail as it is; the text comes last and may hold any line.
  out += fmt::format(
      "<form method=\"post\" action=\"explain\" enctype=\"text/plain\" accept-charset=\"utf-8\">\n"
      "<input type=\"hidden\" name=\"lang\" value=\"{}\">\n"
      "<p><label for=\"text\">{}</label><br>\n<textarea id=\"text\" name=\"text\" rows=\"10\" "
      "required>\n{}</textarea></p>\n<p><button>{}</button> <small>{}</small></p>\n</form>\n",
      words.code, words.label, html_text(view.text), words.button, words.privacy);
  if (view.results != nullptr && view.trouble.empty()) {
    if (view.results->empty()) out += fmt::format("<p role=\"alert\">{}</p>\n", words.nothing);
    const std::size_t shown = std::min(view.results->size(), results_shown_max);
    for (std::size_t i = 0; i < shown; ++i) append_result((*view.results)[i], words, out);
  }
  return out + "</body>\n</html>\n";
}

ExplainPage::ExplainPage(ExplainReply explain, RateSettings rate,
                         std::function<base::TimePoint()> now)
    : explain_(std::move(explain)), now_(std::move(now)), rate_(rate, base::HashKey::random()) {}

bool ExplainPage::may_ask(const net::HttpRequest& request) {
  const auto now = now_();
  return rate_.with([&](RateLimit& rate) { return rate.take(visitor_of(request), now); });
}

void ExplainPage::answer_page(const net::HttpRequest& request, net::HttpResponse& response) {
  response.content_type = "text/html; charset=utf-8";
  const auto form = pasted(request);
  ExplainView view;
  const std::string_view asked =
      form && !form->language.empty() ? std::string_view(form->language) : request.param("lang");
  view.language = page_language(request, asked);
  const Words& words = words_of(view.language);
  std::vector<ExplainedReply> results;
  if (!form) {
    response.status = 413;
    view.trouble = words.too_much;
  } else if (form->text.find_first_not_of(" \t\r\n") != std::string::npos) {
    view.text = form->text;
    if (may_ask(request)) {
      results = explain_(form->text, view.language);
      view.results = &results;
    } else {
      response.status = 429;
      view.trouble = words.too_often;
    }
  }
  response.body = explain_html(view);
  add_page_headers(response);
}

void ExplainPage::answer_json(const net::HttpRequest& request, net::HttpResponse& response) {
  const auto form = pasted(request);
  if (!form) {
    response = net::HttpResponse::failure(413, form.error().message);
  } else if (form->text.empty()) {
    response = net::HttpResponse::failure(400, "no text: send it as body or as ?text=");
  } else if (!may_ask(request)) {
    response = net::HttpResponse::failure(429, "too many requests, wait a minute");
  } else {
    response.body = "{\"results\":[";
    for (const ExplainedReply& one : explain_(form->text, Language::en)) {
      if (!response.body.ends_with('[')) response.body += ',';
      response.body += one.json;
    }
    response.body += "]}\n";
  }
  add_page_headers(response);
}

std::vector<net::HttpRoute> ExplainPage::routes() {
  // Encoded, a text takes up to three times its size.
  constexpr std::size_t body_most = 3 * pasted_text_max + 1024;
  std::vector<net::HttpRoute> list;
  for (const char* method : {"GET", "POST"}) {
    list.push_back(
        {.method = method,
         .pattern = "/explain",
         .handler = [this](const auto& request, auto& response) { answer_page(request, response); },
         .body_max = body_most});
    list.push_back(
        {.method = method,
         .pattern = "/v1/explain-reply",
         .handler = [this](const auto& request, auto& response) { answer_json(request, response); },
         .body_max = body_most});
  }
  return list;
}

}  // namespace leumund::face
