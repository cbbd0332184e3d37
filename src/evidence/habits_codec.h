// Habits as bits: what is left of an account that is idle.
//
// Lists are written with their differences: days against the newest one, and the recipients, which
// are sorted, as gaps between their hashes under a Golomb-Rice code whose parameter follows from
// their number. Nothing is lost but fractions below a sixteenth, and the minutes of `last_at`.
//
// Limits:  what Habits may hold; a longer list is refused.
// Errors:  the reader's failed().
#pragma once

#include "evidence/bit_stream.h"
#include "evidence/byte_stream.h"
#include "evidence/habits.h"

namespace leumund::evidence {

void write_habits(const Habits& habits, BitWriter& writer);
void read_habits(BitReader& reader, Habits& habits);

// As records of format 1 had them.
void read_habits_of_format_1(ByteReader& reader, Habits& habits);

}  // namespace leumund::evidence
