#include "diagnosis/scanner.h"

#include <fmt/format.h>
#include <hs/hs.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/check.h"
#include "diagnosis/literal_set.h"
#include "diagnosis/pattern_split.h"

namespace leumund::diagnosis {
namespace {

using base::Error;
using base::ErrorCode;

// A piece of a sequence is counted from its end, so what it may be long is added to the gap.
constexpr std::uint32_t longest_piece_bytes = 28;
constexpr std::size_t longest_evidence_bytes = 120;
constexpr std::uint32_t needs_nothing = 0xFFFFFFFF;

RE2::Options re2_options() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);  // bytes, as Hyperscan reads them
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  return options;
}

constexpr bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

int note_match(unsigned id, unsigned long long, unsigned long long to, unsigned, void* context) {
  auto& out = *static_cast<std::vector<Match>*>(context);
  const auto end = static_cast<std::uint32_t>(to);
  out.push_back({.pattern = id, .end = end, .begin = end});
  return 0;
}

}  // namespace

Scanner::Scanner() = default;
Scanner::~Scanner() { hs_free_database(database_); }

// Collects the pieces of all patterns, each text once, and compiles the two databases.
class Scanner::Builder {
 public:
  explicit Builder(Scanner& scanner) : scanner_(scanner) {}

  void add(std::uint32_t pattern, const std::string& re) {
    const SplitPattern split = split_pattern(re);
    if (!split.plain.empty()) {
      // Alternatives one by one: one that cannot be written out does not keep the others from it.
      for (const std::string& branch : alternatives_of(split.plain)) {
        add_piece(branch, {.pattern = pattern});
      }
    }
    for (const auto& sequence : split.sequences) {
      for (std::size_t k = 0; k < sequence.size(); ++k) {
        scanner_.gap_bytes_sets_.push_back(std::make_unique<std::string>(sequence[k].not_in_gap));
        add_piece(sequence[k].re, {.pattern = pattern,
                                   .progress = ++scanner_.piece_count_,
                                   .gap_bytes = static_cast<std::uint32_t>(sequence[k].gap_bytes),
                                   .first = k == 0,
                                   .last = k + 1 == sequence.size(),
                                   .not_in_gap = *scanner_.gap_bytes_sets_.back()});
      }
    }
  }

  base::Status compile(std::span<const Input> patterns) {
    flatten(texts_, scanner_.texts_, true);
    flatten(expressions_, scanner_.expressions_, false);
    for (const Use& use : scanner_.uses_) {
      const bool later = use.progress != 0 && !use.first;
      scanner_.piece_before_.push_back(later ? use.progress - 2 : needs_nothing);
    }
    compile_texts();
    return compile_expressions(patterns);
  }

 private:
  using Collected = std::map<std::string, std::vector<Use>>;

  void add_piece(const std::string& piece, Use use) {
    const auto literals = write_out(piece);
    if (!literals) {
      expressions_[piece].push_back(use);
      return;
    }
    for (const Literal& literal : *literals) {
      use.word_begin = literal.word_begin;
      use.word_end = literal.word_end;
      use.text_begin = literal.text_begin;
      use.text_end = literal.text_end;
      texts_[literal.text].push_back(use);
    }
  }

  void flatten(const Collected& from, std::vector<Uses>& to, bool texts) {
    for (const auto& [text, uses] : from) {
      to.push_back({.first = static_cast<std::uint32_t>(scanner_.uses_.size()),
                    .count = static_cast<std::uint32_t>(uses.size()),
                    .least = texts ? static_cast<std::uint32_t>(text.size()) : 0U});
      if (!texts) measure(text, to.back());
      scanner_.uses_.insert(scanner_.uses_.end(), uses.begin(), uses.end());
    }
  }

  // A scan tells where an expression's match ends, not where it begins.
  static void measure(const std::string& expression, Uses& form) {
    hs_expr_info_t* info = nullptr;
    hs_compile_error_t* failure = nullptr;
    if (hs_expression_info(expression.c_str(), 0, &info, &failure) != HS_SUCCESS) {
      hs_free_compile_error(failure);  // compiling it will say the same, with its origin
      return;
    }
    form.least = info->min_width;
    form.spread = std::min(info->max_width - info->min_width, longest_piece_bytes);
    std::free(info);
  }

  void compile_texts() {
    std::vector<std::string> texts;
    for (const auto& [text, uses] : texts_) texts.push_back(text);
    scanner_.automaton_ = std::make_unique<TextAutomaton>(texts);
  }

  base::Status compile_expressions(std::span<const Input> patterns) {
    if (expressions_.empty()) return {};
    std::vector<const char*> pointers;
    std::vector<unsigned> ids;
    for (const auto& [text, uses] : expressions_) {
      ids.push_back(static_cast<unsigned>(pointers.size()));
      pointers.push_back(text.c_str());
    }
    const std::vector<unsigned> flags(pointers.size(), 0);
    hs_compile_error_t* failure = nullptr;
    if (hs_compile_multi(pointers.data(), flags.data(), ids.data(),
                         static_cast<unsigned>(pointers.size()), HS_MODE_BLOCK, nullptr,
                         &scanner_.database_, &failure) == HS_SUCCESS) {
      return {};
    }
    Error error{ErrorCode::malformed, fmt::format("registry: {}", failure->message)};
    if (failure->expression >= 0) {
      const auto at = static_cast<std::size_t>(failure->expression);
      const Use& use = scanner_.uses_[scanner_.expressions_[at].first];
      error.message = fmt::format("{}: pattern '{}', at '{}': {}", patterns[use.pattern].origin,
                                  patterns[use.pattern].re, pointers[at], failure->message);
    }
    hs_free_compile_error(failure);
    return error;
  }

