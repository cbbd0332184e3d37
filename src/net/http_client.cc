#include "net/http_client.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <memory>

namespace leumund::net {
namespace {

using base::Error;
using base::ErrorCode;
using Clock = std::chrono::steady_clock;

bool is_header_safe(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

base::Status check(const HttpCall& call) {
  const auto bad = [&](std::string_view what) {
    return Error{ErrorCode::malformed, fmt::format("{} of the call to {} has control characters",
                                                   what, call.server.substr(0, 200))};
  };
  if (!is_header_safe(call.server) || call.server.find(' ') != std::string::npos)
    return bad("the address");
  if (!is_header_safe(call.target) || call.target.find(' ') != std::string::npos)
    return bad("the target");
  if (!is_header_safe(call.method)) return bad("the method");
  for (const auto& [name, value] : call.headers) {
    if (!is_header_safe(name) || !is_header_safe(value)) return bad("a header");
  }
  return {};
}

base::Result<std::unique_ptr<httplib::Client>> make_client(const HttpCall& call) {
  constexpr std::string_view unix_prefix = "unix:";
  std::unique_ptr<httplib::Client> client;
  if (call.server.starts_with(unix_prefix)) {
    client = std::make_unique<httplib::Client>(call.server.substr(unix_prefix.size()), 80);
    client->set_address_family(AF_UNIX);
  } else if (call.server.starts_with("http://") || call.server.starts_with("https://")) {
    client = std::make_unique<httplib::Client>(call.server);
    if (!call.ca_file.empty()) client->set_ca_cert_path(call.ca_file);
    client->enable_server_certificate_verification(true);
  }
  if (!client || !client->is_valid()) {
    return Error{ErrorCode::malformed,
                 fmt::format("\"{}\" is not http://HOST[:PORT], https://HOST[:PORT] or unix:/PATH",
                             call.server.substr(0, 200))};
  }
  client->set_connection_timeout(call.connect_time);
  client->set_read_timeout(call.silence);
  client->set_write_timeout(call.silence);
  client->set_follow_location(false);
  client->set_keep_alive(false);
  return client;
}

// httplib tells a silent server from a broken one only by the time that passed, and says it in
// single words ("Read") that help nobody.
Error call_error(const HttpCall& call, httplib::Error why, Clock::duration passed) {
  if (why == httplib::Error::ConnectionTimeout || passed >= call.silence) {
    return {ErrorCode::timed_out,
            fmt::format("no reply from {}: it was silent for {} s", call.server,
                        std::chrono::duration_cast<std::chrono::seconds>(passed).count())};
  }
  std::string words = httplib::to_string(why);
  if (why == httplib::Error::Connection) words = "the connection is refused";
  if (why == httplib::Error::Read) words = "it closed the connection without an answer";
  if (why == httplib::Error::Write) words = "it closed the connection during the request";
  return {ErrorCode::unavailable, fmt::format("no reply from {}: {}", call.server, words)};
}

struct Receiving {
  HttpReply reply;
  bool too_large = false;
  bool late = false;
  bool ended_by_caller = false;
};

httplib::Request make_request(const HttpCall& call, Clock::time_point deadline, Receiving& into) {
  httplib::Request request;
  request.method = call.method;
  request.path = call.target;
  for (const auto& [name, value] : call.headers) request.set_header(name, value);
  if (call.server.starts_with("unix:")) request.set_header("Host", "localhost");
  if (!call.body.empty() || call.method != "GET") {
    request.body = call.body;
    request.set_header("Content-Type", call.content_type);
  }
  request.response_handler = [&into](const httplib::Response& response) {
    into.reply.status = response.status;
    return true;
  };
  request.content_receiver = [&call, &into, deadline](const char* data, std::size_t size,
                                                      std::uint64_t, std::uint64_t) {
    if (call.on_piece && into.reply.status / 100 == 2) {
      into.ended_by_caller = !call.on_piece({data, size});
      return !into.ended_by_caller;
    }
    into.too_large = size > call.reply_max - into.reply.body.size();
    into.late = Clock::now() > deadline;
    if (into.too_large || into.late) return false;
    into.reply.body.append(data, size);
    return true;
  };
  return request;
}

base::Result<HttpReply> perform(const HttpCall& call) {
  auto client = make_client(call);
  if (!client) return client.error();
  Receiving into;
  const Clock::time_point begin = Clock::now();
  httplib::Request request = make_request(call, begin + call.total, into);
  httplib::Response response;
  httplib::Error why = httplib::Error::Success;
  const bool done = client.value()->send(request, response, why);
  if (into.too_large) {
    return Error{ErrorCode::too_large, fmt::format("the reply of {} is over the limit of {} bytes",
                                                   call.server, call.reply_max)};
  }
  if (into.late) {
    return Error{ErrorCode::timed_out,
                 fmt::format("the reply of {} took over {} ms", call.server, call.total.count())};
  }
  if (!done && !into.ended_by_caller) {
    return call_error(call, why, Clock::now() - begin);
  }
  for (const auto& [name, value] : response.headers) {
    std::string low = name;
    std::transform(low.begin(), low.end(), low.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    into.reply.headers[low] = value;
  }
  return std::move(into.reply);
}

}  // namespace

base::Result<HttpReply> http_call(const HttpCall& call) {
  if (auto good = check(call); !good) return good.error();
  try {
    return perform(call);
  } catch (const std::exception& error) {
    return Error{ErrorCode::unavailable,
                 fmt::format("the call to {} failed: {}", call.server, error.what())};
  }
}

base::Result<std::pair<std::string, std::string>> split_url(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!url.starts_with(scheme)) continue;
    const std::size_t slash = url.find_first_of("/?#", scheme.size());
    const std::string_view server = url.substr(0, slash);
    if (server.size() == scheme.size() || server.find('@') != std::string_view::npos) break;
    std::string target = slash == std::string_view::npos ? "/" : std::string(url.substr(slash));
    target = target.substr(0, target.find('#'));
    return std::pair(std::string(server), target.starts_with('/') ? target : '/' + target);
  }
  return Error{ErrorCode::malformed,
               fmt::format("\"{}\" is not an http:// or https:// address without user name",
                           url.substr(0, 200))};
}

std::string url_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

}  // namespace leumund::net
