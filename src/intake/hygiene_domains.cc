#include "intake/hygiene_domains.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "intake/hygiene_finding.h"
#include "wire/tag_record.h"
#include "wire/url.h"

namespace leumund::intake {
namespace {

using model::HygieneFinding;
using net::DnsAnswer;
using net::Found;
using net::RecordType;
using Domain = HygienePlan::Domain;

constexpr std::size_t pairs_max = 20'000;  // of domain and way: a report of some megabytes

SpfVerdict spf_of(const Domain& domain, const base::IpAddress& address, const std::string& helo,
                  const DnsLookUp& ask) {
  return check_spf({address, domain.name, "postmaster@" + domain.name, helo}, ask);
}

HygieneFinding spf_finding(const Domain& domain, const std::string& address,
                           const SpfVerdict& verdict) {
  const std::string& name = domain.name;
  HygieneFinding out;
  switch (verdict.result) {
    case SpfResult::pass: out = good("spf", "{} lets {} send (SPF)", name, address); break;
    case SpfResult::none: out = fault("spf", "{} has no SPF record", name); break;
    case SpfResult::neutral:
      out = fault("spf", "{} does not say whether {} may send (SPF)", name, address);
      break;
    case SpfResult::fail:
    case SpfResult::softfail:
      out = grave("spf", "{} does not let {} send (SPF: {})", name, address,
                  spf_result_name(verdict.result));
      break;
    case SpfResult::permerror:
      out = grave("spf", "the SPF record of {} is wrong: {}", name, verdict.trouble);
      break;
    case SpfResult::temperror:
      out = not_known("spf", "whether {} lets {} send is not known: {}", name, address,
                      verdict.trouble);
      break;
  }
  // A domain that was only seen is somebody else's to set up.
  if (domain.seen > 0) out.grave = false;
  out.about = name;
  return out;
}

// Its sending addresses are its operator's to know: what SPF says of those it has is a hint only.
HygieneFinding relay_finding(const Domain& domain, const HygienePlan::Relay& relay,
                             const DnsLookUp& ask) {
  std::vector<base::IpAddress> addresses;
  for (const auto type : {RecordType::a, RecordType::aaaa}) {
    const auto found = ask({relay.host, type}).addresses;
    addresses.insert(addresses.end(), found.begin(), found.end());
  }
  const bool lets = !addresses.empty() &&
                    std::all_of(addresses.begin(), addresses.end(), [&](const auto& address) {
                      return spf_of(domain, address, relay.host, ask).result == SpfResult::pass;
                    });
  HygieneFinding out =
      lets ? good("spf", "{} lets {} send (SPF)", domain.name, relay.host)
           : not_known("spf",
                       "whether {} lets the addresses behind {} send is not known: ask its "
                       "operator what to include in the SPF record",
                       domain.name, relay.host);
  out.about = domain.name;
  return out;
}

class OfDomain {
 public:
  OfDomain(const Domain& domain, SignerPlace signer, const DnsLookUp& ask)
      : domain_(domain), signer_(signer), ask_(ask) {
    out_.domain = domain.name;
    out_.seen = domain.seen;
  }

  // `unsure` and `fails` are ways for which SPF is no pass.
  model::HygieneOfDomain look(const std::string& fails, const std::string& unsure) {
    for (const std::string& selector : domain_.selectors) key(selector, domain_.name);
    const auto used = used_selectors();
    for (const auto& [selector, domain] : used) key(selector, domain);
    if (domain_.selectors.empty() && used.empty()) {
      add(not_known("dkim", "no DKIM selector of {} is known: hygiene.dkim", domain_.name));
    }
    policy();
    signatures();
    alignment(fails, unsure);
    return std::move(out_);
  }

 private:
  void add(HygieneFinding finding) {
    if (domain_.seen > 0) finding.grave = false;
    finding.about = domain_.name;
    out_.findings.push_back(std::move(finding));
  }
  void key(const std::string& selector, const std::string& domain);
  void policy();
  // Those of signatures that were seen often enough to be our signer's.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> used_selectors() const;
  // What leaves, by the signatures that were seen.
  void signatures();
  void alignment(const std::string& fails, const std::string& unsure);
  // The texts of that name that are records; nothing: it is not known, and told.
  std::optional<std::vector<std::string>> records_at(const std::string& name);

