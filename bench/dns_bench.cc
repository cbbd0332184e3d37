// The list server beside rbldnsd and beside a UDP echo with batched calls: one core each, the same
// zones, the same questions, in turns in one run.
//
//   dns_bench [ENTRIES] [ROUNDS]     default: 1000000 10
//
// A load of one thread, which never sleeps, keeps questions open and counts answers; what a
// server costs is its own CPU time, read from /proc. Servers and load are bound to different cores.
// The load comes in two shapes: from few ports, as proxies in front of a list server ask and
// resolvers with a fixed port, and each question from a port of its own, as most resolvers ask.
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "apps/dnsbl/dnsbl_main.h"
#include "base/log.h"
#include "net/datagram_batch.h"

namespace {

namespace net = leumund::net;
using Clock = std::chrono::steady_clock;

constexpr int server_core = 0;
constexpr int load_core = 1;
constexpr std::size_t window_most = 256;
// Questions open on each socket. Together 128 are what rbldnsd's receive buffer of 64 KiB takes;
// ours takes more, and each is measured by the load that suits it best.
struct Shape {
  const char* name;
  std::size_t sockets;
  std::size_t window;
};
constexpr Shape few_ports{"few ports", 4, 32};
constexpr Shape few_ports_more{"few, 1024", 4, window_most};
constexpr Shape own_ports{"a port each", 128, 1};
constexpr std::chrono::milliseconds patience(50);
constexpr std::chrono::seconds one_second(1);
constexpr std::size_t questions_made = 1 << 18;

void bind_to_core(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core % static_cast<int>(std::thread::hardware_concurrency()), &set);
  sched_setaffinity(0, sizeof set, &set);
}

// Processor time; the kernel's part is as exact as its ticks let it be.
struct Cpu {
  double all = 0;
  double kernel = 0;

  Cpu operator-(const Cpu& other) const { return {all - other.all, kernel - other.kernel}; }
  Cpu& operator+=(const Cpu& other) {
    all += other.all;
    kernel += other.kernel;
    return *this;
  }
};

// A server in a process of its own, so that its CPU time and memory are its own.
class Server {
 public:
  explicit Server(const std::function<void()>& work) {
    begun_ = Clock::now();
    pid_ = ::fork();
    if (pid_ == 0) {
      bind_to_core(server_core);
      const int nowhere = ::open("/dev/null", O_WRONLY);
      ::dup2(nowhere, 1);
      ::dup2(nowhere, 2);
      work();
      ::_exit(0);
    }
  }
  ~Server() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] Cpu cpu_seconds() const {
    std::ifstream file(fmt::format("/proc/{}/stat", pid_));
    std::string text((std::istreambuf_iterator<char>(file)), {});
    text = text.substr(text.rfind(')') + 2);
    unsigned long user = 0;
    unsigned long kernel = 0;
    std::sscanf(text.c_str(), "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                &kernel);
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    return {static_cast<double>(user + kernel) / ticks, static_cast<double>(kernel) / ticks};
  }
  // Memory that is the process's own, in bytes.
  [[nodiscard]] double memory() const {
    std::ifstream file(fmt::format("/proc/{}/smaps_rollup", pid_));
    std::string word;
    double dirty = 0;
    while (file >> word) {
      if (word == "Private_Dirty:") file >> dirty;
    }
    return dirty * 1024;
  }
  [[nodiscard]] Clock::time_point begun() const { return begun_; }

 private:
  Clock::time_point begun_;
  pid_t pid_ = 0;
};

using Question = std::vector<std::uint8_t>;

Question make_question(const std::string& name, std::uint16_t type) {
  Question out = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t dot = std::min(name.find('.', at), name.size());
    out.push_back(static_cast<std::uint8_t>(dot - at));
    out.insert(out.end(), name.begin() + static_cast<std::ptrdiff_t>(at),
               name.begin() + static_cast<std::ptrdiff_t>(dot));
    at = dot + 1;
  }
  for (const int byte : {0, 0, static_cast<int>(type), 0, 1}) {
    out.push_back(static_cast<std::uint8_t>(byte));
  }
  return out;
}

