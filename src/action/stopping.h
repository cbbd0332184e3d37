// What stops a subject: what stands against itself, or against the uid that hands in what it sends
// (script:uid33 of script:uid33:contact.php), the harder of both. Whoever asks whether something is
// stopped asks here; RestrictionBook::find() tells only what stands under that very name.
//
// Owner:   the book's restriction, until the book changes; nullptr: nothing stops it.
#pragma once

#include "action/restriction_book.h"

namespace leumund::action {

[[nodiscard]] const model::Restriction* stopping(const RestrictionBook& book,
                                                 const model::Subject& subject);

// Whether its queued mail stays where it is too: a throttle only slows down what comes in.
[[nodiscard]] bool stops_queued_mail(const model::Restriction& restriction);

}  // namespace leumund::action