  const Domain& domain_;
  const SignerPlace signer_;
  const DnsLookUp& ask_;
  bool signs_ = false;
  bool key_unknown_ = false;      // of one of its keys nobody says whether it is there
  bool leaves_unsigned_ = false;  // as what came back shows
  bool surely_ = false;           // ... and what passed as well
  bool strict_dkim_ = false;
  std::optional<wire::DmarcPolicy> policy_;
  model::HygieneOfDomain out_;
};

void OfDomain::key(const std::string& selector, const std::string& domain) {
  constexpr unsigned rsa_bits_least = 1024;
  const std::string name = selector + "._domainkey." + domain;
  const DnsAnswer answer = ask_({name, RecordType::txt});
  if (answer.found == Found::unknown) {
    key_unknown_ = true;
    return add(not_known("dkim", "the DKIM key {} is not known: {}", name, answer.trouble));
  }
  if (answer.texts.empty()) return add(grave("dkim", "there is no DKIM key {}", name));
  const auto key = wire::parse_dkim_key(answer.texts.front());
  if (!key || answer.texts.size() > 1) {
    return add(grave("dkim", "the DKIM key {} is wrong: {}", name,
                     key ? fmt::format("{} records", answer.texts.size()) : key.error().message));
  }
  if (key->revoked) return add(grave("dkim", "the DKIM key {} is revoked", name));
  if (key->type == wire::DkimKeyType::rsa && key->bits < rsa_bits_least) {
    return add(grave("dkim", "the DKIM key {} has {} bits: receivers want 1,024", name, key->bits));
  }
  signs_ = true;
  if (key->testing) return add(fault("dkim", "the DKIM key {} is marked as a test (t=y)", name));
  add(good("dkim", "the DKIM key {} has {} bits", name, key->bits));
}

std::vector<std::pair<std::string, std::string>> OfDomain::used_selectors() const {
  constexpr std::uint64_t mails_least = 3;
  constexpr std::uint64_t share = 10;  // a tenth: a client's own forgery is no key of ours
  constexpr std::size_t most = 5;
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto* side : {&domain_.mail.passed, &domain_.mail.returned}) {
    for (const auto& [key, mails] : side->selectors) {
      const bool configured = key.second == domain_.name &&
                              std::find(domain_.selectors.begin(), domain_.selectors.end(),
                                        key.first) != domain_.selectors.end();
      const bool known = configured || std::find(out.begin(), out.end(), key) != out.end();
      const bool often = mails >= mails_least && mails * share >= side->mails;
      if (often && !known && out.size() < most) out.push_back(key);
    }
  }
  return out;
}

void OfDomain::signatures() {
  constexpr std::uint64_t enough = 10;
  constexpr std::uint64_t enough_returned = 3;
  const bool strict = strict_dkim_;
  const auto& passed = domain_.mail.passed;
  const auto& returned = domain_.mail.returned;
  const std::uint64_t of_passed = strict ? passed.same : passed.aligned;
  const std::uint64_t of_returned = strict ? returned.same : returned.aligned;
  const std::string& name = domain_.name;
  if (returned.mails > 0) {
    leaves_unsigned_ = returned.mails >= enough_returned && of_returned == 0 && of_passed == 0;
    surely_ = leaves_unsigned_ && signer_ == SignerPlace::before_milter && passed.mails >= enough;
    if (leaves_unsigned_) {
      add(fault("dkim_mail", "none of {} mails of {} that came back bore its DKIM signature",
                returned.mails, name));
    } else if (of_returned > 0) {
      add(good("dkim_mail", "{} of {} mails of {} that came back bore its DKIM signature",
               of_returned, returned.mails, name));
    }
  }
  if (passed.mails == 0) return;
  if (of_passed * 10 >= passed.mails * 9) {
    return add(good("dkim_mail", "{} of {} mails of {} bore its DKIM signature", of_passed,
                    passed.mails, name));
  }
  // A milter before the signer sees only what clients have signed themselves.
  if (signer_ != SignerPlace::before_milter || passed.mails < enough) {
    return add(not_known("dkim_mail",
                         "{} of {} mails of {} bore its DKIM signature when the milter saw them: "
                         "whether the others are signed behind it is not seen",
                         of_passed, passed.mails, name));
  }
  if (passed.foreign > 0) {
    return add(fault("dkim_mail",
                     "{} of {} mails of {} left without its DKIM signature, {} of them signed by "
                     "another domain",
                     passed.mails - of_passed, passed.mails, name, passed.foreign));
  }
  add(fault("dkim_mail", "{} of {} mails of {} left without its DKIM signature",
            passed.mails - of_passed, passed.mails, name));
}

std::optional<std::vector<std::string>> OfDomain::records_at(const std::string& name) {
  const DnsAnswer answer = ask_({"_dmarc." + name, RecordType::txt});
  if (answer.found == Found::unknown) {
    add(not_known("dmarc", "the DMARC record of {} is not known: {}", name, answer.trouble));
    return std::nullopt;
  }
  std::vector<std::string> out;
  std::copy_if(answer.texts.begin(), answer.texts.end(), std::back_inserter(out),
               [](const std::string& text) { return wire::is_dmarc_record(text); });
  return out;
}

void OfDomain::policy() {
  std::string name = domain_.name;
  auto records = records_at(name);
  if (!records) return;
  if (records->empty()) {
    name = wire::registrable_domain(domain_.name);
    if (name != domain_.name) records = records_at(name);
    if (!records) return;
  }
  if (records->empty()) return add(fault("dmarc", "{} has no DMARC record", domain_.name));
  if (records->size() > 1) {
    return add(fault("dmarc", "{} has {} DMARC records: receivers take none of them", name,
                     records->size()));
  }
  const auto record = wire::parse_dmarc_record(records->front());
  if (!record) {
    return add(fault("dmarc", "the DMARC record of {} is wrong: {}", name, record.error().message));
  }
  policy_ = name == domain_.name ? record->policy : record->subdomain_policy;
  strict_dkim_ = record->strict_dkim;
  add(good("dmarc", "the DMARC record of {} asks for p={}", domain_.name,
           wire::dmarc_policy_name(*policy_)));
}

void OfDomain::alignment(const std::string& fails, const std::string& unsure) {
  constexpr std::uint64_t seen_enough = 10;
  if (domain_.seen >= seen_enough && domain_.unaligned * 10 > domain_.seen) {
    add(fault("alignment",
              "{} of {} mails of {} had an envelope sender elsewhere: only DKIM counts",
              domain_.unaligned, domain_.seen, domain_.name));
  }
  const std::string& name = domain_.name;
  if (fails.empty() && unsure.empty()) {
    return add(signs_ && !leaves_unsigned_
                   ? good("alignment", "mail of {} passes DMARC by SPF and by DKIM", name)
                   : good("alignment", "mail of {} passes DMARC by SPF", name));
  }
  if (signs_ && !leaves_unsigned_)
    return add(good("alignment", "mail of {} passes DMARC by DKIM where it is signed", name));
  const std::string& way = fails.empty() ? unsure : fails;
  if (key_unknown_ && !fails.empty() && !leaves_unsigned_) {
    return add(not_known("alignment",
                         "mail of {} by {} passes DMARC only if it is signed: whether its DKIM key "
                         "is there is not known",
                         name, way));
  }
  if (fails.empty() || (domain_.selectors.empty() && !leaves_unsigned_)) {
    return add(not_known("alignment",
                         "mail of {} by {} passes DMARC only if it is signed: no DKIM key is known",
                         name, way));
  }
  const bool matters = policy_ && *policy_ != wire::DmarcPolicy::none;
  // Whoever sends mail back may leave lines out.
  const bool sure = surely_ || (!signs_ && !key_unknown_);
  add(matters && sure ? grave("alignment", "mail of {} by {} does not pass DMARC, and p={}", name,
                              way, wire::dmarc_policy_name(*policy_))
                      : fault("alignment", "mail of {} by {} would not pass DMARC", name, way));
}

}  // namespace

