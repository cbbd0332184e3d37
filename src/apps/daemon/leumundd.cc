// The daemon's main: arguments, signals, the second's tick, an orderly end.
#include <systemd/sd-daemon.h>

#include <fmt/core.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "apps/daemon/daemon.h"
#include "apps/dnsbl/dnsbl_main.h"
#include "apps/version.h"
#include "base/log.h"

namespace {

using leumund::base::LogLevel;
namespace apps = leumund::apps;
namespace base = leumund::base;
namespace config = leumund::config;

constexpr int exit_done = 0;
constexpr int exit_wrong_use = 2;
constexpr int exit_cannot_run = 3;

struct Arguments {
  std::string config_file = std::string(config::default_file);
  bool config_given = false;
  std::string clock;
};

// Blocks the signals that main handles; every thread started later inherits that.
int open_signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&wanted, number);
  pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

void reload(apps::Daemon& daemon) {
  sd_notify(0, "RELOADING=1");
  const auto told = daemon.reload();
  if (!told) {
    base::log(LogLevel::error, "reload refused, nothing changed: {}", told.error().message);
  } else {
    for (const auto& line : *told) base::log(LogLevel::info, "reload: {}", line);
  }
  sd_notify(0, "READY=1");
}

// Until a signal asks for the end.
void serve(apps::Daemon& daemon, int signals) {
  constexpr int second = 1000;
  for (;;) {
    pollfd waiting{signals, POLLIN, 0};
    ::poll(&waiting, 1, second);
    signalfd_siginfo arrived{};
    while (::read(signals, &arrived, sizeof arrived) == sizeof arrived) {
      if (arrived.ssi_signo == SIGHUP) {
        reload(daemon);
      } else {
        base::log(LogLevel::info, "stopping signal={}", arrived.ssi_signo);
        return;
      }
    }
    daemon.tick();
    sd_notify(0, "WATCHDOG=1");
  }
}

int run(const Arguments& arguments) {
  apps::DaemonOptions options;
  options.config_file = arguments.config_file;
  options.config_must_exist = arguments.config_given;
  if (!arguments.clock.empty()) {
    const auto clock = apps::Clock::parse(arguments.clock);
    if (!clock) {
      fmt::print(stderr, "leumundd: --clock: {}\n", clock.error().message);
      return exit_wrong_use;
    }
    options.clock = *clock;
  }
  ::umask(0027);
  const int signals = open_signals();
  auto daemon = apps::Daemon::open(std::move(options));
  if (!daemon) {
    base::log(LogLevel::fatal, "cannot start: {}", daemon.error().message);
    return daemon.error().code == base::ErrorCode::malformed ? exit_wrong_use : exit_cannot_run;
  }
  for (const auto& address : (*daemon)->addresses()) {
    base::log(LogLevel::info, "listening {}", address);
  }
  base::log(LogLevel::info, "ready version={}", apps::version);
  sd_notify(0, "READY=1");
  serve(**daemon, signals);
  sd_notify(0, "STOPPING=1");
  daemon->reset();
  base::log(LogLevel::info, "stopped");
  return exit_done;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "dnsbl") {
    try {
      return apps::run_dnsbl(argc - 1, argv + 1);
    } catch (const std::exception& error) {
      base::log(LogLevel::fatal, "ended by {}", error.what());
      return exit_cannot_run;
    }
  }
  Arguments arguments;
  CLI::App app("Leumund, keeper of the mail server's repute: the daemon. See leumundd(8).",
               "leumundd");
  auto* file = app.add_option("--config", arguments.config_file,
                              "configuration file (default " + arguments.config_file + ")");
  app.add_option(
      "--clock", arguments.clock,
      "START[,RATE]: a clock of its own for demonstrations and tests, which starts at an "
      "RFC 3339 time and runs RATE times as fast");
  app.footer(
      "leumundd dnsbl: only the DNS list server, on rbldnsd's zone files and with its options;\n"
      "see leumundd dnsbl -h.");
  app.set_version_flag("--version", std::string("leumundd ") + apps::version);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_done : exit_wrong_use;
  }
  arguments.config_given = file->count() > 0;
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    base::log(LogLevel::fatal, "ended by {}", error.what());
    return exit_cannot_run;
  }
}
