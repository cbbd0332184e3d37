#include "intake/hygiene_check.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/ascii.h"
#include "intake/hygiene_domains.h"
#include "intake/hygiene_finding.h"
#include "wire/url.h"

namespace leumund::intake {
namespace {

using model::HygieneFinding;
using net::DnsAnswer;
using net::Found;
using net::RecordType;

RecordType address_type(const base::IpAddress& address) {
  return address.is_v4() ? RecordType::a : RecordType::aaaa;
}

bool holds(const DnsAnswer& answer, const base::IpAddress& address) {
  return std::find(answer.addresses.begin(), answer.addresses.end(), address) !=
         answer.addresses.end();
}

std::string words_of(const std::vector<base::IpAddress>& addresses) {
  constexpr std::size_t shown = 4;
  std::string out;
  for (std::size_t i = 0; i < std::min(shown, addresses.size()); ++i) {
    out += (i == 0 ? "" : ", ") + addresses[i].to_string();
  }
  return addresses.size() > shown ? out + ", ..." : out;
}

// "[192.0.2.1]", "localhost", "mail", "mail.local" are none.
bool is_full_host_name(const std::string& name) {
  const auto bad = [](char c) {
    return !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.');
  };
  if (!name.contains('.') || name.front() == '.' || name.ends_with('.') || name.contains("..") ||
      std::any_of(name.begin(), name.end(), bad) || base::IpAddress::parse(name)) {
    return false;
  }
  const std::string_view top = std::string_view(name).substr(name.rfind('.') + 1);
  static const std::set<std::string_view> none = {"local", "localdomain", "lan",    "internal",
                                                  "home",  "localhost",   "invalid"};
  return !none.contains(top);
}

// Looks at one address.
class OfAddress {
 public:
  OfAddress(const HygienePlan& plan, const HygienePlan::Way& way, const DnsLookUp& ask,
            const PageFetch& fetch)
      : plan_(plan), way_(way), ask_(ask), fetch_(fetch), text_(way.address.to_string()) {
    out_.address = text_;
    out_.egress = way.egress;
    out_.helo = way.helo;
    out_.detour_way = way.detour_way;
  }

  model::HygieneOfAddress look() {
    reverse();
    helo();
    names();
    spf_of_helo();
    network();
    tls();
    page();
    return std::move(out_);
  }

 private:
  void add(HygieneFinding finding) { out_.findings.push_back(std::move(finding)); }
  void reverse();
  void helo();
  void names();
  void spf_of_helo();
  void network();
  void tls();
  void page();

