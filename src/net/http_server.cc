#include "net/http_server.h"

#include <httplib.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <optional>
#include <thread>

#include "base/ascii.h"
#include "base/bounded_queue.h"
#include "base/check.h"
#include "base/log.h"
#include "net/http_arrivals.h"
#include "net/http_route_match.h"

namespace leumund::net {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t path_max = 2048;
constexpr std::size_t upload_threads = 2;
constexpr milliseconds stop_check_every{100};
constexpr milliseconds stream_patience{250};
constexpr std::string_view busy_response =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

milliseconds left_until(Deadline deadline) {
  return std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
}

// One client's socket as httplib wants to see it: the time for the whole request and the bytes of
// it are bounded, and a stop of the server ends the waiting.
class BoundedStream final : public httplib::Stream {
 public:
  BoundedStream(HttpArrival& arrival, const std::atomic<bool>& stopping, const HttpOptions& options,
                std::size_t body_bytes_max)
      : fd_(arrival.fd.get()),
        stopping_(stopping),
        write_time_(options.write_time),
        deadline_(std::chrono::steady_clock::now() + options.request_time),
        body_bytes_max_(body_bytes_max),
        remote_(options.listen.is_unix() ? "unix" : ""),
        buffer_(std::move(arrival.bytes)),
        whole_(arrival.whole) {
    if (remote_.empty()) find_remote();
    note_received(buffer_.size());
  }

  bool is_readable() const override {
    return begin_ < end_ || (!whole_ && wait(POLLIN, deadline_));
  }

  // Asked before each piece of a stream: also tells when the client has gone.
  bool is_writable() const override {
    pollfd one{.fd = fd_, .events = POLLOUT | POLLRDHUP, .revents = 0};
    (void)poll(&one, 1, 0);
    return (one.revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0 && !stopping_;
  }

  ssize_t read(char* into, std::size_t size) override {
    if (begin_ == end_) {
      if (whole_) return 0;
      buffer_.resize(receive_bytes);
      const std::size_t most = std::min(buffer_.size(), bytes_left_);
      if (most == 0 || !wait(POLLIN, deadline_)) return -1;
      const ssize_t got = recv(fd_, buffer_.data(), most, 0);
      if (got <= 0) return got;
      note_received(static_cast<std::size_t>(got));
    }
    const std::size_t count = std::min(size, end_ - begin_);
    std::copy_n(buffer_.data() + begin_, count, into);
    begin_ += count;
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const char* from, std::size_t size) override {
    if (!wait(POLLOUT, std::chrono::steady_clock::now() + write_time_)) return -1;
    return send(fd_, from, size, MSG_NOSIGNAL);
  }

  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = remote_;
    port = -1;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = -1;
  }
  socket_t socket() const override { return fd_; }

 private:
  static constexpr std::size_t receive_bytes = 16 * 1024;

  void note_received(std::size_t bytes) {
    begin_ = 0;
    end_ = bytes;
    bytes_left_ -= std::min(bytes, bytes_left_);
    look_for_header_end();
  }

  // httplib takes header lines without end; here they share one budget, and the body has its own.
  void look_for_header_end() {
    constexpr std::string_view header_end = "\r\n\r\n";
    for (std::size_t i = 0; i < end_ && header_end_seen_ < header_end.size(); ++i) {
      const bool next = buffer_[i] == header_end[header_end_seen_];
      header_end_seen_ = next ? header_end_seen_ + 1 : (buffer_[i] == '\r' ? 1 : 0);
      if (header_end_seen_ == header_end.size()) bytes_left_ = body_bytes_max_;
    }
  }

  void find_remote() {
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    std::array<char, NI_MAXHOST> text{};
    if (getpeername(fd_, reinterpret_cast<sockaddr*>(&name), &size) == 0 &&
        getnameinfo(reinterpret_cast<sockaddr*>(&name), size, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) == 0) {
      remote_ = text.data();
    }
  }

