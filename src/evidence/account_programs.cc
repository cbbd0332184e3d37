#include "evidence/account_programs.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace leumund::evidence {
namespace {

std::uint32_t tag_of(std::uint64_t account) {
  return std::max(1U, static_cast<std::uint32_t>(account >> 32));
}
std::uint16_t mark_of(std::uint64_t program) {
  return static_cast<std::uint16_t>(std::max<std::uint64_t>(1, program >> 48));
}

}  // namespace

AccountPrograms::AccountPrograms(std::size_t bytes)
    : sets_(std::bit_floor(std::max<std::size_t>(1, bytes / sizeof(Set)))) {}

AccountPrograms::Known AccountPrograms::look(std::uint64_t account, std::uint64_t program) const {
  for (const Entry& entry : sets_[account & (sets_.size() - 1)]) {
    if (entry.tag != tag_of(account)) continue;
    const bool usual = std::find(entry.programs.begin(), entry.programs.end(), mark_of(program)) !=
                       entry.programs.end();
    // One mail is no habit yet.
    return usual ? Known::usual : entry.mails < 2 ? Known::nothing : Known::unusual;
  }
  return Known::nothing;
}

void AccountPrograms::learn(std::uint64_t account, std::uint64_t program) {
  Set& set = sets_[account & (sets_.size() - 1)];
  auto at = std::find_if(set.begin(), set.end(),
                         [&](const Entry& entry) { return entry.tag == tag_of(account); });
  if (at == set.end()) {
    std::rotate(set.begin(), set.end() - 1, set.end());
    at = set.begin();
    *at = Entry{tag_of(account), 0, {}};
  }
  if (at->mails < std::numeric_limits<std::uint16_t>::max()) ++at->mails;
  auto known = std::find(at->programs.begin(), at->programs.end(), mark_of(program));
  if (known == at->programs.end()) {
    known = at->programs.end() - 1;
    *known = mark_of(program);
  }
  std::rotate(at->programs.begin(), known, known + 1);
}

}  // namespace leumund::evidence
