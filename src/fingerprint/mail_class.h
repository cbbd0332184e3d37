// What a mail is for: rules of the operator, then what its headers say.
//
// A rule is one line: the class, then one or more conditions, all of which must hold:
//
//     invoice subject:*rechnung* -subject:*mahnung*
//     ticket  header:x-rt-ticket
//     booking script:*/drkcms/* sender:kurse@*
//     bulk    sign:list
//
// A condition is WHAT:PATTERN; "-" before it turns it round. WHAT is subject, sender, account,
// script, helo, recipient, header (NAME or NAME=PATTERN) or sign (a mail_sign_name). A pattern
// knows "*"; it is compared as people read (in any case, lookalikes folded); quotes hold blanks
// together.
// Lines that are empty or begin with "#" say nothing. The first rule that holds decides.
//
// Limits:  200 rules, 8 conditions each, 200 bytes a pattern.
// Errors:  malformed, with the rule and what is wrong with it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/fingerprint.h"

namespace leumund::fingerprint {

// What the rules look at. Views.
struct ClassInput {
  std::string_view subject = {};  // decoded
  std::string_view sender = {};
  std::string_view account = {};
  std::string_view script = {};
  std::string_view helo = {};
  std::span<const std::string> recipients = {};
  std::span<const std::pair<std::string, std::string>> headers = {};  // names in lower case
  std::uint32_t signs = 0;
  bool forwarded = false;
};

class ClassRules {
 public:
  // No rules: only what the headers say.
  ClassRules() = default;
  // German and English subjects and the headers of known systems.
  [[nodiscard]] static ClassRules defaults();
  // The operator's rules first, then those.
  [[nodiscard]] static base::Result<ClassRules> with_defaults(std::span<const std::string> own);
  [[nodiscard]] static base::Result<ClassRules> parse(std::span<const std::string> lines);

  // Forwarded mail is `forward` whatever the rules say. Without a rule that holds: `bulk` for list
  // mail, `automatic` for machine mail, else `personal`.
  [[nodiscard]] model::MailClass class_of(const ClassInput& input) const;

  [[nodiscard]] std::size_t size() const { return rules_.size(); }
  // In lower case, those of `header:` conditions, some more than once.
  [[nodiscard]] std::vector<std::string> header_names() const;

 private:
  enum class What : std::uint8_t {
    subject,
    sender,
    account,
    script,
    helo,
    recipient,
    header,
    sign
  };
  struct Condition {
    What what = What::subject;
    bool negated = false;
    std::string name;     // of the header
    std::string pattern;  // folded
    model::MailSign sign = model::MailSign::auto_submitted;
  };
  struct Rule {
    model::MailClass mail_class = model::MailClass::unknown;
    std::vector<Condition> conditions;
  };

  [[nodiscard]] static base::Result<Rule> parse_rule(std::string_view line);
  [[nodiscard]] static base::Result<Condition> parse_condition(std::string_view word);
  // `texts`: subject, sender, account, script and helo as they are compared.
  using Texts = std::array<std::string, 5>;
  [[nodiscard]] static bool holds(const Condition& condition, const ClassInput& input,
                                  const Texts& texts);

  std::vector<Rule> rules_;
};

// Glob with "*" only; both already folded.
[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace leumund::fingerprint
