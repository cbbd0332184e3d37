#include "diagnosis/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "diagnosis/reading.h"

namespace leumund::diagnosis {
namespace {

using base::Error;
using base::ErrorCode;
using base::Status;

constexpr std::array<std::string_view, fact_count> fact_names = {
    "+our-address", "+our-network",    "+address-list", "+domain-list", "+dead-list", "+some-list",
    "+transient",   "+permanent",      "+greeting",     "+mail",        "+rcpt",      "+data",
    "+recipient",   "+resolver-error", "+outer-answer", "+bare-banner"};

// "status-7.25" -> 7025.
bool status_number(std::string_view id, std::uint32_t& out) {
  constexpr std::string_view prefix = "status-";
  if (!id.starts_with(prefix)) return false;
  id.remove_prefix(prefix.size());
  std::uint32_t subject = 0;
  std::uint32_t detail = 0;
  const char* end = id.data() + id.size();
  const auto first = std::from_chars(id.data(), end, subject);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return false;
  const auto second = std::from_chars(first.ptr + 1, end, detail);
  if (second.ec != std::errc() || second.ptr != end || detail > 999) return false;
  out = subject * 1000 + detail;
  return true;
}

}  // namespace

base::Result<std::unique_ptr<Reader>> Reader::compile(Registry registry) {
  std::unique_ptr<Reader> reader(new Reader);
  reader->registry_ = std::move(registry);
  reader->provider_table_ = std::make_unique<ProviderTable>(reader->registry_.providers);
  reader->index_hosts();
  if (auto done = reader->number_concepts(); !done) return done.error();
  if (auto done = reader->compile_meanings(); !done) return done.error();
  if (auto done = reader->compile_patterns(); !done) return done.error();
  return reader;
}

base::Result<std::unique_ptr<Reader>> Reader::shipped(std::span<const RegistrySource> own) {
  std::vector<RegistrySource> sources(embedded_registry().begin(), embedded_registry().end());
  sources.insert(sources.end(), own.begin(), own.end());
  auto registry = read_registry(sources);
  if (!registry) return registry.error();
  return compile(std::move(*registry));
}

void Reader::index_hosts() {
  for (std::uint32_t i = 0; i < registry_.lists.size(); ++i) {
    list_ids_.emplace(registry_.lists[i].id, i);
    for (const std::string& host : registry_.lists[i].hosts) list_hosts_.add(host, i);
  }
}

std::uint32_t Reader::list_of_host(std::string_view host) const {
  const auto found = list_hosts_.find(host);
  return found ? *found + 1 : 0;
}

Status Reader::number_concepts() {
  for (const Concept& one : registry_.concepts) concept_bits_.emplace(one.id, concept_count_++);
  for (std::size_t i = 0; i < fact_count; ++i) {
    fact_bits_[i] = concept_count_;
    concept_bits_.emplace(fact_names[i], concept_count_++);
  }
  for (const Meaning& meaning : registry_.meanings) {
    for (const auto* ids : {&meaning.needs, &meaning.any, &meaning.unless}) {
      for (const std::string& id : *ids) {
        std::uint32_t number = 0;
        if (!status_number(id, number) || concept_bits_.contains(id)) continue;
        status_bits_.emplace(number, concept_count_);
        concept_bits_.emplace(id, concept_count_++);
      }
    }
  }
  dns_list_bit_ = asked_bit("dns-list");
  for (const char* id : {"listed", "list-page", "list-noun", "blocked", "refused"}) {
    if (const auto found = asked_bit(id)) told_bits_.push_back(*found);
  }
  listed_bit_ = asked_bit("listed");
  pool_bit_ = asked_bit("address-pool");
  if (concept_count_ > max_concepts) {
    return Error{ErrorCode::too_large,
                 fmt::format("registry: {} concepts, facts and status codes, at most {} fit",
                             concept_count_, max_concepts)};
  }
  return {};
}

std::optional<std::uint32_t> Reader::asked_bit(const char* id) {
  const auto found = concept_bits_.find(id);
  if (found == concept_bits_.end()) return std::nullopt;
  asked_.set(found->second);
  return found->second;
}

bool Reader::asks_for(const std::string& concept_id) const {
  const auto found = concept_bits_.find(concept_id);
  return found != concept_bits_.end() && asked_.test(found->second);
}

Status Reader::set_bits(const std::vector<std::string>& ids, const Meaning& meaning,
                        ConceptSet& out) {
  for (const std::string& id : ids) {
    const auto it = concept_bits_.find(id);
    if (it == concept_bits_.end()) {
      return Error{ErrorCode::malformed,
                   fmt::format("{}: meaning '{}' speaks of '{}', which is no concept",
                               meaning.where, meaning.id, id)};
    }
    out.set(it->second);
    asked_.set(it->second);
  }
  return {};
}

Status Reader::compile_meanings() {
  for (const Meaning& meaning : registry_.meanings) {
    CompiledMeaning compiled;
    compiled.meaning = meaning;
    if (meaning.needs.empty() && meaning.any.empty()) {
      return Error{ErrorCode::malformed,
                   fmt::format("{}: meaning '{}' needs nothing, so it always holds", meaning.where,
                               meaning.id)};
    }
    if (auto done = set_bits(meaning.needs, meaning, compiled.needs); !done) return done;
    if (auto done = set_bits(meaning.any, meaning, compiled.any); !done) return done;
    if (auto done = set_bits(meaning.unless, meaning, compiled.unless); !done) return done;
    for (const std::string& id : meaning.needs) {
      compiled.need_order.push_back(concept_bits_.at(id));
    }
    meanings_.push_back(std::move(compiled));
  }
  // The heaviest first, so that the first one that holds is the answer.
  std::stable_sort(meanings_.begin(), meanings_.end(), [](const auto& a, const auto& b) {
    return a.meaning.weight > b.meaning.weight;
  });
  meanings_by_need_.resize(max_concepts + 1);
  for (std::uint32_t i = 0; i < meanings_.size(); ++i) {
    const auto& order = meanings_[i].need_order;
    meanings_by_need_[order.empty() ? max_concepts : order.front()].push_back(i);
  }
  for (std::uint32_t i = 0; i < registry_.classes.size(); ++i) {
    class_index_.emplace(registry_.classes[i].id, i);
  }
  for (const Provider& provider : registry_.providers) {
    for (const ProviderReply& reply : provider.replies) {
      Scope scope{};
      if (!class_index_.contains(reply.reply_class)) {
        return Error{ErrorCode::malformed,
                     fmt::format("{}: provider '{}': class '{}' is not known", reply.pattern.where,
                                 provider.id, reply.reply_class)};
      }
      if (!reply.scope.empty() && !scope_from_name(reply.scope, scope)) {
        return Error{ErrorCode::malformed,
                     fmt::format("{}: provider '{}': scope '{}' is not known", reply.pattern.where,
                                 provider.id, reply.scope)};
      }
    }
  }
  return {};
}

std::size_t Reader::text_count() const { return words_->text_count() + codes_->text_count(); }

Status Reader::compile_patterns() {
  using Role = PatternUse::Role;
  std::vector<Scanner::Input> words;
  std::vector<Scanner::Input> codes;
  const auto add = [&words](std::vector<Scanner::Input>& inputs, std::vector<PatternUse>& uses,
                            const Pattern& pattern, const std::string& origin, PatternUse use) {
    inputs.push_back({.re = pattern.re,
                      .origin = pattern.where + ": " + origin,
                      .sample = pattern.sample,
                      .masked = &inputs == &words});
    uses.push_back(use);
  };
  for (std::uint32_t i = 0; i < registry_.concepts.size(); ++i) {
    const Concept& one = registry_.concepts[i];
    for (std::uint32_t k = 0; k < one.patterns.size(); ++k) {
      add(words, word_uses_, one.patterns[k], "concept " + one.id, {Role::concept_words, i, k});
    }
    for (std::uint32_t k = 0; k < one.pages.size(); ++k) {
      add(codes, code_uses_, one.pages[k], "concept " + one.id, {Role::concept_words, i, k});
    }
  }
  for (std::uint32_t i = 0; i < registry_.lists.size(); ++i) {
    const BlockList& one = registry_.lists[i];
    for (std::uint32_t k = 0; k < one.names.size(); ++k) {
      add(words, word_uses_, one.names[k], "list " + one.id, {Role::list_name, i, k});
    }
    for (std::uint32_t k = 0; k < one.pages.size(); ++k) {
      add(codes, code_uses_, one.pages[k], "list " + one.id, {Role::list_name, i, k});
    }
  }
  for (std::uint32_t i = 0; i < registry_.providers.size(); ++i) {
    const Provider& one = registry_.providers[i];
    for (std::uint32_t k = 0; k < one.marks.size(); ++k) {
      add(codes, code_uses_, one.marks[k], "provider " + one.id, {Role::provider_mark, i, k});
    }
    for (std::uint32_t k = 0; k < one.replies.size(); ++k) {
      add(codes, code_uses_, one.replies[k].pattern, "provider " + one.id,
          {Role::provider_reply, i, k});
    }
  }
  for (std::uint32_t i = 0; i < registry_.markers.size(); ++i) {
    add(codes, code_uses_, registry_.markers[i].pattern, "marker", {Role::marker, i, 0});
  }
  auto word_scanner = Scanner::compile(words);
  if (!word_scanner) return word_scanner.error();
  auto code_scanner = Scanner::compile(codes);
  if (!code_scanner) return code_scanner.error();
  words_ = std::move(*word_scanner);
  codes_ = std::move(*code_scanner);
  inputs_ = std::move(words);
  inputs_.insert(inputs_.end(), codes.begin(), codes.end());
  return {};
}

std::vector<std::string_view> Reader::patterns_in(std::string_view text, Session& session) const {
  const Reading reading(*this, session, {.text = text});
  std::vector<std::string_view> out;
  for (const Match& match : session.word_matches_) out.push_back(inputs_[match.pattern].re);
  for (const Match& match : session.code_matches_) {
    out.push_back(inputs_[word_uses_.size() + match.pattern].re);
  }
  const std::string lowered = base::ascii_lower(text);
  for (const auto& words : registry_.reasons) {
    for (const ReasonWords& one : words) {
      if (lowered.find(one.words) != std::string::npos) out.push_back(one.words);
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Diagnosis Reader::diagnose(const Reply& reply, Session& session, Depth depth) const {
  return Reading(*this, session, reply).result(depth);
}

}  // namespace leumund::diagnosis
