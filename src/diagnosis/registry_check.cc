#include "diagnosis/registry_check.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "diagnosis/text_view.h"

namespace leumund::diagnosis {
namespace {

RE2::Options bytes() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  return options;
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Check {
 public:
  Check(const Reader& reader, std::string_view source)
      : reader_(reader), session_(reader), source_(source) {}

  std::vector<std::string> problems() {
    check_patterns();
    for (const Concept& one : reader_.registry().concepts) check_concept(one);
    for (const Meaning& one : reader_.registry().meanings) check_meaning(one);
    for (const Provider& one : reader_.registry().providers) {
      for (std::size_t k = 0; k < one.replies.size(); ++k) {
        if (!mine(one.replies[k].pattern.where)) continue;
        check_reply(one, k);
        check_anchors(one.replies[k].pattern);
      }
    }
    return std::move(problems_);
  }

 private:
  [[nodiscard]] bool mine(std::string_view where) const {
    return where.starts_with(source_) && where.substr(source_.size()).starts_with(':');
  }
  template <typename... Parts>
  void say(std::string_view where, fmt::format_string<Parts...> text, Parts&&... parts) {
    problems_.push_back(
        fmt::format("{}: {}", where, fmt::format(text, std::forward<Parts>(parts)...)));
  }

  void check_patterns() {
    std::vector<Scanner::Input> own;
    for (const Scanner::Input& input : reader_.patterns()) {
      if (!mine(input.origin)) continue;
      if (input.sample.empty()) {
        problems_.push_back(fmt::format("{}: '{}' has no sample", input.origin, input.re));
      } else {
        own.push_back(input);
      }
    }
    if (own.empty()) return;
    const auto scanner = Scanner::compile(own);
    if (!scanner) {
      problems_.push_back(scanner.error().message);
      return;
    }
    Scanner::Scratch scratch(**scanner);
    TextView view;
    std::vector<Match> matches;
    for (std::uint32_t i = 0; i < own.size(); ++i) {
      view.read(own[i].sample, reader_);
      const std::string_view seen = own[i].masked ? view.masked() : view.plain();
      matches.clear();
      (*scanner)->scan(seen, scratch, matches);
      if (std::none_of(matches.begin(), matches.end(),
                       [i](const Match& match) { return match.pattern == i; })) {
        problems_.push_back(fmt::format("{}: '{}' does not read its sample '{}', seen as '{}'",
                                        own[i].origin, own[i].re, own[i].sample, seen));
      }
    }
  }

  // Words that say something no rule asks for change nothing.
  void check_concept(const Concept& one) {
    if (reader_.asks_for(one.id)) return;
    for (const auto* patterns : {&one.patterns, &one.pages}) {
      for (const Pattern& pattern : *patterns) {
        if (!mine(pattern.where)) continue;
        say(pattern.where, "concept '{}' is asked for by no meaning: its words decide nothing",
            one.id);
        return;
      }
    }
  }

  void check_meaning(const Meaning& one) {
    if (!mine(one.where)) return;
    if (one.sample.empty()) {
      say(one.where, "meaning '{}' has no sample", one.id);
      return;
    }
    const Diagnosis found = reader_.diagnose({.text = one.sample}, session_);
    if (found.meaning == one.id) return;
    say(one.where, "meaning '{}' does not win for its sample '{}': '{}' does", one.id, one.sample,
        found.meaning);
  }

  void check_reply(const Provider& provider, std::size_t place) {
    const ProviderReply& reply = provider.replies[place];
    if (reply.pattern.sample.empty()) return;  // said already
    TextView view;
    view.read(reply.pattern.sample, reader_);
    const std::string text(view.plain());
    for (std::size_t k = 0; k < place; ++k) {
      const Pattern& earlier = provider.replies[k].pattern;
      if (!RE2::PartialMatch(text, RE2(earlier.re, bytes()))) continue;
      say(reply.pattern.where, "provider '{}': '{}' never wins: its sample is read by '{}' ({})",
          provider.id, reply.pattern.re, earlier.re, earlier.where);
      return;
    }
    const Diagnosis found =
        reader_.diagnose({.text = reply.pattern.sample, .provider = provider.id}, session_);
    const std::string wanted = provider.id + "/" + reply.reply_class;
    if (found.meaning == wanted) return;
    say(reply.pattern.where, "provider '{}': '{}' does not decide its sample: '{}' does",
        provider.id, reply.pattern.re, found.meaning);
  }

  // "5.7.1" must not be found inside "5.7.133", nor "S3150" inside "S31501".
  void check_anchors(const Pattern& pattern) {
    const RE2 re(pattern.re, bytes());
    TextView view;
    view.read(pattern.sample, reader_);
    const std::string text(view.plain());
    re2::StringPiece match;
    if (!re.Match(text, 0, text.size(), RE2::UNANCHORED, &match, 1) || match.empty()) return;
    const std::string longer = match.as_string();
    if (is_digit(longer.front()) && RE2::PartialMatch("9" + longer, re) &&
        RE2::PartialMatch("1." + longer, re)) {
      say(pattern.where, "'{}' is not anchored before its number", pattern.re);
    }
    const bool open_end = pattern.re.find("\\d+") != std::string::npos ||
                          pattern.re.find("\\w*") != std::string::npos;
    if (is_digit(longer.back()) && !open_end && RE2::PartialMatch(longer + "33", re)) {
      say(pattern.where, "'{}' is not anchored behind its number", pattern.re);
    }
  }

  const Reader& reader_;
  Reader::Session session_;
  std::string_view source_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> check_registry(const Reader& reader, std::string_view source) {
  return Check(reader, source).problems();
}

}  // namespace leumund::diagnosis
