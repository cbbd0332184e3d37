// leumund-queue: the only privileged part. It holds, releases, deletes or lists queued mail, and
// does nothing else.
//
//     leumund-queue hold|release|delete|requeue [--config-dir DIR] < ids      one queue id a line
//     leumund-queue flush [--config-dir DIR] < id     tries one deferred mail now
//     leumund-queue list [--config-dir DIR]                           as postqueue -j
//     leumund-queue request                  the same from a socket: first line "VERB [DIR]"
//
// Flow:    check everything, then become postsuper(1) or postqueue(1) by execve: no shell. A socket
//          carries no exit status, so `request` does it in a child, and its answer ends with a line
//          "leumund-queue: status N".
// Limits:  1 MiB of input, 50,000 ids; `delete` takes only what is on hold, so that an id that
//          Postfix has used again meanwhile does not hit somebody's new mail.
// Errors:  exit status 2 for wrong use or bad input (nothing was done), 3 for what is not allowed;
//          else that of Postfix's command, whose words are on standard error.
//
// Installed setuid root, executable by the group of the daemon only (mode 4750), or started as root
// by a socket unit where setuid programs are forbidden. Who may run it can stop, let go and delete
// queued mail of the configuration folders that root has allowed, and nothing more: a folder other
// than /etc/postfix must stand in /etc/leumund/queue.conf, a line each, unless root itself calls;
// and folder, main.cf and the folders above must belong to root and be writable by nobody else,
// since postsuper obeys them.
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "action/path_owners.h"
#include "action/queue_id.h"

namespace {

constexpr const char* postsuper_program = "/usr/sbin/postsuper";
constexpr const char* postqueue_program = "/usr/sbin/postqueue";
constexpr const char* allow_file = "/etc/leumund/queue.conf";
constexpr std::size_t input_bytes_max = 1 << 20;
constexpr std::size_t allow_bytes_max = 64 * 1024;
constexpr std::size_t ids_max = 50'000;
constexpr int status_wrong_use = 2;
constexpr int status_refused = 3;

[[noreturn]] void fail(int status, const std::string& text) {
  std::fprintf(stderr, "leumund-queue: %s\n", text.c_str());
  std::exit(status);
}

// Printable ASCII of a text from outside, for a message.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 80)) out += c >= 0x20 && c < 0x7f ? c : '?';
  return out;
}

std::string read_all(int fd, std::size_t bytes_max, const char* what) {
  std::string bytes;
  std::array<char, 65536> buffer;
  while (true) {
    const auto got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      fail(status_wrong_use, std::string("cannot read ") + what + ": " + std::strerror(errno));
    if (got == 0) return bytes;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
    if (bytes.size() > bytes_max) fail(status_wrong_use, std::string(what) + " is too long");
  }
}

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

bool only_root_writes(const struct stat& info) {
  return info.st_uid == 0 && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool allowed_by_file(std::string_view folder) {
  const int fd = ::open(allow_file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return false;
  struct stat info{};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || !only_root_writes(info)) {
    fail(status_refused,
         std::string(allow_file) + " must belong to root and be writable by root only");
  }
  const std::string bytes = read_all(fd, allow_bytes_max, allow_file);
  ::close(fd);
  for (std::string_view rest = bytes; !rest.empty();) {
    if (take_line(rest) == folder) return true;
  }
  return false;
}

// Ends the program unless Postfix may be run on this folder.
void check_folder(const std::string& folder, bool caller_is_root) {
  if (folder.empty() || folder.size() > 1024 || folder[0] != '/' ||
      folder.find("/../") != std::string::npos || folder.ends_with("/..")) {
    fail(status_wrong_use, "\"" + shown(folder) + "\" is not an absolute path");
  }
  if (!caller_is_root && !allowed_by_file(folder)) {
    fail(status_refused, "\"" + shown(folder) + "\" does not stand in " + allow_file);
  }
  for (const auto& path : {folder, folder + "/main.cf"}) {
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0) {
      fail(status_refused, "cannot look at " + shown(path) + ": " + std::strerror(errno));
    }
    if (!only_root_writes(info) || S_ISLNK(info.st_mode)) {
      fail(status_refused, shown(path) + " must belong to root and be writable by root only");
    }
  }
  if (const auto foreign = leumund::action::foreign_place(folder + "/main.cf", 0)) {
    fail(status_refused, shown(foreign->path) + " " + foreign->why + ": " + shown(folder) +
                             " must lie where root alone can write");
  }
}

std::string checked_ids(std::string_view input) {
  std::string ids;
  std::size_t count = 0;
  while (!input.empty()) {
    const auto line = take_line(input);
    if (line.empty()) continue;
    if (!leumund::action::is_queue_id(line)) {
      fail(status_wrong_use, "\"" + shown(line) + "\" is not a queue id; nothing was done");
    }
    if (++count > ids_max) fail(status_wrong_use, "too many queue ids; nothing was done");
    ids += line;
    ids += '\n';
  }
  if (count == 0) fail(status_wrong_use, "no queue ids on standard input");
  return ids;
}