std::string reversed(std::uint32_t a) {
  return fmt::format("{}.{}.{}.{}", a & 255, a >> 8 & 255, a >> 16 & 255, a >> 24);
}

// Of one or several spans.
struct Load {
  double answered = 0;
  double asked = 0;  // less those still open at the end
  double seconds = 0;
  Cpu cpu;

  Load& operator+=(const Load& other) {
    answered += other.answered;
    asked += other.asked;
    seconds += other.seconds;
    cpu += other.cpu;
    return *this;
  }
  [[nodiscard]] double per_second() const { return answered / seconds; }
  [[nodiscard]] double per_cpu_second() const { return answered / cpu.all; }
  [[nodiscard]] double kernel_micros() const { return 1e6 * cpu.kernel / answered; }
  [[nodiscard]] double lost() const { return std::max(0.0, asked - answered) / asked; }
};

// Keeps the shape's questions open for `span`.
Load ask(const Server& server, std::uint16_t port, const std::vector<Question>& questions,
         const Shape& shape, std::chrono::seconds span) {
  const auto [shape_name, sockets, window] = shape;
  std::vector<int> fds(sockets);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int& fd : fds) {
    fd = ::socket(AF_INET, SOCK_DGRAM, 0);
    (void)::connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof where);
  }
  std::array<std::array<std::uint8_t, 1280>, window_most> buffers;
  std::array<iovec, window_most> vectors{};
  std::array<mmsghdr, window_most> messages{};
  std::size_t next = 0;
  std::uint64_t asked = 0;
  std::uint64_t answered = 0;
  const auto send = [&](int fd, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const Question& one = questions[next++ % questions.size()];
      vectors[i] = {const_cast<std::uint8_t*>(one.data()), one.size()};
      messages[i].msg_hdr = {nullptr, 0, &vectors[i], 1, nullptr, 0, 0};
    }
    const int sent = sendmmsg(fd, messages.data(), static_cast<unsigned>(count), 0);
    asked += static_cast<std::uint64_t>(std::max(sent, 0));
  };
  const auto receive = [&](int fd) {
    for (std::size_t i = 0; i < shape.window; ++i) {
      vectors[i] = {buffers[i].data(), buffers[i].size()};
      messages[i].msg_hdr = {nullptr, 0, &vectors[i], 1, nullptr, 0, 0};
    }
    const int got =
        recvmmsg(fd, messages.data(), static_cast<unsigned>(window), MSG_DONTWAIT, nullptr);
    answered += static_cast<std::uint64_t>(std::max(got, 0));
    return static_cast<std::size_t>(std::max(got, 0));
  };
  for (const int fd : fds) send(fd, window);
  const Cpu cpu = server.cpu_seconds();
  const auto begun = Clock::now();
  // Asks without sleeping, so that no server pays for waking it.
  std::vector<Clock::time_point> heard(sockets, begun);
  for (auto now = begun; now - begun < span; now = Clock::now()) {
    for (std::size_t i = 0; i < sockets; ++i) {
      const std::size_t got = receive(fds[i]);
      if (got > 0) {
        heard[i] = now;
        send(fds[i], got);
      } else if (now - heard[i] > patience) {  // what was lost is asked anew
        heard[i] = now;
        send(fds[i], window);
      }
    }
  }
  const double took = std::chrono::duration<double>(Clock::now() - begun).count();
  const Cpu cost = server.cpu_seconds() - cpu;
  for (const int fd : fds) ::close(fd);
  const auto open = static_cast<double>(sockets * window);
  return {static_cast<double>(answered), static_cast<double>(asked) - open, took, cost};
}

