// A refusal as it is kept and shown: cut, and without the names of senders and recipients, which
// are nobody's business. Desks, where one may ask, stay readable.
//
// Threads: a pure function.
#pragma once

#include "base/time.h"
#include "diagnosis/reader.h"
#include "model/block.h"
#include "model/mail_event.h"

namespace leumund::engine {

[[nodiscard]] model::BlockExample example_of(const model::Delivery& delivery,
                                             const diagnosis::Reader& reader, base::TimePoint at);

}  // namespace leumund::engine
