#include "storage/sqlite_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/core.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/log.h"
#include "storage/decision_codec.h"
#include "storage/sqlite_attempt.h"
#include "storage/sqlite_durable.h"
#include "storage/sqlite_list_names.h"
#include "storage/sqlite_schema.h"
#include "storage/sqlite_writes.h"
#include "storage/stored_time.h"

namespace leumund::storage {
namespace {

using base::Error;
using base::ErrorCode;

constexpr int busy_milliseconds = 2000;  // somebody looks into the file with sqlite3

ErrorCode code_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_FULL: return ErrorCode::exhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorCode::malformed;
    default: return ErrorCode::unavailable;
  }
}

void migrate(SQLite::Database& database, int from) {
  for (std::size_t step = static_cast<std::size_t>(from); step < schema_steps.size(); ++step) {
    SQLite::Transaction transaction(database);
    database.exec(schema_steps[step]);
    database.exec(fmt::format("PRAGMA user_version = {}", step + 1));
    transaction.commit();
  }
}

base::Result<std::unique_ptr<SQLite::Database>> open_database(const std::string& path) {
  try {
    auto database = std::make_unique<SQLite::Database>(
        path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, busy_milliseconds);
    database->exec(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
        "PRAGMA mmap_size = 1073741824; PRAGMA cache_size = -32768;");
    const int version = database->execAndGet("PRAGMA user_version").getInt();
    if (version > static_cast<int>(schema_steps.size())) {
      return Error{ErrorCode::refused,
                   fmt::format("store {} has version {}, this program knows {}: it was made by a "
                               "newer one and is left untouched",
                               path, version, schema_steps.size())};
    }
    migrate(*database, version);
    return database;
  } catch (const SQLite::Exception& error) {
    return error_of(error, path);
  }
}

void read_restrictions(SQLite::Database& database, action::StandingRecord& out) {
  SQLite::Statement rows(database,
                         "SELECT depth, body, subject FROM restriction ORDER BY subject, depth");
  while (rows.executeStep()) {
    auto restriction = decode_restriction(rows.getColumn(1).getText());
    if (!restriction) {  // one unreadable row must not free everybody else
      out.unreadable.push_back(
          fmt::format("{}: {}", rows.getColumn(2).getText(), restriction.error().message));
      continue;
    }
    // Bodies of earlier versions have U+FFFD in a name that is no UTF-8; the key is the name.
    if (const auto subject = model::Subject::parse(rows.getColumn(2).getText())) {
      restriction->subject = *subject;
    }
    if (rows.getColumn(0).getInt() == 0) {
      out.restrictions.push_back(std::move(*restriction));
    } else {
      out.beneath[restriction->subject].push_back(*restriction);
    }
  }
}

void read_attempts(SQLite::Database& database, action::StandingRecord& out) {
  SQLite::Statement rows(database, "SELECT subject, recipients, last_at FROM attempts");
  while (rows.executeStep()) {
    const auto subject = model::Subject::parse(rows.getColumn(0).getText());
    if (!subject) continue;
    action::Attempts attempts;
    attempts.recipients = static_cast<std::uint64_t>(rows.getColumn(1).getInt64());
    if (!rows.getColumn(2).isNull()) {
      attempts.last_at = base::TimePoint(base::Micros(rows.getColumn(2).getInt64()));
    }
    out.attempts.emplace_back(*subject, attempts);
  }
}

void read_standing(SQLite::Database& database, action::StandingRecord& out) {
  read_restrictions(database, out);
  SQLite::Statement exempt(database, "SELECT subject FROM exemption ORDER BY subject");
  while (exempt.executeStep()) {
    const auto subject = model::Subject::parse(exempt.getColumn(0).getText());
    if (subject) out.exempt.push_back(*subject);
  }
  read_attempts(database, out);
  out.last_number = static_cast<std::uint64_t>(
      database.execAndGet("SELECT ifnull(max(number), 0) FROM decision").getInt64());
  constexpr std::int64_t day_micros = 86'400'000'000;
  SQLite::Statement unattended(database,
                               "SELECT at FROM decision WHERE unattended AND at >"
                               " (SELECT ifnull(max(at), 0) FROM decision) - ? ORDER BY at");
  unattended.bind(1, day_micros);
  while (unattended.executeStep()) {
    out.unattended_at.emplace_back(base::Micros(unattended.getColumn(0).getInt64()));
  }
}

