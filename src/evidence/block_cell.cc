#include "evidence/block_cell.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "evidence/sliding_window.h"

namespace leumund::evidence {
namespace {

constexpr double day_seconds = 86'400;
constexpr double usual_half_life_seconds = 60 * day_seconds;

float halved(double seconds, double half_life_seconds) {
  return static_cast<float>(std::exp2(-seconds / half_life_seconds));
}

}  // namespace

float BlockTest::strongest() const { return *std::max_element(against.begin(), against.end()); }

// What came of nothing the last time belongs to what is usual.
void BlockTest::begin_trouble() {
  usual_blocked += new_blocked;
  usual_slowed += new_slowed;
  new_blocked = 0;
  new_slowed = 0;
  tried = 0;
  refused = 0;
  one_account = true;
  others_passed = false;
}

void BlockTest::decay_to(base::TimePoint now, std::chrono::seconds half_life) {
  if (now <= at) return;
  const double passed = std::chrono::duration<double>(now - at).count();
  at = now;
  // Several mails of a second: what a moment takes away does not matter, and exp2 costs.
  if (passed <= 0) return;
  const float share = halved(passed, static_cast<double>(half_life.count()));
  // What speaks for "over" does not fade: a cell with a mail a week would stay refused for ever.
  for (float& sum : against) sum *= share;
  const float day = halved(passed, day_seconds);
  tried *= day;
  refused *= day;
  const float usual = halved(passed, usual_half_life_seconds);
  usual_tried *= usual;
  usual_blocked *= usual;
  usual_slowed *= usual;
}

void BlockImpact::name_list(const std::string& list) {
  constexpr std::size_t name_bytes_max = 128;
  if (list.empty() || list.size() > name_bytes_max) return;
  const auto known =
      std::find_if(lists.begin(), lists.end(), [&](const auto& one) { return one.first == list; });
  if (known != lists.end()) {
    ++known->second;
  } else if (lists.size() < lists_max) {
    lists.emplace_back(list, 1);
  }
  std::stable_sort(lists.begin(), lists.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
}

void BlockImpact::add_mail(std::uint64_t mail, model::MailClass mail_class) {
  const std::uint64_t before = mails.count();
  mails.add(mail);
  // Beyond the exact count it is an estimate that goes up by more than one at a time, or not.
  const std::uint64_t after = mails.count();
  if (after > before) classes[static_cast<std::size_t>(mail_class)] += after - before;
}

void BlockImpact::keep(std::deque<model::BlockExample>& examples, model::BlockExample example,
                       std::size_t most) {
  // The same words again replace the older ones: five different replies tell more than one.
  const auto same = std::find_if(examples.begin(), examples.end(),
                                 [&](const auto& one) { return one.reply == example.reply; });
  if (same != examples.end()) examples.erase(same);
  examples.push_front(std::move(example));
  if (examples.size() > most) examples.pop_back();
}

void BlockImpact::begin_anew(base::TimePoint at) {
  auto others = std::move(other_examples);
  const auto other_count = other_refusals;
  *this = BlockImpact();
  first_refused_at = at;
  other_examples = std::move(others);
  other_refusals = other_count;
}

bool BlockCell::first_sight(std::uint64_t mail, MailFate fate, base::TimePoint at) {
  const auto minute = static_cast<std::uint64_t>(bucket_number(at, 60));
  const std::uint64_t mark = base::combine_hashes(mail, minute * 4 + static_cast<unsigned>(fate));
  const auto hash = static_cast<std::uint32_t>(mark | 1);  // 0 is an empty place
  if (std::find(recent.begin(), recent.end(), hash) != recent.end()) return false;
  recent[recent_next] = hash;
  recent_next = static_cast<std::uint8_t>((recent_next + 1U) % recent.size());
  return true;
}

BlockImpact& BlockCell::hit() {
  if (!impact) impact = std::make_unique<BlockImpact>();
  return *impact;
}

}  // namespace leumund::evidence
