#include "apps/daemon/seen_signatures.h"

#include <algorithm>
#include <set>
#include <utility>

#include "apps/daemon/seen_domains.h"
#include "base/ascii.h"
#include "wire/tag_record.h"
#include "wire/url.h"

namespace leumund::apps {
namespace {

constexpr std::chrono::hours day{24};
constexpr std::size_t domains_max = 2000;
constexpr std::size_t selectors_max = 8;
constexpr std::size_t signatures_max = 10;

void add(const intake::SignedMail& from, intake::SignedMail& to) {
  for (auto side : {&intake::SignedMail::passed, &intake::SignedMail::returned}) {
    auto& sum = to.*side;
    const auto& more = from.*side;
    sum.mails += more.mails;
    sum.same += more.same;
    sum.aligned += more.aligned;
    sum.foreign += more.foreign;
    for (const auto& [key, mails] : more.selectors) sum.selectors[key] += mails;
  }
}

}  // namespace

void SeenSignatures::see(const model::MailEvent& event, base::TimePoint now) {
  const auto* mail = std::get_if<model::Submission>(&event.what);
  if (mail == nullptr || mail->source != model::Source::milter || mail->account.empty() ||
      mail->forwarded || mail->continues || mail->stage != model::SubmissionStage::accepted) {
    return;
  }
  std::string from;
  std::vector<std::string> signatures;
  for (const auto& [name, value] : mail->headers) {
    const std::string lower = base::ascii_lower(name);
    if (lower == "from") from = from_domain(value);
    if (lower == "dkim-signature" && signatures.size() < signatures_max) {
      signatures.push_back(value);
    }
  }
  count(from, signatures, false, now);
}

void SeenSignatures::see_returned(const wire::OriginalMessage& mail, base::TimePoint now) {
  // A header that was cut short, or rewritten, shows no line of a server.
  if (mail.received.empty()) return;
  count(from_domain(mail.from), mail.signatures, true, now);
}

void SeenSignatures::count(const std::string& from, const std::vector<std::string>& signatures,
                           bool returned, base::TimePoint now) {
  if (from.empty()) return;
  const std::string home = wire::registrable_domain(from);
  bool same = false;
  bool aligned = false;
  std::set<std::pair<std::string, std::string>> keys;  // selector and domain
  for (const std::string& text : signatures) {
    const auto signature = wire::parse_dkim_signature(text);
    if (!signature || wire::registrable_domain(signature->domain) != home) continue;
    aligned = true;
    same = same || signature->domain == from;
    keys.emplace(signature->selector, signature->domain);
  }
  days_.with([&](Days& days) {
    const auto age = now - days.began;
    if (age >= day || age < base::Micros(0)) {
      days.before = age < 2 * day ? std::exchange(days.now, {}) : Domains();
      days.now.clear();
      days.began = now;
    }
    const auto known = days.now.find(from);
    if (known == days.now.end() && days.now.size() >= domains_max) return;
    auto& counts = known == days.now.end() ? days.now[from] : known->second;
    auto& side = returned ? counts.returned : counts.passed;
    ++side.mails;
    side.same += same ? 1 : 0;
    side.aligned += aligned ? 1 : 0;
    side.foreign += !aligned && !signatures.empty() ? 1 : 0;
    for (const auto& key : keys) {
      const bool room = side.selectors.size() < selectors_max || side.selectors.contains(key);
      if (room) ++side.selectors[key];
    }
  });
}

intake::SignedMail SeenSignatures::of(const std::string& domain) const {
  intake::SignedMail out;
  days_.with([&](const Days& days) {
    for (const Domains* domains : {&days.before, &days.now}) {
      const auto found = domains->find(domain);
      if (found != domains->end()) add(found->second, out);
    }
  });
  return out;
}

intake::SignerPlace SeenSignatures::signer_place() const {
  Domains all;
  days_.with([&](const Days& days) {
    for (const Domains* domains : {&days.before, &days.now}) {
      for (const auto& [domain, counts] : *domains) add(counts, all[domain]);
    }
  });
  return intake::signer_place(all);
}

}  // namespace leumund::apps