  Scanner& scanner_;
  Collected texts_;
  Collected expressions_;
};

base::Result<std::unique_ptr<Scanner>> Scanner::compile(std::span<const Input> patterns) {
  std::unique_ptr<Scanner> scanner(new Scanner);
  const RE2::Options options = re2_options();
  for (const Input& input : patterns) {
    auto one = std::make_unique<RE2>(input.re, options);
    if (!one->ok()) {
      return Error{ErrorCode::malformed,
                   fmt::format("{}: pattern '{}': {}", input.origin, input.re, one->error())};
    }
    if (RE2::PartialMatch("", *one)) {
      return Error{ErrorCode::malformed,
                   fmt::format("{}: pattern '{}' matches the empty text", input.origin, input.re)};
    }
    scanner->patterns_.push_back(std::move(one));
  }
  Builder builder(*scanner);
  for (std::uint32_t i = 0; i < patterns.size(); ++i) builder.add(i, patterns[i].re);
  if (auto done = builder.compile(patterns); !done) return done.error();
  return scanner;
}

Scanner::Scratch::Scratch(const Scanner& scanner)
    : progress_(scanner.piece_count_), begun_(scanner.piece_count_) {
  if (scanner.database_ == nullptr) return;
  CHECK(hs_alloc_scratch(scanner.database_, &handle_) == HS_SUCCESS);
}
Scanner::Scratch::~Scratch() { hs_free_scratch(handle_); }

void Scanner::advance(const Use& use, const Uses& form, std::uint32_t end, std::string_view text,
                      Scratch& scratch, std::vector<Match>& out) const {
  const std::uint32_t begin = end - std::min(form.least, end);
  if (use.word_begin && begin > 0 && is_word_char(text[begin - 1])) return;
  if (use.word_end && end < text.size() && is_word_char(text[end])) return;
  if ((use.text_begin && begin > 0) || (use.text_end && end < text.size())) return;
  if (use.progress == 0) {
    if (out.empty() || out.back().pattern != use.pattern) {
      out.push_back({.pattern = use.pattern, .end = end, .begin = form.spread > 0 ? end : begin});
    }
    return;
  }
  auto& here = scratch.progress_[use.progress - 1];
  if (use.first) {
    scratch.begin_piece(use.progress - 1);
    here = {.end = end, .begin = begin};
    return;
  }
  const auto& before = scratch.progress_[use.progress - 2];
  if (end <= before.end) return;
  if (begin < before.end || begin - before.end > use.gap_bytes + form.spread) return;
  // What may belong to the piece need not be free of what ends a gap.
  const std::uint32_t unsure = std::min(begin - before.end, form.spread);
  const std::string_view gap = text.substr(before.end, begin - unsure - before.end);
  for (std::size_t i = 0; i < gap.size(); ++i) {
    if (use.not_in_gap.find(gap[i]) == std::string_view::npos) continue;
    // A full stop inside a number or a name ends no clause.
    if (gap[i] != '.' || i + 1 == gap.size() || gap[i + 1] == ' ') return;
  }
  if (use.last) {
    out.push_back({.pattern = use.pattern, .end = end, .begin = before.begin});
    return;
  }
  scratch.begin_piece(use.progress - 1);
  here = {.end = end, .begin = before.begin};
}

void Scanner::scan(std::string_view text, Scratch& scratch, std::vector<Match>& out) const {
  auto& texts = scratch.text_matches_;
  auto& expressions = scratch.expression_matches_;
  texts.clear();
  expressions.clear();
  automaton_->scan(text, [&](std::uint32_t id, std::uint32_t end) {
    texts.push_back({.pattern = id, .end = end, .begin = end});
  });
  if (database_ != nullptr) {
    CHECK(hs_scan(database_, text.data(), static_cast<unsigned>(text.size()), 0, scratch.handle_,
                  note_match, &expressions) == HS_SUCCESS);
  }
  const auto take = [&](const Uses& uses, std::uint32_t end) {
    for (std::uint32_t i = uses.first; i < uses.first + uses.count; ++i) {
      const std::uint32_t before = piece_before_[i];
      if (before != needs_nothing && !scratch.begun_[before]) continue;
      advance(uses_[i], uses, end, text, scratch, out);
    }
  };
  auto next = expressions.begin();
  for (const Match& match : texts) {  // both are ordered by end
    for (; next != expressions.end() && next->end < match.end; ++next) {
      take(expressions_[next->pattern], next->end);
    }
    take(texts_[match.pattern], match.end);
  }
  for (; next != expressions.end(); ++next) take(expressions_[next->pattern], next->end);
  for (const std::uint32_t piece : scratch.touched_) {
    scratch.progress_[piece] = {};
    scratch.begun_[piece] = 0;
  }
  scratch.touched_.clear();
}

std::pair<std::size_t, std::size_t> Scanner::locate(const Match& match,
                                                    std::string_view text) const {
  if (match.begin < match.end) return {match.begin, match.end};
  const std::size_t end = match.end;
  const std::size_t from = end > longest_evidence_bytes ? end - longest_evidence_bytes : 0;
  const std::size_t to = std::min(end + longest_piece_bytes, text.size());
  re2::StringPiece found;
  if (patterns_[match.pattern]->Match(re2::StringPiece(text.data(), text.size()), from, to,
                                      RE2::UNANCHORED, &found, 1)) {
    const auto begin = static_cast<std::size_t>(found.data() - text.data());
    return {begin, begin + found.size()};
  }
  return {from, std::min(end, text.size())};
}

}  // namespace leumund::diagnosis
