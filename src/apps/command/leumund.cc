// The command leumund: what people type. See leumund(1).
#include <csignal>
#include <cstdio>
#include <exception>

#include "apps/command/request.h"
#include "apps/command/terminal.h"
#include "apps/command/verbs.h"

namespace {

namespace apps = leumund::apps;

int run(int argc, char** argv) {
  const apps::ParsedRequest parsed = apps::parse_request(argc, argv, stdout, stderr);
  if (!parsed.request) return parsed.status;
  const apps::Request& request = *parsed.request;
  apps::Terminal terminal(stdout, stderr, apps::choose_language(request.language));
  const int status = apps::works_alone(request) ? apps::work_alone(request, terminal)
                                                : apps::ask_daemon(request, terminal);
  // Output that could not be written (a full disk, a closed pipe) is not "done".
  if (std::fflush(stdout) != 0 && status == apps::exit_done) return apps::exit_wrong_use;
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_DFL);  // `leumund events --follow | head` ends quietly
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "leumund: %s\n", error.what());
    return apps::exit_wrong_use;
  }
}
