// The servers of the policy benchmark, each in a process of its own on one core.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/policy_load.h"
#include "net/endpoint.h"

namespace leumund::bench {

// A process bound to one core; ended with its owner.
class ServerProcess {
 public:
  // Runs `serve` in a child; `serve` reports the port it listens on and never returns.
  using Serve = std::function<void(const std::function<void(std::uint16_t port)>& report)>;
  [[nodiscard]] static base::Result<std::unique_ptr<ServerProcess>> start(unsigned core,
                                                                          const Serve& serve);
  // Runs a program that goes to the background, leaves its process id in `pid_file` and listens
  // on 127.0.0.1:`port`; waits until it does.
  [[nodiscard]] static base::Result<std::unique_ptr<ServerProcess>> daemon(
      unsigned core, const std::vector<std::string>& command, const std::string& pid_file,
      std::uint16_t port);
  // The same for a program that stays in the foreground; what it says goes to `log_file`.
  [[nodiscard]] static base::Result<std::unique_ptr<ServerProcess>> program(
      unsigned core, const std::vector<std::string>& command, const std::string& log_file,
      std::uint16_t port);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  [[nodiscard]] net::Endpoint endpoint() const { return net::Endpoint::tcp("127.0.0.1", port_); }
  // Processor time it has used so far, without its children.
  [[nodiscard]] double cpu_seconds() const;
  // ... and with them.
  [[nodiscard]] double family_cpu_seconds() const;

 private:
  ServerProcess(pid_t pid, std::uint16_t port) : pid_(pid), port_(port) {}
  pid_t pid_;
  std::uint16_t port_;
};

// Sends back what it receives, with as little as that takes: epoll, recv, send.
[[noreturn]] void serve_bare_echo(const std::function<void(std::uint16_t)>& report);

// The same with Boost.Asio.
[[noreturn]] void serve_asio_echo(const std::function<void(std::uint16_t)>& report);

enum class Judge { pass_all, engine };

// Our policy service, with a handler that passes everything or with the real engine behind its lock
// and every term on. The engine has first seen `history_requests` of `source` over twenty days, so
// that its accounts have habits; then each request is 66 ms after the last, as at a provider whose
// 50,000 accounts ask 1.3 million times a day, or every account would look hacked.
[[noreturn]] void serve_policy(Judge judge, RequestSource source,
                               const std::function<void(std::uint16_t)>& report);

void bind_to_core(unsigned core);

}  // namespace leumund::bench
