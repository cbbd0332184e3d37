#include "diagnosis/reading.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"
#include "diagnosis/list_shape.h"

namespace leumund::diagnosis {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// How much less an outer answer counts than the one it carries: its writer only hands on.
constexpr double weight_per_hop = 12;
// A provider's own code, where the provider is known or nobody else writes it.
constexpr double provider_code_weight = 92;
// Below this a meaning is a guess from a status code or a single common word.
constexpr double sure_weight = 100;

// A mailbox that is a desk of the receiver, not a person: "delist@", "abuse_rbl@".
bool is_desk(std::string_view mailbox) {
  const std::string_view name = mailbox.substr(0, mailbox.find('@'));
  constexpr std::array<std::string_view, 12> desks = {
      "abuse", "postmaster", "delist",  "unblock",  "block",    "rbl",
      "spam",  "mailadmin",  "support", "helpdesk", "security", "noc"};
  return std::any_of(desks.begin(), desks.end(), [name](std::string_view desk) {
    return name.find(desk) != std::string_view::npos;
  });
}

// "mx7.example.org ESMTP 4aXz": the name first, and little behind it.
bool is_bare_banner(std::string_view words) {
  constexpr std::size_t words_most = 4;
  while (words.starts_with(' ')) words.remove_prefix(1);
  const std::string_view host = words.substr(0, words.find(' '));
  const bool named =
      host.find('.') != std::string_view::npos && !host.ends_with('.') &&
      host.find_first_of("abcdefghijklmnopqrstuvwxyz") != std::string_view::npos &&
      host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_") == std::string_view::npos;
  if (!named) return false;
  words.remove_prefix(host.size());
  if (words.find_first_of(".,:;!?") != std::string_view::npos) return false;
  return words.empty() ||
         (static_cast<std::size_t>(std::count(words.begin(), words.end(), ' ')) < words_most &&
          words.find("smtp") != std::string_view::npos);
}

}  // namespace

Reading::Reading(const Reader& reader, Reader::Session& session, const Reply& reply)
    : reader_(reader), session_(session), reply_(reply), view_(session.view_) {
  view_.read(session.transcript_.without_echoes(reply.text), reader);
  plain_ = view_.plain();
  session.word_matches_.clear();
  session.code_matches_.clear();
  if (plain_.empty()) return;
  reader.codes_->scan(plain_, session.code_scratch_, session.code_matches_);
  reader.words_->scan(view_.masked(), session.word_scratch_, session.word_matches_);
}

Diagnosis Reading::result(Depth depth) {
  Diagnosis out;
  if (plain_.empty()) return out;
  find_hops();
  find_remote();
  find_provider();
  note_words();
  note_entities();
  find_our_address();
  find_unknown_list();
  note_facts();
  choose();
  fill_codes(out);
  fill_meaning(out);
  fill_lists(out);
  fill_zone(out);
  fill_pool(out);
  if (depth == Depth::facts) return out;
  fill_lookup(out);
  fill_hops(out);
  fill_evidence(out);
  return out;
}

void Reading::find_hops() {
  using Role = PatternUse::Role;
  hops_[0] = {};
  hop_count_ = 1;
  bool wrapper_before = false;
  for (const Match& match : session_.code_matches_) {
    const PatternUse& use = reader_.code_uses_[match.pattern];
    if (use.role != Role::marker) continue;
    const Marker& marker = reader_.registry_.markers[use.owner];
    if (marker.stage != Stage::unknown) stage_ = marker.stage;
    if (marker.kind == "stage") continue;
    const std::uint32_t start = match.end - std::min(match.end, marker.back);
    if (marker.back > 0 && !answer_at(plain_, start)) continue;
    if (marker.kind == "wrapper") wrapper_before = true;
    Hop& last = hops_[hop_count_ - 1];
    if (start <= last.begin + 1 || start >= plain_.size()) continue;
    if (hop_count_ == max_hops) break;
    last.end = start;
    read_code(last);
    // What stands before the first answer ("host X[...] said:") is no answer itself.
    if (hop_count_ == 1 && last.code == 0) {
      if (announced_ == 0) announced_ = start;
      last = Hop{.begin = start};
      continue;
    }
    last.wrapper = wrapper_before;
    wrapper_before = false;
    hops_[hop_count_++] = Hop{.begin = start};
  }
  Hop& last = hops_[hop_count_ - 1];
  last.end = static_cast<std::uint32_t>(plain_.size());
  read_code(last);
  if (stage_ == Stage::unknown) stage_ = reply_.stage;
}