// Waits until the server answers and returns how long that took since it was started.
double wait_ready(const Server& server, std::uint16_t port, const Question& question) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  const timeval wait{0, 20'000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  (void)::connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof where);
  std::array<std::uint8_t, 512> buffer;
  for (int tries = 0; tries < 6000; ++tries) {
    (void)!::send(fd, question.data(), question.size(), 0);
    if (::recv(fd, buffer.data(), buffer.size(), 0) > 0) break;
    ::usleep(5000);
  }
  ::close(fd);
  return std::chrono::duration<double>(Clock::now() - server.begun()).count();
}

void echo(std::uint16_t port) {
  auto batch = net::DatagramBatch::open(
      net::SocketAddress(leumund::base::IpAddress::v4(INADDR_LOOPBACK), port));
  if (!batch) ::_exit(1);
  for (;;) {
    const std::size_t got = (*batch)->receive();
    for (std::size_t i = 0; i < got; ++i) (*batch)->reply(i, (*batch)->datagram(i).size());
    (*batch)->send();
  }
}

// Zone files of `entries` random addresses; every address once.
std::vector<std::uint32_t> make_zone(const std::string& file, std::size_t entries) {
  std::mt19937 dice(7);
  std::vector<std::uint32_t> listed;
  while (listed.size() < entries) {
    for (std::size_t missing = entries - listed.size(); missing > 0; --missing) {
      listed.push_back(static_cast<std::uint32_t>(dice()) & 0x7fffffff);
    }
    std::sort(listed.begin(), listed.end());
    listed.erase(std::unique(listed.begin(), listed.end()), listed.end());
  }
  std::shuffle(listed.begin(), listed.end(), dice);
  std::ofstream out(file);
  out << "$SOA 3600 ns.bl.example admin.bl.example 1 1h 1h 1w 10m\n$NS 1d ns.bl.example\n"
      << ":127.0.0.2:Listed, see https://bl.example/?$\n";
  for (const std::uint32_t a : listed) {
    out << (a >> 24) << '.' << (a >> 16 & 255) << '.' << (a >> 8 & 255) << '.' << (a & 255) << '\n';
  }
  return listed;
}

// A fifth of the questions are about listed addresses, a fifth of those ask for the text.
std::vector<Question> make_questions(const std::vector<std::uint32_t>& listed) {
  std::mt19937 dice(11);
  std::vector<Question> out;
  while (out.size() < questions_made) {
    const bool hit = dice() % 5 == 0;
    const std::uint32_t a =
        hit ? listed[dice() % listed.size()] : static_cast<std::uint32_t>(dice());
    out.push_back(make_question(reversed(a) + ".bl.example", hit && dice() % 5 == 0 ? 16 : 1));
  }
  return out;
}

std::vector<Question> make_flood() {
  std::mt19937 dice(13);
  std::vector<Question> out;
  while (out.size() < questions_made) {
    std::string name;
    for (int i = 0; i < 12; ++i) name += static_cast<char>('a' + dice() % 26);
    out.push_back(make_question(name + ".bl.example", 1));
  }
  return out;
}

void run_rbldnsd(std::uint16_t port, const std::string& folder, const std::string& type) {
  const std::string at = fmt::format("127.0.0.1/{}", port);
  const std::string zone = "bl.example:" + type + ":zone";
  ::execl("/usr/sbin/rbldnsd", "rbldnsd", "-n", "-u", "65534", "-c", "0", "-w", folder.c_str(),
          "-b", at.c_str(), zone.c_str(), nullptr);
}

void run_ours(std::uint16_t port, const std::string& folder, const std::string& type) {
  // The limit is so high that it never acts, but its cost is in the figures.
  std::vector<std::string> words = {
      "dnsbl",     "-n", "-u",      "65534",     "-c",
      "0",         "-w", folder,    "-b",        fmt::format("127.0.0.1/{}", port),
      "--threads", "1",  "--limit", "900000000", "bl.example:" + type + ":zone"};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  (void)leumund::apps::run_dnsbl(static_cast<int>(argv.size()), argv.data());
}

constexpr std::array<Shape, 3> shapes = {few_ports, few_ports_more, own_ports};

