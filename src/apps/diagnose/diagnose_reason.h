// The reason of a recipient result in Sisimai's vocabulary.
//
// The diagnosis of the words gives it, except for what only the report tells: without a reply code
// it is a mail system on our side of the wire, or a gateway, that says why it gave up; and a status
// code with a registered meaning (RFC 3463) says more than a reply that only refuses.
//
// For comparison and migration only; no decision is made from it.
#pragma once

#include <string_view>

#include "diagnosis/diagnosis.h"
#include "diagnosis/registry.h"
#include "wire/delivery_report.h"

namespace leumund::apps {

// The result views the diagnosis, the registry or constant text.
[[nodiscard]] std::string_view reason_of_report(const wire::RecipientReport& report,
                                                const diagnosis::Diagnosis& found,
                                                const diagnosis::Registry& registry);

}  // namespace leumund::apps
