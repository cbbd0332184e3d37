#include "intake/spf_check.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "wire/spf_record.h"

namespace leumund::intake {
namespace {

using net::DnsAnswer;
using net::Found;
using net::RecordType;
using wire::SpfKind;
using wire::SpfTerm;

constexpr unsigned lookups_max = 10;
constexpr unsigned void_lookups_max = 2;
constexpr std::size_t names_max = 10;
constexpr std::size_t label_bytes_max = 63;
constexpr std::size_t name_bytes_max = 253;

bool is_domain(std::string_view name) {
  if (name.size() > name_bytes_max || !name.contains('.')) return false;
  while (!name.empty()) {
    const auto dot = std::min(name.find('.'), name.size());
    if (dot == 0 || dot > label_bytes_max) return false;
    if (dot + 1 == name.size()) return false;
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return true;
}

SpfResult result_of(wire::SpfQualifier qualifier) {
  switch (qualifier) {
    case wire::SpfQualifier::pass: return SpfResult::pass;
    case wire::SpfQualifier::fail: return SpfResult::fail;
    case wire::SpfQualifier::softfail: return SpfResult::softfail;
    case wire::SpfQualifier::neutral: return SpfResult::neutral;
  }
  return SpfResult::neutral;
}

class Checker {
 public:
  Checker(const SpfQuestion& question, const DnsLookUp& ask) : question_(question), ask_(ask) {}

  SpfVerdict check(const std::string& domain);

 private:
  // Whether a term matches; an error ends it all.
  enum class Match : std::uint8_t { yes, no, error };

  [[nodiscard]] std::optional<std::string> record_of(const std::string& domain);
  Match matches(const SpfTerm& term, const std::string& domain);
  Match addresses_match(const std::string& name, const SpfTerm& term);
  Match mx_matches(const std::string& name, const SpfTerm& term);
  Match ptr_matches(const std::string& name);
  Match include_matches(const std::string& name);
  std::optional<DnsAnswer> look_up(std::string name, RecordType type, bool counts_void = true);
  Match fail_with(SpfResult error, std::string trouble) {
    error_ = {error, "", std::move(trouble), lookups_};
    return Match::error;
  }
  [[nodiscard]] RecordType own_type() const {
    return question_.address.is_v4() ? RecordType::a : RecordType::aaaa;
  }
  [[nodiscard]] std::string expanded(const SpfTerm& term, const std::string& domain) const {
    return term.domain.empty() ? domain : name_of(term.domain, domain);
  }
  [[nodiscard]] std::string name_of(const std::string& spec, const std::string& domain) const {
    return wire::expand_spf(spec, {question_.sender, domain, question_.helo, question_.address});
  }
  // A term that asks the DNS; false when it is one too many.
  bool spend(std::string_view term) {
    if (++lookups_ <= lookups_max) return true;
    std::ignore = fail_with(
        SpfResult::permerror,
        fmt::format("more than {} terms ask the DNS; '{}' is one too many", lookups_max, term));
    return false;
  }

  const SpfQuestion& question_;
  const DnsLookUp& ask_;
  unsigned lookups_ = 0;
  unsigned voids_ = 0;
  SpfVerdict error_;
};

// Nothing: an error stands in error_.
std::optional<DnsAnswer> Checker::look_up(std::string name, RecordType type, bool counts_void) {
  // A name that macros made impossible exists nowhere.
  DnsAnswer answer;
  answer.found = Found::no;
  if (is_domain(name)) answer = ask_({name, type});
  if (answer.found == Found::unknown) {
    std::ignore = fail_with(SpfResult::temperror, fmt::format("{}: {}", name, answer.trouble));
    return std::nullopt;
  }
  if (answer.found == Found::no && counts_void && ++voids_ > void_lookups_max) {
    std::ignore = fail_with(
        SpfResult::permerror,
        fmt::format("more than {} names lead nowhere; {} is one too many", void_lookups_max, name));
    return std::nullopt;
  }
  return answer;
}

Checker::Match Checker::addresses_match(const std::string& name, const SpfTerm& term) {
  const auto answer = look_up(name, own_type());
  if (!answer) return Match::error;
  const auto same = [&](const base::IpAddress& one) {
    return one.is_v4() == question_.address.is_v4() &&
           one.masked(term.bits4, term.bits6) == question_.address.masked(term.bits4, term.bits6);
  };
  return std::any_of(answer->addresses.begin(), answer->addresses.end(), same) ? Match::yes
                                                                               : Match::no;
}

Checker::Match Checker::mx_matches(const std::string& name, const SpfTerm& term) {
  const auto answer = look_up(name, RecordType::mx);
  if (!answer) return Match::error;
  if (answer->mails.size() > names_max) {
    return fail_with(SpfResult::permerror, fmt::format("{} has more than {} MX", name, names_max));
  }
  for (const auto& [preference, host] : answer->mails) {
    const Match match = host.empty() ? Match::no : addresses_match(host, term);
    if (match != Match::no) return match;
  }
  return Match::no;
}

// A PTR that cannot be had matches nothing: never an error (RFC 7208, 5.5).
Checker::Match Checker::ptr_matches(const std::string& name) {
  const DnsAnswer names = ask_({net::reverse_name(question_.address), RecordType::ptr});
  if (names.found == Found::no && ++voids_ > void_lookups_max) {
    return fail_with(SpfResult::permerror, "too many names lead nowhere");
  }
  for (std::size_t i = 0; i < std::min(names.texts.size(), names_max); ++i) {
    const std::string& host = names.texts[i];
    if (host != name && !host.ends_with("." + name)) continue;
    const auto back = ask_({host, own_type()}).addresses;
    if (std::find(back.begin(), back.end(), question_.address) != back.end()) return Match::yes;
  }
  return Match::no;
}

Checker::Match Checker::include_matches(const std::string& name) {
  const SpfVerdict inner = check(name);
  switch (inner.result) {
    case SpfResult::pass: return Match::yes;
    case SpfResult::fail:
    case SpfResult::softfail:
    case SpfResult::neutral: return Match::no;
    case SpfResult::none:
      return fail_with(SpfResult::permerror, fmt::format("{} has no SPF record", name));
    case SpfResult::temperror:
    case SpfResult::permerror: return fail_with(inner.result, inner.trouble);
  }
  return Match::no;
}

Checker::Match Checker::matches(const SpfTerm& term, const std::string& domain) {
  const bool asks =
      term.kind != SpfKind::all && term.kind != SpfKind::ip4 && term.kind != SpfKind::ip6;
  if (asks && !spend(term.text)) return Match::error;
  switch (term.kind) {
    case SpfKind::all: return Match::yes;
    case SpfKind::ip4:
    case SpfKind::ip6: return term.network.contains(question_.address) ? Match::yes : Match::no;
    case SpfKind::a: return addresses_match(expanded(term, domain), term);
    case SpfKind::mx: return mx_matches(expanded(term, domain), term);
    case SpfKind::ptr: return ptr_matches(expanded(term, domain));
    case SpfKind::include: return include_matches(expanded(term, domain));
    case SpfKind::exists: {
      const auto answer = look_up(expanded(term, domain), RecordType::a);
      if (!answer) return Match::error;
      return answer->found == Found::yes ? Match::yes : Match::no;
    }
  }
  return Match::no;
}

// Nothing where there is none, or where error_ says why.
std::optional<std::string> Checker::record_of(const std::string& domain) {
  const auto answer = look_up(domain, RecordType::txt, false);
  if (!answer) return std::nullopt;
  std::vector<std::string> records;
  std::copy_if(answer->texts.begin(), answer->texts.end(), std::back_inserter(records),
               [](const std::string& text) { return wire::is_spf_record(text); });
  if (records.size() > 1) {
    std::ignore = fail_with(SpfResult::permerror,
                            fmt::format("{} has {} SPF records", domain, records.size()));
  }
  if (records.size() != 1) return std::nullopt;
  return std::move(records.front());
}

SpfVerdict Checker::check(const std::string& domain) {
  error_ = {};
  if (!is_domain(domain)) return {SpfResult::none, "", "", lookups_};
  const auto text = record_of(domain);
  if (!text)
    return error_.result == SpfResult::none ? SpfVerdict{SpfResult::none, "", "", lookups_}
                                            : error_;
  const auto record = wire::parse_spf_record(*text);
  if (!record) {
    return {SpfResult::permerror, "", fmt::format("{}: {}", domain, record.error().message),
            lookups_};
  }
  for (const SpfTerm& term : record->terms) {
    const Match match = matches(term, domain);
    if (match == Match::error) return error_;
    if (match == Match::yes) return {result_of(term.qualifier), term.text, "", lookups_};
  }
  if (record->redirect.empty()) return {SpfResult::neutral, "", "", lookups_};
  if (!spend("redirect=" + record->redirect)) return error_;
  const std::string target = name_of(record->redirect, domain);
  SpfVerdict there = check(target);
  if (there.result != SpfResult::none) return there;
  return {SpfResult::permerror, "", fmt::format("{} has no SPF record", target), lookups_};
}

}  // namespace

std::string_view spf_result_name(SpfResult result) {
  switch (result) {
    case SpfResult::none: return "none";
    case SpfResult::neutral: return "neutral";
    case SpfResult::pass: return "pass";
    case SpfResult::fail: return "fail";
    case SpfResult::softfail: return "softfail";
    case SpfResult::temperror: return "temperror";
    case SpfResult::permerror: return "permerror";
  }
  return "none";
}

SpfVerdict check_spf(const SpfQuestion& question, const DnsLookUp& ask) {
  return Checker(question, ask).check(question.domain);
}

}  // namespace leumund::intake
