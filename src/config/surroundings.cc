#include <unistd.h>

#include <cstdlib>

#include "config/settings.h"

namespace leumund::config {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// systemd separates several folders by colons; the first is ours.
std::string first_of(const std::string& folders) { return folders.substr(0, folders.find(':')); }

}  // namespace

Surroundings Surroundings::of_process() {
  return {.root = geteuid() == 0,
          .state_directory = variable("STATE_DIRECTORY"),
          .runtime_directory = variable("RUNTIME_DIRECTORY"),
          .xdg_state_home = variable("XDG_STATE_HOME"),
          .xdg_runtime_dir = variable("XDG_RUNTIME_DIR"),
          .home = variable("HOME")};
}

std::string Surroundings::state_folder() const {
  if (!state_directory.empty()) return first_of(state_directory);
  if (root) return "/var/lib/leumund";
  if (!xdg_state_home.empty()) return xdg_state_home + "/leumund";
  if (!home.empty()) return home + "/.local/state/leumund";
  return "/var/lib/leumund";
}

std::string Surroundings::run_folder() const {
  if (!runtime_directory.empty()) return first_of(runtime_directory);
  if (root) return "/run/leumund";
  if (!xdg_runtime_dir.empty()) return xdg_runtime_dir + "/leumund";
  return state_folder();  // no folder of its own for sockets: the state folder is ours as well
}

}  // namespace leumund::config
