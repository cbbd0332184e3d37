#include "face/list_page.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

#include "face/explain_form.h"
#include "face/list_json.h"
#include "face/list_page_words.h"
#include "face/list_public.h"
#include "face/public_page.h"
#include "net/http_client.h"

namespace leumund::face {
namespace {

using config::Language;
using listing::ListHistoryRecord;
using listing::ListingFacts;

constexpr std::size_t history_shown = 50;
constexpr std::size_t form_bytes_max = 4096;
constexpr std::size_t visitors_most = 100'000;
constexpr base::TimePoint never{};

constexpr std::string_view style =
    "body{font:1.05rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;"
    "color:#222;background:#fff}input,textarea{font:inherit;width:100%;box-sizing:border-box}"
    "button{font:inherit;padding:.4rem 1.2rem}section{border-top:1px solid #bbb;margin-top:1.5rem}"
    "small{color:#555}.trouble,.listed{color:#a00}.free{color:#060}td{padding-right:1rem}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}small{color:#aaa}"
    ".trouble,.listed{color:#f88}.free{color:#8d8}a{color:#8bf}}";

template <typename... Args>
std::string say(std::string_view text, const Args&... args) {
  return fmt::vformat(text, fmt::make_format_args(args...));
}

// "2026-11-22 08:15"
std::string time_text(base::TimePoint at) {
  std::string text = base::format_rfc3339(at).substr(0, 19);
  text[10] = ' ';
  return text;
}

std::string paragraph(std::string_view text, std::string_view style_class = "") {
  return fmt::format("<p{}>{}</p>\n",
                     style_class.empty() ? "" : fmt::format(" class=\"{}\"", style_class),
                     html_text(text));
}

template <typename Facts>
void append_reports(const Facts& facts, const ListPageWords& words, std::string& out) {
  if (std::ranges::all_of(facts.kinds, [](auto count) { return count == 0; })) return;
  out += paragraph(words.reports) + "<ul>\n";
  for (std::size_t i = 0; i < facts.kinds.size(); ++i) {
    if (facts.kinds[i] > 0) out += fmt::format("<li>{} {}</li>\n", facts.kinds[i], words.kinds[i]);
  }
  out += "</ul>\n";
  // Of names no mail is known.
  if constexpr (std::is_same_v<Facts, ListingFacts>) {
    out += paragraph(say(words.because, facts.weighed.mail));
  }
}

const ListHistoryRecord& line_of(const ListHistoryRecord& one) { return one; }
const ListHistoryRecord& line_of(const listing::NameHistoryRecord& one) { return one.line; }

template <typename Record>
void append_history(const std::vector<Record>& history, const ListPageWords& words,
                    std::string& out) {
  if (history.empty()) return;
  out += fmt::format("<h3>{}</h3>\n<table>\n", words.history);
  for (const Record& each_of : history) {
    const ListHistoryRecord& one = line_of(each_of);
    const auto move =
        std::ranges::find_if(words.moves, [&](const auto& each) { return each.first == one.move; });
    out += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", time_text(one.at),
                       move == words.moves.end() ? html_text(one.move) : move->second);
  }
  out += "</table>\n";
}

std::string what_is_asked(const ListView& view, const ListWhy& list) {
  const base::IpPrefix& what = list.standing.facts.what;
  return what.bits == 32 ? view.address->to_string() : what.to_string();
}

// A mail address as it was asked about: nobody knows himself by a digest.
std::string what_is_asked(const ListView& view, const NameWhy& list) {
  return list.of == model::ListKind::domains ? list.standing.facts.name : std::string(view.asked);
}

template <typename Why>
void append_list(const ListView& view, const Why& list, const ListPageWords& words,
                 std::string& out) {
  const auto& facts = list.standing.facts;
  const bool listed = list.standing.listed();
  const std::string what = what_is_asked(view, list);
  out += "<section>\n";
  out += fmt::format("<h2 class=\"{}\">{}</h2>\n", listed ? "listed" : "free",
                     html_text(say(listed ? words.listed_on : words.not_on, what, list.zone)));
  if (list.standing.hand) {
    out += paragraph(say(words.until_hand, list.standing.hand->reason));
    out += paragraph(say(words.since, time_text(list.standing.hand->since)));
    if (list.standing.hand->until != never) {
      out += paragraph(say(words.hand_until, time_text(list.standing.hand->until)));
    }
  }
  if (facts.listed) {
    out += paragraph(say(words.since, time_text(facts.since)));
    out += paragraph(say(words.until, time_text(facts.until)));
  }
  if (facts.spared) out += paragraph(words.spared);
  append_reports(facts, words, out);
  append_history(list.history, words, out);
  out += "</section>\n";
}

template <typename Whys>
bool is_by_hand(const Whys& lists) {
  return std::ranges::any_of(lists, [](const auto& one) { return one.standing.hand.has_value(); });
}

template <typename Whys>
void append_form(const ListView& view, const Whys& lists, const std::string& what,
                 const ListPageWords& words, std::string& out) {
  base::TimePoint next = never;
  bool listed = false;
  for (const auto& one : lists) {
    if (!one.standing.facts.listed) continue;
    listed = true;
    next = std::max(next, one.standing.facts.next_request_at);
  }
  if (!listed && !is_by_hand(lists)) return;
  out += fmt::format("<section>\n<h2>{}</h2>\n", words.what_to_do) + paragraph(words.advice);
  if (!listed) {
    out += paragraph(words.advice_operator) + "</section>\n";
    return;
  }
  if (next > view.now) {
    out += paragraph(say(words.next_request, time_text(next))) + "</section>\n";
    return;
  }
  out += paragraph(words.advice_here);
  out += fmt::format(
      "<form method=\"post\" action=\"bl\">\n<input type=\"hidden\" name=\"ip\" value=\"{}\">\n"
      "<input type=\"hidden\" name=\"lang\" value=\"{}\">\n<p><label "
      "for=\"reason\">{}</label><br>\n"
      "<textarea id=\"reason\" name=\"reason\" rows=\"4\" maxlength=\"500\" required></textarea>"
      "<br><small>{} {}</small></p>\n<p><button>{}</button></p>\n</form>\n</section>\n",
      html_text(what), words.code, words.reason, words.reason_hint, words.once, words.delist);
}

// "/bl?192.0.2.1" as list texts have it, "/bl?ip=192.0.2.1" as the form sends it.
std::string asked_address(const net::HttpRequest& request) {
  const std::string_view named = request.param("ip");
  if (!named.empty()) return std::string(named);
  for (const auto& [name, value] : request.params) {
    if (value.empty() && name != "ip" && name != "lang" && name != "format") return name;
  }
  return "";
}

template <typename Whys>
bool is_listed(const Whys& lists) {
  return std::ranges::any_of(lists, [](const auto& one) { return one.standing.facts.listed; });
}

void answer_html(const ListView& view, net::HttpResponse& response) {
  response.content_type = "text/html; charset=utf-8";
  response.body = list_html(view);
  add_page_headers(response);
}

}  // namespace

