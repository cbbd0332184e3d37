// What stands on a list, whoever found it (our watch, a provider's file, a list of our own): as a
// decision that is journalled, told and made a case; and which of it concerns a subject.
//
// Threads: any; nothing is kept.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "model/decision.h"
#include "model/listing.h"
#include "model/subject.h"

namespace leumund::apps {

// The egress that sends from it, else the address, network or domain itself.
[[nodiscard]] model::Subject subject_of(const model::Listing& listing);

// `listed`, or `delisted` where it has an end. The pipeline gives it its number.
[[nodiscard]] model::Decision decision_of(model::Listing listing, std::string detector,
                                          base::TimePoint now);

// Of an egress, an own address, a network, a domain or a list.
[[nodiscard]] std::vector<model::Listing> listings_of(const model::Subject& subject,
                                                      std::vector<model::Listing> all);

}  // namespace leumund::apps