// "554 5.7.0 ", "554 #5.7.1 ", "5.7.1 " or nothing at the beginning of a hop.
void Reading::read_code(Hop& hop) {
  std::string_view text = plain_.substr(hop.begin, hop.end - hop.begin);
  const std::size_t first = text.find_first_not_of(" '\"(<:;");
  if (first == std::string_view::npos) return;
  text.remove_prefix(first);
  const auto code_at = [](std::string_view t) {
    return t.size() >= 3 && (t[0] == '4' || t[0] == '5') && is_digit(t[1]) && is_digit(t[2]) &&
           (t.size() == 3 || !(is_digit(t[3]) || t[3] == '.'));
  };
  if (!code_at(text) && text.starts_with("220")) {  // a greeting that goes on to refuse
    const std::size_t at = std::min(text.find(" 4"), text.find(" 5"));
    if (at != std::string_view::npos && code_at(text.substr(at + 1))) text.remove_prefix(at + 1);
  }
  if (code_at(text)) {
    std::from_chars(text.data(), text.data() + 3, hop.code);
    text.remove_prefix(3);
  }
  const std::size_t skip = text.find_first_not_of(" -");
  if (skip == std::string_view::npos) return;
  text.remove_prefix(skip);
  if (text.starts_with('#')) text.remove_prefix(1);
  std::size_t end = 0;
  std::size_t dots = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) {
    dots += text[end++] == '.' ? 1 : 0;
  }
  while (end > 0 && text[end - 1] == '.') {
    --end;
    --dots;
  }
  if (dots == 2 && end >= 5 && end <= 9 && (text[0] == '4' || text[0] == '5') && text[1] == '.') {
    hop.status = text.substr(0, end);
  }
}

std::size_t Reading::hop_at(std::size_t plain_offset) const {
  std::size_t at = 0;
  while (at + 1 < hop_count_ && plain_offset >= hops_[at + 1].begin) ++at;
  return at;
}

void Reading::find_remote() {
  remote_ = reply_.remote;
  // The host that stands before "said:", "refused to talk to me:" or a hop's beginning.
  const std::size_t innermost = hops_[hop_count_ - 1].begin;
  for (const Entity& entity : view_.entities()) {
    if (entity.begin >= innermost) break;
    const bool name =
        entity.kind == EntityKind::host || (entity.kind == EntityKind::address && remote_.empty());
    if (name) remote_ = view_.raw(entity.begin, entity.end);
  }
}

void Reading::find_provider() {
  const ProviderTable& table = *reader_.provider_table_;
  if (!reply_.provider.empty()) provider_ = table.of_id(reply_.provider);
  if (!provider_ && !remote_.empty()) {
    const std::string host = base::ascii_lower(remote_.substr(0, remote_.find('[')));
    provider_ = table.of_mx(host);
    if (!provider_) provider_ = table.of_named_host(host);
    remote_tells_provider_ = provider_.has_value();
  }
  using Role = PatternUse::Role;
  std::size_t best_hop = 0;
  if (!provider_) {
    for (const Match& match : session_.code_matches_) {
      const PatternUse& use = reader_.code_uses_[match.pattern];
      if (use.role != Role::provider_mark && use.role != Role::provider_reply) continue;
      if (use.role == Role::provider_reply &&
          !reader_.registry_.providers[use.owner].replies[use.item].alone) {
        continue;
      }
      const std::size_t hop = hop_at(match.end == 0 ? 0 : match.end - 1);
      if (provider_ && hop < best_hop) continue;
      if (provider_ && hop == best_hop && use.role == Role::provider_reply) continue;
      provider_ = use.owner;
      best_hop = hop;
    }
  }
  if (!provider_) {
    for (const Entity& entity : view_.entities()) {
      const bool speaks = entity.kind == EntityKind::url || entity.kind == EntityKind::host ||
                          (entity.kind == EntityKind::mailbox && is_desk(view_.text_of(entity)));
      if (!speaks || entity.list != 0) continue;
      if (const auto found = table.of_named_host(view_.host_of(entity))) provider_ = found;
    }
  }
  if (!provider_ && !reply_.recipient.empty()) {
    const std::size_t at = reply_.recipient.rfind('@');
    if (at != std::string_view::npos) provider_ = table.of_domain(reply_.recipient.substr(at + 1));
  }
}

