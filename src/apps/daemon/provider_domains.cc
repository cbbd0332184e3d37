#include "apps/daemon/provider_domains.h"

#include <algorithm>
#include <filesystem>

#include "action/atomic_file.h"

namespace leumund::apps {
namespace {

constexpr std::size_t file_bytes_max = 512UL << 20;
constexpr std::size_t name_bytes_max = 255;

// What may stand in a table of Postfix and in the file.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= name_bytes_max &&
         std::none_of(text.begin(), text.end(),
                      [](unsigned char c) { return c <= 0x20 || c == 0x7f; });
}

}  // namespace

base::Status ProviderDomains::load() {
  std::error_code failed;
  if (!std::filesystem::exists(path_, failed)) return {};
  const auto content = action::read_file(path_, file_bytes_max);
  if (!content.ok()) return content.error();
  for (std::string_view rest = content->bytes; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    learn(std::string(line.substr(0, blank)), std::string(line.substr(blank + 1)));
  }
  changed_ = false;
  return {};
}

base::Status ProviderDomains::save() {
  if (!changed_.exchange(false)) return {};
  constexpr int lines_at_once = 1000;  // others wait for the lock
  std::string text;
  std::string last;
  for (bool more = true; more;) {
    more = domains_.with([&](const auto& domains) {
      auto at = domains.upper_bound(last);
      for (int line = 0; line < lines_at_once && at != domains.end(); ++line, ++at) {
        text += at->first + " " + at->second + "\n";
        last = at->first;
      }
      return at != domains.end();
    });
  }
  const auto done = action::write_file_atomically(path_, text, 0644);
  if (done.ok()) return {};
  changed_ = true;
  return done.error();
}

bool ProviderDomains::learn(const std::string& domain, const std::string& provider) {
  if (!is_name(domain) || !is_name(provider) || domain.find('.') == std::string::npos) return false;
  const bool fresh = domains_.with([&](auto& domains) {
    const auto known = domains.find(domain);
    if (known != domains.end()) return std::exchange(known->second, provider) != provider;
    if (domains.size() >= domains_max_) {
      ++refused_full_;
      return false;
    }
    domains.emplace(domain, provider);
    return true;
  });
  if (fresh) changed_ = true;
  return fresh;
}

std::string ProviderDomains::provider_of(const std::string& domain) const {
  return domains_.with([&](const auto& domains) {
    const auto known = domains.find(domain);
    return known == domains.end() ? std::string() : known->second;
  });
}

std::vector<std::string> ProviderDomains::of(std::string_view provider) const {
  std::vector<std::string> out;
  domains_.with([&](const auto& domains) {
    for (const auto& [domain, one] : domains) {
      if (one == provider) out.push_back(domain);
    }
  });
  return out;
}

std::size_t ProviderDomains::size() const {
  return domains_.with([](const auto& domains) { return domains.size(); });
}

}  // namespace leumund::apps
