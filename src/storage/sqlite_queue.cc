// Which queued mail is whose, in the SQLite store.
#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "storage/sqlite_attempt.h"
#include "storage/sqlite_store.h"
#include "storage/stored_time.h"

namespace leumund::storage {
namespace {

using Queue = std::vector<model::QueuedMail>;

constexpr std::int64_t uncounted_max = 1'000'000;
constexpr const char* columns =
    "host, instance, queue_id, subject, since, uncounted, let_through, campaign, mail_class";

// A later version may know more classes.
model::MailClass class_of(std::int64_t stored) {
  const bool known = stored >= 0 && stored < static_cast<std::int64_t>(model::mail_classes);
  return known ? static_cast<model::MailClass>(stored) : model::MailClass::unknown;
}

Queue read_all(SQLite::Statement& rows) {
  Queue queue;
  while (rows.executeStep()) {
    const std::int64_t uncounted = rows.getColumn(5).getInt64();
    queue.push_back(
        {{rows.getColumn(0).getString(), rows.getColumn(1).getString(),
          rows.getColumn(2).getString()},
         rows.getColumn(3).getString(),
         moment(rows.getColumn(4).getInt64()),
         static_cast<std::uint32_t>(std::clamp<std::int64_t>(uncounted, 0, uncounted_max)),
         rows.getColumn(6).getInt() != 0,
         rows.getColumn(7).getString(),
         class_of(rows.getColumn(8).getInt64())});
  }
  return queue;
}

// One page by queue key; `column` "" is all mail.
Queue read_page(SQLite::Database& db, std::string_view column, const std::string& value,
                const model::QueueKey& after, std::size_t most) {
  const std::string which = column.empty() ? "" : fmt::format(" AND {} = ?5", column);
  SQLite::Statement rows(db, fmt::format("SELECT {} FROM queued"
                                         " WHERE (host, instance, queue_id) > (?1, ?2, ?3){}"
                                         " ORDER BY host, instance, queue_id LIMIT ?4",
                                         columns, which));
  rows.bind(1, after.host);
  rows.bind(2, after.instance);
  rows.bind(3, after.queue_id);
  rows.bind(4, static_cast<std::int64_t>(most));
  if (!column.empty()) rows.bind(5, value);
  return read_all(rows);
}

}  // namespace

base::Result<Queue> SqliteStore::load_queue(std::size_t most) {
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Result<Queue> {
      SQLite::Statement rows(
          db, fmt::format("SELECT {} FROM queued ORDER BY since DESC LIMIT ?", columns));
      rows.bind(1, static_cast<std::int64_t>(most));
      Queue queue = read_all(rows);
      std::reverse(queue.begin(), queue.end());
      return queue;
    });
  });
}

base::Result<Queue> SqliteStore::queued_of(const model::Subject& subject,
                                           const model::QueueKey& after, std::size_t most) {
  const bool campaign = subject.kind == model::SubjectKind::campaign;
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Result<Queue> {
      // The second condition lets the index be used that leaves out mail of no campaign.
      return read_page(db, campaign ? "campaign <> '' AND campaign" : "subject",
                       subject.to_string(), after, most);
    });
  });
}

base::Result<Queue> SqliteStore::queued_after(const model::QueueKey& after, std::size_t most) {
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Result<Queue> {
      return read_page(db, "", "", after, most);
    });
  });
}

base::Result<QueueRecords> SqliteStore::queue_records() {
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Result<QueueRecords> {
      QueueRecords records;
      records.mails =
          static_cast<std::uint64_t>(db.execAndGet("SELECT count(*) FROM queued").getInt64());
      SQLite::Statement rows(db,
                             "SELECT campaign, count(*) FROM queued WHERE campaign <> ''"
                             " GROUP BY campaign");
      while (rows.executeStep()) {
        records.of_campaigns.emplace(rows.getColumn(0).getString(),
                                     static_cast<std::uint64_t>(rows.getColumn(1).getInt64()));
      }
      return records;
    });
  });
}

base::Result<std::uint64_t> SqliteStore::forget_queued(std::uint64_t keep) {
  return database_.with([&](auto& database) {
    return attempt(*database, [&](SQLite::Database& db) -> base::Result<std::uint64_t> {
      SQLite::Statement gone(db,
                             "DELETE FROM queued WHERE (host, instance, queue_id) IN"
                             " (SELECT host, instance, queue_id FROM queued"
                             " ORDER BY since DESC LIMIT -1 OFFSET ?)");
      gone.bind(1, static_cast<std::int64_t>(keep));
      return static_cast<std::uint64_t>(gone.exec());
    });
  });
}

}  // namespace leumund::storage
