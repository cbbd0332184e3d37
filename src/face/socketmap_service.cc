#include "face/socketmap_service.h"

#include <algorithm>

#include "base/ascii.h"
#include "config/detour_pool.h"
#include "config/postfix_files.h"
#include "wire/socketmap.h"

namespace leumund::face {

using wire::SocketmapRequest;
using wire::SocketmapStatus;

namespace {

// The address itself, since one recipient may be let out, then its domain.
std::vector<std::string> recipient_keys(std::string_view key) {
  std::vector<std::string> out = {base::ascii_lower(key)};
  const auto at_sign = key.rfind('@');
  if (at_sign != std::string_view::npos) out.push_back(out.front().substr(at_sign + 1));
  return out;
}

const std::string* find_row(const MapRows& rows, std::string_view key) {
  const auto at =
      std::lower_bound(rows.begin(), rows.end(), key,
                       [](const auto& row, const auto& wanted) { return row.first < wanted; });
  return at == rows.end() || at->first != key ? nullptr : &at->second;
}

}  // namespace

class SocketmapService::Session final : public net::StreamSession {
 public:
  explicit Session(SocketmapService& service) : service_(service) {}

  Step on_bytes(std::string_view waiting, std::string& out) override {
    const SocketmapRequest request = wire::parse_socketmap_request(waiting);
    switch (request.state) {
      case SocketmapRequest::State::incomplete: return {};
      case SocketmapRequest::State::failed:
        ++service_.wrong_;
        wire::append_socketmap_reply(SocketmapStatus::permanent, "that is no request", out);
        return {.consumed = waiting.size(), .next = Next::close};
      case SocketmapRequest::State::complete: break;
    }
    service_.answer(request.map, request.key, out);
    return {.consumed = request.consumed};
  }

 private:
  SocketmapService& service_;
};

base::Result<std::unique_ptr<SocketmapService>> SocketmapService::open(net::EventLoop& loop,
                                                                       const net::Endpoint& where) {
  std::unique_ptr<SocketmapService> service(new SocketmapService());
  SocketmapService* const raw = service.get();
  net::StreamOptions options;
  options.unix_access.mode = 0666;  // trivial-rewrite runs as postfix; nothing here is secret
  auto listener = net::StreamListener::open(
      loop, where, options,
      [raw]() -> std::unique_ptr<net::StreamSession> { return std::make_unique<Session>(*raw); });
  if (!listener) return listener.error();
  service->listener_ = std::move(*listener);
  return service;
}

SocketmapService::~SocketmapService() = default;

void SocketmapService::stop(std::chrono::milliseconds grace) { listener_->stop(grace); }

void SocketmapService::answer(std::string_view map, std::string_view key, std::string& out) {
  const bool by_sender = map == config::sender_ways_map;
  if (!by_sender && map != config::detours_map) {
    ++wrong_;
    return wire::append_socketmap_reply(SocketmapStatus::permanent, "there is no such map", out);
  }
  const auto rows = by_sender ? sender_ways_.read() : detours_.read();
  if (!rows) {
    ++not_found_;
    return wire::append_socketmap_reply(SocketmapStatus::temporary, "leumundd starts", out);
  }
  const std::string* value = nullptr;
  for (const auto& wanted : by_sender ? config::sender_keys(key) : recipient_keys(key)) {
    value = find_row(*rows, wanted);
    if (value != nullptr) break;
  }
  if (value == nullptr) {
    ++not_found_;
    return wire::append_socketmap_reply(SocketmapStatus::not_found, "", out);
  }
  ++found_;
  wire::append_socketmap_reply(SocketmapStatus::ok, *value, out);
}

SocketmapCounters SocketmapService::counters() const {
  return {found_, not_found_, wrong_, listener_->counters()};
}

}  // namespace leumund::face
