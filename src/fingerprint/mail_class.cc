#include "fingerprint/mail_class.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "wire/lookalikes.h"

namespace leumund::fingerprint {
namespace {

using base::Error;
using base::ErrorCode;
using model::MailClass;
using model::MailSign;

constexpr std::size_t rules_max = 200;
constexpr std::size_t conditions_max = 8;
constexpr std::size_t pattern_bytes = 200;

constexpr std::array default_rules = {
    R"(ticket header:x-rt-ticket)",
    R"(ticket header:x-otrs-ticketnumber)",
    R"(ticket header:x-zammad-ticket-id)",
    R"(ticket header:x-redmine-issue-id)",
    R"(ticket header:x-github-reason)",
    R"(ticket header:x-gitlab-issue-id)",
    R"(ticket header:x-jira-fingerprint)",
    R"(ticket subject:"*[ticket#*" -sign:list)",
    R"(bulk sign:list)",
    R"(bulk sign:unsubscribe)",
    R"(bulk sign:bulk_precedence)",
    R"(invoice subject:*rechnung* -subject:re:*)",
    R"(invoice subject:*invoice* -subject:re:*)",
    R"(invoice subject:*receipt* -subject:re:*)",
    R"(invoice subject:*quittung* -subject:re:*)",
    R"(booking sign:calendar)",
    R"(booking subject:*buchung* -subject:re:*)",
    R"(booking subject:*booking* -subject:re:*)",
    R"(booking subject:*reservation* -subject:re:*)",
    R"(booking subject:*reservierung* -subject:re:*)",
    R"(booking subject:*anmeldebestatigung* -subject:re:*)",
    R"(booking subject:*anmeldebestaetigung* -subject:re:*)",
    R"(booking subject:*terminbestatigung* -subject:re:*)",
    R"(booking subject:"*order confirmation*" -subject:re:*)",
    R"(booking subject:*bestellbestatigung* -subject:re:*)",
};

constexpr std::array class_words = {
    std::pair{"personal", MailClass::personal}, std::pair{"booking", MailClass::booking},
    std::pair{"invoice", MailClass::invoice},   std::pair{"ticket", MailClass::ticket},
    std::pair{"bulk", MailClass::bulk},         std::pair{"automatic", MailClass::automatic},
};

std::string folded(std::string_view text) {
  std::string out;
  wire::append_folded(text, out);
  return out;
}

// Takes the next word off the line; quotes hold blanks together and vanish.
std::string take_word(std::string_view& line) {
  while (!line.empty() && (line[0] == ' ' || line[0] == '\t')) line.remove_prefix(1);
  std::string word;
  bool quoted = false;
  while (!line.empty() && (quoted || (line[0] != ' ' && line[0] != '\t'))) {
    if (line[0] == '"') {
      quoted = !quoted;
    } else {
      word.push_back(line[0]);
    }
    line.remove_prefix(1);
  }
  return word;
}

std::optional<MailSign> sign_named(std::string_view name) {
  for (auto i = 0U; i <= static_cast<unsigned>(MailSign::truncated); ++i) {
    const auto sign = static_cast<MailSign>(i);
    if (model::mail_sign_name(sign) == name) return sign;
  }
  return std::nullopt;
}

Error malformed(std::string_view what, std::string_view word) {
  return {ErrorCode::malformed,
          std::string(what) + ": \"" + std::string(word.substr(0, pattern_bytes)) + "\""};
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view text) {
  // The last "*" seen may take one more character whenever what follows does not fit.
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

base::Result<ClassRules::Condition> ClassRules::parse_condition(std::string_view word) {
  const std::string_view whole = word;
  Condition condition;
  condition.negated = word.starts_with('-');
  if (condition.negated) word.remove_prefix(1);
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos)
    return malformed("a class rule's condition has no \":\"", whole);
  const std::string_view what = word.substr(0, colon);
  std::string_view pattern = word.substr(colon + 1);
  if (pattern.empty()) return malformed("a class rule's condition has no pattern", whole);
  if (pattern.size() > pattern_bytes) {
    return Error{ErrorCode::too_large, "a class rule's pattern is over 200 bytes: \"" +
                                           std::string(pattern.substr(0, 40)) + "...\""};
  }
  constexpr std::array names = {"subject", "sender",    "account", "script",
                                "helo",    "recipient", "header",  "sign"};
  const auto* const found = std::find(names.begin(), names.end(), what);
  if (found == names.end()) return malformed("a class rule knows no such condition", whole);
  condition.what = static_cast<What>(found - names.begin());
  if (condition.what == What::sign) {
    const auto sign = sign_named(pattern);
    if (!sign) return malformed("a class rule knows no such sign", whole);
    condition.sign = *sign;
    return condition;
  }
  if (condition.what == What::header) {
    const std::size_t equals = pattern.find('=');
    condition.name = folded(pattern.substr(0, equals));
    pattern = equals == std::string_view::npos ? "*" : pattern.substr(equals + 1);
  }
  condition.pattern = folded(pattern);
  return condition;
}

base::Result<ClassRules::Rule> ClassRules::parse_rule(std::string_view line) {
  std::string_view rest = line;
  const std::string name = take_word(rest);
  Rule rule;
  for (const auto& [word, mail_class] : class_words) {
    if (name == word) rule.mail_class = mail_class;
  }
  if (rule.mail_class == MailClass::unknown) {
    return malformed(
        "a class rule begins with no class (personal, booking, invoice, ticket, bulk, "
        "automatic)",
        line);
  }
  for (std::string word = take_word(rest); !word.empty(); word = take_word(rest)) {
    auto condition = parse_condition(word);
    if (!condition) return condition.error();
    if (rule.conditions.size() == conditions_max) {
      return malformed("a class rule has over 8 conditions", line);
    }
    rule.conditions.push_back(std::move(*condition));
  }
  if (rule.conditions.empty()) return malformed("a class rule has no condition", line);
  return rule;
}

base::Result<ClassRules> ClassRules::parse(std::span<const std::string> lines) {
  ClassRules rules;
  for (const std::string& line : lines) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos || line[begin] == '#') continue;
    auto rule = parse_rule(line);
    if (!rule) return rule.error();
    if (rules.rules_.size() == rules_max) {
      return Error{ErrorCode::too_large, "there are over 200 class rules"};
    }
    rules.rules_.push_back(std::move(*rule));
  }
  return rules;
}

ClassRules ClassRules::defaults() {
  const std::vector<std::string> lines(default_rules.begin(), default_rules.end());
  return parse(lines).value();
}

base::Result<ClassRules> ClassRules::with_defaults(std::span<const std::string> own) {
  auto rules = parse(own);
  if (!rules) return rules.error();
  auto shipped = defaults();
  std::move(shipped.rules_.begin(), shipped.rules_.end(), std::back_inserter(rules->rules_));
  return rules;
}

std::vector<std::string> ClassRules::header_names() const {
  std::vector<std::string> out;
  for (const Rule& rule : rules_) {
    for (const Condition& condition : rule.conditions) {
      if (condition.what == What::header) out.push_back(condition.name);
    }
  }
  return out;
}

bool ClassRules::holds(const Condition& condition, const ClassInput& input, const Texts& texts) {
  const auto fits = [&](std::string_view text) {
    return matches_glob(condition.pattern, folded(text));
  };
  switch (condition.what) {
    case What::subject:
    case What::sender:
    case What::account:
    case What::script:
    case What::helo:
      return matches_glob(condition.pattern, texts[static_cast<std::size_t>(condition.what)]);
    case What::recipient: return std::ranges::any_of(input.recipients, fits);
    case What::header:
      return std::ranges::any_of(input.headers, [&](const auto& header) {
        return header.first == condition.name && fits(header.second);
      });
    case What::sign: return (input.signs >> static_cast<unsigned>(condition.sign) & 1U) != 0;
  }
  return false;
}

model::MailClass ClassRules::class_of(const ClassInput& input) const {
  if (input.forwarded) return MailClass::forward;
  const Texts texts = {folded(input.subject), folded(input.sender), folded(input.account),
                       folded(input.script), folded(input.helo)};
  for (const Rule& rule : rules_) {
    const bool all = std::ranges::all_of(rule.conditions, [&](const Condition& condition) {
      return holds(condition, input, texts) != condition.negated;
    });
    if (all) return rule.mail_class;
  }
  const auto has = [&](MailSign sign) {
    return (input.signs >> static_cast<unsigned>(sign) & 1U) != 0;
  };
  if (has(MailSign::list) || has(MailSign::unsubscribe) || has(MailSign::bulk_precedence)) {
    return MailClass::bulk;
  }
  if (has(MailSign::auto_submitted) || has(MailSign::report)) return MailClass::automatic;
  return MailClass::personal;
}

}  // namespace leumund::fingerprint
