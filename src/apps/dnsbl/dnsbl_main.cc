#include "apps/dnsbl/dnsbl_main.h"

#include <fmt/core.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <thread>

#include "apps/dnsbl/dnsbl_files.h"
#include "apps/dnsbl/dnsbl_options.h"
#include "apps/dnsbl/service_manager.h"
#include "base/log.h"
#include "base/time.h"

namespace leumund::apps {
namespace {

using base::Error;
using base::ErrorCode;
using base::LogLevel;
using base::Result;
using base::Status;

constexpr int exit_done = 0;
constexpr int exit_wrong_use = 2;
constexpr int exit_cannot_run = 3;
constexpr std::size_t clients_shown = 10;

std::int64_t unix_now() {
  return static_cast<std::int64_t>(base::to_unix_seconds(base::system_now()));
}

Error cannot(const std::string& what) {
  return {ErrorCode::unavailable, fmt::format("cannot {}: {}", what, std::strerror(errno))};
}

std::optional<unsigned> number_of(const std::string& text) {
  unsigned number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

struct Identity {
  uid_t user = 0;
  gid_t group = 0;
};

// Looked up before chroot, where the files for it may be missing.
Result<std::optional<Identity>> identity_of(const std::string& wanted) {
  std::string user = wanted;
  if (user.empty() && ::getuid() != 0) return std::optional<Identity>();
  if (user.empty()) user = "rbldns";
  std::string group;
  if (const std::size_t colon = user.find(':'); colon != std::string::npos) {
    group = user.substr(colon + 1);
    user.resize(colon);
  }
  Identity found;
  if (const auto number = number_of(user)) {
    found = {*number, *number};
  } else if (const passwd* entry = ::getpwnam(user.c_str())) {
    found = {entry->pw_uid, entry->pw_gid};
  } else {
    return Error{ErrorCode::malformed, "-u: there is no user " + user};
  }
  if (const auto number = number_of(group)) {
    found.group = *number;
  } else if (const struct group* entry = group.empty() ? nullptr : ::getgrnam(group.c_str())) {
    found.group = entry->gr_gid;
  } else if (!group.empty()) {
    return Error{ErrorCode::malformed, "-u: there is no group " + group};
  }
  if (found.user == 0) return Error{ErrorCode::refused, "does not run as root; say -u USER"};
  return std::optional(found);
}

Status enter(const DnsblOptions& options, const std::optional<Identity>& identity) {
  if (!options.root.empty() &&
      (::chdir(options.root.c_str()) != 0 || ::chroot(options.root.c_str()) != 0)) {
    return cannot("chroot to " + options.root);
  }
  if (!options.folder.empty() && ::chdir(options.folder.c_str()) != 0) {
    return cannot("work in " + options.folder);
  }
  if (identity && (::setgroups(1, &identity->group) != 0 || ::setgid(identity->group) != 0 ||
                   ::setuid(identity->user) != 0)) {
    return cannot(fmt::format("become user {} group {}", identity->user, identity->group));
  }
  return {};
}

void tell(const face::ListZoneStore::Report& report) {
  for (const std::string& one : report.warnings) {
    base::log(LogLevel::warn, "event=zone_line_left_out {}", one);
  }
  for (const auto& one : report.loaded) {
    base::log(LogLevel::info,
              "event=zone_loaded dataset={} entries={} bytes={} warnings={} seconds={:.3f}",
              one.spec, one.entries, one.memory_bytes, one.warnings, one.seconds);
  }
  for (const std::string& one : report.errors) {
    base::log(LogLevel::error, "event=zone_not_loaded error={}", one);
  }
  for (const std::string& one : report.expired) {
    base::log(LogLevel::error, "event=zone_expired dataset={}", one);
  }
}

void tell_counts(const face::DnsListServer& server) {
  const auto zones = server.zones();
  base::log(LogLevel::info, "event=counts {}", counts_line(*zones, server.counters()));
  face::DnsCounts all;
  for (const face::DnsCounts& one : server.counters()) all += one;
  base::log(LogLevel::info, "event=limits dropped={} truncated={}", all.dropped, all.truncated);
  for (const listing::TopCount& one : server.clients(clients_shown)) {
    base::log(LogLevel::info, "event=client address={} queries={} listed={} error={}",
              one.address.to_string(), one.queries, one.listed, one.error);
  }
}

// Everything between start and end of a running server.
class Run {
 public:
  Run(const DnsblOptions& options, face::ListZoneStore& store, face::DnsListServer& server,
      QueryLog* log, std::optional<CountsFile>& counts, const ServiceManager& manager)
      : options_(options),
        store_(store),
        server_(server),
        log_(log),
        counts_(counts),
        manager_(manager) {}

  // Until a signal asks for the end.
  void serve(int signals) {
    auto next = std::chrono::steady_clock::now() + every();
    for (;;) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
      pollfd waiting{signals, POLLIN, 0};
      const bool timed = options_.check_seconds != 0;
      ::poll(&waiting, 1, timed ? static_cast<int>(std::max<std::int64_t>(0, left.count())) : -1);
      signalfd_siginfo arrived{};
      while (::read(signals, &arrived, sizeof arrived) == sizeof arrived) {
        if (!take(static_cast<int>(arrived.ssi_signo))) return;
      }
      if (timed && std::chrono::steady_clock::now() >= next) {
        next = std::chrono::steady_clock::now() + every();
        check();
        if (counts_) counts_->write(unix_now(), *server_.zones(), server_.counters());
        if (log_ != nullptr) log_->flush();
      }
    }
  }

 private:
  [[nodiscard]] std::chrono::seconds every() const {
    return std::chrono::seconds(options_.check_seconds);
  }
  void check() {
    const auto report = store_.refresh(unix_now());
    tell(report);
    if (report.changed()) server_.publish(store_.zone_set());
  }
  bool take(int signal) {
    switch (signal) {
      case SIGHUP:
        manager_.tell("RELOADING=1");
        check();
        if (log_ != nullptr) {
          const Status opened = log_->open();
          if (!opened.ok()) base::log(LogLevel::error, "{}", opened.error().message);
        }
        manager_.tell("READY=1");
        return true;
      case SIGUSR1: tell_counts(server_); return true;
      case SIGUSR2:
        tell_counts(server_);
        if (counts_) counts_->mark(unix_now());
        return true;
      default: base::log(LogLevel::info, "stopping signal={}", signal); return false;
    }
  }

  const DnsblOptions& options_;
  face::ListZoneStore& store_;
  face::DnsListServer& server_;
  QueryLog* log_;
  std::optional<CountsFile>& counts_;
  const ServiceManager& manager_;
};

int block_signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&wanted, number);
  pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

// Loads what can be loaded; an Error when something cannot and that is to end the start.
Status load(const DnsblOptions& options, face::ListZoneStore& store) {
  const auto report = store.refresh(unix_now());
  tell(report);
  if (!report.errors.empty() && !options.quick) {
    return Error{ErrorCode::unavailable, "a zone cannot be loaded (-q would start without it)"};
  }
  return {};
}

// Leaves the caller with the status 0 and goes on in the background.
Status go_to_background() {
  const pid_t child = ::fork();
  if (child < 0) return cannot("go to the background");
  if (child > 0) ::_exit(exit_done);
  ::setsid();
  std::FILE* const nowhere = std::fopen("/dev/null", "r+e");
  if (nowhere != nullptr) {
    for (int fd = 0; fd < 2; ++fd) ::dup2(::fileno(nowhere), fd);
    std::fclose(nowhere);
  }
  return {};
}

Status run(DnsblOptions& options) {
  face::ListZoneStore store(options.zones);
  for (const std::string& spec : options.specs) {
    const Status added = store.add(spec);
    if (!added.ok()) return added;
  }
  const int signals = block_signals();
  auto addresses = dnsbl_addresses(options);
  if (!addresses) return addresses.error();
  std::unique_ptr<QueryLog> log;
  std::optional<CountsFile> counts;
  if (!options.stats_file.empty()) counts.emplace(options.stats_file, options.stats_delta);
  face::DnsListServerOptions server_options;
  server_options.addresses = std::move(*addresses);
  server_options.threads = options.threads;
  server_options.tcp = options.tcp;
  server_options.responder.version = options.version;
  server_options.responder.limit = options.limit;
  server_options.responder.limit.key = base::HashKey::random();
  if (!options.log_file.empty()) {
    log = std::make_unique<QueryLog>(options.log_file, options.log_flush);
    server_options.responder.log = [&log](const std::string& line) {
      log->write(unix_now(), line);
    };
  }
  auto server = face::DnsListServer::open(std::move(server_options));
  if (!server) return server.error();
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> pid(nullptr, &std::fclose);
  if (!options.pid_file.empty()) {
    pid.reset(std::fopen(options.pid_file.c_str(), "we"));
    if (!pid) return cannot("write " + options.pid_file);
  }
  const auto identity = identity_of(options.user);
  if (!identity) return identity.error();
  const ServiceManager manager;  // before chroot, which hides its socket
  Status done = enter(options, *identity);
  if (done.ok() && log) done = log->open();
  if (done.ok() && !options.quick) done = load(options, store);
  if (done.ok() && options.daemon && !manager.waits()) done = go_to_background();
  if (!done.ok()) return done;
  if (pid) {
    fmt::print(pid.get(), "{}\n", ::getpid());
    pid.reset();
  }
  if (counts) counts->mark(unix_now());
  (*server)->start(store.zone_set());
  for (const auto& address : (*server)->bound()) {
    base::log(LogLevel::info, "listening {}", address.to_string());
  }
  if (options.quick) {
    (void)load(options, store).ok();  // errors are told, and do not end it
    (*server)->publish(store.zone_set());
  }
  base::log(LogLevel::info, "ready zones={}", store.zones());
  manager.tell("READY=1");
  Run(options, store, **server, log.get(), counts, manager).serve(signals);
  manager.tell("STOPPING=1");
  tell_counts(**server);
  (*server)->stop();
  if (counts) counts->mark(unix_now());
  return {};
}

}  // namespace

int run_dnsbl(int argc, char** argv) {
  auto options = parse_dnsbl({argv + 1, argv + argc}, std::thread::hardware_concurrency());
  if (!options) {
    fmt::print(stderr, "leumundd dnsbl: {}\n", options.error().message);
    return exit_wrong_use;
  }
  if (options->help) {
    fmt::print("{}", dnsbl_help());
    return exit_done;
  }
  ::umask(0027);
  const Status done = run(*options);
  if (done.ok()) return exit_done;
  base::log(LogLevel::fatal, "cannot start: {}", done.error().message);
  return done.error().code == ErrorCode::malformed ? exit_wrong_use : exit_cannot_run;
}

}  // namespace leumund::apps
