// Answers DNS queries about our lists: by UDP with batched calls on one thread a core, by TCP on
// one thread for all.
//
// Flow:    DatagramBatch or StreamListener -> DnsResponder -> ZoneSet::answer -> back.
// Time:    a published ZoneSet is what the next batch is answered from; nobody waits for it.
// Limits:  256 TCP connections, closed after 10 s without a query; queries of 4 KiB.
// Threads: named "dns-0" and so on, "dns-tcp". publish(), counters() and the end from any.
// Errors:  open() names the address that cannot be bound.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "face/dns_responder.h"
#include "listing/zone_set.h"
#include "net/datagram_batch.h"
#include "net/event_loop.h"
#include "net/stream_listener.h"

namespace leumund::face {

struct DnsListServerOptions {
  std::vector<net::SocketAddress> addresses;
  std::size_t threads = 1;  // for each address
  bool tcp = true;
  DnsResponderOptions responder;
};

class DnsListServer {
 public:
  // Binds all sockets, so that rights can be given up afterwards; answers nothing yet.
  [[nodiscard]] static base::Result<std::unique_ptr<DnsListServer>> open(
      DnsListServerOptions options);
  ~DnsListServer();

  // Answers from now on. `zones` is the number of zones that every set will have. `log` as in
  // DnsResponderOptions may be set until here.
  void start(std::shared_ptr<const listing::ZoneSet> zones);
  void stop();

  void publish(std::shared_ptr<const listing::ZoneSet> zones);
  [[nodiscard]] std::shared_ptr<const listing::ZoneSet> zones() const { return zones_.read(); }

  [[nodiscard]] const std::vector<net::SocketAddress>& bound() const { return bound_; }
  [[nodiscard]] std::vector<DnsCounts> counters() const;
  // The clients that ask most, of all threads together.
  [[nodiscard]] std::vector<listing::TopCount> clients(std::size_t most) const;
  // What was asked about since the last call, for the list engine.
  [[nodiscard]] std::vector<std::vector<listing::TopCount>> take_addresses();

 private:
  class TcpSession;

  explicit DnsListServer(DnsListServerOptions options) : options_(std::move(options)) {}
  [[nodiscard]] base::Status bind();
  void serve(net::DatagramBatch& batch, DnsResponder& responder, const std::stop_token& stop);

  DnsListServerOptions options_;
  base::Published<listing::ZoneSet> zones_;
  std::atomic<std::uint64_t> generation_{0};  // of zones_, so that a batch need not take its lock
  std::vector<net::SocketAddress> bound_;
  std::vector<std::unique_ptr<net::DatagramBatch>> batches_;
  std::unique_ptr<net::EventLoop> loop_;
  std::vector<std::unique_ptr<net::StreamListener>> listeners_;
  std::vector<std::unique_ptr<DnsResponder>> responders_;  // of each batch, then of TCP
  std::vector<std::jthread> threads_;
};

}  // namespace leumund::face
