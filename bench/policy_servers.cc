#include "bench/policy_servers.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <stop_token>
#include <thread>

#include "base/check.h"
#include "base/guarded.h"
#include "base/time.h"
#include "diagnosis/reader.h"
#include "engine/engine.h"
#include "intake/policy_event.h"
#include "intake/policy_service.h"
#include "net/event_loop.h"
#include "net/socket.h"
#include "wire/policy_request.h"

namespace leumund::bench {

void bind_to_core(unsigned core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core % std::thread::hardware_concurrency(), &set);
  sched_setaffinity(0, sizeof set, &set);
}

base::Result<std::unique_ptr<ServerProcess>> ServerProcess::start(unsigned core,
                                                                  const Serve& serve) {
  std::fflush(stdout);  // the child would print it once more
  std::array<int, 2> ends{};
  CHECK(pipe(ends.data()) == 0);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    bind_to_core(core);
    serve([&](std::uint16_t port) { (void)!write(ends[1], &port, sizeof port); });
    _exit(1);
  }
  std::uint16_t port = 0;
  close(ends[1]);
  const bool told = read(ends[0], &port, sizeof port) == sizeof port;
  close(ends[0]);
  std::unique_ptr<ServerProcess> out(new ServerProcess(pid, port));
  if (!told) return base::Error{base::ErrorCode::unavailable, "a server did not start"};
  return out;
}

namespace {

[[noreturn]] void become(const std::vector<std::string>& command, const char* output) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  if (std::freopen(output, "w", stdout) == nullptr) _exit(1);
  if (std::freopen(output, "a", stderr) == nullptr) _exit(1);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

bool listens(std::uint16_t port) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  return net::connect_to(net::Endpoint::tcp("127.0.0.1", port), deadline).ok();
}

}  // namespace

base::Result<std::unique_ptr<ServerProcess>> ServerProcess::program(
    unsigned core, const std::vector<std::string>& command, const std::string& log_file,
    std::uint16_t port) {
  std::fflush(stdout);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    bind_to_core(core);
    become(command, log_file.c_str());
  }
  std::unique_ptr<ServerProcess> out(new ServerProcess(pid, port));
  for (int i = 0; i < 2400; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (listens(port)) return out;
    if (waitpid(pid, nullptr, WNOHANG) == pid) break;
  }
  return base::Error{base::ErrorCode::unavailable,
                     command.front() + " does not listen; what it said is in " + log_file};
}

base::Result<std::unique_ptr<ServerProcess>> ServerProcess::daemon(
    unsigned core, const std::vector<std::string>& command, const std::string& pid_file,
    std::uint16_t port) {
  std::fflush(stdout);
  const pid_t starter = fork();
  CHECK(starter >= 0);
  if (starter == 0) {
    bind_to_core(core);
    become(command, "/dev/null");
  }
  waitpid(starter, nullptr, 0);
  for (int i = 0; i < 100; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    pid_t pid = 0;
    std::ifstream(pid_file) >> pid;
    if (pid > 0 && listens(port)) {
      return std::unique_ptr<ServerProcess>(new ServerProcess(pid, port));
    }
  }
  return base::Error{base::ErrorCode::unavailable, command.front() + " does not listen"};
}

ServerProcess::~ServerProcess() {
  kill(pid_, SIGTERM);
  for (int i = 0; i < 100 && kill(pid_, 0) == 0; ++i) {
    waitpid(pid_, nullptr, WNOHANG);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  kill(pid_, SIGKILL);
}

double ServerProcess::cpu_seconds() const {
  clockid_t clock = 0;
  timespec used{};
  if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

double ServerProcess::family_cpu_seconds() const {
  double all = cpu_seconds();
  pid_t child = 0;
  std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", pid_));
  while (children >> child) {
    std::ifstream stat(fmt::format("/proc/{}/stat", child));
    std::string field;
    std::uint64_t ticks = 0;
    // utime and stime are the 14th and 15th; no name of ours has a blank.
    for (int i = 1; i <= 15 && stat >> field; ++i)
      if (i >= 14) ticks += std::strtoull(field.c_str(), nullptr, 10);
    all += static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }
  return all;
}

void serve_bare_echo(const std::function<void(std::uint16_t)>& report) {
  auto listening = net::ListeningSocket::open(net::Endpoint::tcp("127.0.0.1", 0));
  CHECK(listening.ok());
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {.fd = listening->fd()}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listening->fd(), &event);
  report(listening->bound().port);
  std::array<epoll_event, 256> events{};
  std::array<char, 64 * 1024> buffer{};
  for (;;) {
    const int ready = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listening->fd()) {
        const int peer = accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        const int on = 1;
        setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        event = {.events = EPOLLIN, .data = {.fd = peer}};
        epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &event);
        continue;
      }
      const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
      if (got <= 0) {
        close(fd);
      } else {
        (void)!send(fd, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL);
      }
    }
  }
}

namespace {

constexpr std::size_t history_requests = 600'000;
constexpr base::Micros history_span = std::chrono::days(20);
constexpr base::Micros between_requests = std::chrono::milliseconds(66);

std::shared_ptr<const diagnosis::Reader> shipped_replies() {
  auto made = diagnosis::Reader::shipped();
  CHECK(made.ok());
  return std::move(*made);
}

// The engine as the daemon has it: behind one lock, dated by a clock that runs ahead of ours.
class JudgingEngine {
 public:
  explicit JudgingEngine(RequestSource& source) : engine_(engine::Settings{}, shipped_replies()) {
    now_ = base::from_unix_seconds(1'790'000'000);
    wire::PolicyRequestParser parser;
    model::MailEvent event;
    RequestSource::Cursor cursor;
    for (std::size_t i = 0; i < history_requests; ++i) {
      now_ += history_span / history_requests;
      CHECK(parser.feed(source.next(cursor)) == wire::PolicyRequestParser::State::complete);
      CHECK(intake::fill_policy_event(parser.request(), {}, now_, event));
      (void)judge(event);
    }
  }

  model::Answer judge(const model::MailEvent& event) {
    return engine_
        .with([&](engine::Engine& engine) { return engine.feed(event, event.received_at); })
        .answer;
  }
  base::TimePoint next_time() { return now_ += between_requests; }

 private:
  base::Guarded<engine::Engine> engine_;
  base::TimePoint now_;
};

}  // namespace

void serve_policy(Judge judge, RequestSource source,
                  const std::function<void(std::uint16_t)>& report) {
  auto loop = net::EventLoop::open();
  CHECK(loop.ok());
  intake::PolicyService::Options options{.listen = net::Endpoint::tcp("127.0.0.1", 0)};
  intake::PolicyService::Handler handler = [](const model::MailEvent&) { return model::Answer{}; };
  std::unique_ptr<JudgingEngine> engine;
  if (judge == Judge::engine) {
    engine = std::make_unique<JudgingEngine>(source);
    options.clock = [&engine] { return engine->next_time(); };
    handler = [&engine](const model::MailEvent& event) { return engine->judge(event); };
  }
  auto service = intake::PolicyService::open(**loop, std::move(options), std::move(handler));
  CHECK(service.ok());
  report((*service)->bound().port);
  loop.value()->run(std::stop_token{});
  _exit(0);
}

}  // namespace leumund::bench
