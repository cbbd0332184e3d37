// The public page /status: which providers refuse our mail, since when, and what happens to it
// meanwhile; the same as JSON (/status.json) and as a feed (/status.atom).
//
// Flow:    OutageReport (the apps' port) -> one look kept for `kept_for` -> HTML, JSON or Atom in
//          German or English.
// Time:    `now` is asked once a request.
// Limits:  RateSettings; 100 providers of a kind and 20 domains of each are shown. No script, no
//          cookie, nothing from elsewhere. Only registered providers are named: the others may be a
//          customer's customer. Nothing says how much mail there is or whose.
// Threads: any, several at once.
// Errors:  switched off is 404, too often is 429.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/time.h"
#include "config/settings.h"
#include "face/rate_limit.h"
#include "net/http_server.h"

namespace leumund::face {

// What becomes of mail to a provider while it refuses us.
enum class OutageCare : std::uint8_t {
  none,     // it is tried as always: it may come late, or back
  another,  // it takes another way and arrives
  waiting,  // it waits and is sent by itself later
};

struct Outage {
  std::string provider;  // registry id
  std::string name;
  std::vector<std::string> domains;  // some that people know
  base::TimePoint since;
  std::optional<base::TimePoint> until;  // of one that is over
  OutageCare care = OutageCare::none;

  bool operator==(const Outage&) const = default;
};

struct OutageReport {
  std::string organisation;  // "" unknown
  std::vector<Outage> affected;
  std::vector<Outage> over;             // lately, newest first
  std::vector<std::string> unaffected;  // names; those beside an affected one first
  std::uint64_t unregistered = 0;       // smaller ones that refuse us
  base::TimePoint now;
  base::TimePoint next_update;

  bool operator==(const OutageReport&) const = default;
};

[[nodiscard]] std::string status_html(const OutageReport& report, config::Language language);
[[nodiscard]] std::string status_json(const OutageReport& report);
[[nodiscard]] std::string status_atom(const OutageReport& report, config::Language language);

class StatusPage {
 public:
  // Nothing: it is switched off. May take a while.
  using Look = std::function<std::optional<OutageReport>()>;
  static constexpr std::chrono::seconds kept_for{15};

  StatusPage(Look look, RateSettings rate, std::function<base::TimePoint()> now);

  // GET of /status, /status.json and /status.atom. The page must outlive the server.
  [[nodiscard]] std::vector<net::HttpRoute> routes();

 private:
  enum class Form : std::uint8_t { html, json, atom };
  struct Seen {
    std::optional<base::TimePoint> at;
    std::shared_ptr<const OutageReport> report;  // null: switched off
  };

  void answer(Form form, const net::HttpRequest& request, net::HttpResponse& response);
  [[nodiscard]] std::shared_ptr<const OutageReport> look(base::TimePoint now);

  const Look look_;
  const std::function<base::TimePoint()> now_;
  base::Guarded<RateLimit> rate_;
  base::Guarded<Seen> seen_;
};

}  // namespace leumund::face
