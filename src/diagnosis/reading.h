// One reply being read: the steps behind Reader::diagnose, in the order they happen.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "diagnosis/reader.h"

namespace leumund::diagnosis {

inline constexpr std::size_t max_hops = 8;
inline constexpr std::size_t max_named_lists = 8;

class Reading {
 public:
  Reading(const Reader& reader, Reader::Session& session, const Reply& reply);
  [[nodiscard]] Diagnosis result(Depth depth);

 private:
  // One answer within the text: [begin, end) of the plain text, outermost first.
  struct Hop {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    int code = 0;
    std::string_view status = {};
    bool wrapper = false;  // a report's own words around the answer it hands on
    ConceptSet concepts = {};
  };
  struct Choice {
    const Meaning* meaning = nullptr;
    const CompiledMeaning* compiled = nullptr;  // nothing for the class of a provider's reply
    const ProviderReply* reply = nullptr;
    double weight = -1000;
    std::size_t hop = 0;
    std::string_view provider_id = {};  // whose reply it is; "" for words
  };

  void find_hops();
  void read_code(Hop& hop);
  [[nodiscard]] std::size_t hop_at(std::size_t plain_offset) const;
  void find_remote();
  void find_provider();
  void note_words();
  void note_list(std::uint32_t list, std::size_t hop, bool by_address);
  void note_entities();
  [[nodiscard]] bool is_unknown_list(const Entity& entity) const;
  void find_unknown_list();
  void note_facts();
  void note_bare_banner(Hop& hop);
  [[nodiscard]] bool not_ours(const Entity& entity) const;
  [[nodiscard]] int claim(const Entity& entity) const;
  void find_our_address();
  void choose();
  // The heaviest meaning that holds and weighs more than `above`.
  [[nodiscard]] const CompiledMeaning* heaviest_of(const ConceptSet& has, double above) const;
  [[nodiscard]] std::string logged_status() const;
  void choose_in_hop(std::size_t hop);
  void choose_provider_reply(std::size_t hop, double distance);
  void set_fact(ConceptSet& set, Fact fact) const {
    set.set(reader_.fact_bits_[static_cast<std::size_t>(fact)]);
  }

  void fill_meaning(Diagnosis& out) const;
  void fill_codes(Diagnosis& out) const;
  void fill_lists(Diagnosis& out);
  void fill_zone(Diagnosis& out) const;
  void take_zone_as_own(Diagnosis& out) const;
  void take_unnamed_as_own(Diagnosis& out) const;
  void name_unknown_list(bool block, Diagnosis& out) const;
  void name_receivers_list(Diagnosis& out) const;
  void name_providers_list(Diagnosis& out) const;
  void fill_lookup(Diagnosis& out) const;
  void fill_hops(Diagnosis& out) const;
  void fill_evidence(Diagnosis& out) const;
  void add_evidence(std::uint32_t concept_bit, Diagnosis& out) const;
  void fill_pool(Diagnosis& out) const;
  [[nodiscard]] bool any_hop_has(std::uint32_t bit) const;
  [[nodiscard]] std::string words_of(const Match& match) const;

  const Reader& reader_;
  Reader::Session& session_;
  const Reply& reply_;
  TextView& view_;
  std::string_view plain_;
  std::array<Hop, max_hops> hops_;
  std::size_t hop_count_ = 0;
  std::size_t announced_ = 0;
  Stage stage_ = Stage::unknown;
  std::optional<std::uint32_t> provider_;
  bool remote_tells_provider_ = false;
  std::string_view remote_;
  std::array<std::uint32_t, max_named_lists> lists_{};
  std::array<std::uint8_t, max_named_lists> list_hops_{};
  std::array<bool, max_named_lists> list_by_address_{};  // by zone or page, not by name alone
  std::size_t list_count_ = 0;
  const Entity* ours_ = nullptr;
  const Entity* unknown_list_ = nullptr;  // the zone or page of a list that nobody registered
  Choice choice_;
};

}  // namespace leumund::diagnosis
