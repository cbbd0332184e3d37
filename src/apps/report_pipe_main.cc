// leumund-report: hands the report on standard input to the daemon.
//
// For master.cf (pipe(8)) or an alias "|leumund-report". Exit status as sysexits.h: 75 when it may
// be tried again, 65 when the report is too large, 69 when it is refused for good, 64 wrong use.
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>

#include "intake/report_pipe.h"
#include "net/endpoint.h"

namespace {

constexpr std::size_t message_bytes = 64UL * 1024 * 1024;
constexpr const char* default_service = "/run/leumund/report";
constexpr const char* usage =
    "usage: leumund-report [--to SOCKET or HOST:PORT] < MESSAGE\n"
    "Hands one raw message (a bounce, a complaint) to leumundd, by LMTP; default is\n"
    "/run/leumund/report. Exit status 0: taken, 75: try again later.\n";

int run(int argc, char** argv) {
  std::string service = default_service;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      std::fputs(usage, stdout);
      return 0;
    }
    if (argument != "--to" || i + 1 == argc) {
      std::fprintf(stderr, "leumund-report: unknown option %s\n%s", argument.c_str(), usage);
      return EX_USAGE;
    }
    service = argv[++i];
  }
  const auto where = leumund::net::Endpoint::parse(service);
  if (!where) {
    std::fprintf(stderr, "leumund-report: %s\n", where.error().message.c_str());
    return EX_USAGE;
  }
  std::string raw;
  std::array<char, 64 * 1024> buffer;
  while (raw.size() <= message_bytes) {
    const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      std::fprintf(stderr, "leumund-report: standard input: %s\n", std::strerror(errno));
      return EX_TEMPFAIL;
    }
    if (got == 0) break;
    raw.append(buffer.data(), static_cast<std::size_t>(got));
  }
  const auto done = leumund::intake::deliver_report(
      *where, raw, std::chrono::steady_clock::now() + std::chrono::seconds(60));
  if (done) return 0;
  std::fprintf(stderr, "leumund-report: %s\n", done.error().message.c_str());
  switch (done.error().code) {
    case leumund::base::ErrorCode::too_large: return EX_DATAERR;
    case leumund::base::ErrorCode::refused: return EX_UNAVAILABLE;
    default: return EX_TEMPFAIL;
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "leumund-report: %s\n", error.what());
    return EX_TEMPFAIL;
  }
}