void Reading::note_words() {
  using Role = PatternUse::Role;
  for (const Match& match : session_.word_matches_) {
    const PatternUse& use = reader_.word_uses_[match.pattern];
    const std::size_t at = view_.plain_offset(match.end == 0 ? 0 : match.end - 1);
    if (at < announced_) continue;  // words about the answer, not of it
    const std::size_t hop = hop_at(at);
    // What begins in one answer and ends in another was said by nobody.
    const std::size_t from = view_.plain_offset(match.begin);
    if (match.begin < match.end && (from < announced_ || hop_at(from) != hop)) continue;
    if (use.role == Role::concept_words) hops_[hop].concepts.set(use.owner);
    if (use.role == Role::list_name) note_list(use.owner, hop, false);
  }
  for (const Match& match : session_.code_matches_) {
    const PatternUse& use = reader_.code_uses_[match.pattern];
    if (match.end <= announced_) continue;
    if (use.role == Role::concept_words) hops_[hop_at(match.end - 1)].concepts.set(use.owner);
    if (use.role == Role::list_name) {
      note_list(use.owner, hop_at(match.end - 1), true);
    }
  }
  for (std::size_t hop = 0; hop < hop_count_; ++hop) {
    const std::string_view status = hops_[hop].status;
    if (status.empty()) continue;
    std::uint32_t subject = 0;
    std::uint32_t detail = 0;
    const char* end = status.data() + status.size();
    const auto first = std::from_chars(status.data() + 2, end, subject);
    if (first.ptr != end) std::from_chars(first.ptr + 1, end, detail);
    const auto it = reader_.status_bits_.find(subject * 1000 + detail);
    if (it != reader_.status_bits_.end()) hops_[hop].concepts.set(it->second);
  }
}

void Reading::note_list(std::uint32_t list, std::size_t hop, bool by_address) {
  for (std::size_t i = 0; i < list_count_; ++i) {
    if (lists_[i] != list) continue;
    list_by_address_[i] = list_by_address_[i] || by_address;
    list_hops_[i] = std::max(list_hops_[i], static_cast<std::uint8_t>(hop));
    return;
  }
  if (list_count_ == max_named_lists) return;
  lists_[list_count_] = list;
  list_by_address_[list_count_] = by_address;
  list_hops_[list_count_++] = static_cast<std::uint8_t>(hop);
}

void Reading::note_entities() {
  for (const Entity& entity : view_.entities()) {
    const std::size_t hop = hop_at(entity.begin);
    const bool names_list = entity.kind == EntityKind::host || entity.kind == EntityKind::url;
    if (entity.list != 0 && names_list && entity.begin >= announced_) {
      note_list(entity.list - 1, hop, true);
    }
    if (entity.kind == EntityKind::url &&
        view_.text_of(entity).find("/returnc/") != std::string_view::npos) {
      set_fact(hops_[hop].concepts, Fact::resolver_error);
    }
    if (entity.kind == EntityKind::mailbox) set_fact(hops_[hop].concepts, Fact::recipient_named);
  }
}

