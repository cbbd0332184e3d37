#include "diagnosis/scanner.h"

#include <fmt/format.h>
#include <hs/hs.h>
#include <re2/re2.h>

#include "base/check.h"

namespace leumund::diagnosis {
namespace {

using base::Error;
using base::ErrorCode;

RE2::Options re2_options() {
  RE2::Options options;
  options.set_case_sensitive(false);
  options.set_encoding(RE2::Options::EncodingLatin1);  // bytes, as Hyperscan reads them
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  return options;
}

int note_match(unsigned id, unsigned long long, unsigned long long to, unsigned, void* context) {
  auto& out = *static_cast<std::vector<Match>*>(context);
  out.push_back({.pattern = id, .end = static_cast<std::uint32_t>(to)});
  return 0;
}

}  // namespace

Scanner::Scanner() = default;
Scanner::~Scanner() { hs_free_database(database_); }

base::Result<std::unique_ptr<Scanner>> Scanner::compile(std::span<const Input> patterns) {
  std::unique_ptr<Scanner> scanner(new Scanner);
  std::vector<const char*> expressions;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  const RE2::Options options = re2_options();
  for (const Input& input : patterns) {
    auto one = std::make_unique<RE2>(input.re, options);
    if (!one->ok()) {
      return Error{ErrorCode::malformed,
                   fmt::format("{}: pattern '{}': {}", input.origin, input.re, one->error())};
    }
    if (RE2::PartialMatch("", *one)) {
      return Error{ErrorCode::malformed, fmt::format("{}: pattern '{}' matches the empty text",
                                                     input.origin, input.re)};
    }
    ids.push_back(static_cast<unsigned>(expressions.size()));
    expressions.push_back(input.re.c_str());
    flags.push_back(HS_FLAG_CASELESS);
    scanner->patterns_.push_back(std::move(one));
  }
  hs_compile_error_t* failure = nullptr;
  if (hs_compile_multi(expressions.data(), flags.data(), ids.data(),
                       static_cast<unsigned>(expressions.size()), HS_MODE_BLOCK, nullptr,
                       &scanner->database_, &failure) != HS_SUCCESS) {
    const int at = failure->expression;
    Error error{ErrorCode::malformed,
                at < 0 ? fmt::format("registry: {}", failure->message)
                       : fmt::format("{}: pattern '{}': {}",
                                     patterns[static_cast<std::size_t>(at)].origin,
                                     patterns[static_cast<std::size_t>(at)].re, failure->message)};
    hs_free_compile_error(failure);
    return error;
  }
  return scanner;
}

Scanner::Scratch::Scratch(const Scanner& scanner) {
  CHECK(hs_alloc_scratch(scanner.database_, &handle_) == HS_SUCCESS);
}
Scanner::Scratch::~Scratch() { hs_free_scratch(handle_); }

void Scanner::scan(std::string_view text, Scratch& scratch, std::vector<Match>& out) const {
  CHECK(hs_scan(database_, text.data(), static_cast<unsigned>(text.size()), 0, scratch.handle_,
                note_match, &out) == HS_SUCCESS);
}

std::pair<std::size_t, std::size_t> Scanner::locate(std::uint32_t pattern, std::string_view text,
                                                    std::size_t not_before_end) const {
  const RE2& re = *patterns_[pattern];
  std::size_t at = 0;
  std::pair<std::size_t, std::size_t> last{0, 0};
  re2::StringPiece found;
  while (at < text.size() &&
         re.Match(re2::StringPiece(text.data(), text.size()), at, text.size(), RE2::UNANCHORED,
                  &found, 1)) {
    const auto begin = static_cast<std::size_t>(found.data() - text.data());
    last = {begin, begin + found.size()};
    if (last.second >= not_before_end) return last;
    at = last.second > at ? last.second : at + 1;
  }
  return last;
}

}  // namespace leumund::diagnosis
