#include "config/hygiene_options.h"

#include <algorithm>

#include "base/ascii.h"
#include "config/option_kinds.h"
#include "config/text_checks.h"

namespace leumund::config {
namespace {

using base::Error;
using base::ErrorCode;
using Run = RunSettings;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

constexpr std::size_t selectors_max = 16;
constexpr std::string_view wanted = "want a domain and selectors, like \"example.org s2026 s2027\"";

std::string check_selectors(std::string& text) {
  const auto read = parse_dkim_selectors(text);
  return read ? "" : read.error().message;
}

std::string check_page(std::string& text) {
  return text.empty() ? "want an address that begins with http:// or https://"
                      : check_web_address_or_empty(text);
}

std::string check_host_or_empty(std::string& text) {
  return text.empty() ? "" : check_domain(text);
}

}  // namespace

base::Result<DkimSelectors> parse_dkim_selectors(std::string_view text) {
  DkimSelectors out;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    std::string word = base::ascii_lower(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    if (out.domain.empty()) {
      if (const std::string bad = check_domain(word); !bad.empty()) {
        return Error{ErrorCode::malformed, std::string(wanted)};
      }
      out.domain = std::move(word);
      continue;
    }
    const auto fits = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    };
    constexpr std::size_t selector_bytes_max = 63;
    const bool dots = word.starts_with('.') || word.ends_with('.') || word.contains("..");
    if (dots || word.size() > selector_bytes_max || !std::all_of(word.begin(), word.end(), fits) ||
        out.selectors.size() == selectors_max) {
      return Error{ErrorCode::malformed, std::string(wanted)};
    }
    out.selectors.push_back(std::move(word));
  }
  if (out.selectors.empty()) return Error{ErrorCode::malformed, std::string(wanted)};
  return out;
}

void add_hygiene_options(std::vector<Option>& table) {
  table.push_back(flag_option(
      "hygiene.enabled", &Run::hygiene_enabled, true,
      "Whether reverse DNS, HELO, SPF, DKIM, DMARC, encryption and page of our ways out are "
      "looked at; needs dns.enabled."));
  table.push_back(span_option("hygiene.interval", &Run::hygiene_interval, hours(6), seconds(1),
                              days(7), "How often they are looked at."));
  table.push_back(text_option("hygiene.helo", &Run::hygiene_helo, "host name", "",
                              check_host_or_empty,
                              "HELO name of own addresses whose egress tells none: Postfix's "
                              "smtp_helo_name; empty is not known."));
  table.push_back(list_option("hygiene.domains", &Run::hygiene_domains, "list of domains", {},
                              check_domain,
                              "Sender domains beside those of measures.own_domains and "
                              "watch.domains."));
  table.push_back(count_option("hygiene.seen_domains", &Run::hygiene_seen_domains, "domains",
                               std::uint32_t{20}, std::uint32_t{0}, std::uint32_t{200},
                               "How many further sender domains are looked at because accounts "
                               "sent most mail from them since the start; 0 is none."));
  table.push_back(
      list_option("hygiene.dkim", &Run::hygiene_dkim, "list of DKIM selectors", {}, check_selectors,
                  "Selectors that outgoing mail is signed with, \"example.org s2026\" each."));
  table.push_back(list_option(
      "hygiene.pages", &Run::hygiene_pages, "list of web addresses", {}, check_page,
      "Pages that say who we are, beside letters.imprint: T-Online wants one under the domain of "
      "the HELO name."));
  table.push_back(flag_option("hygiene.fetch_pages", &Run::hygiene_fetch_pages, false,
                              "Whether these pages are fetched, to see that they are there."));
  table.push_back(choice_option("hygiene.tls", &Run::hygiene_tls, {"by-log", "yes", "no"},
                                OutwardTls::by_log,
                                "Whether mail leaves encrypted where the other end can: by-log "
                                "counts in the mail log, which needs smtp_tls_loglevel = 1."));
}

}  // namespace leumund::config
