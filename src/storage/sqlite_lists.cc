// The lists of our own in the SQLite store.
//
// Addresses and networks are text, so that a person can ask the file; times are microseconds.
#include <fmt/core.h>

#include <limits>

#include "storage/sqlite_attempt.h"
#include "storage/sqlite_durable.h"
#include "storage/sqlite_list_forget.h"
#include "storage/sqlite_list_names.h"
#include "storage/sqlite_row.h"
#include "storage/sqlite_store.h"

namespace leumund::storage {
namespace {

using base::IpAddress;
using base::IpPrefix;
using base::TimePoint;
using listing::HandListing;
using listing::ListHistoryRecord;
using listing::ListPlaceRecord;
using listing::ListReporterRecord;
using listing::ListReportRecord;
using listing::ListTrafficRecord;

void write_reports(SQLite::Database& db, const listing::ListSave& save) {
  SQLite::Statement row(db,
                        "INSERT INTO list_report(list, client, kind, reporter, at, heard_at,"
                        " weight) VALUES(?, ?, ?, ?, ?, ?, ?)");
  for (const ListReportRecord& one : save.reports) {
    put(row, save.list, one.report.client.to_string(), static_cast<int>(one.report.kind),
        static_cast<std::int64_t>(one.report.reporter), micros(one.report.at), micros(one.heard_at),
        static_cast<double>(one.weight));
  }
}

void write_places(SQLite::Database& db, const listing::ListSave& save) {
  SQLite::Statement place(db,
                          "INSERT OR REPLACE INTO list_place(list, place, since, until,"
                          " requested_at, cleared_at, told_spared_at, times_listed)"
                          " VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
  for (const ListPlaceRecord& one : save.places) {
    put(place, save.list, one.place.to_string(), micros(one.since), micros(one.until),
        micros(one.requested_at), micros(one.cleared_at), micros(one.told_spared_at),
        static_cast<std::int64_t>(one.times_listed));
  }
  SQLite::Statement traffic(db,
                            "INSERT OR REPLACE INTO list_traffic(list, day, place, mails, queries)"
                            " VALUES(?, ?, ?, ?, ?)");
  for (const ListTrafficRecord& one : save.traffic) {
    put(traffic, save.list, one.day, one.place.to_string(), static_cast<std::int64_t>(one.mails),
        static_cast<std::int64_t>(one.queries));
  }
  SQLite::Statement reporter(db,
                             "INSERT OR REPLACE INTO list_reporter(list, reporter, right, wrong,"
                             " day, today) VALUES(?, ?, ?, ?, ?, ?)");
  for (const ListReporterRecord& one : save.reporters) {
    put(reporter, save.list, static_cast<std::int64_t>(one.who),
        static_cast<std::int64_t>(one.right), static_cast<std::int64_t>(one.wrong), one.day,
        static_cast<std::int64_t>(one.today));
  }
}

void write_people(SQLite::Database& db, const listing::ListSave& save) {
  SQLite::Statement gone(db, "DELETE FROM list_hand WHERE list = ? AND network = ?");
  for (const IpPrefix& one : save.hand_gone) put(gone, save.list, one.to_string());
  SQLite::Statement hand(db,
                         "INSERT OR REPLACE INTO list_hand(list, network, since, until, reason,"
                         " author) VALUES(?, ?, ?, ?, ?, ?)");
  for (const HandListing& one : save.hand) {
    put(hand, save.list, one.what.to_string(), micros(one.since), micros(one.until), one.reason,
        one.by);
  }
  SQLite::Statement history(db,
                            "INSERT INTO list_history(list, network, at, move, until, complaints,"
                            " pristine, recycled, typo, honeypot, reporters, spam, mail, reason,"
                            " author) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const ListHistoryRecord& one : save.history) {
    const auto kind = [&](std::size_t i) { return static_cast<std::int64_t>(one.kinds[i]); };
    put(history, save.list, one.what.to_string(), micros(one.at), one.move, micros(one.until),
        kind(0), kind(1), kind(2), kind(3), kind(4), static_cast<std::int64_t>(one.reporters),
        one.spam, one.mail, one.reason, one.by);
  }
}

// Calls `row` for each; one that is no record is counted and left out.
template <typename Row>
void each(SQLite::Statement& statement, listing::ListRecord& out, Row row) {
  while (statement.executeStep()) {
    if (!row(statement)) ++out.unreadable;
  }
}

void read_reports(SQLite::Database& db, const std::string& list, TimePoint since,
                  listing::ListRecord& out) {
  SQLite::Statement rows(db,
                         "SELECT client, kind, reporter, at, heard_at, weight FROM list_report"
                         " WHERE list = ? AND heard_at >= ? ORDER BY number");
  rows.bind(1, list);
  rows.bind(2, micros(since));
  each(rows, out, [&](SQLite::Statement& row) {
    const auto client = IpAddress::parse(row.getColumn(0).getString());
    const auto kind = static_cast<std::uint32_t>(row.getColumn(1).getInt64());
    const double weight = row.getColumn(5).getDouble();
    if (!client || kind >= model::abuse_kinds || !(weight > 0) || weight > 1) return false;
    out.reports.push_back(
        {{*client, static_cast<model::AbuseKind>(kind),
          static_cast<std::uint64_t>(row.getColumn(2).getInt64()), time_of(row.getColumn(3))},
         time_of(row.getColumn(4)),
         static_cast<float>(weight)});
    return true;
  });
}

// Those whose listing ends at `end` or later; with 1970 those that are not listed too.
void read_places(SQLite::Database& db, const std::string& list, TimePoint end,
                 listing::ListRecord& out) {
  SQLite::Statement rows(db,
                         "SELECT place, since, until, requested_at, cleared_at, told_spared_at,"
                         " times_listed FROM list_place WHERE list = ? AND until >= ?");
  rows.bind(1, list);
  rows.bind(2, micros(end));
  each(rows, out, [&](SQLite::Statement& row) {
    const auto place = IpAddress::parse(row.getColumn(0).getString());
    if (!place) return false;
    out.places.push_back({*place, time_of(row.getColumn(1)), time_of(row.getColumn(2)),
                          time_of(row.getColumn(3)), time_of(row.getColumn(4)),
                          time_of(row.getColumn(5)), count_of(row.getColumn(6))});
    return true;
  });
}

void read_counts(SQLite::Database& db, const std::string& list, TimePoint since,
                 listing::ListRecord& out) {
  SQLite::Statement traffic(db,
                            "SELECT place, day, mails, queries FROM list_traffic"
                            " WHERE list = ? AND day >= ? ORDER BY day, place");
  traffic.bind(1, list);
  traffic.bind(2, day_of(since));
  each(traffic, out, [&](SQLite::Statement& row) {
    const auto place = IpAddress::parse(row.getColumn(0).getString());
    if (!place) return false;
    out.traffic.push_back({*place, row.getColumn(1).getInt(), count_of(row.getColumn(2)),
                           count_of(row.getColumn(3))});
    return true;
  });
  SQLite::Statement reporters(
      db, "SELECT reporter, right, wrong, day, today FROM list_reporter WHERE list = ?");
  reporters.bind(1, list);
  each(reporters, out, [&](SQLite::Statement& row) {
    out.reporters.push_back({static_cast<std::uint64_t>(row.getColumn(0).getInt64()),
                             count_of(row.getColumn(1)), count_of(row.getColumn(2)),
                             row.getColumn(3).getInt(), count_of(row.getColumn(4))});
    return true;
  });
}

void read_hand(SQLite::Database& db, const std::string& list, listing::ListRecord& out) {
  SQLite::Statement rows(
      db, "SELECT network, since, until, reason, author FROM list_hand WHERE list = ?");
  rows.bind(1, list);
  each(rows, out, [&](SQLite::Statement& row) {
    const auto what = IpPrefix::parse(row.getColumn(0).getString());
    if (!what) return false;
    out.hand.push_back({*what, time_of(row.getColumn(1)), time_of(row.getColumn(2)),
                        row.getColumn(3).getString(), row.getColumn(4).getString()});
    return true;
  });
}

ListHistoryRecord history_of(const IpPrefix& what, SQLite::Statement& row) {
  ListHistoryRecord out;
  out.what = what;
  out.at = time_of(row.getColumn(1));
  out.move = row.getColumn(2).getString();
  out.until = time_of(row.getColumn(3));
  for (std::size_t i = 0; i < out.kinds.size(); ++i) {
    out.kinds[i] = count_of(row.getColumn(static_cast<int>(4 + i)));
  }
  out.reporters = count_of(row.getColumn(9));
  out.spam = row.getColumn(10).getDouble();
  out.mail = row.getColumn(11).getDouble();
  out.reason = row.getColumn(12).getString();
  out.by = row.getColumn(13).getString();
  return out;
}

}  // namespace

// Also against a power failure: whoever reported or listed by hand was told that it is kept.
base::Status SqliteStore::save_list(const listing::ListSave& save) {
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Status {
      const FullSynchronous durable(db);
      SQLite::Transaction transaction(db);
      write_reports(db, save);
      write_places(db, save);
      write_people(db, save);
      write_list_names(db, save);
      transaction.commit();
      return {};
    });
  });
}

