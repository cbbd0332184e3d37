#include "face/api_client.h"

#include <fmt/core.h>

#include <utility>

#include "net/http_client.h"

namespace leumund::face {
namespace {

constexpr std::size_t answer_bytes_max = 64U << 20;
constexpr std::size_t event_bytes_max = 1U << 20;

base::Result<ApiAnswer> ask(net::HttpCall call, std::chrono::milliseconds patience) {
  call.connect_time = patience;
  call.silence = patience;
  call.total = patience;
  call.reply_max = answer_bytes_max;
  auto reply = net::http_call(call);
  if (!reply) return reply.error();
  return ApiAnswer{.status = reply->status, .body = std::move(reply->body)};
}

}  // namespace

base::Result<ApiAnswer> ApiClient::get(std::string_view path_and_query) const {
  net::HttpCall call{.server = "unix:" + socket_path_};
  call.target = path_and_query;
  return ask(std::move(call), patience_);
}

base::Result<ApiAnswer> ApiClient::post(std::string_view path, std::string body) const {
  net::HttpCall call{.server = "unix:" + socket_path_};
  call.method = "POST";
  call.target = path;
  call.body = std::move(body);
  return ask(std::move(call), patience_);
}

base::Status ApiClient::follow(std::string_view path_and_query, const OnEvent& on_event) const {
  bool enough = false;
  EventReader reader([&](std::string_view event, std::string_view data) {
    enough = !on_event(event, data);
    return !enough;
  });
  net::HttpCall call{.server = "unix:" + socket_path_};
  call.target = path_and_query;
  call.headers.emplace_back("Accept", "text/event-stream");
  call.connect_time = patience_;
  call.silence = std::chrono::seconds(60);  // the daemon sends a sign of life every ten
  call.on_piece = [&](std::string_view piece) { return reader.feed(piece); };
  const auto reply = net::http_call(call);
  if (enough) return {};
  if (reader.broken()) return base::Error{base::ErrorCode::too_large, "an event is over 1 MiB"};
  if (!reply) return reply.error();
  if (reply->status != 200) {
    return base::Error{
        base::ErrorCode::unavailable,
        fmt::format("the daemon answers {}: {}", reply->status, reply->body.substr(0, 300))};
  }
  return base::Error{base::ErrorCode::unavailable, "the daemon has ended the stream"};
}

bool EventReader::feed(std::string_view piece) {
  text_ += piece;
  while (true) {
    const auto end = text_.find("\n\n");
    if (end == std::string::npos) {
      broken_ = text_.size() > event_bytes_max;
      return !broken_;
    }
    std::string_view block = std::string_view(text_).substr(0, end);
    std::string event = "message";
    std::string data;
    while (!block.empty()) {
      const auto stop = block.find('\n');
      const std::string_view row = block.substr(0, stop);
      block.remove_prefix(stop == std::string_view::npos ? block.size() : stop + 1);
      if (row.starts_with("event: ")) event = row.substr(7);
      if (row.starts_with("data: "))
        data += (data.empty() ? "" : "\n") + std::string(row.substr(6));
    }
    text_.erase(0, end + 2);
    if (!data.empty() && !on_event_(event, data)) return false;
  }
}

}  // namespace leumund::face
