// The cases in the SQLite store.
#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/core.h>

#include "storage/case_codec.h"
#include "storage/sqlite_attempt.h"
#include "storage/sqlite_store.h"

namespace leumund::storage {

base::Status SqliteStore::save_cases(const action::CaseSave& save) {
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Status {
      SQLite::Transaction transaction(db);
      SQLite::Statement put(db,
                            "INSERT INTO case_file(number, body) VALUES(?, ?)"
                            " ON CONFLICT(number) DO UPDATE SET body = excluded.body");
      for (const model::Case& one : save.changed) {
        put.bind(1, static_cast<std::int64_t>(one.number));
        put.bind(2, encode_case(one));
        put.exec();
        put.reset();
      }
      SQLite::Statement erase(db, "DELETE FROM case_file WHERE number = ?");
      for (const std::uint64_t number : save.forgotten) {
        erase.bind(1, static_cast<std::int64_t>(number));
        erase.exec();
        erase.reset();
      }
      SQLite::Statement progress(
          db,
          "INSERT OR REPLACE INTO case_progress(one, last_decision, last_case) VALUES(1, ?, ?)");
      progress.bind(1, static_cast<std::int64_t>(save.progress.last_decision));
      progress.bind(2, static_cast<std::int64_t>(save.progress.last_case));
      progress.exec();
      transaction.commit();
      return {};
    });
  });
}

base::Result<action::CaseRecord> SqliteStore::load_cases() {
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Result<action::CaseRecord> {
      action::CaseRecord out;
      SQLite::Statement rows(db, "SELECT number, body FROM case_file ORDER BY number");
      while (rows.executeStep()) {
        auto one = decode_case(rows.getColumn(1).getString());
        if (one) {
          out.cases.push_back(std::move(*one));
        } else {  // one unreadable row must not hide the others
          out.unreadable.push_back(
              fmt::format("case {}: {}", rows.getColumn(0).getInt64(), one.error().message));
        }
      }
      SQLite::Statement progress(db, "SELECT last_decision, last_case FROM case_progress");
      if (progress.executeStep()) {
        out.progress.last_decision = static_cast<std::uint64_t>(progress.getColumn(0).getInt64());
        out.progress.last_case = static_cast<std::uint64_t>(progress.getColumn(1).getInt64());
      }
      return out;
    });
  });
}

}  // namespace leumund::storage
