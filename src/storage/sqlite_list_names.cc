#include "storage/sqlite_list_names.h"

#include <fmt/core.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "storage/sqlite_row.h"

namespace leumund::storage {
namespace {

using base::TimePoint;
using listing::HandName;
using listing::NameHistoryRecord;
using listing::NamePlaceRecord;
using listing::NameReportRecord;

void write_history(SQLite::Database& db, const listing::ListSave& save) {
  SQLite::Statement row(db,
                        "INSERT INTO list_name_history(list, name, at, move, until, complaints,"
                        " pristine, recycled, typo, honeypot, reporters, spam, reason, author)"
                        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const NameHistoryRecord& one : save.name_history) {
    const auto kind = [&](std::size_t i) { return static_cast<std::int64_t>(one.line.kinds[i]); };
    put(row, save.list, one.name, micros(one.line.at), one.line.move, micros(one.line.until),
        kind(0), kind(1), kind(2), kind(3), kind(4), static_cast<std::int64_t>(one.line.reporters),
        one.line.spam, one.line.reason, one.line.by);
  }
}

void read_reports(SQLite::Database& db, const std::string& list, TimePoint since,
                  listing::ListRecord& out) {
  SQLite::Statement row(db,
                        "SELECT name, kind, reporter, at, heard_at, weight FROM list_name_report"
                        " WHERE list = ? AND heard_at >= ? ORDER BY number");
  row.bind(1, list);
  row.bind(2, micros(since));
  while (row.executeStep()) {
    const auto kind = static_cast<std::uint32_t>(row.getColumn(1).getInt64());
    const double weight = row.getColumn(5).getDouble();
    if (kind >= model::abuse_kinds || !(weight > 0) || weight > 1) {
      ++out.unreadable;
      continue;
    }
    NameReportRecord one;
    one.name = row.getColumn(0).getString();
    one.report.kind = static_cast<model::AbuseKind>(kind);
    one.report.reporter = static_cast<std::uint64_t>(row.getColumn(2).getInt64());
    one.report.at = time_of(row.getColumn(3));
    one.heard_at = time_of(row.getColumn(4));
    one.weight = static_cast<float>(weight);
    out.name_reports.push_back(std::move(one));
  }
}

// What can be read of a table from this end, until it is over or broken.
std::uint64_t copy_rows(SQLite::Database& damaged, SQLite::Database& whole, const char* table,
                        const char* order) {
  std::uint64_t copied = 0;
  try {
    SQLite::Statement from(damaged, fmt::format("SELECT * FROM {} ORDER BY {}", table, order));
    const int columns = from.getColumnCount();
    std::string places = "?";
    for (int i = 1; i < columns; ++i) places += ", ?";
    SQLite::Statement to(whole, fmt::format("INSERT OR IGNORE INTO {} VALUES({})", table, places));
    while (from.executeStep()) {
      for (int i = 0; i < columns; ++i) {
        const SQLite::Column value = from.getColumn(i);
        if (value.isInteger()) {
          to.bind(i + 1, value.getInt64());
        } else if (value.isFloat()) {
          to.bind(i + 1, value.getDouble());
        } else if (value.isText()) {
          to.bind(i + 1, value.getString());
        } else {
          to.bind(i + 1);
        }
      }
      // A row that breaks the table's own rules (half a page of zeros) is left out.
      if (to.tryExecuteStep() == SQLITE_DONE && whole.getChanges() > 0) ++copied;
      static_cast<void>(to.tryReset());
    }
  } catch (const SQLite::Exception&) {  // what was read until here is what there is from this end
  }
  return copied;
}

}  // namespace

void write_list_names(SQLite::Database& db, const listing::ListSave& save) {
  SQLite::Statement report(db,
                           "INSERT INTO list_name_report(list, name, kind, reporter, at, heard_at,"
                           " weight) VALUES(?, ?, ?, ?, ?, ?, ?)");
  for (const NameReportRecord& one : save.name_reports) {
    put(report, save.list, one.name, static_cast<int>(one.report.kind),
        static_cast<std::int64_t>(one.report.reporter), micros(one.report.at), micros(one.heard_at),
        static_cast<double>(one.weight));
  }
  SQLite::Statement name(db,
                         "INSERT OR REPLACE INTO list_name(list, name, since, until, requested_at,"
                         " cleared_at, times_listed) VALUES(?, ?, ?, ?, ?, ?, ?)");
  for (const NamePlaceRecord& one : save.names) {
    put(name, save.list, one.name, micros(one.since), micros(one.until), micros(one.requested_at),
        micros(one.cleared_at), static_cast<std::int64_t>(one.times_listed));
  }
  SQLite::Statement gone(db, "DELETE FROM list_name_hand WHERE list = ? AND name = ?");
  for (const std::string& one : save.hand_names_gone) put(gone, save.list, one);
  SQLite::Statement hand(db,
                         "INSERT OR REPLACE INTO list_name_hand(list, name, since, until, reason,"
                         " author) VALUES(?, ?, ?, ?, ?, ?)");
  for (const HandName& one : save.hand_names) {
    put(hand, save.list, one.name, micros(one.since), micros(one.until), one.reason, one.by);
  }
  write_history(db, save);
}

void read_list_names(SQLite::Database& db, const std::string& list, TimePoint since,
                     listing::ListRecord& out) {
  SQLite::Statement names(db,
                          "SELECT name, since, until, requested_at, cleared_at, times_listed FROM"
                          " list_name WHERE list = ?");
  names.bind(1, list);
  while (names.executeStep()) {
    out.names.push_back({names.getColumn(0).getString(), time_of(names.getColumn(1)),
                         time_of(names.getColumn(2)), time_of(names.getColumn(3)),
                         time_of(names.getColumn(4)), count_of(names.getColumn(5))});
  }
  SQLite::Statement hand(
      db, "SELECT name, since, until, reason, author FROM list_name_hand WHERE list = ?");
  hand.bind(1, list);
  while (hand.executeStep()) {
    out.hand_names.push_back({hand.getColumn(0).getString(), time_of(hand.getColumn(1)),
                              time_of(hand.getColumn(2)), hand.getColumn(3).getString(),
                              hand.getColumn(4).getString()});
  }
  read_reports(db, list, since, out);
}

std::vector<NameHistoryRecord> read_name_history(SQLite::Database& db, const std::string& list,
                                                 const std::optional<std::string>& name,
                                                 std::size_t most) {
  SQLite::Statement row(
      db, fmt::format("SELECT name, at, move, until, complaints, pristine, recycled, typo,"
                      " honeypot, reporters, spam, reason, author FROM list_name_history"
                      " WHERE list = ? {} ORDER BY number DESC LIMIT ?",
                      name ? "AND name = ?" : ""));
  int number = 0;
  row.bind(++number, list);
  if (name) row.bind(++number, *name);
  row.bind(++number, static_cast<std::int64_t>(
                         std::min<std::size_t>(most, std::numeric_limits<std::int64_t>::max())));
  std::vector<NameHistoryRecord> out;
  while (row.executeStep()) {
    NameHistoryRecord one;
    one.name = row.getColumn(0).getString();
    one.line.at = time_of(row.getColumn(1));
    one.line.move = row.getColumn(2).getString();
    one.line.until = time_of(row.getColumn(3));
    for (std::size_t i = 0; i < one.line.kinds.size(); ++i) {
      one.line.kinds[i] = count_of(row.getColumn(static_cast<int>(4 + i)));
    }
    one.line.reporters = count_of(row.getColumn(9));
    one.line.spam = row.getColumn(10).getDouble();
    one.line.reason = row.getColumn(11).getString();
    one.line.by = row.getColumn(12).getString();
    out.push_back(std::move(one));
  }
  return out;
}

std::uint64_t salvage_lists(SQLite::Database& damaged, SQLite::Database& whole) {
  // Each with the order of its key, so that a broken page in the middle hides only itself.
  constexpr std::pair<const char*, std::array<const char*, 2>> tables[] = {
      {"list_report", {"number", "number DESC"}},
      {"list_place", {"list, place", "list DESC, place DESC"}},
      {"list_traffic", {"list, day, place", "list DESC, day DESC, place DESC"}},
      {"list_reporter", {"list, reporter", "list DESC, reporter DESC"}},
      {"list_hand", {"list, network", "list DESC, network DESC"}},
      {"list_history", {"number", "number DESC"}},
      {"list_name", {"list, name", "list DESC, name DESC"}},
      {"list_name_report", {"number", "number DESC"}},
      {"list_name_hand", {"list, name", "list DESC, name DESC"}},
      {"list_name_history", {"number", "number DESC"}},
  };
  std::uint64_t copied = 0;
  SQLite::Transaction transaction(whole);
  for (const auto& [table, orders] : tables) {
    for (const char* order : orders) copied += copy_rows(damaged, whole, table, order);
  }
  transaction.commit();
  return copied;
}

}  // namespace leumund::storage