// A server, and what it did under each shape of the load.
struct Peer {
  Peer(std::uint16_t at, const Question& question, const std::function<void()>& work)
      : port(at), server(work), ready(wait_ready(server, at, question)) {
    memory = server.memory();
  }
  const std::uint16_t port;
  const Server server;
  const double ready;
  double memory = 0;
  std::array<Load, shapes.size()> loads;

  // Of the shapes with few ports the one that suits it best.
  [[nodiscard]] const Load& few() const {
    return loads[0].per_cpu_second() > loads[1].per_cpu_second() ? loads[0] : loads[1];
  }
  [[nodiscard]] const Load& own() const { return loads[2]; }
};

void show(const std::string& name, const std::array<Load, shapes.size()>& loads) {
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    fmt::print(
        "{:<28} {:<12} {:>8.0f} answers/s {:>8.0f} per CPU second {:5.2f} us, {:.2f} in the "
        "kernel, lost {:.4f}\n",
        name, shapes[i].name, loads[i].per_second(), loads[i].per_cpu_second(),
        1e6 / loads[i].per_cpu_second(), loads[i].kernel_micros(), loads[i].lost());
  }
}

void compare(const char* shape, const Load& ours, const Load& theirs, const Load& floor) {
  fmt::print("{}: answers per CPU second, ours to rbldnsd: {:.2f}\n", shape,
             ours.per_cpu_second() / theirs.per_cpu_second());
  fmt::print("{}: answers per second, ours to the echo:    {:.2f}\n", shape,
             ours.per_second() / floor.per_second());
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t entries = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
  const std::size_t rounds = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 10;
  char folder[] = "/tmp/dns_benchXXXXXX";
  if (::mkdtemp(folder) == nullptr || ::chmod(folder, 0755) != 0) return 1;
  const std::string file = std::string(folder) + "/zone";
  const auto listed = make_zone(file, entries);
  const auto questions = make_questions(listed);
  const auto flood = make_flood();
  bind_to_core(load_core);
  constexpr std::uint16_t port = 15353;
  fmt::print(
      "{} addresses, {} rounds of a second for each, server and load on a core of their own\n",
      entries, rounds);
  std::fflush(stdout);
  const Question& first = questions.front();
  Peer theirs(port, first, [&] { run_rbldnsd(port, folder, "ip4set"); });
  Peer ours(port + 1, first, [&] { run_ours(port + 1, folder, "ip4set"); });
  Peer floor(port + 2, first, [] { echo(port + 2); });
  std::array<Load, shapes.size()> flooded;
  // In turns, so that a machine that is faster now than later is so for all.
  for (std::size_t round = 0; round <= rounds; ++round) {
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      for (Peer* peer : {&theirs, &ours, &floor}) {
        const Load load = ask(peer->server, peer->port, questions, shapes[i], one_second);
        if (round > 0) peer->loads[i] += load;  // the first warms
      }
      const Load load = ask(ours.server, ours.port, flood, shapes[i], one_second);
      if (round > 0) flooded[i] += load;
    }
  }
  show("rbldnsd", theirs.loads);
  show("leumundd dnsbl", ours.loads);
  show("echo, batched", floor.loads);
  show("leumundd dnsbl, random names", flooded);
  const auto n = static_cast<double>(entries);
  compare("few ports", ours.few(), theirs.few(), floor.few());
  compare("a port each", ours.own(), theirs.own(), floor.own());
  fmt::print(
      "memory per address: ours {:.2f}, rbldnsd {:.2f} bytes (process, less an empty one's)\n",
      (ours.memory - floor.memory) / n, (theirs.memory - floor.memory) / n);
  fmt::print("from start to first answer: ours {:.2f} s, rbldnsd {:.2f} s\n", ours.ready,
             theirs.ready);
  // At equal rates a flood takes from honest questions what its own cost: cost(flood)/cost(honest).
  fmt::print("a random name costs {:.2f} of an honest question\n",
             ours.own().per_cpu_second() / flooded[2].per_cpu_second());
  ::unlink(file.c_str());
  ::rmdir(folder);
  return 0;
}
