// The small public page /explain: whoever got an error back pastes it here and reads in plain
// words, in German or English, what it means and what he can do.
//
// Flow:    form or body -> read_pasted -> RateLimit -> ExplainReply (the apps' port) -> HTML; the
//          same as JSON at /v1/explain-reply.
// Time:    `now` is asked once a request, for the rate limit.
// Limits:  `pasted_text_max` of text, 10 results shown, RateSettings. No script, no cookie, nothing
//          from elsewhere, nothing kept: the page's policy forbids the browser all of it.
// Threads: any, several at once.
// Errors:  too much text is 413, too often 429, each with a page that says so.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/time.h"
#include "config/settings.h"
#include "face/rate_limit.h"
#include "net/http_server.h"

namespace leumund::face {

// One refusal in the pasted text, as the visitor reads it. Everything here is a stranger's text.
struct ExplainedReply {
  std::string recipient;    // "" unknown
  std::string explanation;  // plain words in the asked language
  std::string evidence;     // the words of the text that decided
  std::string lookup_url;   // "" none
  bool permanent = false;
  bool sure = false;  // the text said enough to be read
  std::string json;   // the whole diagnosis, one object
};

// Reads a pasted text; no result where nothing in it is a refusal. Any thread.
using ExplainReply =
    std::function<std::vector<ExplainedReply>(std::string_view text, config::Language language)>;

class ExplainPage {
 public:
  ExplainPage(ExplainReply explain, RateSettings rate, std::function<base::TimePoint()> now);

  // GET and POST of /explain and /v1/explain-reply. The page must outlive the server.
  [[nodiscard]] std::vector<net::HttpRoute> routes();

 private:
  void answer_page(const net::HttpRequest& request, net::HttpResponse& response);
  void answer_json(const net::HttpRequest& request, net::HttpResponse& response);
  [[nodiscard]] bool may_ask(const net::HttpRequest& request);

  const ExplainReply explain_;
  const std::function<base::TimePoint()> now_;
  base::Guarded<RateLimit> rate_;
};

// The page alone; `text` and the results come from strangers and are escaped here.
struct ExplainView {
  config::Language language = config::Language::en;
  std::string_view text;
  const std::vector<ExplainedReply>* results = nullptr;  // nothing asked yet
  std::string_view trouble;                              // "" none; a sentence of ours
};
[[nodiscard]] std::string explain_html(const ExplainView& view);

}  // namespace leumund::face
