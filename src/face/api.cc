#include "face/api.h"

#include <fmt/core.h>

#include <algorithm>
#include <fstream>

#include "base/ip_address.h"
#include "face/api_routes.h"

namespace leumund::face {
namespace {

constexpr std::size_t token_bytes_min = 16;
constexpr std::size_t token_bytes_max = 512;

// Takes the same time whatever differs, so that a token cannot be guessed byte by byte.
bool same_secret(std::string_view a, std::string_view b) {
  unsigned different = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    different |=
        static_cast<unsigned char>(a[i]) ^
        static_cast<unsigned>(static_cast<unsigned char>(b.empty() ? '\0' : b[i % b.size()]));
  }
  return different == 0;
}

// A web page that a browser on this host has open can make it send requests here. A name that
// points to a loopback address (DNS rebinding) shows in Host, another site's script in Origin.
bool from_strange_page(const Call& call) {
  if (!call.origin.empty()) return true;
  // What a page embeds is asked for without Origin (Fetch Metadata, W3C).
  if (!call.fetch_site.empty() && call.fetch_site != "none" && call.fetch_site != "same-origin") {
    return true;
  }
  std::string_view host = call.host;
  const auto bracket = host.rfind(']');
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    host = host.substr(0, colon);
  }
  return !host.empty() && host != "localhost" && !base::IpAddress::parse(host);
}

bool has_token(const Call& call, const ApiSettings& settings) {
  constexpr std::string_view scheme = "Bearer ";
  return !settings.token.empty() && call.authorization.starts_with(scheme) &&
         same_secret(call.authorization.substr(scheme.size()), settings.token);
}

constexpr const char* no_pages = "requests of web pages are not answered without a token";

// Why this caller may not, or nothing.
const char* refusal_at_door(const Call& call, const ApiSettings& settings, bool guarded) {
  if (call.door == Door::unix_socket) return nullptr;
  if (!settings.token.empty()) {
    return has_token(call, settings) ? nullptr : "the bearer token is missing or wrong";
  }
  if (guarded) {
    return "over TCP this needs a token (api.token_file); use the Unix socket, as leumund does";
  }
  if (from_strange_page(call)) {
    return no_pages;
  }
  return nullptr;
}

Reply method_not_allowed(std::string_view path) {
  return error_reply(405, "method_not_allowed", fmt::format("{} takes another method", path));
}

// A body of JSON lines, not of one object.
bool has_lines(std::string_view method, std::string_view path) {
  return method == "POST" && (path == "/v1/events" || path == "/v1/reports");
}

}  // namespace

std::size_t body_max(std::string_view method, std::string_view path) {
  return has_lines(method, path) ? events_body_max : verb_body_max;
}

Reply Api::handle(const Call& call, base::TimePoint now) {
  const auto settings = settings_.read();
  if (call.path == "/healthz") {
    Reply reply;
    reply.content_type = "text/plain";
    reply.body = "ok\n";
    return reply;
  }
  if (call.path == "/metrics" && settings->metrics) {
    if (call.method != "GET") return method_not_allowed(call.path);
    if (call.door != Door::unix_socket && from_strange_page(call) && !has_token(call, *settings)) {
      return error_reply(403, "not_allowed", no_pages);
    }
    Reply reply;
    reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    reply.body = metrics_text_();
    return reply;
  }
  const Route* found = nullptr;
  bool path_known = false;
  for (const Route& route : routes()) {
    if (route.path != call.path) continue;
    path_known = true;
    if (route.method == call.method) found = &route;
  }
  if (found == nullptr) {
    return path_known ? method_not_allowed(call.path)
                      : error_reply(404, "not_found", "no such path; /v1/openapi.json lists all");
  }
  if (const char* why = refusal_at_door(call, *settings, found->guarded)) {
    return error_reply(settings->token.empty() ? 403 : 401, "not_allowed", why);
  }
  if (call.body.size() > body_max(call.method, call.path)) {
    return error_reply(413, "too_large",
                       fmt::format("the body is over {} bytes", body_max(call.method, call.path)));
  }
  auto fields = call.method == "GET" || has_lines(call.method, call.path)
                    ? Fields::from_params(call.params)
                    : Fields::from_body(call.body.empty() ? "{}" : call.body);
  if (!fields) return error_reply(fields.error(), false);
  RouteCall route_call{.control = control_,
                       .fields = *fields,
                       .body = call.body,
                       .by = call.door == Door::unix_socket ? "admin" : "api",
                       .now = now};
  return found->handler(route_call);
}

base::Result<std::string> read_token(const std::string& file) {
  std::ifstream in(file);
  std::string token(token_bytes_max + 2, '\0');
  in.read(token.data(), static_cast<std::streamsize>(token.size()));
  if (in.gcount() == 0) {
    return base::Error{base::ErrorCode::unavailable,
                       fmt::format("api.token_file {}: cannot be read or is empty", file)};
  }
  token.resize(static_cast<std::size_t>(in.gcount()));
  token.resize(std::min(token.size(), token.find_first_of("\r\n")));
  const auto printable = [](char c) { return c > 0x20 && c < 0x7f; };
  if (token.size() < token_bytes_min || token.size() > token_bytes_max ||
      !std::all_of(token.begin(), token.end(), printable)) {
    return base::Error{base::ErrorCode::malformed,
                       fmt::format("api.token_file {}: want a line of {} to {} printable bytes",
                                   file, token_bytes_min, token_bytes_max)};
  }
  return token;
}

}  // namespace leumund::face
