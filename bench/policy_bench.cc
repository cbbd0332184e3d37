// Policy answers over loopback beside a bare TCP echo of the same requests and beside postfwd, all
// in one run: the servers on one core, the clients on the other.
//
//   policy_bench [seconds per measurement, default 3]
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "bench/policy_load.h"
#include "bench/policy_servers.h"

namespace leumund::bench {
namespace {

constexpr unsigned server_core = 0;
constexpr unsigned client_core = 1;
constexpr int rounds = 3;  // of each server in turn; the median counts

struct Row {
  std::string name;
  double rate = 0;             // median of the rounds
  double cpu_per_request = 0;  // microseconds of the server's processor, least of the rounds
};

std::optional<Measured> measure(const Load& load, RequestSource& source) {
  auto measured = run_load(load, source);
  if (measured) return std::move(*measured);
  std::fprintf(stderr, "policy_bench: %s\n", measured.error().message.c_str());
  return std::nullopt;
}

// Closed loop, round for round, so that whatever else this machine does hits all alike.
struct Contestant {
  std::string name;
  ServerProcess* server;
  Reply reply;
  std::vector<double> rates = {};
  std::vector<double> cpu = {};
};

bool closed_loop_round(Contestant& one, RequestSource& source, std::chrono::milliseconds span) {
  Load load{.server = one.server->endpoint(), .reply = one.reply};
  load.span = span;
  const double cpu_before = one.server->cpu_seconds();
  const auto measured = measure(load, source);
  if (!measured) return false;
  const double cpu = one.server->cpu_seconds() - cpu_before;
  one.rates.push_back(measured->rate());
  // The warm-up's requests are not in `requests`, its processor time is.
  const double whole = measured->seconds + std::chrono::duration<double>(load.warm_up).count();
  one.cpu.push_back(1e6 * cpu / (measured->rate() * whole));
  return true;
}

Row summary(Contestant& one) {
  std::sort(one.rates.begin(), one.rates.end());
  return {.name = one.name,
          .rate = one.rates[one.rates.size() / 2],
          .cpu_per_request = *std::min_element(one.cpu.begin(), one.cpu.end())};
}

void print_open_loop(const Row& row, const ServerProcess& server, RequestSource& source,
                     std::chrono::milliseconds span) {
  Load load{.server = server.endpoint()};
  load.span = span;
  load.requests_per_second = row.rate / 2;
  const auto measured = measure(load, source);
  if (!measured) return;
  fmt::print(
      "{:<28} at {:>7.0f}/s open loop: p50 {:>5.0f} us  p99 {:>5.0f} us  p99.9 {:>6.0f} us\n",
      row.name, load.requests_per_second, measured->percentile(0.5), measured->percentile(0.99),
      measured->percentile(0.999));
}

// postfwd answers each connection from a process of its own, all on the server's core here.
void print_postfwd(RequestSource& source, std::chrono::milliseconds span) {
  constexpr std::uint16_t port = 20045;
  const std::string program = "/usr/sbin/postfwd2";
  const std::string pid_file = fmt::format("/tmp/leumund_bench_postfwd_{}.pid", getpid());
  const std::string name = "postfwd, one rate rule";
  if (!std::filesystem::exists(program)) {
    fmt::print("{:<28} not installed\n", name);
    return;
  }
  const std::string rule =
      "id=R; sasl_username=~/./; action=rate(sasl_username/200/3600/REJECT 5.7.1 too much mail)";
  auto server = ServerProcess::daemon(server_core,
                                      {program,
                                       "-n",
                                       "-P",
                                       "-i",
                                       "127.0.0.1",
                                       "-p",
                                       std::to_string(port),
                                       "--cache_port",
                                       std::to_string(port + 1),
                                       "--min_servers",
                                       "64",
                                       "--max_servers",
                                       "80",
                                       "-u",
                                       "nobody",
                                       "-g",
                                       "nogroup",
                                       "--pidfile",
                                       pid_file,
                                       "-r",
                                       rule},
                                      pid_file, port);
  if (!server) {
    fmt::print("{:<28} {}\n", name, server.error().message);
    return;
  }
  Contestant one{.name = name, .server = server->get(), .reply = Reply::action};
  if (closed_loop_round(one, source, span)) {
    fmt::print("{:<28} {:>9.0f}/s\n", name, summary(one).rate);
  }
}

int run(std::chrono::milliseconds span) {
  RequestSource source({});
  const auto serve = [&source](Judge judge) {
    return ServerProcess::start(server_core,
                                [&](const auto& report) { serve_policy(judge, source, report); });
  };
  auto echo = ServerProcess::start(server_core, serve_bare_echo);
  auto plain = serve(Judge::pass_all);
  auto judging = serve(Judge::engine);
  if (!echo || !plain || !judging) return 1;
  bind_to_core(client_core);
  std::vector<Contestant> all = {{"bare TCP echo", echo->get(), Reply::echo},
                                 {"policy, handler passes all", plain->get(), Reply::action},
                                 {"policy, engine, every term", judging->get(), Reply::action}};
  for (int round = 0; round < rounds; ++round) {
    for (Contestant& one : all) {
      if (!closed_loop_round(one, source, span)) return 1;
    }
  }
  fmt::print("{:<28} {:>11} {:>11} {:>8}\n", "64 connections, closed loop", "answers", "processor",
             "of echo");
  const Row echo_row = summary(all[0]);
  std::vector<Row> rows;
  for (Contestant& one : all) {
    rows.push_back(summary(one));
    fmt::print("{:<28} {:>9.0f}/s {:>8.2f} us {:>7.0f} %\n", rows.back().name, rows.back().rate,
               rows.back().cpu_per_request, 100 * rows.back().rate / echo_row.rate);
  }
  print_postfwd(source, span);
  for (std::size_t i = 1; i < all.size(); ++i)
    print_open_loop(rows[i], *all[i].server, source, span);
  return 0;
}

}  // namespace
}  // namespace leumund::bench

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 3;
  if (seconds <= 0) {
    std::fprintf(stderr, "policy_bench: \"%s\" is no number of seconds\n", argv[1]);
    return 2;
  }
  return leumund::bench::run(std::chrono::milliseconds(static_cast<int>(seconds * 1000)));
}
