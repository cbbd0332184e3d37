#include "action/run_command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// The header of glibc 2.36 forgets that C++ mangles names.
extern "C" {
#include <sys/pidfd.h>
}

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "net/descriptor.h"

namespace leumund::action {
namespace {

using base::Error;
using base::ErrorCode;
using net::Descriptor;
using Clock = std::chrono::steady_clock;

struct Pair {
  Descriptor ours;
  Descriptor theirs;
};

// Sockets instead of pipes: writing to a program that has gone is an error, not a SIGPIPE.
bool make_pair(Pair& pair) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return false;
  pair.ours = Descriptor(ends[0]);
  pair.theirs = Descriptor(ends[1]);
  return ::fcntl(pair.ours.get(), F_SETFL, O_NONBLOCK) == 0;
}

struct Streams {
  Pair input, output, complaints;
};

base::Result<pid_t> spawn(const Command& command, const Streams& streams) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, streams.input.theirs.get(), 0);
  ::posix_spawn_file_actions_adddup2(&actions, streams.output.theirs.get(), 1);
  ::posix_spawn_file_actions_adddup2(&actions, streams.complaints.theirs.get(), 2);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  std::vector<char*> arguments;
  for (const auto& argument : command.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  std::array<char, 40> path{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  std::array<char, 16> language{"LC_ALL=C"};
  std::array<char*, 3> environment{path.data(), language.data(), nullptr};
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, arguments[0], &actions, &attributes, arguments.data(),
                                   environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failed != 0) {
    return Error{ErrorCode::unavailable,
                 fmt::format("cannot start {}: {}", command.arguments[0], std::strerror(failed))};
  }
  return pid;
}

// Reads what is there; false at the end of the stream.
bool take(Descriptor& from, std::string& into, std::size_t bytes_max, bool& cut) {
  std::array<char, 65536> buffer;
  const auto got = ::recv(from.get(), buffer.data(), buffer.size(), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  const auto room = bytes_max - into.size();
  const auto size = static_cast<std::size_t>(got);
  cut = cut || size > room;
  into.append(buffer.data(), std::min(size, room));
  return true;
}

// Writes what fits; false when done or nobody reads any more.
bool give(Descriptor& to, std::string_view& rest) {
  if (!rest.empty()) {
    const auto sent = ::send(to.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return !rest.empty();
}

// Moves bytes until the program has ended or `deadline`; true when it has ended.
bool converse(const Command& command, Streams& streams, const Descriptor& process,
              Clock::time_point deadline, CommandResult& result) {
  std::string_view rest = command.input;
  bool ended = false;
  while (!ended || streams.output.ours.open() || streams.complaints.ours.open()) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    // What the program started may keep its output open; after its end that is not waited for.
    constexpr std::chrono::milliseconds slice{200};
    if (command.stop.stop_requested()) return ended;
    if (ended || command.stop.stop_possible()) left = std::min(left, slice);
    std::array<pollfd, 4> waits{{{process.get(), ended ? short{0} : short{POLLIN}, 0},
                                 {streams.output.ours.get(), POLLIN, 0},
                                 {streams.complaints.ours.get(), POLLIN, 0},
                                 {streams.input.ours.get(), POLLOUT, 0}}};
    if (ended) waits[0].fd = -1;
    if (left.count() <= 0) return ended;
    const int ready = ::poll(waits.data(), waits.size(), static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return ended;
    if (ready == 0 && ended) return true;
    if (ready <= 0) continue;
    if (waits[0].revents != 0) ended = true;
    if (waits[1].revents != 0 &&
        !take(streams.output.ours, result.output, command.output_bytes_max, result.cut)) {
      streams.output.ours.reset();
    }
    if (waits[2].revents != 0 &&
        !take(streams.complaints.ours, result.complaints, command.output_bytes_max, result.cut)) {
      streams.complaints.ours.reset();
    }
    if (waits[3].revents != 0 && !give(streams.input.ours, rest)) streams.input.ours.reset();
  }
  return true;
}

}  // namespace

base::Result<CommandResult> run_command(const Command& command) {
  if (command.arguments.empty() || !command.arguments[0].starts_with('/')) {
    return Error{ErrorCode::malformed, "a program is run by its absolute path"};
  }
  Streams streams;
  if (!make_pair(streams.input) || !make_pair(streams.output) || !make_pair(streams.complaints)) {
    return Error{ErrorCode::exhausted, fmt::format("cannot make streams for {}: {}",
                                                   command.arguments[0], std::strerror(errno))};
  }
  const auto pid = spawn(command, streams);
  if (!pid.ok()) return pid.error();
  for (auto* pair : {&streams.input, &streams.output, &streams.complaints}) pair->theirs.reset();
  CommandResult result;
  const Descriptor process(::pidfd_open(*pid, 0));
  const bool ended = process.open() &&
                     converse(command, streams, process, Clock::now() + command.patience, result);
  if (!ended) ::kill(-*pid, SIGKILL);
  int status = 0;
  while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended) {
    return Error{ErrorCode::timed_out, fmt::format("{} did not end within {} ms",
                                                   command.arguments[0], command.patience.count())};
  }
  result.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace leumund::action
