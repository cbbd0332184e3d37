// What repute attaches to: a kind and a name, written "account:a@verein.example".
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leumund::model {

enum class SubjectKind : std::uint8_t {
  account,         // SASL login name, or the name of a client certificate
  script,          // local submission: "uid33" or "uid33:/srv/www/site/contact.php"
  forward,         // a forward rule
  campaign,        // one campaign over many accounts
  client_address,  // a client that neither logged in nor is local
  network,
  egress,
  provider,
  address,  // one of our own, that no configured egress has
  domain,   // one of our own
  list,     // a DNS list
};

[[nodiscard]] std::string_view subject_kind_name(SubjectKind kind);

// Login names are the same in any case (ASCII): that is how Postfix looks them up in tables and how
// people type them. Policy, log, API, file and commands all come through here.
[[nodiscard]] std::string fold_account(std::string_view name);

struct Subject {
  SubjectKind kind = SubjectKind::account;
  std::string name;

  [[nodiscard]] std::string to_string() const;  // "account:a@verein.example"

  // "KIND:NAME"; a text without a known kind is an account, whose name is folded. Nothing for an
  // empty name, one over 320 bytes, or one with control characters.
  [[nodiscard]] static std::optional<Subject> parse(std::string_view text);

  auto operator<=>(const Subject&) const = default;
};

}  // namespace leumund::model
