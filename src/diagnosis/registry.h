// The registries as plain values: lists, providers, words and what they mean. No scanner here.
//
// Flow:    TOML (data/registry, built into the program; an operator's own file) -> Registry ->
//          Reader, which compiles every pattern into one scanner.
// Limits:  a source of at most 4 MiB; at most 256 concepts and 20,000 patterns.
// Errors:  the file, the table and the key that is wrong; a registry is taken whole or not at all.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "diagnosis/diagnosis.h"
#include "diagnosis/reply.h"

namespace leumund::diagnosis {

inline constexpr std::size_t max_concepts = 256;
inline constexpr std::size_t max_patterns = 20'000;
inline constexpr std::size_t max_pattern_bytes = 4096;
inline constexpr std::size_t max_registry_bytes = 4 * 1024 * 1024;

// A pattern with one text that it is there for. RE2 syntax without assertions but \b, ^ and $.
struct Pattern {
  std::string re;
  std::string sample;
  std::string where = {};  // "own.toml:12", for messages
};

// Words of any language that say the same thing.
struct Concept {
  std::string id;
  std::vector<Pattern> patterns;
  std::vector<Pattern> pages;  // addresses that say it, in the plain text
  std::string source;
};

// What a reply means when it says these things together. The heaviest that holds decides.
struct Meaning {
  std::string id;
  std::vector<std::string> needs;   // all of these concepts
  std::vector<std::string> any;     // and at least one of these, if there are any
  std::vector<std::string> unless;  // and none of these
  double weight = 0;                // 0 to 100: how surely it is what the reply is about
  Kind kind = Kind::other;
  std::string detail;
  std::string reason;
  Scope scope = Scope::message;
  Fault fault = Fault::unknown;
  std::string advice;
  std::string sample;
  std::string where;
};

// A DNS list or a private list that replies name.
struct BlockList {
  std::string id;
  std::string name;
  std::string family;   // lists of one operator; a named member beats the family's name
  std::string part_of;  // another list that holds it: where both are named, this is meant
  std::vector<std::string> hosts;  // zones and web pages, as host suffixes
  std::vector<Pattern> names;      // how texts call it (masked text)
  std::vector<Pattern> pages;      // addresses of its pages (plain text)
  std::string lookup_url;
  std::string delist_url;
  std::string delist_method;
  bool lists_domains = false;
  bool dead = false;
  bool family_name = false;  // the operator's name, not one list
  bool umbrella = false;     // several lists of its family in one zone

  // Of one family only what is named most exactly is reported: a list beats the zone that holds
  // several, and that beats the operator's name.
  [[nodiscard]] int exactness() const { return family_name ? 0 : umbrella ? 1 : 2; }
};

struct ProviderReply {
  Pattern pattern;
  std::string reply_class;
  std::string scope;
  std::string meaning;
  std::string action;
  std::string list;    // the list this code stands for, comma-separated ids; "" none
  std::string detail;  // instead of the class's own
  bool alone = false;  // nobody else writes like this: it tells the provider by itself
};

struct Provider {
  std::string id;
  std::string name;
  std::string private_list;  // id under which its own list is reported
  std::vector<std::string> mx_suffixes;
  std::vector<std::string> domains;
  std::vector<std::string> hosts;      // further host suffixes that appear in its replies
  std::vector<Pattern> marks;          // texts by which its servers are known
  std::vector<ProviderReply> replies;  // the first that matches wins
  std::string delist_url;
  std::string delist_method;
  std::string delist_email;
  std::string delist_note;
  std::string postmaster_url;
  std::string country;              // "DE"
  std::uint32_t block_hours = 0;    // that a block usually stands; 0 unknown
  bool low_confidence = false;      // from memory: its pages are to be checked
  std::vector<std::string> beside;  // of the same company, but with a door of their own
};

// How answers within answers and the stage of the dialogue are told.
struct Marker {
  Pattern pattern;
  std::uint32_t back = 0;  // the inner answer starts this many bytes before the match's end
  std::string kind;        // "answer" (a remote's answer follows), "wrapper" or "stage"
  Stage stage = Stage::unknown;
};

// Where the words of a [[reason]] are looked for (data/registry/reasons.toml).
enum class ReasonPlace : std::uint8_t { sending_side, usual, telling, status, loose_status };
inline constexpr std::size_t reason_place_count = 5;

struct ReasonWords {
  std::string reason;  // in Sisimai's vocabulary
  std::string words;   // plain text in small letters; of a status ".SUBJECT.DETAIL"
};

struct Registry {
  std::vector<Concept> concepts;
  std::vector<Meaning> meanings;
  std::vector<Meaning> classes;  // what a provider's reply class means; `id` is the class
  std::vector<BlockList> lists;
  std::vector<Provider> providers;
  std::vector<Marker> markers;
  // Of each place in the order in which they decide.
  std::array<std::vector<ReasonWords>, reason_place_count> reasons;

  [[nodiscard]] const std::vector<ReasonWords>& reason_words(ReasonPlace place) const {
    return reasons[static_cast<std::size_t>(place)];
  }
};

struct RegistrySource {
  std::string_view name;  // file name, for messages
  std::string_view text;  // TOML
};

// The sources that are part of the program.
[[nodiscard]] std::span<const RegistrySource> embedded_registry();

// Reads the sources in order into one registry; a later one adds patterns to what it names again.
[[nodiscard]] base::Result<Registry> read_registry(std::span<const RegistrySource> sources);

}  // namespace leumund::diagnosis
