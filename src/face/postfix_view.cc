// Reads what postconf prints.
#include <algorithm>
#include <functional>

#include "face/postfix_connect.h"

namespace leumund::face {
namespace {

// Calls `take(name, value)` for each line "name = value".
void each_setting(std::string_view text,
                  const std::function<void(std::string_view, std::string_view)>& take) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto equals = line.find(" =");
    if (equals == std::string_view::npos) continue;
    std::string_view value = line.substr(equals + 2);
    if (value.starts_with(' ')) value.remove_prefix(1);
    take(line.substr(0, equals), value);
  }
}

// "127.0.0.1:587/inet/command" -> "127.0.0.1:587/inet" and "command".
std::pair<std::string, std::string> split_last(std::string_view name) {
  const auto slash = name.rfind('/');
  if (slash == std::string_view::npos) return {std::string(), std::string(name)};
  return {std::string(name.substr(0, slash)), std::string(name.substr(slash + 1))};
}

}  // namespace

PostfixView parse_postconf(const PostconfOutput& output) {
  PostfixView view;
  each_setting(output.set, [&](auto name, auto value) { view.main[std::string(name)] = value; });
  each_setting(output.defaults,
               [&](auto name, auto value) { view.defaults[std::string(name)] = value; });
  std::map<std::string, bool> chroots;
  each_setting(output.services, [&](auto name, auto value) {
    const auto [key, field] = split_last(name);
    if (field == "chroot") chroots[key] = value != "n";
    std::string_view program = value.substr(0, value.find(' '));
    program.remove_prefix(program.rfind('/') + 1);
    if (field == "command" && program == "smtpd") view.services.push_back({key, false, {}});
    if (field == "command" && program == "smtp") view.clients.push_back({key, false, {}});
  });
  for (PostfixService& service : view.services) service.chroot = chroots[service.key];
  each_setting(output.overrides, [&](auto name, auto value) {
    const auto [key, parameter] = split_last(name);
    for (auto* some : {&view.services, &view.clients}) {
      for (PostfixService& service : *some) {
        if (service.key == key) service.overrides[parameter] = value;
      }
    }
  });
  return view;
}

std::string shell_text(const std::vector<std::string>& command) {
  constexpr std::string_view plain = "-_./=:,@%+";
  std::string out;
  for (const std::string& word : command) {
    if (!out.empty()) out += ' ';
    const bool bare = !word.empty() && std::all_of(word.begin(), word.end(), [&](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             plain.find(c) != std::string_view::npos;
    });
    if (bare) {
      out += word;
      continue;
    }
    out += '\'';
    for (const char c : word) {
      if (c == '\'') {
        out += "'\\''";
      } else {
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
      }
    }
    out += '\'';
  }
  return out;
}

}  // namespace leumund::face
