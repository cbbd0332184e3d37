// Old rows of the lists of our own, a slice at a time.
//
// Limits:  ListForgetting::rows_most rows are looked at in one slice, of one table.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include "listing/list_journal.h"

namespace leumund::storage {

// Within the caller's transaction; SQLite's exceptions are his to catch.
void forget_list_rows(SQLite::Database& db, listing::ListForgetting& way);

}  // namespace leumund::storage
