// What the configuration means for the engine and its book.
#pragma once

#include <chrono>

#include "action/restriction_book.h"
#include "base/hash.h"
#include "base/time.h"
#include "config/settings.h"
#include "engine/engine.h"
#include "intake/milter_prints.h"

namespace leumund::apps {

[[nodiscard]] action::BookSettings book_settings(const config::Settings& settings);
[[nodiscard]] engine::Settings engine_settings(const config::Settings& settings, base::HashKey key);

// How fingerprints are made of mail, by milter and API alike.
[[nodiscard]] intake::MilterPrintSettings print_settings(const config::RunSettings& settings);

// The unattended time that the configuration asks for at `now`; `utc_offset` is local time's.
[[nodiscard]] action::Unattended configured_unattended(const config::RunSettings& settings,
                                                       base::TimePoint now,
                                                       std::chrono::seconds utc_offset);

}  // namespace leumund::apps
