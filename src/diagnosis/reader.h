// Reads a refusal: text in, Diagnosis out, from the registries and nothing else.
//
// Flow:    Reply -> TextView -> structure (answers within answers, innermost last) -> words and
//          codes of each answer -> the heaviest meaning that holds; then our address, the lists,
//          the provider. Structure first, then the provider's own codes, then words; the enhanced
//          status is a hint that decides only where the words say nothing.
// Time:    linear in the text; about 3 microseconds for a usual reply.
// Limits:  16 KiB of text, 8 nested answers, 64 named things; what lies beyond is not read.
// Threads: a Reader never changes and is shared; each thread has a Session.
// Errors:  compile() names the pattern or reference that is wrong. diagnose() takes any bytes.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "diagnosis/diagnosis.h"
#include "diagnosis/provider_table.h"
#include "diagnosis/registry.h"
#include "diagnosis/reply.h"
#include "diagnosis/scanner.h"
#include "diagnosis/text_view.h"
#include "diagnosis/transcript.h"

namespace leumund::diagnosis {

// `facts` leaves out what only people read: pages, the words that decided, answers within answers.
enum class Depth : std::uint8_t { facts, whole };

using ConceptSet = std::bitset<max_concepts>;

// What one pattern of the registry stands for.
struct PatternUse {
  enum class Role : std::uint8_t {
    concept_words,
    list_name,
    provider_mark,
    provider_reply,
    marker
  };
  Role role = Role::concept_words;
  std::uint32_t owner = 0;  // index of the concept, list, provider or marker
  std::uint32_t item = 0;   // index of the pattern within its owner
};

// A meaning with its concepts as bits.
struct CompiledMeaning {
  ConceptSet needs;
  ConceptSet any;
  ConceptSet unless;
  std::vector<std::uint32_t> need_order;  // as the registry writes them, for the evidence
  Meaning meaning;
};

// Facts of a reply that are no words but stand in meanings beside them.
enum class Fact : std::uint8_t {
  our_address,
  our_network,
  address_list,
  domain_list,
  dead_list,
  some_list,
  transient,
  permanent,
  greeting,
  mail,
  rcpt,
  data,
  recipient_named,
  resolver_error,
  outer_answer,
  bare_banner  // nothing but a host's name and its protocol
};
inline constexpr std::size_t fact_count = 16;

class Reader final : public HostOracle {
 public:
  class Session;

  static base::Result<std::unique_ptr<Reader>> compile(Registry registry);
  // The shipped registry with an operator's own file on top, which may be empty.
  static base::Result<std::unique_ptr<Reader>> shipped(std::span<const RegistrySource> own = {});

  [[nodiscard]] Diagnosis diagnose(const Reply& reply, Session& session,
                                   Depth depth = Depth::whole) const;

  [[nodiscard]] const Registry& registry() const { return registry_; }
  [[nodiscard]] const ProviderTable& providers() const { return *provider_table_; }
  [[nodiscard]] std::uint32_t list_of_host(std::string_view host) const override;
  // The patterns (and words of reasons) that hold in a text, as the registry writes them: for
  // whoever writes some.
  [[nodiscard]] std::vector<std::string_view> patterns_in(std::string_view text,
                                                          Session& session) const;
  // Every pattern with its origin, for benchmarks and the registry test.
  [[nodiscard]] const std::vector<Scanner::Input>& patterns() const { return inputs_; }
  [[nodiscard]] std::size_t text_count() const;  // that they are written out as, for benchmarks
  // Whether any rule asks for the concept; the words of others decide nothing.
  [[nodiscard]] bool asks_for(const std::string& concept_id) const;

 private:
  friend class Reading;
  Reader() = default;
  base::Status number_concepts();
  std::optional<std::uint32_t> asked_bit(const char* id);
  base::Status compile_meanings();
  base::Status compile_patterns();
  void index_hosts();
  base::Status set_bits(const std::vector<std::string>& ids, const Meaning& meaning,
                        ConceptSet& out);

  Registry registry_;
  std::unique_ptr<ProviderTable> provider_table_;
  SuffixTable list_hosts_;
  std::unordered_map<std::string, std::uint32_t> list_ids_;
  std::unordered_map<std::string, std::uint32_t> concept_bits_;
  std::unordered_map<std::string, std::uint32_t> class_index_;
  std::array<std::uint32_t, fact_count> fact_bits_{};
  std::unordered_map<std::uint32_t, std::uint32_t> status_bits_;  // subject * 1000 + detail
  std::uint32_t concept_count_ = 0;
  ConceptSet asked_;                           // concepts that a meaning or Reading asks for
  std::vector<std::uint32_t> told_bits_;       // concepts whose words are told where a fact decided
  std::optional<std::uint32_t> dns_list_bit_;  // concepts that Reading itself asks for
  std::optional<std::uint32_t> listed_bit_;
  std::optional<std::uint32_t> pool_bit_;
  std::vector<CompiledMeaning> meanings_;
  // Places in `meanings_` by the bit of the first concept they need, and last of all those that
  // need none: few of them can hold, so the others are not looked at.
  std::vector<std::vector<std::uint32_t>> meanings_by_need_;
  std::vector<Scanner::Input> inputs_;
  std::vector<PatternUse> word_uses_;
  std::vector<PatternUse> code_uses_;
  std::unique_ptr<Scanner> words_;  // over the masked text
  std::unique_ptr<Scanner> codes_;  // over the plain text
};

// Buffers of one thread.
class Reader::Session {
 public:
  explicit Session(const Reader& reader)
      : word_scratch_(*reader.words_), code_scratch_(*reader.codes_) {}

 private:
  friend class Reader;
  friend class Reading;
  Scanner::Scratch word_scratch_;
  Scanner::Scratch code_scratch_;
  Transcript transcript_;
  TextView view_;
  std::vector<Match> word_matches_;
  std::vector<Match> code_matches_;
};

}  // namespace leumund::diagnosis