// On a connection of its own: decisions must not wait until millions of rows are read.
template <typename Work>
base::Result<listing::ListRecord> SqliteStore::read_list(Work&& work) {
  const std::string path = database_.with([](auto& database) { return database->getFilename(); });
  try {
    SQLite::Database reader(path, SQLite::OPEN_READONLY);
    listing::ListRecord out;
    // What one broken table hides must not cost the others.
    work([&](auto read, const auto&... what) {
      try {
        read(reader, what..., out);
      } catch (const SQLite::Exception& error) {
        out.trouble = error_of(error, path).message;
      }
    });
    return out;
  } catch (const SQLite::Exception& error) {
    return error_of(error, path);
  }
}

base::Result<listing::ListRecord> SqliteStore::load_list(const std::string& list, TimePoint since) {
  return read_list([&](auto read) {
    read(read_places, list, TimePoint());
    read(read_hand, list);
    read(read_counts, list, since);
    read(read_reports, list, since);
    read(read_list_names, list, since);
  });
}

base::Result<listing::ListRecord> SqliteStore::load_listed(const std::string& list, TimePoint now) {
  return read_list([&](auto read) {
    read(read_places, list, now + base::Micros(1));
    read(read_hand, list);
  });
}

base::Result<std::vector<ListHistoryRecord>> SqliteStore::list_history(
    const std::string& list, const std::optional<IpPrefix>& what, std::size_t most) {
  using Out = base::Result<std::vector<ListHistoryRecord>>;
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> Out {
      std::vector<ListHistoryRecord> out;
      SQLite::Statement rows(
          db, fmt::format("SELECT network, at, move, until, complaints, pristine, recycled, typo,"
                          " honeypot, reporters, spam, mail, reason, author FROM list_history"
                          " WHERE list = ? {} ORDER BY number DESC LIMIT ?",
                          what ? "AND network = ?" : ""));
      int number = 0;
      rows.bind(++number, list);
      if (what) rows.bind(++number, what->to_string());
      rows.bind(++number, static_cast<std::int64_t>(std::min<std::size_t>(
                              most, std::numeric_limits<std::int64_t>::max())));
      while (rows.executeStep()) {
        if (const auto network = IpPrefix::parse(rows.getColumn(0).getString())) {
          out.push_back(history_of(*network, rows));
        }
      }
      return out;
    });
  });
}

base::Result<std::vector<listing::NameHistoryRecord>> SqliteStore::name_history(
    const std::string& list, const std::optional<std::string>& name, std::size_t most) {
  using Out = base::Result<std::vector<listing::NameHistoryRecord>>;
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> Out {
      return read_name_history(db, list, name, most);
    });
  });
}

base::Status SqliteStore::forget_list(listing::ListForgetting& way) {
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Status {
      SQLite::Transaction transaction(db);
      forget_list_rows(db, way);
      transaction.commit();
      return {};
    });
  });
}

}  // namespace leumund::storage