// Rows of body and number. One that cannot be read must not hide the others; whoever reads page by
// page gets `limit` of those that can, so that a page is never empty before the end.
std::vector<model::Decision> read_decisions(SQLite::Statement& rows, std::size_t limit,
                                            std::set<std::int64_t>& told) {
  std::vector<model::Decision> out;
  while (out.size() < limit && rows.executeStep()) {
    auto decision = decode_decision(rows.getColumn(0).getText());
    const std::int64_t number = rows.getColumn(1).getInt64();
    if (decision) {
      out.push_back(std::move(*decision));
    } else if (told.insert(number).second) {
      base::log(base::LogLevel::error, "event=decision_unreadable number={} {}", number,
                decision.error().message);
    }
  }
  return out;
}

// Every page of every table once; long texts beside the pages are not read.
void look_over(SQLite::Database& database) {
  std::vector<std::string> tables;
  SQLite::Statement names(database, "SELECT name FROM sqlite_master WHERE type = 'table'");
  while (names.executeStep()) tables.emplace_back(names.getColumn(0).getText());
  for (const auto& table : tables) {
    database.execAndGet(fmt::format("SELECT count(*) FROM \"{}\" NOT INDEXED", table));
  }
}

// PATH.damaged-1, -2, ...: the first that is free.
std::string place_for_damaged(const std::string& path) {
  for (int n = 1;; ++n) {
    std::string place = fmt::format("{}.damaged-{}", path, n);
    if (!std::filesystem::exists(place)) return place;
  }
}

}  // namespace

Error error_of(const SQLite::Exception& error, const std::string& path) {
  return {code_of(error.getErrorCode()), fmt::format("store {}: {}", path, error.what())};
}

SqliteStore::SqliteStore(std::unique_ptr<SQLite::Database> database)
    : database_(std::move(database)) {}

SqliteStore::~SqliteStore() = default;

base::Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& path) {
  auto database = open_database(path);
  if (!database) return database.error();
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(*database)));
}

base::Result<SqliteStore::Opened> SqliteStore::open_or_replace(const std::string& path) {
  Opened opened;
  auto first = open(path);
  std::optional<Error> damage;
  if (first) {
    opened.store = std::move(*first);
    const auto well = opened.store->look_over();
    if (well) return opened;
    damage = well.error();
  } else {
    damage = first.error();
  }
  if (damage->code != ErrorCode::malformed) return *damage;
  if (opened.store) {
    opened.store->database_.with([&](auto& database) {
      try {
        read_standing(*database, opened.salvaged);
      } catch (const SQLite::Exception&) {  // what was read until here is what there is
      }
    });
    opened.store.reset();
  }
  opened.moved_to = place_for_damaged(path);
  std::error_code failed;
  std::filesystem::rename(path, opened.moved_to, failed);
  if (failed) {
    return Error{ErrorCode::unavailable,
                 fmt::format("store {} is damaged and cannot be moved to {}: {}", path,
                             opened.moved_to, failed.message())};
  }
  for (const char* part : {"-wal", "-shm"}) {
    std::filesystem::rename(path + part, opened.moved_to + part, failed);  // often not there
  }
  auto second = open(path);
  if (!second) return second.error();
  opened.store = std::move(*second);
  const auto restored = opened.store->replace_standing(opened.salvaged);
  if (!restored) return restored.error();
  opened.list_rows_salvaged = opened.store->take_lists_of(opened.moved_to);
  return opened;
}

base::Status SqliteStore::look_over() {
  return database_.with([](auto& database) {
    return attempt(*database, [](SQLite::Database& db) -> base::Status {
      action::StandingRecord standing;
      read_standing(db, standing);
      storage::look_over(db);
      return {};
    });
  });
}

std::uint64_t SqliteStore::take_lists_of(const std::string& damaged) {
  return database_.with([&](auto& database) -> std::uint64_t {
    try {
      SQLite::Database from(damaged, SQLite::OPEN_READONLY, busy_milliseconds);
      return salvage_lists(from, *database);
    } catch (const SQLite::Exception&) {  // nothing of it can be read
      return 0;
    }
  });
}