std::string list_html(const ListView& view) {
  const ListPageWords& words = list_page_words(view.language);
  const std::string what =
      view.address != nullptr
          ? view.address->to_string()
          : std::string(view.names == nullptr ? std::string_view() : view.asked);
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"robots\" "
      "content=\"noindex\">\n<title>{}</title>\n<style>{}</style></head>\n<body>\n"
      "<p><a href=\"?ip={}&amp;lang={}\" hreflang=\"{}\">{}</a></p>\n<h1>{}</h1>\n<p>{}</p>\n",
      words.code, words.title, style, html_text(net::url_encode(what)), words.other_code,
      words.other_code, words.other_name, words.title, words.lead);
  if (!view.trouble.empty()) {
    out += fmt::format("<p class=\"trouble\" role=\"alert\">{}</p>\n", html_text(view.trouble));
  }
  if (view.delisted) out += fmt::format("<p role=\"status\">{}</p>\n", words.delisted);
  out += fmt::format(
      "<form method=\"get\" action=\"bl\">\n<input type=\"hidden\" name=\"lang\" value=\"{}\">\n"
      "<p><label for=\"ip\">{}</label><br>\n<input id=\"ip\" name=\"ip\" maxlength=\"320\" "
      "value=\"{}\" required></p>\n<p><button>{}</button></p>\n</form>\n",
      words.code, words.label, html_text(view.asked), words.look_up);
  if (view.names != nullptr) {
    for (const NameWhy& one : *view.names) append_list(view, one, words, out);
    append_form(view, *view.names, what, words, out);
  } else if (view.address != nullptr && view.lists != nullptr) {
    for (const ListWhy& one : *view.lists) append_list(view, one, words, out);
    append_form(view, *view.lists, what, words, out);
  } else {
    return out + "</body>\n</html>\n";
  }
  return out + paragraph(words.mail) + "</body>\n</html>\n";
}

