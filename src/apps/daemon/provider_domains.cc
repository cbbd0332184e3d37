#include "apps/daemon/provider_domains.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <utility>

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

std::optional<std::chrono::sys_days> day_of(std::string_view text) {
  constexpr int day_max = 3'000'000;  // of no year that a calendar has
  int days = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), days);
  if (wrong != std::errc() || end != text.data() + text.size()) return {};
  if (days < 0 || days > day_max) return {};
  return std::chrono::sys_days(std::chrono::days(days));
}

}  // namespace

base::Status ProviderDomains::load(base::TimePoint now) {
  std::error_code failed;
  if (!std::filesystem::exists(path_, failed)) return {};
  using std::filesystem::perms;  // an older one let every local user read it
  std::filesystem::permissions(path_, perms::owner_read | perms::owner_write, failed);
  bool dayless = false;
  const auto content = action::read_file(path_, file_bytes_max);
  if (!content.ok()) return content.error();
  for (std::string_view rest = content->bytes; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    std::string_view provider = line.substr(blank + 1);
    Day seen = std::chrono::floor<std::chrono::days>(now);
    if (const auto next = provider.find(' '); next != std::string_view::npos) {
      const auto day = day_of(provider.substr(next + 1));
      if (!day) continue;
      seen = std::min(seen, *day);
      provider = provider.substr(0, next);
    } else {
      dayless = true;
    }
    keep(std::string(line.substr(0, blank)), std::string(provider), seen);
  }
  changed_ = dayless;
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
        const auto day = at->second.seen.time_since_epoch().count();
        text += fmt::format("{} {} {}\n", at->first, at->second.provider, day);
        last = at->first;
      }
      return at != domains.end();
    });
  }
  const auto done = action::write_file_atomically(path_, text, 0600);
  if (done.ok()) return {};
  changed_ = true;
  return done.error();
}

bool ProviderDomains::learn(const std::string& domain, const std::string& provider,
                            base::TimePoint now) {
  if (domain.find('.') == std::string::npos) return false;
  const bool fresh = keep(domain, provider, std::chrono::floor<std::chrono::days>(now));
  if (fresh) changed_ = true;
  return fresh;
}

bool ProviderDomains::keep(const std::string& domain, const std::string& provider, Day seen) {
  if (!is_name(domain) || !is_name(provider)) return false;
  return domains_.with([&](auto& domains) {
    const auto known = domains.find(domain);
    if (known != domains.end()) {
      known->second.seen = std::max(known->second.seen, seen);
      return std::exchange(known->second.provider, provider) != provider;
    }
    if (domains.size() >= domains_max_) {
      ++refused_full_;
      return false;
    }
    domains.emplace(domain, Known{provider, seen});
    return true;
  });
}

void ProviderDomains::see(const std::string& domain, base::TimePoint now) {
  const Day today = std::chrono::floor<std::chrono::days>(now);
  const bool later = domains_.with([&](auto& domains) {
    const auto known = domains.find(domain);
    if (known == domains.end() || known->second.seen >= today) return false;
    known->second.seen = today;
    return true;
  });
  if (later) changed_ = true;
}

bool ProviderDomains::forget(base::TimePoint before) {
  const Day first = std::chrono::floor<std::chrono::days>(before);
  if (std::exchange(forgotten_, first) == first) return false;
  const bool gone = domains_.with([&](auto& domains) {
    return std::erase_if(domains, [&](const auto& one) { return one.second.seen < first; }) > 0;
  });
  if (gone) changed_ = true;
  return gone;
}

std::string ProviderDomains::provider_of(const std::string& domain) const {
  return domains_.with([&](const auto& domains) {
    const auto known = domains.find(domain);
    return known == domains.end() ? std::string() : known->second.provider;
  });
}

std::vector<std::string> ProviderDomains::of(std::string_view provider) const {
  std::vector<std::string> out;
  domains_.with([&](const auto& domains) {
    for (const auto& [domain, one] : domains) {
      if (one.provider == provider) out.push_back(domain);
    }
  });
  return out;
}

std::size_t ProviderDomains::size() const {
  return domains_.with([](const auto& domains) { return domains.size(); });
}

}  // namespace leumund::apps
