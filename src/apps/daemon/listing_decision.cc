#include "apps/daemon/listing_decision.h"

#include <fmt/core.h>

#include <utility>

#include "base/ip_address.h"

namespace leumund::apps {

using model::SubjectKind;

model::Subject subject_of(const model::Listing& listing) {
  if (!listing.egress.empty()) return {SubjectKind::egress, listing.egress};
  if (listing.place.contains('/')) return {SubjectKind::network, listing.place};
  return {base::IpAddress::parse(listing.place) ? SubjectKind::address : SubjectKind::domain,
          listing.place};
}

model::Decision decision_of(model::Listing listing, std::string detector, base::TimePoint now) {
  model::Decision out;
  out.kind = listing.until ? model::DecisionKind::delisted : model::DecisionKind::listed;
  out.at = now;
  out.detector = std::move(detector);
  out.by = out.detector;
  out.subject = subject_of(listing);
  out.restriction.subject = out.subject;
  out.restriction.since = listing.since;
  out.restriction.reason = fmt::format(
      "{} {} on {} ({}){}", listing.place, listing.until ? "is no longer listed" : "is listed",
      listing.list_name, listing.list, listing.meaning.empty() ? "" : ": " + listing.meaning);
  out.listing = std::move(listing);
  return out;
}

std::vector<model::Listing> listings_of(const model::Subject& subject,
                                        std::vector<model::Listing> all) {
  std::erase_if(all, [&](const model::Listing& one) {
    switch (subject.kind) {
      case SubjectKind::egress: return one.egress != subject.name;
      case SubjectKind::address:
      case SubjectKind::network:
      case SubjectKind::domain: return one.place != subject.name;
      case SubjectKind::list: return one.list != subject.name;
      default: return true;
    }
  });
  return all;
}

}  // namespace leumund::apps