ListPage::ListPage(ListControl& lists, Options options, std::function<base::TimePoint()> now)
    : lists_(lists),
      options_(options),
      now_(std::move(now)),
      rate_(options.rate, base::HashKey::random()) {}

std::vector<ListWhy> ListPage::lists_of(const base::IpAddress& address) const {
  auto lists = lists_.list_why(address, history_shown);
  keep_what_is_public(lists);
  return lists;
}

std::vector<NameWhy> ListPage::lists_of(const std::string& name) const {
  auto lists = lists_.name_why(name, history_shown);
  keep_what_is_public(lists);
  return lists;
}

bool ListPage::may_ask(const net::HttpRequest& request) {
  const auto now = now_();
  return rate_.with([&](RateLimit& rate) { return rate.take(visitor_of(request), now); });
}

bool ListPage::may_delist(const net::HttpRequest& request,
                          const std::optional<base::IpAddress>& listed) {
  const auto now = now_();
  const std::uint32_t most = options_.requests_per_hour();
  const auto visitor =
      base::IpAddress::parse(visitor_of(request)).value_or(base::IpAddress()).masked(32, 64);
  // Who sits there needs no share of what strangers may do.
  const bool at_home = listed && listed->is_v4() == visitor.is_v4() &&
                       listed->masked(24, 48) == visitor.masked(24, 48);
  return delistings_.with([&](Delistings& done) {
    if (now - done.hour >= std::chrono::hours(1) || now < done.hour) {
      done.hour = now;
      done.of_hour = 0;
    }
    if (now - done.day >= std::chrono::hours(24) || now < done.day) {
      done.day = now;
      done.of_visitor.clear();
    }
    if (!at_home && done.of_hour >= most) return false;
    if (done.of_visitor.size() >= visitors_most && !done.of_visitor.contains(visitor)) return false;
    if (done.of_visitor[visitor]++ >= delistings_a_day) return false;
    if (!at_home) ++done.of_hour;
    return true;
  });
}

void ListPage::show_json(const std::string& asked, bool allowed, net::HttpResponse& response) {
  const auto address = base::IpAddress::parse(asked);
  if (!allowed) {
    response = net::HttpResponse::failure(429, "too many requests, wait a minute");
  } else if (address) {
    response.body = list_why_json(address->to_string(), lists_of(*address), false) + "\n";
  } else if (const auto names = lists_of(asked); !names.empty()) {
    response.body = name_why_json(asked, names, false) + "\n";
  } else {
    response = net::HttpResponse::failure(
        400, "no address and no name that a list takes: ask for /v1/bl?ip=192.0.2.1");
  }
  add_page_headers(response);
}