  const HygienePlan& plan_;
  const HygienePlan::Way& way_;
  const DnsLookUp& ask_;
  const PageFetch& fetch_;
  const std::string text_;
  std::vector<std::string> reverse_names_;
  model::HygieneOfAddress out_;
};

void OfAddress::reverse() {
  constexpr std::size_t names_max = 10;
  const DnsAnswer names = ask_({net::reverse_name(way_.address), RecordType::ptr});
  reverse_names_ = names.texts;
  if (names.found == Found::unknown) {
    return add(
        not_known("reverse_dns", "the reverse name of {} is not known: {}", text_, names.trouble));
  }
  if (names.texts.empty()) return add(grave("reverse_dns", "{} has no reverse name", text_));
  std::string trouble;
  for (std::size_t i = 0; i < std::min(names_max, names.texts.size()); ++i) {
    const std::string& name = names.texts[i];
    const DnsAnswer back = ask_({name, address_type(way_.address)});
    if (back.found == Found::unknown) trouble = back.trouble;
    if (!holds(back, way_.address)) continue;
    if (names.texts.size() > 1) {
      return add(good("reverse_dns", "{} has {} reverse names, and {} is {}", text_,
                      names.texts.size(), name, text_));
    }
    return add(good("reverse_dns", "{} is {}, and {} is {}", text_, name, name, text_));
  }
  const std::string& first = names.texts.front();
  if (!trouble.empty()) {
    return add(not_known("reverse_dns", "{} is {}; whether {} is {} is not known: {}", text_, first,
                         first, text_, trouble));
  }
  const DnsAnswer back = ask_({first, address_type(way_.address)});
  if (back.addresses.empty()) {
    return add(grave("reverse_dns", "{} is {}, but {} has no such address", text_, first, first));
  }
  add(grave("reverse_dns", "{} is {}, but {} is {}", text_, first, first,
            words_of(back.addresses)));
}

void OfAddress::helo() {
  const std::string& name = way_.helo;
  if (name.empty()) {
    return add(not_known(
        "helo", "the HELO name of {} is not known: helo= in egresses, or hygiene.helo", text_));
  }
  if (!is_full_host_name(name)) return add(grave("helo", "HELO {} is no full host name", name));
  const DnsAnswer answer = ask_({name, address_type(way_.address)});
  if (answer.found == Found::unknown) {
    add(not_known("helo", "which address HELO {} has is not known: {}", name, answer.trouble));
  } else if (answer.addresses.empty()) {
    add(grave("helo", "HELO {} has no such address as {}", name, text_));
  } else if (!holds(answer, way_.address)) {
    add(grave("helo", "HELO {} is {}, not {}", name, words_of(answer.addresses), text_));
  } else {
    add(good("helo", "HELO {} is {}", name, text_));
  }
  if (reverse_names_.empty()) return;
  const bool same =
      std::find(reverse_names_.begin(), reverse_names_.end(), name) != reverse_names_.end();
  add(same ? good("helo_reverse", "HELO {} is the reverse name of {}", name, text_)
           : fault("helo_reverse", "HELO {} is not the reverse name of {}, {}", name, text_,
                   reverse_names_.front()));
}

void OfAddress::names() {
  std::vector<std::string> names = reverse_names_;
  if (!way_.helo.empty()) names.push_back(way_.helo);
  if (names.empty()) return;
  for (const std::string& name : names) {
    const std::string part = generic_part(name, way_.address);
    if (part.empty()) continue;
    return add(
        part.starts_with('"')
            ? grave("name", "{} looks like a dialled-in line: it holds the word {}", name, part)
            : grave("name", "{} looks like a dialled-in line: it holds its address", name));
  }
  add(good("name", "{} looks like the name of a mail server", names.back()));
}

void OfAddress::spf_of_helo() {
  if (!is_full_host_name(way_.helo)) return;
  const SpfVerdict verdict =
      check_spf({way_.address, way_.helo, "postmaster@" + way_.helo, way_.helo}, ask_);
  switch (verdict.result) {
    case SpfResult::pass:
      return add(good("spf_helo", "the SPF record of HELO {} lets {} send", way_.helo, text_));
    case SpfResult::none:
      return add(fault("spf_helo", "HELO {} has no SPF record of its own", way_.helo));
    case SpfResult::neutral:
      return add(fault("spf_helo", "the SPF record of HELO {} does not say whether {} may send",
                       way_.helo, text_));
    case SpfResult::fail:
    case SpfResult::softfail:
      return add(grave("spf_helo", "the SPF record of HELO {} does not let {} send: {}", way_.helo,
                       text_, spf_result_name(verdict.result)));
    case SpfResult::permerror:
      return add(
          grave("spf_helo", "the SPF record of HELO {} is wrong: {}", way_.helo, verdict.trouble));
    case SpfResult::temperror:
      return add(not_known("spf_helo", "what SPF says of HELO {} is not known: {}", way_.helo,
                           verdict.trouble));
  }
}

// Lists and providers count a /64 as one: a detour within it is no way out.
void OfAddress::network() {
  constexpr unsigned customer_bits = 64;
  if (way_.address.is_v4()) return;
  const base::IpPrefix net{way_.address.masked(32, customer_bits), customer_bits};
  std::string others;
  for (const auto& other : plan_.ways) {
    if (other.address == way_.address || !net.contains(other.address)) continue;
    if (other.egress == way_.egress && !way_.egress.empty()) continue;
    others += (others.empty() ? "" : ", ") + other.address.to_string();
  }
  add(others.empty() ? good("network", "no other way of ours lies in {}", net.to_string())
                     : fault("network", "{} lies in {} like {}: whoever lists one lists all", text_,
                             net.to_string(), others));
}

void OfAddress::tls() {
  constexpr std::uint64_t deliveries_enough = 20;
  if (plan_.tls == HygienePlan::Tls::yes) {
    return add(good("tls", "encryption is offered, as hygiene.tls says"));
  }
  if (plan_.tls == HygienePlan::Tls::no) {
    return add(fault("tls", "encryption is not offered, as hygiene.tls says"));
  }
  if (way_.encrypted > 0) {
    return add(good("tls", "the log tells of {} encrypted connections", way_.encrypted));
  }
  if (!plan_.log_tells_tls) {
    return add(not_known(
        "tls", "the log does not tell of encryption: smtp_tls_loglevel = 1, or hygiene.tls"));
  }
  if (way_.deliveries < deliveries_enough) {
    return add(
        not_known("tls", "only {} deliveries were seen, none of them encrypted", way_.deliveries));
  }
  add(fault("tls", "none of {} deliveries was encrypted", way_.deliveries));
}

// T-Online wants a page with who we are under the domain of the host name.
void OfAddress::page() {
  std::string name = way_.helo;
  if (!is_full_host_name(name)) name = reverse_names_.empty() ? "" : reverse_names_.front();
  if (name.empty()) return;
  const std::string domain = wire::registrable_domain(name);
  if (plan_.pages.empty()) {
    return add(
        not_known("page", "no page under {} that says who we are is named: hygiene.pages", domain));
  }
  std::string ours;
  for (const std::string& page : plan_.pages) {
    const auto link = wire::view_link(page);
    if (ours.empty() && link && link->domain == domain) ours = page;
  }
  if (ours.empty()) return add(fault("page", "none of hygiene.pages lies under {}", domain));
  if (!plan_.fetch_pages) {
    return add(good("page", "{} lies under {}, as the configuration says", ours, domain));
  }
  const std::string trouble = fetch_(ours);
  add(trouble.empty() ? good("page", "{} can be fetched", ours)
                      : fault("page", "{} cannot be fetched: {}", ours, trouble));
}

}  // namespace

model::HygieneReport check_hygiene(const HygienePlan& plan, const DnsLookUp& ask,
                                   const PageFetch& fetch) {
  std::map<std::pair<std::string, RecordType>, DnsAnswer> known;
  const DnsLookUp once = [&](const net::DnsQuestion& question) -> DnsAnswer {
    const auto [place, fresh] = known.try_emplace({question.name, question.type});
    if (fresh) place->second = ask(question);
    return place->second;
  };
  std::map<std::string, std::string> pages;
  const PageFetch fetch_once = [&](const std::string& url) {
    const auto [place, fresh] = pages.try_emplace(url);
    if (fresh) place->second = fetch(url);
    return place->second;
  };
  model::HygieneReport report;
  report.on = true;
  if (plan.ways.size() > hygiene_addresses_max) {
    report.problems.push_back(fmt::format("{} addresses are too many: {} are looked at",
                                          plan.ways.size(), hygiene_addresses_max));
  }
  if (plan.domains.size() > hygiene_domains_max) {
    report.problems.push_back(fmt::format("{} domains are too many: {} are looked at",
                                          plan.domains.size(), hygiene_domains_max));
  }
  const std::size_t ways = std::min(plan.ways.size(), hygiene_addresses_max);
  for (std::size_t i = 0; i < ways; ++i) {
    report.addresses.push_back(OfAddress(plan, plan.ways[i], once, fetch_once).look());
  }
  check_domains(plan, once, report);
  return report;
}

}  // namespace leumund::intake
