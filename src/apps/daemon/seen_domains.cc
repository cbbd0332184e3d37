#include "apps/daemon/seen_domains.h"

#include <algorithm>

#include "base/ascii.h"
#include "wire/url.h"

namespace leumund::apps {
namespace {

constexpr std::size_t domains_max = 2000;
constexpr std::uint64_t rare = 5;
constexpr std::size_t domain_bytes_max = 253;

std::string domain_after(std::string_view text, std::size_t at) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  std::string domain = base::ascii_lower(text.substr(at + 1));
  const auto end = std::find_if_not(domain.begin(), domain.end(), fits);
  domain.erase(end, domain.end());
  const bool named = domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.') &&
                     domain.size() <= domain_bytes_max;
  return named ? domain : "";
}

}  // namespace

std::string from_domain(std::string_view header) {
  // Behind a display name, which may hold anything, the address stands in angle brackets.
  const auto open = header.rfind('<');
  const std::string_view address = open == std::string_view::npos ? header : header.substr(open);
  const auto at = address.find('@');
  if (at == std::string_view::npos || address.find('@', at + 1) != std::string_view::npos) {
    return {};
  }
  return domain_after(address, at);
}

void SeenDomains::see(const model::MailEvent& event) {
  const auto* mail = std::get_if<model::Submission>(&event.what);
  if (mail == nullptr || mail->stage != model::SubmissionStage::accepted || mail->continues ||
      mail->forwarded || mail->account.empty() || !mail->envelope_sender) {
    return;
  }
  const bool milter = mail->source == model::Source::milter;
  if (milter) by_milter_ = true;
  if (!milter && (by_milter_ || mail->source != model::Source::log)) return;
  const auto at = mail->envelope_sender->rfind('@');
  const std::string envelope =
      at == std::string::npos ? "" : domain_after(*mail->envelope_sender, at);
  std::string from = envelope;
  for (const auto& [name, value] : mail->headers) {
    if (base::ascii_lower(name) == "from") from = from_domain(value);
  }
  if (from.empty()) return;
  const bool unaligned = from != envelope && !envelope.empty() &&
                         wire::registrable_domain(from) != wire::registrable_domain(envelope);
  counts_.with([&](auto& counts) {
    const auto known = counts.find(from);
    if (known == counts.end() && counts.size() >= domains_max) return;
    Counts& count = known == counts.end() ? counts[from] : known->second;
    ++count.mails;
    count.unaligned += unaligned ? 1 : 0;
  });
}

std::vector<SeenDomain> SeenDomains::most(std::size_t count, std::uint64_t least) const {
  std::vector<SeenDomain> all;
  counts_.with([&](const auto& counts) {
    for (const auto& [domain, seen] : counts) {
      if (seen.mails >= least) all.push_back({domain, seen.mails, seen.unaligned});
    }
  });
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.mails > b.mails; });
  if (all.size() > count) all.resize(count);
  return all;
}

void SeenDomains::forget_rare() {
  counts_.with([](auto& counts) {
    if (counts.size() < domains_max) return;
    std::erase_if(counts, [](const auto& one) { return one.second.mails < rare; });
    // Thousands of frequent ones: counted anew, so that nobody is left out for good.
    if (counts.size() >= domains_max) counts.clear();
  });
}

}  // namespace leumund::apps
