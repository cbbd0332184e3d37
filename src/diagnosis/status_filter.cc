#include "diagnosis/status_filter.h"

#include <fmt/core.h>

#include <string_view>
#include <vector>

#include "diagnosis/refusal.h"

namespace leumund::diagnosis {
namespace {

constexpr const char* head =
    "# Made by leumund: refusals of our own addresses are put off, not bounced.\n"
    "# Changes are lost. smtp(8) reads this file when it starts.\n"
    "if /^5\\.[0-9]+\\.[0-9]+ /\n"
    "if !/^5\\.[126]\\.[0-9]/\n";
constexpr const char* foot = "endif\nendif\n";
constexpr std::string_view listed =
    "(?:listed|blocked|block ?list|black ?list(?:ed)?|banned|denylist|poor reputation)";

// Slashes end a pattern, and "^" stands for the begin of the remote host's words.
std::string as_pcre(std::string_view pattern) {
  std::string out;
  if (pattern.starts_with('^')) {
    out = "said: ";
    pattern.remove_prefix(1);
  }
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      out += c;
      out += pattern[++i];
    } else if (c == '/') {
      out += "\\/";
    } else {
      out += c;
    }
  }
  return out;
}

std::string literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view(".[]()*+?{}|^$\\/").contains(c)) out += '\\';
    out += c;
  }
  return out;
}

void add_rule(std::string& out, std::string_view pattern) {
  out += fmt::format("/^5(\\.[0-9]+\\.[0-9]+ (?=.*(?:{})).*)/ 4$1\n", pattern);
}

// What matches stays as it is, whatever rule comes later.
void add_exception(std::string& out, std::string_view pattern) {
  out += fmt::format("/^(5\\.[0-9]+\\.[0-9]+ (?=.*(?:{})).*)/ $1\n", pattern);
}

std::string hosts_of(const Provider& provider) {
  std::string out;
  for (const std::string& suffix : provider.mx_suffixes) {
    if (!out.empty()) out += '|';
    out += literal(suffix);
  }
  return out;
}

}  // namespace

std::string status_filter_rules(const Reader& reader, std::span<const base::IpAddress> own) {
  std::string out = head;
  Reader::Session session(reader);
  for (const Provider& provider : reader.registry().providers) {
    std::string rules;
    std::string exceptions;  // the first reply that matches decides
    for (const ProviderReply& reply : provider.replies) {
      const std::string& sample = reply.pattern.sample;
      if (!sample.starts_with('5')) continue;
      const Refusal refusal = refusal_of(
          reader.diagnose({.text = sample, .provider = provider.id}, session, Depth::whole));
      if (!refusal.about_our_address()) {
        add_exception(exceptions, as_pcre(reply.pattern.re));
        continue;
      }
      rules += exceptions;
      exceptions.clear();
      add_rule(rules, as_pcre(reply.pattern.re));
    }
    const std::string hosts = hosts_of(provider);
    if (rules.empty() || hosts.empty()) continue;
    rules += exceptions;
    out += fmt::format("# {}\nif /^[0-9.]+ host [^ ]*(?:{})\\[/\n{}endif\n", provider.id, hosts,
                       rules);
  }
  out += "# anybody\n";
  for (const base::IpAddress& address : own) {
    const std::string text = literal(address.to_string());
    add_rule(out,
             fmt::format(R"((?<![0-9a-f.:]){0}(?![0-9a-f.:]).{{0,120}}\b{1}\b|\b{1}\b.{{0,120}})"
                         R"((?<![0-9a-f.:]){0}(?![0-9a-f:]))",
                         text, listed));
  }
  add_rule(out, R"(\bclient host \[[0-9a-f.:]+\] blocked using [a-z0-9.-]+)");
  return out + foot;
}

}  // namespace leumund::diagnosis
