// Answers Postfix's socketmap look-ups from memory: detours and senders' ways, without files.
//
// Flow:    net::StreamListener -> wire::parse_socketmap_request() -> MapRows -> answer.
//          Postfix takes a socketmap for a table of patterns: it asks for whole addresses only,
//          never for what stands in a table, so that is looked for here.
// Limits:  those of net/stream_listener.h. What is no request is answered PERM and closed.
// Threads: sessions run on the loop's thread; publish_*() and counters() from any.
// Errors:  a map that is not known is PERM, one that is not published yet TEMP: Postfix says so in
//          its log and defers.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "net/endpoint.h"
#include "net/event_loop.h"
#include "net/stream_listener.h"

namespace leumund::face {

// Key and value, sorted by key, each key once.
using MapRows = std::vector<std::pair<std::string, std::string>>;

struct SocketmapCounters {
  std::uint64_t found = 0;
  std::uint64_t not_found = 0;
  std::uint64_t wrong = 0;  // no request, or no such map
  net::StreamCounters connections;
};

class SocketmapService {
 public:
  // Answers for the maps of config/postfix_files.h; until one is published, that it is not known
  // yet.
  [[nodiscard]] static base::Result<std::unique_ptr<SocketmapService>> open(
      net::EventLoop& loop, const net::Endpoint& where);
  ~SocketmapService();

  // Rows by recipient domain, or a whole address.
  void publish_detours(MapRows rows) { publish(detours_, std::move(rows)); }
  // Rows by sender: "local@domain", "@domain" or "<>".
  void publish_sender_ways(MapRows rows) { publish(sender_ways_, std::move(rows)); }
  void stop(std::chrono::milliseconds grace);

  [[nodiscard]] const net::Endpoint& bound() const { return listener_->bound(); }
  [[nodiscard]] SocketmapCounters counters() const;

 private:
  class Session;
  SocketmapService() = default;
  static void publish(base::Published<MapRows>& map, MapRows rows) {
    map.publish(std::make_shared<const MapRows>(std::move(rows)));
  }
  void answer(std::string_view map, std::string_view key, std::string& out);

  base::Published<MapRows> detours_;
  base::Published<MapRows> sender_ways_;
  std::atomic<std::uint64_t> found_ = 0;
  std::atomic<std::uint64_t> not_found_ = 0;
  std::atomic<std::uint64_t> wrong_ = 0;
  std::unique_ptr<net::StreamListener> listener_;
};

}  // namespace leumund::face
