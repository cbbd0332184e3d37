// The same echo written for Boost.Asio: one thread, one handler for each read and each write.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <functional>
#include <memory>

#include "bench/policy_servers.h"

namespace leumund::bench {
namespace {

using boost::asio::ip::tcp;

class EchoPeer : public std::enable_shared_from_this<EchoPeer> {
 public:
  explicit EchoPeer(tcp::socket socket) : socket_(std::move(socket)) {
    socket_.set_option(tcp::no_delay(true));
  }
  void read() {
    socket_.async_read_some(boost::asio::buffer(buffer_),
                            [self = shared_from_this()](auto error, std::size_t size) {
                              if (!error) self->write(size);
                            });
  }

 private:
  void write(std::size_t size) {
    boost::asio::async_write(socket_, boost::asio::buffer(buffer_, size),
                             [self = shared_from_this()](auto error, std::size_t) {
                               if (!error) self->read();
                             });
  }
  tcp::socket socket_;
  std::array<char, 16 * 1024> buffer_{};
};

void accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](auto error, tcp::socket socket) {
    if (!error) std::make_shared<EchoPeer>(std::move(socket))->read();
    accept(acceptor);
  });
}

}  // namespace

void serve_asio_echo(const std::function<void(std::uint16_t)>& report) {
  boost::asio::io_context context(1);  // tells Asio that one thread is all: no locks
  tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
  accept(acceptor);
  report(acceptor.local_endpoint().port());
  context.run();
  _exit(0);
}

}  // namespace leumund::bench
