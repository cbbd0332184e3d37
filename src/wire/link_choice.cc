#include "wire/link_choice.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "wire/url.h"

namespace leumund::wire {

std::string link_owner(std::string_view link) {
  const std::size_t scheme = link.find("//");
  std::string_view host = link.substr(scheme == std::string_view::npos ? 0 : scheme + 2);
  host = host.substr(0, host.find_first_of("/?#\\"));
  host.remove_prefix(std::min(host.rfind('@') + 1, host.size()));
  const std::string lower = base::ascii_lower(host.substr(0, host.find(':')));
  if (has_public_suffix(lower)) return registrable_domain(lower);
  const std::size_t dot = lower.rfind('.');
  if (dot == std::string::npos || dot == 0) return std::string(link);
  const std::size_t before = lower.rfind('.', dot - 1);
  return before == std::string::npos ? lower : lower.substr(before + 1);
}

void LinkChoice::add(std::string link) {
  if (!chose_ && links_.size() < max_) {
    links_.push_back(std::move(link));
    return;
  }
  if (!std::exchange(chose_, true)) choose_of_all();
  choose(std::move(link));
}

void LinkChoice::choose_of_all() {
  std::vector<std::string> all;
  all.swap(links_);
  for (std::string& link : all) choose(std::move(link));
}

void LinkChoice::choose(std::string link) {
  const std::uint64_t domain = base::keyed_hash(key_, link_owner(link));
  const std::uint64_t hash = base::keyed_hash(key_, link);
  if (const auto known = places_.find(domain); known != places_.end()) {
    if (hash >= known->second.link) return;
    known->second.link = hash;
    links_[known->second.index] = std::move(link);
    return;
  }
  if (links_.size() < max_) {
    places_.emplace(domain, Place{hash, links_.size()});
    links_.push_back(std::move(link));
    return;
  }
  if (places_.empty() || domain >= places_.rbegin()->first) return;
  const std::size_t index = places_.rbegin()->second.index;
  places_.erase(std::prev(places_.end()));
  places_.emplace(domain, Place{hash, index});
  links_[index] = std::move(link);
}

}  // namespace leumund::wire
