// The daemon's public pages: what anybody may ask, without a token, through a listener of its own.
#include <utility>

#include "apps/daemon/daemon.h"
#include "apps/daemon/outages.h"
#include "config/listen_address.h"

namespace leumund::apps {

base::Status Daemon::start_public() {
  if (start_.public_listen.empty()) return {};
  const auto address = config::parse_listen_address(start_.public_listen);
  if (!address) return address.error();
  auto explainer = ReplyExplainer::open(replies_);
  if (!explainer) return explainer.error();
  reply_explainer_ = std::move(*explainer);
  explain_page_ = std::make_unique<face::ExplainPage>(
      [this](std::string_view text, config::Language language) {
        return reply_explainer_->explain(text, language);
      },
      face::RateSettings{.per_minute = static_cast<double>(start_.public_requests_per_minute)},
      [this] { return options_.clock.now(); });
  status_page_ = std::make_unique<face::StatusPage>(
      [this] { return public_status(); },
      face::RateSettings{.per_minute = static_cast<double>(start_.public_requests_per_minute)},
      [this] { return options_.clock.now(); });
  auto routes = explain_page_->routes();
  for (auto& route : status_page_->routes()) routes.push_back(std::move(route));
  net::HttpOptions options;
  options.listen = address->is_unix()
                       ? net::Endpoint::unix_socket(address->path)
                       : net::Endpoint::tcp(address->address.to_string(), address->port);
  options.threads = 4;
  options.streams_max = 0;
  for (net::HttpRoute& route : list_routes()) routes.push_back(std::move(route));
  auto server = net::HttpServer::open(std::move(options), std::move(routes));
  if (!server) return server.error();
  http_.push_back(std::move(*server));
  return {};
}

std::optional<face::OutageReport> Daemon::public_status() {
  const auto run = settings_.with([](const config::Settings& all) { return all.run; });
  if (!run.public_status) return std::nullopt;
  const auto now = options_.clock.now();
  const auto cells =
      pipeline_->with_engine([&](engine::Engine& engine) { return engine.blocks().all(now); });
  const auto detours = detours_->all();
  const auto cases = cases_->report(true);
  return outage_report({cells, detours, cases.cases, replies_->registry().providers}, run, now);
}

}  // namespace leumund::apps
