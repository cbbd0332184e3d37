// What mails are for, in words.
#pragma once

#include <string>

#include "config/settings.h"
#include "model/fingerprint.h"

namespace leumund::action {

// "3 bookings, 2 invoices, 40 not known", the urgent ones first; "" where nothing is known of any.
[[nodiscard]] std::string class_words(const model::ClassCounts& counts, config::Language language);

}  // namespace leumund::action
