// Whom a mailing is for: a petition goes to few whom many chose; a mail that has somebody of its
// own beside them is for him.
#include <algorithm>

#include "evidence/cluster.h"

namespace leumund::evidence {
namespace {

// Chosen by many: by one member in so many, and by two at least.
constexpr std::size_t chosen_by_one_in = 16;

}  // namespace

const SharedRecipient* Cluster::find_recipient(std::uint32_t hash) const {
  const auto at = std::find_if(recipients.begin(), recipients.end(),
                               [hash](const SharedRecipient& r) { return r.hash == hash; });
  return at == recipients.end() ? nullptr : &*at;
}

bool Cluster::is_chosen(std::uint32_t hash) const {
  const SharedRecipient* recipient = find_recipient(hash);
  return recipient != nullptr && recipient->accounts >= 2 &&
         recipient->accounts * chosen_by_one_in >= members.size();
}

bool Cluster::explains(const Addressees& to) const {
  const auto shared = [this](std::uint32_t hash) {
    const SharedRecipient* recipient = find_recipient(hash);
    return recipient != nullptr && recipient->accounts * chosen_by_one_in >= members.size();
  };
  const auto fresh = to.all.first(std::min(to.fresh, to.all.size()));
  const auto old = to.all.subspan(fresh.size());
  const bool old_shared = std::any_of(old.begin(), old.end(), shared);
  // A petition: beside those whom the others chose it goes to old acquaintances only.
  if (std::all_of(fresh.begin(), fresh.end(), shared) && (old_shared || !fresh.empty()))
    return true;
  // A list, and people whom somebody here knows. An address that came up with the mailing is none:
  // it may be its sender's own, put on every mail.
  const auto list = [this](std::uint32_t hash) {
    const SharedRecipient* recipient = find_recipient(hash);
    return recipient != nullptr && recipient->known;
  };
  return to.house_knows && (old_shared || std::any_of(fresh.begin(), fresh.end(), list));
}

void Cluster::add_recipients(const Addressees& to, MemberRecipients& of, bool first) {
  for (std::size_t i = 0; i < to.all.size(); ++i) {
    const std::uint32_t hash = to.all[i];
    const bool fresh = i < to.fresh;
    ++recipients_all;
    const auto end = of.hashes.begin() + of.kept;
    const bool kept = std::find(of.hashes.begin(), end, hash) != end;
    const auto at = std::find_if(recipients.begin(), recipients.end(),
                                 [hash](const SharedRecipient& r) { return r.hash == hash; });
    if (at != recipients.end()) {
      if (first) ++at->accounts;
      of.to_shared = of.to_shared || !kept;
      continue;
    }
    if (recipients.size() < (first ? recipients_max : recipients_max / 2))
      recipients.push_back({hash, 1, to.house_knows || !fresh});
    if (kept) continue;
    if (of.kept == MemberRecipients::most) {
      of.more = of.more || fresh;
      continue;
    }
    if (fresh) of.fresh_bits = static_cast<std::uint8_t>(of.fresh_bits | 1U << of.kept);
    of.hashes[of.kept++] = hash;
  }
}

std::size_t Cluster::chosen_by_some() const {
  const auto by_some = [this](const SharedRecipient& recipient) {
    return is_chosen(recipient.hash) && std::size_t{recipient.accounts} * 2 < members.size();
  };
  return static_cast<std::size_t>(std::count_if(recipients.begin(), recipients.end(), by_some));
}

std::size_t Cluster::members_to_chosen() const {
  const auto to_chosen = [this](const ClusterMember& member) {
    const MemberRecipients& of = member.wrote_to;
    bool any = of.to_shared;
    for (std::size_t i = 0; i < of.kept; ++i) {
      const bool chosen = is_chosen(of.hashes[i]);
      any = any || chosen;
      if (!chosen && (of.fresh_bits >> i & 1U) != 0) return false;
    }
    return any && !of.more;
  };
  return static_cast<std::size_t>(std::count_if(members.begin(), members.end(), to_chosen));
}

void Cluster::absorb_recipients(const Cluster& other) {
  recipients_all += other.recipients_all;
  for (const SharedRecipient& more : other.recipients) {
    const auto at = std::find_if(recipients.begin(), recipients.end(),
                                 [&](const SharedRecipient& r) { return r.hash == more.hash; });
    if (at != recipients.end()) {
      at->accounts += more.accounts;
    } else if (recipients.size() < recipients_max) {
      recipients.push_back(more);
    }
  }
}

}  // namespace leumund::evidence