  [[nodiscard]] bool wait(short events, Deadline deadline) const {
    while (!stopping_) {
      const milliseconds left = left_until(deadline);
      if (left.count() <= 0) return false;
      pollfd one{.fd = fd_, .events = events, .revents = 0};
      const int ready = poll(&one, 1, static_cast<int>(std::min(left, stop_check_every).count()));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return false;
    }
    return false;
  }

  const int fd_;
  const std::atomic<bool>& stopping_;
  const milliseconds write_time_;
  const Deadline deadline_;
  const std::size_t body_bytes_max_;
  std::size_t bytes_left_ = http_header_bytes_max;  // of the header, later of the body
  std::size_t header_end_seen_ = 0;                 // bytes of "\r\n\r\n" that have come in a row
  std::string remote_;
  std::string buffer_;
  const bool whole_;  // all of it is in the buffer
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

HttpRequest plain_request(const httplib::Request& from) {
  HttpRequest out;
  out.method = from.method == "HEAD" ? "GET" : from.method;
  out.path = from.path;
  out.remote = from.remote_addr;
  for (const auto& [name, value] : from.params) out.params[name] = value;
  for (const auto& [name, value] : from.headers) out.headers[base::ascii_lower(name)] = value;
  return out;
}

}  // namespace

std::string_view HttpRequest::param(const std::string& name) const {
  const auto at = params.find(name);
  return at == params.end() ? std::string_view{} : std::string_view(at->second);
}

std::string_view HttpRequest::header(const std::string& name) const {
  const auto at = headers.find(name);
  return at == headers.end() ? std::string_view{} : std::string_view(at->second);
}

HttpResponse HttpResponse::failure(int status, std::string_view message) {
  HttpResponse out;
  out.status = status;
  out.body = "{\"error\":\"";
  for (const char c : message) {
    if (c == '"' || c == '\\') out.body += '\\';
    out.body += (c >= 0 && c < ' ') ? ' ' : c;
  }
  out.body += "\"}\n";
  return out;
}

// httplib parses requests and writes responses; sockets, threads and routes are ours.
struct HttpServer::Parts final : private httplib::Server {
  Parts(HttpOptions given, std::vector<HttpRoute> given_routes, ListeningSocket given_socket);
  ~Parts() override;
  void start();
  void stop();

  void hand_over(HttpArrival arrival);
  void work_loop(base::BoundedQueue<HttpArrival>& queue);
  void serve(HttpArrival arrival);
  HandlerResponse before_body(const httplib::Request& request, httplib::Response& response);
  void with_body(const httplib::Request& request, httplib::Response& response,
                 const httplib::ContentReader& reader);
  void run(const HttpRoute& route, HttpRequest request, httplib::Response& response);
  void fill(HttpResponse from, httplib::Response& to);
  void fill_stream(HttpResponse from, httplib::Response& to);
  const HttpRoute* find(HttpRequest& request, HttpResponse& why_not) const;

