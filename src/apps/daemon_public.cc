// The daemon's public pages: what anybody may ask, without a token, through a listener of its own.
#include <utility>

#include "apps/daemon.h"
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
  net::HttpOptions options;
  options.listen = address->is_unix()
                       ? net::Endpoint::unix_socket(address->path)
                       : net::Endpoint::tcp(address->address.to_string(), address->port);
  options.threads = 4;
  options.streams_max = 0;
  auto routes = explain_page_->routes();
  for (net::HttpRoute& route : list_routes()) routes.push_back(std::move(route));
  auto server = net::HttpServer::open(std::move(options), std::move(routes));
  if (!server) return server.error();
  http_.push_back(std::move(*server));
  return {};
}

}  // namespace leumund::apps
