#include <fmt/core.h>

#include "config/load.h"

namespace leumund::config {
namespace {

// A bar would end the table's cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string options_reference() {
  std::string out =
      "# Options\n\n"
      "Generated from the option table (`leumund config show --reference`); do not edit.\n\n"
      "The file is `/etc/leumund/leumund.toml`. A name with points is a table: "
      "`detectors.default_mode = \"enforce\"` or\n`[detectors]` with `default_mode = \"enforce\"`. "
      "Without a file the defaults run. `leumund config check` checks a file,\n"
      "`leumund config show --changed` shows what differs from the default. `${state}` in a path "
      "is "
      "the state folder, `${run}`\nis `/run/leumund` (or the user's own folder). Options with "
      "*reload* "
      "are taken up by `systemctl reload leumundd`, the\nothers at the next start.\n\n"
      "| option | type and bounds | default | taken up | meaning |\n"
      "| --- | --- | --- | --- | --- |\n";
  for (const Option& option : option_table()) {
    out += fmt::format("| `{}` | {}{}{} | `{}` | {} | {} |\n", option.name, cell(option.type),
                       option.bounds.empty() ? "" : ": ", cell(option.bounds),
                       cell(format_value(option.default_value)),
                       option.reloadable ? "reload" : "start", cell(option.sentence));
  }
  return out;
}

}  // namespace leumund::config