  const HttpOptions options;
  const std::vector<HttpRoute> routes;
  ListeningSocket socket;
  const Endpoint bound;
  std::size_t body_max = 0;
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::uint64_t> failed = 0;
  std::atomic<std::uint64_t> streams = 0;
  std::atomic<bool> stopping = false;
  base::BoundedQueue<HttpArrival> waiting;
  base::BoundedQueue<HttpArrival> uploads;
  HttpArrivals arrivals;
  std::vector<std::jthread> threads;
};

HttpServer::Parts::Parts(HttpOptions given, std::vector<HttpRoute> given_routes,
                         ListeningSocket given_socket)
    : options(std::move(given)),
      routes(std::move(given_routes)),
      socket(std::move(given_socket)),
      bound(socket.bound()),
      waiting(options.waiting_max, base::WhenFull::push_back),
      uploads(options.waiting_max, base::WhenFull::push_back),
      arrivals(options, bound, socket.fd(),
               [this](HttpArrival arrival) { hand_over(std::move(arrival)); }) {
  for (const HttpRoute& route : routes) body_max = std::max(body_max, route.body_max);
  set_payload_max_length(body_max);
  set_pre_routing_handler(
      [this](const auto& request, auto& response) { return before_body(request, response); });
  const HandlerWithContentReader reader = [this](const auto& request, auto& response,
                                                 const auto& content) {
    with_body(request, response, content);
  };
  Post(".*", reader).Put(".*", reader).Patch(".*", reader).Delete(".*", reader);
  svr_sock_ = socket.fd();  // tells httplib that it is not shutting down
}

HttpServer::Parts::~Parts() { stop(); }

void HttpServer::Parts::start() {
  const auto start_one = [this](const std::string& name, auto work) {
    threads.emplace_back([name, work = std::move(work)] {
      pthread_setname_np(pthread_self(), name.c_str());
      work();
    });
  };
  start_one("http-accept", [this] { arrivals.run(stopping); });
  for (std::size_t i = 0; i < options.threads; ++i) {
    start_one("http-" + std::to_string(i), [this] { work_loop(waiting); });
  }
  for (std::size_t i = 0; i < upload_threads; ++i) {
    start_one("http-upload-" + std::to_string(i), [this] { work_loop(uploads); });
  }
}

void HttpServer::Parts::stop() {
  stopping = true;
  svr_sock_ = INVALID_SOCKET;
  waiting.close();
  uploads.close();
  threads.clear();
  socket.close();
}

void HttpServer::Parts::hand_over(HttpArrival arrival) {
  auto& queue = arrival.whole ? waiting : uploads;
  if (queue.push(std::move(arrival))) return;
  ++refused;
  (void)!send(arrival.fd.get(), busy_response.data(), busy_response.size(), MSG_NOSIGNAL);
  arrivals.leave(std::move(arrival.fd));
}

void HttpServer::Parts::work_loop(base::BoundedQueue<HttpArrival>& queue) {
  while (!stopping) {
    auto arrival = queue.pop(std::chrono::seconds(1));
    if (!arrival) continue;
    try {
      serve(std::move(*arrival));
    } catch (const std::exception& error) {
      ++failed;
      base::log(base::LogLevel::error, "event=http_exception listener={} what=\"{}\"",
                bound.to_string(), error.what());
    }
  }
}

void HttpServer::Parts::serve(HttpArrival arrival) {
  // What is announced too large is answered 413 before it is read; this is for what is not
  // announced.
  BoundedStream stream(arrival, stopping, options, body_max + body_max / 8 + 4096);
  bool connection_closed = false;
  ++requests;
  (void)process_request(stream, true, connection_closed, nullptr);
  arrivals.leave(std::move(arrival.fd));
}

const HttpRoute* HttpServer::Parts::find(HttpRequest& request, HttpResponse& why_not) const {
  std::string allowed;
  for (const HttpRoute& route : routes) {
    std::map<std::string, std::string> params;
    if (!match_route(route.pattern, request.path, params)) continue;
    if (route.method == request.method) {
      for (auto& [name, value] : params) request.params[name] = std::move(value);
      return &route;
    }
    allowed += (allowed.empty() ? "" : ", ") + route.method;
  }
  if (allowed.empty()) {
    why_not = HttpResponse::failure(404, "there is nothing at " + request.path);
  } else {
    why_not = HttpResponse::failure(405, request.path + " takes " + allowed);
    why_not.headers.emplace_back("Allow", allowed);
  }
  return nullptr;
}

httplib::Server::HandlerResponse HttpServer::Parts::before_body(const httplib::Request& request,
                                                                httplib::Response& response) {
  HttpResponse why_not;
  // Also keeps httplib's std::regex, which recurses for each character, away from long paths.
  if (request.path.size() > path_max) {
    fill(HttpResponse::failure(414, "the path is over the limit of 2048 bytes"), response);
    return HandlerResponse::Handled;
  }
  HttpRequest plain = plain_request(request);
  const HttpRoute* route = find(plain, why_not);
  if (route == nullptr) {
    fill(std::move(why_not), response);
    return HandlerResponse::Handled;
  }
  if (plain.method != "GET") return HandlerResponse::Unhandled;  // with_body() comes next
  run(*route, std::move(plain), response);
  return HandlerResponse::Handled;
}

void HttpServer::Parts::with_body(const httplib::Request& request, httplib::Response& response,
                                  const httplib::ContentReader& reader) {
  HttpResponse why_not;
  HttpRequest plain = plain_request(request);
  const HttpRoute* route = find(plain, why_not);
  CHECK(route != nullptr);  // before_body() has found it
  if (request.is_multipart_form_data()) {
    return fill(HttpResponse::failure(415, "forms with files are not taken"), response);
  }
  // Counted after unpacking: a small compressed body may hold gigabytes.
  bool too_large = false;
  const bool whole = reader([&](const char* data, std::size_t size) {
    too_large = size > route->body_max - plain.body.size();
    if (!too_large) plain.body.append(data, size);
    return !too_large;
  });
  if (too_large || response.status == 413) {
    return fill(HttpResponse::failure(413, "the body is over the limit of " +
                                               std::to_string(route->body_max) + " bytes"),
                response);
  }
  if (!whole) return fill(HttpResponse::failure(400, "the body ended early"), response);
  run(*route, std::move(plain), response);
}

void HttpServer::Parts::run(const HttpRoute& route, HttpRequest request,
                            httplib::Response& response) {
  HttpResponse plain;
  try {
    route.handler(request, plain);
  } catch (const std::exception& error) {
    ++failed;
    base::log(base::LogLevel::error, "event=http_handler_failed route={} what=\"{}\"",
              route.pattern, error.what());
    plain = HttpResponse::failure(500, "internal error; the log of the daemon says more");
  }
  fill(std::move(plain), response);
}

void HttpServer::Parts::fill(HttpResponse from, httplib::Response& to) {
  to.status = from.status;
  for (const auto& [name, value] : from.headers) to.set_header(name, value);
  if (from.stream) return fill_stream(std::move(from), to);
  to.set_content(from.body, from.content_type);
}

void HttpServer::Parts::fill_stream(HttpResponse from, httplib::Response& to) {
  if (++streams > options.streams_max) {
    --streams;
    ++refused;
    return fill(HttpResponse::failure(503, "too many streams are open"), to);
  }
  to.set_header("Cache-Control", "no-store");
  to.set_chunked_content_provider(
      from.content_type,
      [this, stream = std::move(from.stream)](std::size_t, httplib::DataSink& sink) {
        if (!sink.is_writable()) return false;
        std::string chunk;
        const bool more = stream(chunk, stream_patience);
        if (!chunk.empty() && !sink.write(chunk.data(), chunk.size())) return false;
        if (!more) sink.done();
        return !stopping;
      },
      [this](bool) { --streams; });
}

base::Result<std::unique_ptr<HttpServer>> HttpServer::open(HttpOptions options,
                                                           std::vector<HttpRoute> routes) {
  CHECK(options.threads > options.streams_max);
  auto socket = ListeningSocket::open(options.listen, options.unix_access);
  if (!socket) return socket.error();
  auto parts =
      std::make_unique<Parts>(std::move(options), std::move(routes), std::move(socket).value());
  parts->start();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(parts)));
}

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
HttpServer::~HttpServer() = default;

void HttpServer::stop() { parts_->stop(); }
const Endpoint& HttpServer::bound() const { return parts_->bound; }

HttpCounters HttpServer::counters() const {
  return {.requests = parts_->requests,
          .refused = parts_->refused,
          .failed = parts_->failed,
          .streams = parts_->streams};
}

}  // namespace leumund::net
