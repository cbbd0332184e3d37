// Lists of names (domains, digests of mail addresses) in the SQLite store, beside sqlite_lists.cc.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>
#include <vector>

#include "listing/list_journal.h"

namespace leumund::storage {

// Each within the caller's transaction; SQLite's exceptions are his to catch.
void write_list_names(SQLite::Database& db, const listing::ListSave& save);
void read_list_names(SQLite::Database& db, const std::string& list, base::TimePoint since,
                     listing::ListRecord& out);
[[nodiscard]] std::vector<listing::NameHistoryRecord> read_name_history(
    SQLite::Database& db, const std::string& list, const std::optional<std::string>& name,
    std::size_t most);

// Copies the rows of all lists that can still be read from a damaged file into a new store, from
// both ends of each table, and returns how many.
[[nodiscard]] std::uint64_t salvage_lists(SQLite::Database& damaged, SQLite::Database& whole);

}  // namespace leumund::storage