// By its name, by the words before it, or as a page to look our address up.
bool Reading::is_unknown_list(const Entity& entity) const {
  if (entity.list != 0 || entity.begin < announced_) return false;
  if (entity.kind == EntityKind::url) {
    const std::string_view url = view_.text_of(entity);
    if (!provider_ && leads_to_list(plain_.substr(0, entity.begin))) return true;
    if (!is_lookup_page(url, view_.host_of(entity))) return false;
    const bool ours = entity.has_address && !not_ours(entity);
    return (ours || list_shape(view_.host_of(entity)) != ListShape::none) &&
           !reader_.provider_table_->of_named_host(view_.host_of(entity));
  }
  // With a provider known, words alone may speak of himself: "blacklisted by example.net".
  return entity.kind == EntityKind::host &&
         (list_shape(view_.host_of(entity)) != ListShape::none ||
          (!provider_ && leads_to_list(plain_.substr(0, entity.begin))));
}

void Reading::find_unknown_list() {
  if (list_count_ > 0) return;
  for (const Entity& entity : view_.entities()) {
    // A host may be called like a list and be spoken of for another reason.
    const ConceptSet& has = hops_[hop_at(entity.begin)].concepts;
    const bool refuses = std::any_of(reader_.told_bits_.begin(), reader_.told_bits_.end(),
                                     [&has](std::uint32_t bit) { return has.test(bit); });
    if ((ours_ == nullptr && !refuses) || !is_unknown_list(entity)) continue;
    const bool better = unknown_list_ == nullptr ||
                        (unknown_list_->kind == EntityKind::url && entity.kind == EntityKind::host);
    if (better) unknown_list_ = &entity;
  }
}

void Reading::note_facts() {
  if (unknown_list_ != nullptr) {
    ConceptSet& set = hops_[hop_at(unknown_list_->begin)].concepts;
    const bool domains = list_shape(view_.host_of(*unknown_list_)) == ListShape::of_domains;
    set_fact(set, Fact::some_list);
    set_fact(set, domains && ours_ == nullptr ? Fact::domain_list : Fact::address_list);
  }
  for (std::size_t i = 0; i < list_count_; ++i) {
    const BlockList& list = reader_.registry_.lists[lists_[i]];
    ConceptSet& set = hops_[list_hops_[i]].concepts;
    set_fact(set, Fact::some_list);
    set_fact(set, list.lists_domains ? Fact::domain_list : Fact::address_list);
    if (list.dead) set_fact(set, Fact::dead_list);
  }
  if (ours_ != nullptr) {
    const bool range = ours_->kind == EntityKind::network;
    set_fact(hops_[hop_at(ours_->begin)].concepts, range ? Fact::our_network : Fact::our_address);
  }
  for (std::size_t i = 0; i < hop_count_; ++i) {
    Hop& hop = hops_[i];
    const char first = hop.code != 0        ? (hop.code >= 500 ? '5' : '4')
                       : hop.status.empty() ? '\0'
                                            : hop.status.front();
    if (first == '4') set_fact(hop.concepts, Fact::transient);
    if (first == '5') set_fact(hop.concepts, Fact::permanent);
    if (i + 1 < hop_count_) set_fact(hop.concepts, Fact::outer_answer);
    switch (stage_) {
      case Stage::unknown: break;
      case Stage::connect:
      case Stage::greeting:
        set_fact(hop.concepts, Fact::greeting);
        note_bare_banner(hop);
        break;
      case Stage::mail: set_fact(hop.concepts, Fact::mail); break;
      case Stage::rcpt: set_fact(hop.concepts, Fact::rcpt); break;
      case Stage::data:
      case Stage::end: set_fact(hop.concepts, Fact::data); break;
    }
  }
}

void Reading::note_bare_banner(Hop& hop) {
  const std::string_view said = plain_.substr(hop.begin, hop.end - hop.begin);
  if (!answer_at(said, 0) || !is_bare_banner(said.substr(4))) return;
  set_fact(hop.concepts, Fact::bare_banner);
}