// The ids become standard input, as a file in memory: there is no second process to feed a pipe.
void set_standard_input(const std::string& bytes) {
  const int fd = ::memfd_create("queue ids", 0);
  if (fd < 0) fail(1, std::string("cannot make a file in memory: ") + std::strerror(errno));
  for (std::string_view rest = bytes; !rest.empty();) {
    const auto written = ::write(fd, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail(1, std::string("cannot write to memory: ") + std::strerror(errno));
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::lseek(fd, 0, SEEK_SET) != 0 || ::dup2(fd, STDIN_FILENO) < 0) {
    fail(1, std::string("cannot set standard input: ") + std::strerror(errno));
  }
}

// Nothing of the caller's reaches Postfix: environment, files, signals, limits, groups.
void become_plain_root() {
  ::clearenv();
  ::setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
  ::setenv("LC_ALL", "C", 1);
  ::umask(022);
  if (::close_range(3, ~0U, 0) != 0) fail(1, "cannot close inherited files");
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  // A caller's limit or alarm would end postsuper in the middle of its work.
  const itimerval no_alarm{};
  ::setitimer(ITIMER_REAL, &no_alarm, nullptr);
  for (const auto what : {RLIMIT_FSIZE, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_AS}) {
    const rlimit no_limit{RLIM_INFINITY, RLIM_INFINITY};
    if (::setrlimit(what, &no_limit) == 0) continue;
    rlimit most{};  // without CAP_SYS_RESOURCE: as far as one may
    if (::getrlimit(what, &most) != 0) continue;
    most.rlim_cur = most.rlim_max;
    ::setrlimit(what, &most);
  }
  if (::chdir("/") != 0) fail(1, "cannot change to /");
  if (::geteuid() != 0) return;  // Postfix will say that it wants root
  const gid_t root_group = 0;
  if (::setgroups(1, &root_group) != 0 || ::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0) {
    fail(1, std::string("cannot become root: ") + std::strerror(errno));
  }
}

struct Order {
  std::string verb;
  std::optional<std::string> folder;
};

Order order_of_arguments(int argc, char** argv) {
  Order order{.verb = argc > 1 ? argv[1] : "", .folder = std::nullopt};
  if (argc == 4 && std::string_view(argv[2]) == "--config-dir") {
    order.folder = argv[3];
  } else if (argc != 2) {
    fail(status_wrong_use,
         "use: leumund-queue hold|release|delete|requeue|flush|list [--config-dir DIR]");
  }
  return order;
}

Order order_of_line(std::string_view line) {
  const auto blank = line.find(' ');
  Order order{.verb = std::string(line.substr(0, blank)), .folder = std::nullopt};
  if (blank != std::string_view::npos) order.folder = std::string(line.substr(blank + 1));
  return order;
}

// Returns in a child; the parent tells how that one ended.
void do_in_child() {
  ::signal(SIGCHLD, SIG_DFL);
  const pid_t child = ::fork();
  if (child == 0) return;
  int status = 0;
  if (child < 0) {
    std::fprintf(stderr, "leumund-queue: cannot start a process: %s\n", std::strerror(errno));
    status = 1 << 8;
  }
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::printf("\nleumund-queue: status %d\n", code);
  std::exit(code);
}

}  // namespace

int main(int argc, char** argv) {
  // Closed standard streams would let the next file opened take their place.
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != fd) return status_wrong_use;
  }
  Order order = order_of_arguments(argc, argv);
  const bool request = order.verb == "request";
  std::string input;
  if (request) {
    ::dup2(STDOUT_FILENO, STDERR_FILENO);  // a socket has one way back
    do_in_child();
    if (order.folder) fail(status_wrong_use, "a request names its folder in its first line");
    input = read_all(STDIN_FILENO, input_bytes_max, "the request");
    std::string_view rest = input;
    order = order_of_line(take_line(rest));
    input = std::string(rest);
  }
  const char* option = order.verb == "hold"      ? "-h"
                       : order.verb == "release" ? "-H"
                       : order.verb == "delete"  ? "-d"
                       : order.verb == "requeue" ? "-r"
                                                 : nullptr;
  const bool flush = order.verb == "flush";
  if (option == nullptr && !flush && order.verb != "list") {
    fail(status_wrong_use,
         "\"" + shown(order.verb) + "\" is not hold, release, delete, requeue, flush or list");
  }
  // A socket unit runs us as root for somebody else, so root's own right does not count there.
  if (order.folder) check_folder(*order.folder, ::getuid() == 0 && !request);
  std::string one_id;
  if (option != nullptr || flush) {
    if (!request) input = read_all(STDIN_FILENO, input_bytes_max, "standard input");
    const std::string ids = checked_ids(input);
    one_id = ids.substr(0, ids.find('\n'));
    if (flush && one_id.size() + 1 != ids.size()) {
      fail(status_wrong_use, "flush takes one queue id");  // postqueue does; nothing was done
    }
    become_plain_root();
    set_standard_input(flush ? "" : ids);
  } else {
    become_plain_root();
    set_standard_input("");
  }
  std::array<const char*, 8> arguments{};
  std::size_t count = 0;
  const char* program = option != nullptr ? postsuper_program : postqueue_program;
  arguments[count++] = program;
  if (order.folder) {
    arguments[count++] = "-c";
    arguments[count++] = order.folder->c_str();
  }
  arguments[count++] = option != nullptr ? option : flush ? "-i" : "-j";
  if (flush) arguments[count++] = one_id.c_str();
  if (option != nullptr) arguments[count++] = "-";
  if (order.verb == "delete") arguments[count++] = "hold";
  ::execv(program, const_cast<char* const*>(arguments.data()));
  fail(1, std::string("cannot run ") + program + ": " + std::strerror(errno));
}
