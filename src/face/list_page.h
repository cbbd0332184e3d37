// The public page /bl?192.0.2.1 (or /bl?spam.example) about our own lists: listed or not, since
// when, why (counts by kind, never who reported or which trap), until when, what to do, the
// history, and a button by which whoever has the address takes it off himself.
//
// Flow:    address in the query, or a form -> ListControl -> HTML; the same as JSON at /v1/bl and
//          with format=json.
// Time:    `now` is asked once a request.
// Limits:  RateSettings for questions; delistings_a_day of one visitor, and an hour's budget of all
//          who come from elsewhere than the listed network; reasons of 500 bytes. No script, no
//          cookie, nothing from elsewhere: the page's policy forbids all of it.
// Threads: any, several at once.
// Errors:  no address is 400, too often 429, a delisting that is refused 409; each with a page
//          that says why. A form that another site sends is 403.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/time.h"
#include "config/settings.h"
#include "face/list_control.h"
#include "face/rate_limit.h"
#include "net/http_server.h"

namespace leumund::face {

struct ListView;

class ListPage {
 public:
  static constexpr std::uint32_t delistings_a_day = 3;
  struct Options {
    RateSettings rate;
    std::function<std::uint32_t()> requests_per_hour;  // delistings of all together, as in force
  };
  // `lists` must outlive the page, and the page the server.
  ListPage(ListControl& lists, Options options, std::function<base::TimePoint()> now);

  // GET and POST of /bl, GET of /v1/bl.
  [[nodiscard]] std::vector<net::HttpRoute> routes();

 private:
  void show(const net::HttpRequest& request, net::HttpResponse& response);
  void delist(const net::HttpRequest& request, net::HttpResponse& response);
  void show_json(const std::string& asked, bool allowed, net::HttpResponse& response);
  void delist_asked(const net::HttpRequest& request, const std::string& asked,
                    const std::string& reason, ListView& view, net::HttpResponse& response);
  [[nodiscard]] std::vector<ListWhy> lists_of(const base::IpAddress& address) const;
  [[nodiscard]] std::vector<NameWhy> lists_of(const std::string& name) const;
  [[nodiscard]] bool may_ask(const net::HttpRequest& request);
  [[nodiscard]] bool may_delist(const net::HttpRequest& request,
                                const std::optional<base::IpAddress>& listed);

  struct Delistings {
    base::TimePoint hour;
    std::uint32_t of_hour = 0;
    base::TimePoint day;
    std::map<base::IpAddress, std::uint32_t> of_visitor;  // of this day; who ever had room
  };

  ListControl& lists_;
  const Options options_;
  const std::function<base::TimePoint()> now_;
  base::Guarded<RateLimit> rate_;
  base::Guarded<Delistings> delistings_;
};

// The page alone; addresses and reasons come from strangers and are escaped here.
struct ListView {
  config::Language language = config::Language::en;
  std::string_view asked;                    // as it was typed
  const base::IpAddress* address = nullptr;  // nothing: nothing asked, or it was none
  const std::vector<ListWhy>* lists = nullptr;
  // Instead of address and lists: a domain or mail address, as it was typed.
  const std::vector<NameWhy>* names = nullptr;
  std::string_view trouble;  // "" none
  bool delisted = false;     // just now
  base::TimePoint now;
};
[[nodiscard]] std::string list_html(const ListView& view);

}  // namespace leumund::face
