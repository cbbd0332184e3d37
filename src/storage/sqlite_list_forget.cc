#include "storage/sqlite_list_forget.h"

#include <fmt/core.h>

#include <array>
#include <limits>
#include <utility>

#include "storage/sqlite_row.h"

namespace leumund::storage {
namespace {

using listing::ListForgetting;

// Each returns whether the table is done.
using Slice = bool (*)(SQLite::Database& db, ListForgetting& way);

std::int64_t most(const ListForgetting& way) { return static_cast<std::int64_t>(way.rows_most); }

// Where an index leads to them.
bool forget_reports_of(SQLite::Database& db, const ListForgetting& way, const char* table) {
  SQLite::Statement erase(db, fmt::format("DELETE FROM {0} WHERE number IN (SELECT number FROM {0}"
                                          " WHERE list = ? AND heard_at < ? LIMIT ?)",
                                          table));
  put(erase, way.list, micros(way.reports_before), most(way));
  return db.getChanges() < most(way);
}
bool forget_reports(SQLite::Database& db, ListForgetting& way) {
  return forget_reports_of(db, way, "list_report");
}
bool forget_name_reports(SQLite::Database& db, ListForgetting& way) {
  return forget_reports_of(db, way, "list_name_report");
}

bool forget_traffic(SQLite::Database& db, ListForgetting& way) {
  SQLite::Statement erase(db,
                          "DELETE FROM list_traffic WHERE (list, day, place) IN (SELECT list, day,"
                          " place FROM list_traffic WHERE list = ? AND day < ? LIMIT ?)");
  put(erase, way.list, day_of(way.reports_before), most(way));
  return db.getChanges() < most(way);
}

// Where none does: from key to key. `last` says where the slice ends; no row: at the table's end.
bool forget_history_of(SQLite::Database& db, ListForgetting& way, const char* table) {
  SQLite::Statement last(db, fmt::format("SELECT max(number), count(*) FROM (SELECT number FROM {}"
                                         " WHERE number > ? ORDER BY number LIMIT ?)",
                                         table));
  last.bind(1, way.after_number);
  last.bind(2, most(way));
  if (!last.executeStep() || last.getColumn(1).getInt64() == 0) return true;
  const std::int64_t until = last.getColumn(0).getInt64();
  const bool done = last.getColumn(1).getInt64() < most(way);
  SQLite::Statement erase(
      db, fmt::format("DELETE FROM {} WHERE number > ? AND number <= ? AND list = ? AND at < ?",
                      table));
  put(erase, way.after_number, until, way.list, micros(way.history_before));
  way.after_number = until;
  return done;
}
bool forget_history(SQLite::Database& db, ListForgetting& way) {
  return forget_history_of(db, way, "list_history");
}
bool forget_name_history(SQLite::Database& db, ListForgetting& way) {
  return forget_history_of(db, way, "list_name_history");
}

bool forget_reporters(SQLite::Database& db, ListForgetting& way) {
  if (std::exchange(way.after, "begun").empty()) {
    way.after_number = std::numeric_limits<std::int64_t>::min();
  }
  SQLite::Statement last(db,
                         "SELECT reporter FROM list_reporter WHERE list = ? AND reporter > ?"
                         " ORDER BY reporter LIMIT 1 OFFSET ?");
  last.bind(1, way.list);
  last.bind(2, way.after_number);
  last.bind(3, most(way) - 1);
  const bool more = last.executeStep();
  const std::int64_t until =
      more ? last.getColumn(0).getInt64() : std::numeric_limits<std::int64_t>::max();
  SQLite::Statement erase(db,
                          "DELETE FROM list_reporter WHERE list = ? AND reporter > ? AND"
                          " reporter <= ? AND day < ? AND wrong = 0");
  put(erase, way.list, way.after_number, until, day_of(way.reports_before));
  way.after_number = until;
  return !more;
}

// Places and names; what stands is never forgotten.
bool forget_quiet(SQLite::Database& db, ListForgetting& way, const char* table, const char* key,
                  const char* newest) {
  SQLite::Statement last(
      db,
      fmt::format("SELECT {1} FROM {0} WHERE list = ? AND {1} > ? ORDER BY {1} LIMIT 1 OFFSET ?",
                  table, key));
  last.bind(1, way.list);
  last.bind(2, way.after);
  last.bind(3, most(way) - 1);
  const bool more = last.executeStep();
  std::string until = more ? last.getColumn(0).getString() : "";
  SQLite::Statement erase(
      db, fmt::format("DELETE FROM {0} WHERE list = ?1 AND {1} > ?2 AND (?3 = '' OR {1} <= ?3)"
                      " AND until = 0 AND max({2}) < ?4",
                      table, key, newest));
  put(erase, way.list, way.after, until, micros(way.history_before));
  way.after = std::move(until);
  return !more;
}
bool forget_places(SQLite::Database& db, ListForgetting& way) {
  return forget_quiet(db, way, "list_place", "place",
                      "since, requested_at, cleared_at, told_spared_at");
}
bool forget_names(SQLite::Database& db, ListForgetting& way) {
  return forget_quiet(db, way, "list_name", "name", "since, requested_at, cleared_at");
}

constexpr std::array<Slice, 8> slices = {forget_reports,      forget_traffic, forget_reporters,
                                         forget_history,      forget_places,  forget_name_reports,
                                         forget_name_history, forget_names};

}  // namespace

void forget_list_rows(SQLite::Database& db, ListForgetting& way) {
  if (!slices[way.table](db, way)) return;
  ++way.table;
  way.after.clear();
  way.after_number = 0;
  way.done = way.table == slices.size();
}

}  // namespace leumund::storage
