#include "engine/block_matrix.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "diagnosis/provider_group.h"
#include "engine/block_example.h"
#include "evidence/block_cell_codec.h"

namespace leumund::engine {
namespace {

using evidence::BlockCell;
using evidence::MailFate;
using model::CellState;

constexpr std::string_view record_mark = "block/";
constexpr char between = '\t';
constexpr std::size_t name_bytes_max = 255;

// Agents that speak SMTP to somebody else; what the others write is no provider's word. "error" and
// "retry" repeat an old reply without asking again.
bool leaves_by_smtp(const model::Delivery& delivery) {
  const std::string_view transport = delivery.transport;
  return transport.empty() || transport == "smtp" || transport == "relay";
}

std::string_view name_of_mail(const model::Delivery& delivery) {
  if (delivery.queue.known()) return delivery.queue.queue_id;
  return delivery.id.empty() ? delivery.recipient : delivery.id;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= name_bytes_max &&
         std::none_of(text.begin(), text.end(),
                      [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::pair<std::string_view, std::string_view> parts_of(std::string_view key) {
  const std::size_t at = key.find(between);
  return {key.substr(0, at), key.substr(std::min(at + 1, key.size()))};
}

bool is_about_content_or_sender(const diagnosis::Refusal& refusal) {
  using diagnosis::Kind;
  return refusal.kind == Kind::content || refusal.kind == Kind::domain_reputation ||
         refusal.kind == Kind::auth_fail || refusal.kind == Kind::policy;
}

bool slowed(const diagnosis::Refusal& refusal) {
  return refusal.kind == diagnosis::Kind::ip_reputation_throttle;
}

}  // namespace

std::string describe_block(const model::BlockChange& change) {
  const model::BlockFacts& facts = change.facts;
  if (facts.state == CellState::open) {
    return fmt::format("{} takes mail from {} again", facts.provider, facts.egress);
  }
  std::string lists;
  for (const std::string& list : facts.lists) lists += (lists.empty() ? "" : ", ") + list;
  return fmt::format("{} refuses {:.0f} % of the mail from {} since {}, {} mails so far: {}",
                     facts.provider, facts.refused_share * 100, facts.egress,
                     base::format_rfc3339(facts.since), facts.mails,
                     lists.empty() ? "its own judgement" : lists);
}

BlockMatrix::BlockMatrix(BlockMatrixSettings settings, base::HashKey key)
    : settings_(std::move(settings)), key_for_hashes_(key) {}

std::uint64_t BlockMatrix::hash_of(std::string_view text) const {
  return base::keyed_hash(key_for_hashes_, text);
}

std::string_view BlockMatrix::egress_name(std::string_view given) const {
  if (given.empty()) return default_egress;
  const auto named = settings_.egress_names.find(std::string(given));
  return named == settings_.egress_names.end() ? given : std::string_view(named->second);
}

// A report does not say through which egress the mail left, but often which of our addresses it
// means.
std::string_view BlockMatrix::egress_of(const model::Delivery& delivery,
                                        const diagnosis::Refusal& refusal) const {
  if (!delivery.egress.empty()) return egress_name(delivery.egress);
  const auto named = settings_.egress_names.find(refusal.listed_address);
  return named == settings_.egress_names.end() ? egress_name({}) : std::string_view(named->second);
}

const std::string& BlockMatrix::provider_of(const model::Delivery& delivery,
                                            const diagnosis::Reader& reader) {
  const std::string_view recipient = delivery.recipient;
  const std::string_view domain = recipient.substr(recipient.rfind('@') + 1);
  // The remote host of a report is the reporter's word, and where mail was forwarded it refused
  // somebody else than us; the domain that we sent to is ours to know.
  const std::string_view remote =
      delivery.source == model::Source::report ? std::string_view() : delivery.remote;
  // Keyed: who chooses the names of his hosts must not be able to choose the place of another's.
  const std::uint64_t mark = base::combine_hashes(
      base::combine_hashes(hash_of(remote), hash_of(domain)), hash_of(delivery.provider));
  KnownRoute& known = routes_[mark % routes_.size()];
  if (known.hash != mark || (known.hash == 0 && known.provider.empty())) {
    known.hash = mark;
    known.provider = diagnosis::provider_group(
        reader, {.provider = delivery.provider, .remote = remote, .recipient = domain});
    // What the DNS says of the domain is where mail would go; our log says who had it. A relay host
    // speaks for itself: what it takes or refuses, the provider has not seen yet.
    const bool logged = delivery.source == model::Source::log && !delivery.provider.empty();
    const std::string by_host =
        logged ? diagnosis::group_of_mx(reader, remote.substr(0, remote.find('['))) : std::string();
    if (!by_host.empty()) known.provider = by_host;
  }
  return known.provider;
}

std::string_view BlockMatrix::registered_provider(const model::Delivery& delivery,
                                                  const diagnosis::Reader& reader) {
  const std::string& provider = provider_of(delivery, reader);
  return diagnosis::is_registered(provider) ? std::string_view(provider) : std::string_view();
}

void BlockMatrix::set_key(std::string_view egress, std::string_view provider) {
  key_.assign(egress);
  key_ += between;
  key_ += provider;
}

bool BlockMatrix::is_untried(std::string_view key, const BlockCell& cell,
                             base::TimePoint now) const {
  return (cell.test.state == CellState::refused || cell.test.state == CellState::half_open) &&
         settings_.spare_ways.contains(parts_of(key).first) &&
         cell.touched_at + settings_.untried_after <= now;
}

bool BlockMatrix::make_room(base::TimePoint now) {
  if (cells_.size() < settings_.cells_max) return true;
  // A sum fades only when a mail comes; after six half-lives nothing is left of the highest.
  const auto silent = 6 * settings_.test.half_life;
  auto oldest = cells_.end();
  for (auto it = cells_.begin(); it != cells_.end(); ++it) {
    const evidence::BlockTest& test = it->second.test;
    const bool stopped = test.state == CellState::refused || test.state == CellState::half_open;
    if (stopped || (!test.quiet() && it->second.touched_at + silent > now)) continue;
    if (oldest == cells_.end() || it->second.touched_at < oldest->second.touched_at ||
        (it->second.touched_at == oldest->second.touched_at && it->first < oldest->first)) {
      oldest = it;
    }
  }
  if (oldest == cells_.end()) return false;
  deleted_.push_back(oldest->first);
  cells_.erase(oldest);
  ++forgotten_;
  return true;
}

BlockMatrix::Cells::iterator BlockMatrix::cell_for(bool refused, bool registered,
                                                   base::TimePoint now) {
  const auto found = cells_.find(key_);
  if (found != cells_.end() || (!refused && !registered)) return found;
  // A full table is not searched for every accepted mail: only a refusal is worth that.
  if (cells_.size() >= settings_.cells_max && (!refused || !make_room(now))) {
    ++refused_full_;
    return cells_.end();
  }
  return cells_.emplace(key_, BlockCell()).first;
}

void BlockMatrix::note_refusal(BlockCell& cell, const model::Delivery& delivery,
                               const diagnosis::Refusal& refusal, const diagnosis::Reader& reader,
                               const MailOwner& owner, base::TimePoint at) {
  evidence::BlockImpact& impact = cell.hit();
  if (cell.test.quiet() || impact.refusals == 0) {
    impact.begin_anew(at);
    impact.account = owner.account;
  }
  ++refusals_;
  ++impact.refusals;
  cell.last_refused_at = std::max(cell.last_refused_at, at);
  impact.add_mail(hash_of(name_of_mail(delivery)), owner.mail_class);
  impact.recipients.add(hash_of(delivery.recipient));
  if (owner.sender_domain != 0) impact.sender_domains.add(owner.sender_domain);
  if (owner.account != 0) impact.accounts.add(owner.account);
  for (const std::string& list : refusal.lists) impact.name_list(list);
  if (refusal.kind == diagnosis::Kind::ip_blocklist_public) ++impact.refusals_by_list;
  if (!refusal.listed_address.empty()) {
    impact.listed_address = refusal.listed_address.substr(0, 64);
  }
  evidence::BlockImpact::keep(impact.examples, example_of(delivery, reader, at),
                              evidence::BlockImpact::examples_max);
}

void BlockMatrix::note_other(BlockCell& cell, const model::Delivery& delivery,
                             const diagnosis::Reader& reader, base::TimePoint at) {
  evidence::BlockImpact& impact = cell.hit();
  ++impact.other_refusals;
  evidence::BlockImpact::keep(impact.other_examples, example_of(delivery, reader, at),
                              evidence::BlockImpact::other_examples_max);
}

std::optional<model::BlockChange> BlockMatrix::see(const model::Delivery& delivery,
                                                   const diagnosis::Refusal& refusal,
                                                   const diagnosis::Reader& reader,
                                                   const MailOwner& owner, base::TimePoint at) {
  const bool sent = delivery.status == model::DeliveryStatus::sent;
  if (delivery.status == model::DeliveryStatus::expired || !leaves_by_smtp(delivery)) return {};
  const bool ours = !sent && refusal.about_our_address();
  const bool other = !sent && !ours && is_about_content_or_sender(refusal);
  if (!sent && !ours && !other) return {};
  const std::string& provider = provider_of(delivery, reader);
  const std::string_view egress = egress_of(delivery, refusal);
  if (!is_name(provider) || !is_name(egress)) return {};
  set_key(egress, provider);
  const auto found = cell_for(ours, diagnosis::is_registered(provider), at);
  if (found == cells_.end()) return {};
  BlockCell& cell = found->second;
  if (is_untried(found->first, cell, at)) {
    cell.test = verdict::as_untried(cell.test, settings_.test);
  }
  cell.touched_at = std::max(cell.touched_at, at);
  mark_dirty(*found);
  if (other) {
    note_other(cell, delivery, reader, at);
    return {};
  }
  if (sent) cell.last_accepted_at = std::max(cell.last_accepted_at, at);
  const MailFate fate = sent              ? MailFate::accepted
                        : slowed(refusal) ? MailFate::slowed
                                          : MailFate::block;
  if (sent && cell.test.quiet()) {  // nearly all mail
    cell.test = verdict::after_mail(cell.test, fate, at, settings_.test);
    return {};
  }
  const bool first = cell.first_sight(hash_of(name_of_mail(delivery)), fate, at);
  if (ours) note_refusal(cell, delivery, refusal, reader, owner, at);
  if (!first) return {};
  // Whose mail it was may not be known (0): then it is not held to be one account's trouble.
  const bool another = cell.impact && owner.account != cell.impact->account;
  if (ours && (another || owner.account == 0)) cell.test.one_account = false;
  if (sent && another && owner.account != 0) cell.test.others_passed = true;
  const CellState before = cell.test.state;
  const auto witness = delivery.source == model::Source::report ? verdict::Witness::report
                                                                : verdict::Witness::server;
  cell.test = verdict::after_mail(cell.test, fate, at, settings_.test, witness);
  if (cell.test.state == before) return {};
  model::BlockChange change{before, facts_of(found->first, cell)};
  if (before != CellState::half_open && change.facts.state == CellState::refused) {
    change.facts.evidence = cell.test.strongest();  // what made it so, not what may end it
    change.facts.threshold = settings_.test.threshold();
  }
  return change;
}

std::optional<model::BlockChange> BlockMatrix::set_half_open(std::string_view egress,
                                                             std::string_view provider, bool on,
                                                             base::TimePoint now) {
  set_key(egress_name(egress), provider);
  const auto found = cells_.find(key_);
  if (found == cells_.end()) return {};
  evidence::BlockTest& test = found->second.test;
  const CellState from = on ? CellState::refused : CellState::half_open;
  if (test.state != from) return {};
  test.state = on ? CellState::half_open : CellState::refused;
  test.changed_at = now;
  mark_dirty(*found);
  return model::BlockChange{from, facts_of(found->first, found->second)};
}

model::BlockFacts BlockMatrix::facts_of(const std::string& key, const BlockCell& cell) const {
  const auto [egress, provider] = parts_of(key);
  const evidence::BlockTest& test = cell.test;
  model::BlockFacts facts;
  facts.egress = egress;
  facts.provider = provider;
  facts.state = test.state;
  facts.since = test.changed_at;
  facts.last_refused_at = cell.last_refused_at;
  facts.last_accepted_at = cell.last_accepted_at;
  facts.usual_share = verdict::usual_share(test, settings_.test).all();
  facts.refused_share = test.tried > 0 && !test.quiet() ? test.refused / test.tried : 0;
  facts.threshold = settings_.test.threshold();
  facts.evidence = test.strongest();
  if (test.state == CellState::refused || test.state == CellState::half_open) {
    facts.evidence = test.for_open;
    facts.threshold = settings_.test.opening_threshold();
  }
  if (!cell.impact) return facts;
  const evidence::BlockImpact& impact = *cell.impact;
  if (test.state != CellState::open) facts.since = impact.first_refused_at;
  for (const auto& [list, times] : impact.lists) facts.lists.push_back(list);
  facts.private_list = impact.refusals > 0 && impact.refusals_by_list == 0;
  facts.listed_address = impact.listed_address;
  facts.mails = impact.mails.count();
  facts.recipients = impact.recipients.count();
  facts.sender_domains = impact.sender_domains.count();
  facts.accounts = impact.accounts.count();
  facts.classes = impact.classes;
  facts.other_refusals = impact.other_refusals;
  facts.examples = {impact.examples.begin(), impact.examples.end()};
  facts.other_examples = {impact.other_examples.begin(), impact.other_examples.end()};
  return facts;
}

template <typename Wanted>
std::vector<model::BlockFacts> BlockMatrix::collect(base::TimePoint now, Wanted wanted) const {
  std::vector<const std::string*> keys;
  for (const auto& [key, cell] : cells_) {
    const auto [egress, provider] = parts_of(key);
    if (wanted(egress, provider)) keys.push_back(&key);
  }
  std::sort(keys.begin(), keys.end(), [](const auto* a, const auto* b) { return *a < *b; });
  std::vector<model::BlockFacts> out;
  out.reserve(keys.size());
  for (const std::string* key : keys) {
    const auto [egress, provider] = parts_of(*key);
    out.push_back(*find(egress, provider, now));
  }
  return out;
}

std::vector<model::BlockFacts> BlockMatrix::all(base::TimePoint now) const {
  return collect(now, [](auto, auto) { return true; });
}

std::vector<model::BlockFacts> BlockMatrix::of_provider(std::string_view provider,
                                                        base::TimePoint now) const {
  return collect(now, [&](auto, std::string_view one) { return one == provider; });
}

std::vector<model::BlockFacts> BlockMatrix::of_egress(std::string_view egress,
                                                      base::TimePoint now) const {
  const std::string_view name = egress_name(egress);
  return collect(now, [&](std::string_view one, auto) { return one == name; });
}

// Doubt that nobody confirmed fades with time, also when no mail comes to say so; so does the word
// about a spare way that nobody tried.
std::optional<model::BlockFacts> BlockMatrix::find(std::string_view egress,
                                                   std::string_view provider,
                                                   base::TimePoint now) const {
  std::string key(egress);
  key += between;
  key += provider;
  const auto found = cells_.find(key);
  if (found == cells_.end()) return std::nullopt;
  model::BlockFacts facts = facts_of(key, found->second);
  evidence::BlockTest test = found->second.test;
  if (is_untried(key, found->second, now)) {
    test = verdict::as_untried(test, settings_.test);
    facts.state = test.state;
    facts.threshold = settings_.test.threshold();
  }
  test.decay_to(now, settings_.test.half_life);
  if (facts.state == CellState::suspected) {
    facts.state = verdict::next_state(test, settings_.test);
    facts.evidence = test.strongest();
  }
  return facts;
}

BlockCounters BlockMatrix::counters() const {
  return {cells_.size(), forgotten_, refused_full_, refusals_};
}

// --- persistence ---------------------------------------------------------------------------------

void BlockMatrix::mark_dirty(Cells::value_type& entry) {
  if (entry.second.dirty) return;
  entry.second.dirty = true;
  dirty_.push_back(entry.first);
}

bool BlockMatrix::is_record(std::string_view subject) { return subject.starts_with(record_mark); }

std::size_t BlockMatrix::drain_dirty(std::size_t most,
                                     const std::function<void(evidence::SubjectRecord&&)>& visit) {
  std::size_t handed = 0;
  for (; handed < most && !deleted_.empty(); ++handed) {
    const std::string key = std::move(deleted_.front());
    deleted_.pop_front();
    if (!cells_.contains(key)) visit({std::string(record_mark) + key, {}});
  }
  while (handed < most && !dirty_.empty()) {
    const std::string key = std::move(dirty_.front());
    dirty_.pop_front();
    const auto found = cells_.find(key);
    if (found == cells_.end() || !found->second.dirty) continue;
    found->second.dirty = false;
    evidence::SubjectRecord record{std::string(record_mark) + key, {}};
    evidence::encode_block_cell(found->second, record.state);
    visit(std::move(record));
    ++handed;
  }
  return deleted_.size() + dirty_.size();
}

base::Status BlockMatrix::load_record(std::string_view subject, std::string_view state) {
  const std::string_view key = subject.substr(std::min(record_mark.size(), subject.size()));
  const auto [egress, provider] = parts_of(key);
  if (!is_record(subject) || !is_name(egress) || !is_name(provider)) {
    return base::Error{base::ErrorCode::malformed,
                       "a record of the block matrix does not name its egress and provider"};
  }
  BlockCell cell;
  if (const auto read = evidence::decode_block_cell(state, cell); !read.ok()) {
    return base::Error{read.error().code,
                       fmt::format("{} {}: {}", egress, provider, read.error().message)};
  }
  if (cells_.size() >= settings_.cells_max) {
    ++refused_full_;
    return {};
  }
  cells_.emplace(key, std::move(cell));  // counted anew since the start: that is newer
  return {};
}

}  // namespace leumund::engine