const CompiledMeaning* Reading::heaviest_of(const ConceptSet& has, double above) const {
  std::size_t best = reader_.meanings_.size();
  const auto look_at = [&](const std::vector<std::uint32_t>& places) {
    for (const std::uint32_t i : places) {  // the heaviest first
      const CompiledMeaning& one = reader_.meanings_[i];
      if (i >= best || one.meaning.weight <= above) return;
      if ((one.needs & ~has).any() || (one.unless & has).any()) continue;
      if (one.any.any() && (one.any & has).none()) continue;
      best = i;
    }
  };
  look_at(reader_.meanings_by_need_.back());
  for (std::size_t bit = has._Find_first(); bit < has.size(); bit = has._Find_next(bit)) {
    look_at(reader_.meanings_by_need_[bit]);
  }
  return best < reader_.meanings_.size() ? &reader_.meanings_[best] : nullptr;
}

void Reading::choose_in_hop(std::size_t hop) {
  const ConceptSet& has = hops_[hop].concepts;
  const double distance = weight_per_hop * static_cast<double>(hop_count_ - 1 - hop);
  if (const CompiledMeaning* one = heaviest_of(has, choice_.weight + distance)) {
    choice_ = {.meaning = &one->meaning,
               .compiled = one,
               .weight = one->meaning.weight - distance,
               .hop = hop};
  }
  choose_provider_reply(hop, distance);
}

void Reading::choose_provider_reply(std::size_t hop, double distance) {
  if (provider_code_weight - distance <= choice_.weight) return;
  const ProviderReply* first = nullptr;
  std::uint32_t owner = 0;
  for (const Match& match : session_.code_matches_) {
    const PatternUse& use = reader_.code_uses_[match.pattern];
    if (use.role != PatternUse::Role::provider_reply) continue;
    if (hop_at(match.end == 0 ? 0 : match.end - 1) != hop) continue;
    const ProviderReply& reply = reader_.registry_.providers[use.owner].replies[use.item];
    if (!reply.alone && (!provider_ || *provider_ != use.owner)) continue;
    const bool known = provider_ && *provider_ == use.owner;
    if (first != nullptr && owner != use.owner && !known) continue;
    if (first == nullptr || owner != use.owner || &reply < first) first = &reply;
    owner = use.owner;
  }
  if (first == nullptr) return;
  const Meaning& meaning =
      reader_.registry_.classes[reader_.class_index_.find(first->reply_class)->second];
  choice_ = {.meaning = &meaning,
             .reply = first,
             .weight = provider_code_weight - distance,
             .hop = hop,
             .provider_id = reader_.registry_.providers[owner].id};
}

void Reading::choose() {
  for (std::size_t hop = hop_count_; hop-- > 0;) choose_in_hop(hop);
  // A code that only one provider writes tells him better than a name in the text.
  if (choice_.reply != nullptr && choice_.reply->alone && reply_.provider.empty() &&
      !remote_tells_provider_) {
    provider_ = reader_.provider_table_->of_id(choice_.provider_id);
  }
}

void Reading::fill_meaning(Diagnosis& out) const {
  if (choice_.meaning == nullptr) return;
  const Meaning& meaning = *choice_.meaning;
  out.meaning = choice_.provider_id.empty() ? meaning.id
                                            : std::string(choice_.provider_id) + "/" + meaning.id;
  out.kind = meaning.kind;
  out.detail = meaning.detail;
  out.reason = meaning.reason;
  out.scope = meaning.scope;
  out.fault = meaning.fault;
  out.advice = meaning.advice;
  out.confidence = std::clamp(choice_.weight / sure_weight, 0.05, 0.99);
  if (choice_.reply != nullptr) {
    if (!choice_.reply->action.empty()) out.advice = choice_.reply->action;
    if (!choice_.reply->detail.empty()) out.detail = choice_.reply->detail;
    Scope scope{};
    if (scope_from_name(choice_.reply->scope, scope)) out.scope = scope;
  }
  if (ours_ != nullptr && ours_->kind == EntityKind::network && out.scope == Scope::address) {
    out.scope = Scope::range;
  }
}

}  // namespace leumund::diagnosis