base::Status SqliteStore::replace_standing(const action::StandingRecord& standing) {
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Status {
      const FullSynchronous durable(db);
      SQLite::Transaction transaction(db);
      db.exec("DELETE FROM restriction; DELETE FROM exemption; DELETE FROM attempts");
      for (const auto& restriction : standing.restrictions) {
        const auto beneath = standing.beneath.find(restriction.subject);
        write_standing(db, restriction.subject.to_string(), restriction,
                       beneath == standing.beneath.end() ? std::vector<model::Restriction>()
                                                         : beneath->second);
      }
      for (const auto& subject : standing.exempt) change_exemption(db, subject.to_string(), true);
      write_attempts(db, standing.attempts);
      transaction.commit();
      return {};
    });
  });
}

base::Status SqliteStore::save(const Checkpoint& checkpoint) {
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Status {
      SQLite::Transaction transaction(db);
      write_counts(db, checkpoint.records);
      SQLite::Statement mark(db,
                             "INSERT INTO mark(name, value) VALUES(?, ?)"
                             " ON CONFLICT(name) DO UPDATE SET value = excluded.value");
      for (const auto& [name, value] : checkpoint.marks) {
        mark.bindNoCopy(1, name);
        mark.bindNoCopy(2, value);
        mark.exec();
        mark.reset();
      }
      write_queue(db, checkpoint.queue);
      transaction.commit();
      return {};
    });
  });
}

base::Status SqliteStore::load(
    const std::function<void(std::string_view subject, std::string_view state)>& visit) {
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Status {
      SQLite::Statement rows(db, "SELECT subject, state FROM ledger");
      while (rows.executeStep()) {
        const auto subject = rows.getColumn(0);
        const auto state = rows.getColumn(1);
        visit({subject.getText(), static_cast<std::size_t>(subject.getBytes())},
              {static_cast<const char*>(state.getBlob()),
               static_cast<std::size_t>(state.getBytes())});
      }
      return {};
    });
  });
}

base::Result<std::map<std::string, std::string>> SqliteStore::load_marks() {
  using Marks = std::map<std::string, std::string>;
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Result<Marks> {
      Marks marks;
      SQLite::Statement rows(db, "SELECT name, value FROM mark");
      while (rows.executeStep()) {
        marks.emplace(rows.getColumn(0).getString(), rows.getColumn(1).getString());
      }
      return marks;
    });
  });
}

base::Status SqliteStore::commit(std::span<const model::Decision> decisions) {
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Status {
      const FullSynchronous durable(db);
      SQLite::Transaction transaction(db);
      for (const auto& decision : decisions) {
        append(db, decision);
        apply(db, decision);
      }
      transaction.commit();
      return {};
    });
  });
}

base::Result<action::StandingRecord> SqliteStore::load_standing() {
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Result<action::StandingRecord> {
      action::StandingRecord standing;
      read_standing(db, standing);
      return standing;
    });
  });
}

base::Result<std::vector<model::Decision>> SqliteStore::decisions(std::uint64_t after,
                                                                  std::size_t limit) {
  using Decisions = std::vector<model::Decision>;
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Result<Decisions> {
      SQLite::Statement rows(db,
                             "SELECT body, number FROM decision WHERE number > ? ORDER BY number");
      rows.bind(1, static_cast<std::int64_t>(after));
      return read_decisions(rows, limit, told_unreadable_);
    });
  });
}

base::Result<std::vector<model::Decision>> SqliteStore::decisions_about(
    const model::Subject& subject, std::size_t limit) {
  using Decisions = std::vector<model::Decision>;
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Result<Decisions> {
      SQLite::Statement rows(
          db, "SELECT body, number FROM decision WHERE subject = ? ORDER BY number DESC");
      rows.bind(1, subject.to_string());
      return read_decisions(rows, limit, told_unreadable_);
    });
  });
}

base::Status SqliteStore::save_attempts(
    std::span<const std::pair<model::Subject, action::Attempts>> attempts) {
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Status {
      SQLite::Transaction transaction(db);
      write_attempts(db, attempts);
      transaction.commit();
      return {};
    });
  });
}

base::Result<std::uint64_t> SqliteStore::forget_decisions(base::TimePoint before) {
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Result<std::uint64_t> {
      SQLite::Statement erase(db,
                              "DELETE FROM decision WHERE at < ?"
                              " AND subject NOT IN (SELECT subject FROM restriction)"
                              " AND number < (SELECT max(number) FROM decision)");
      erase.bind(1, micros(before));
      return static_cast<std::uint64_t>(erase.exec());
    });
  });
}

}  // namespace leumund::storage
