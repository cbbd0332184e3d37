#include "intake/provider_groups.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/guarded.h"
#include "diagnosis/provider_group.h"

namespace leumund::intake {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds hold_least{300};
constexpr seconds hold_most{86'400};
constexpr seconds hold_unknown{300};

struct Entry {
  std::string group;
  steady_clock::time_point until;
  bool asking = false;
};
using Entries = std::unordered_map<std::string, Entry>;

}  // namespace

// Two generations: when the young one is full it becomes the old one, and the old one is forgotten.
// Whatever is asked for moves to the young one.
struct ProviderGroups::Known {
  struct State {
    Entries young;
    Entries old;
    std::size_t generation_max = 1;
    std::uint64_t asked = 0;
    std::uint64_t unknown = 0;
    std::uint64_t not_waited = 0;
    std::size_t waiting = 0;

    Entry* find(const std::string& domain) {
      if (const auto it = young.find(domain); it != young.end()) return &it->second;
      const auto it = old.find(domain);
      if (it == old.end()) return nullptr;
      Entry entry = std::move(it->second);
      old.erase(it);
      return &put(domain, std::move(entry));
    }
    Entry& put(const std::string& domain, Entry entry) {
      if (young.size() >= generation_max && !young.contains(domain)) {
        old = std::exchange(young, {});
      }
      return young.insert_or_assign(domain, std::move(entry)).first->second;
    }
  };
  base::Guarded<State> state;
};

ProviderGroups::ProviderGroups(net::Resolver& resolver,
                               std::shared_ptr<const diagnosis::Reader> reader, Options options)
    : resolver_(resolver),
      reader_(std::move(reader)),
      known_(std::make_shared<Known>()),
      options_(options) {
  known_->state.with([&](Known::State& state) {
    state.generation_max = std::max<std::size_t>(1, options_.domains_max / 2);
  });
}

// The best host decides, since mail goes there: a filter in front of the mailboxes. Whose domain it
// is may name a provider behind it, and answer in that provider's stead.
std::string ProviderGroups::group_of(const diagnosis::Reader& reader,
                                     const net::DnsAnswer& answer) {
  for (const auto& [preference, host] : answer.mails) {
    std::string group = diagnosis::group_of_mx(reader, host);
    if (!group.empty()) return group;
  }
  return {};
}

std::string ProviderGroups::find(std::string_view recipient) {
  const std::string domain = diagnosis::domain_of(recipient);
  if (domain.find('.') == std::string::npos) return {};
  const auto now = steady_clock::now();
  std::string group;
  const bool ask = known_->state.with([&](Known::State& state) {
    Entry* entry = state.find(domain);
    if (entry == nullptr) entry = &state.put(domain, {});
    group = entry->group;
    if (entry->asking || now < entry->until) return false;
    entry->asking = true;
    ++state.asked;
    return true;
  });
  if (!ask) return group;
  resolver_.ask({domain, net::RecordType::mx}, options_.deadline,
                [known = known_, reader = reader_, domain](const net::DnsAnswer& answer) {
                  std::string found = group_of(*reader, answer);
                  known->state.with([&](Known::State& state) {
                    const bool failed = answer.found == net::Found::unknown;
                    state.unknown += failed ? 1U : 0U;
                    Entry entry;
                    if (Entry* before = state.find(domain)) entry = std::move(*before);
                    entry.asking = false;
                    entry.until =
                        steady_clock::now() +
                        (failed ? hold_unknown : std::clamp(answer.ttl, hold_least, hold_most));
                    if (!failed) entry.group = std::move(found);  // else what was known stays
                    state.put(domain, std::move(entry));
                  });
                });
  return group;
}

std::string ProviderGroups::find_now(std::string_view recipient,
                                     std::chrono::milliseconds patience) {
  std::string group = find(recipient);
  if (!group.empty()) return group;
  const std::string domain = diagnosis::domain_of(recipient);
  if (domain.find('.') == std::string::npos) return {};
  const bool may_wait = known_->state.with([&](Known::State& state) {
    if (state.waiting >= options_.waiting_max) {
      ++state.not_waited;
      return false;
    }
    ++state.waiting;
    return true;
  });
  if (!may_wait) return {};
  const net::DnsAnswer answer = resolver_.look_up({domain, net::RecordType::mx}, patience);
  known_->state.with([](Known::State& state) { --state.waiting; });
  return group_of(*reader_, answer);
}

bool ProviderGroups::can_add_to(const model::Delivery& delivery) const {
  const bool by_smtp =
      delivery.transport.empty() || delivery.transport == "smtp" || delivery.transport == "relay";
  if (!by_smtp || !delivery.provider.empty()) return false;
  // In a report the remote host is what the reporter says.
  return delivery.source == model::Source::report ||
         diagnosis::group_of_mx(*reader_, delivery.remote.substr(0, delivery.remote.find('[')))
             .empty();
}

ProviderGroups::Counters ProviderGroups::counters() const {
  return known_->state.with([](const Known::State& state) {
    return Counters{state.young.size() + state.old.size(), state.asked, state.unknown,
                    state.not_waited};
  });
}

}  // namespace leumund::intake