SignerPlace signer_place(const std::map<std::string, SignedMail, std::less<>>& all) {
  constexpr std::uint64_t enough = 10;
  constexpr std::size_t domains_least = 2;  // one alone may sign its own mail before we have it
  std::set<std::pair<std::string, std::string>> passed;
  std::size_t signed_domains = 0;
  for (const auto& [domain, mail] : all) {
    for (const auto& [key, mails] : mail.passed.selectors) passed.insert(key);
    const bool most =
        mail.passed.mails >= enough && mail.passed.aligned * 10 >= mail.passed.mails * 9;
    signed_domains += most ? 1 : 0;
  }
  // A key that what came back bore, and nothing that passed.
  for (const auto& [domain, mail] : all) {
    for (const auto& [key, mails] : mail.returned.selectors) {
      if (mail.passed.mails > 0 && !passed.contains(key)) return SignerPlace::behind_milter;
    }
  }
  return signed_domains >= domains_least ? SignerPlace::before_milter : SignerPlace::unknown;
}

void check_domains(const HygienePlan& plan, const DnsLookUp& ask, model::HygieneReport& report) {
  const std::size_t first_relay = report.addresses.size();
  for (const auto& relay : plan.relays) {
    report.addresses.push_back({"", relay.name, "", true, {}});
  }
  std::size_t domains = std::min(plan.domains.size(), hygiene_domains_max);
  if (const std::size_t ways = report.addresses.size(); domains * ways > pairs_max) {
    domains = pairs_max / ways;
    report.problems.push_back(
        fmt::format("{} domains by {} ways are too many: SPF of {} domains is looked at",
                    plan.domains.size(), ways, domains));
  }
  for (std::size_t d = 0; d < domains; ++d) {
    const Domain& domain = plan.domains[d];
    std::string fails;
    std::string unsure;
    for (std::size_t i = 0; i < first_relay; ++i) {
      const auto& way = plan.ways[i];
      const SpfVerdict verdict = spf_of(domain, way.address, way.helo, ask);
      auto& worst = verdict.result == SpfResult::temperror ? unsure : fails;
      if (verdict.result != SpfResult::pass && worst.empty()) worst = way.address.to_string();
      report.addresses[i].findings.push_back(spf_finding(domain, way.address.to_string(), verdict));
    }
    for (std::size_t i = 0; i < plan.relays.size(); ++i) {
      auto finding = relay_finding(domain, plan.relays[i], ask);
      if (finding.state != model::HygieneState::good && unsure.empty()) {
        unsure = plan.relays[i].host;
      }
      report.addresses[first_relay + i].findings.push_back(std::move(finding));
    }
    report.domains.push_back(OfDomain(domain, plan.signer, ask).look(fails, unsure));
  }
}

}  // namespace leumund::intake