void ListPage::show(const net::HttpRequest& request, net::HttpResponse& response) {
  const std::string asked = asked_address(request);
  const bool allowed = may_ask(request);
  if (request.path == "/v1/bl" || request.param("format") == "json") {
    show_json(asked, allowed, response);
    return;
  }
  ListView view;
  view.language = page_language(request, request.param("lang"));
  view.asked = asked;
  view.now = now_();
  const ListPageWords& words = list_page_words(view.language);
  const auto address = base::IpAddress::parse(asked);
  std::vector<ListWhy> lists;
  std::vector<NameWhy> names;
  if (!allowed) {
    response.status = 429;
    view.trouble = words.too_often;
  } else if (address) {
    lists = lists_of(*address);
    view.address = &*address;
    view.lists = &lists;
  } else if (names = lists_of(asked); !names.empty()) {
    view.names = &names;
  } else if (!asked.empty()) {
    response.status = 400;
    view.trouble = words.no_address;
  }
  answer_html(view, response);
}

void ListPage::delist_asked(const net::HttpRequest& request, const std::string& asked,
                            const std::string& reason, ListView& view,
                            net::HttpResponse& response) {
  const ListPageWords& words = list_page_words(view.language);
  const auto address = base::IpAddress::parse(asked);
  std::vector<ListWhy> lists;
  std::vector<NameWhy> names;
  // A page elsewhere must not make its visitors send the form (Fetch metadata, W3C).
  const std::string_view from = request.header("sec-fetch-site");
  if (from == "cross-site" || from == "same-site") {
    response.status = 403;
    view.trouble = words.from_elsewhere;
    answer_html(view, response);
    return;
  }
  const bool allowed = may_ask(request);
  if (!address && allowed) names = lists_.name_why(asked, 0);
  const bool known = address || !names.empty() || !allowed;
  const bool listed =
      address ? allowed && is_listed(lists_.list_why(*address, 0)) : is_listed(names);
  if (!known) {
    response.status = 400;
    view.trouble = words.no_address;
  } else if (!allowed || (listed && !may_delist(request, address))) {
    response.status = 429;
    view.trouble = words.too_often;
  } else {
    const base::Status done = address ? lists_.delist_on_request(*address, reason)
                                      : lists_.delist_name_on_request(asked, reason);
    view.delisted = done.ok();
    if (!done) {
      // What the error says is for logs: whoever reads this knows one language and no insides.
      const bool wrong = done.error().code == base::ErrorCode::malformed;
      const bool hand =
          !listed && (address ? is_by_hand(lists_.list_why(*address, 0)) : is_by_hand(names));
      response.status = wrong ? 400 : 409;
      view.trouble = wrong ? words.reason_needed : hand ? words.hand_stays : words.not_now;
    }
    if (address) {
      lists = lists_of(*address);
      view.address = &*address;
      view.lists = &lists;
    } else {
      names = lists_of(asked);
      view.names = &names;
    }
  }
  answer_html(view, response);
}

void ListPage::delist(const net::HttpRequest& request, net::HttpResponse& response) {
  const auto form = read_form(request.body);
  const auto field = [&](const char* name) {
    const auto found = form.find(name);
    return found == form.end() ? std::string() : found->second;
  };
  const std::string asked = field("ip");
  ListView view;
  view.language = page_language(request, field("lang"));
  view.asked = asked;
  view.now = now_();
  delist_asked(request, asked, field("reason"), view, response);
}

std::vector<net::HttpRoute> ListPage::routes() {
  const auto show_it = [this](const auto& request, auto& response) { show(request, response); };
  const auto delist_it = [this](const auto& request, auto& response) { delist(request, response); };
  return {{.method = "GET", .pattern = "/bl", .handler = show_it, .body_max = form_bytes_max},
          {.method = "GET", .pattern = "/v1/bl", .handler = show_it, .body_max = form_bytes_max},
          {.method = "POST", .pattern = "/bl", .handler = delist_it, .body_max = form_bytes_max}};
}

}  // namespace leumund::face
