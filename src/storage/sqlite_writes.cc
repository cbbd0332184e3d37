#include "storage/sqlite_writes.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include "storage/decision_codec.h"
#include "storage/stored_time.h"

namespace leumund::storage {
namespace {

using model::DecisionKind;

void erase_standing(SQLite::Database& database, const std::string& subject) {
  for (const char* sql :
       {"DELETE FROM restriction WHERE subject = ?", "DELETE FROM attempts WHERE subject = ?"}) {
    SQLite::Statement statement(database, sql);
    statement.bindNoCopy(1, subject);
    statement.exec();
  }
}

}  // namespace

void write_standing(SQLite::Database& database, const std::string& subject,
                    const model::Restriction& restriction,
                    const std::vector<model::Restriction>& beneath) {
  SQLite::Statement clear(database, "DELETE FROM restriction WHERE subject = ?");
  clear.bindNoCopy(1, subject);
  clear.exec();
  SQLite::Statement insert(database,
                           "INSERT INTO restriction(subject, depth, body) VALUES(?, ?, ?)");
  const auto put = [&](std::int64_t depth, const model::Restriction& one) {
    insert.bind(1, subject);
    insert.bind(2, depth);
    insert.bind(3, encode_restriction(one));
    insert.exec();
    insert.reset();
  };
  put(0, restriction);
  for (std::size_t i = 0; i < beneath.size(); ++i)
    put(static_cast<std::int64_t>(i) + 1, beneath[i]);
}

void write_attempts(SQLite::Database& database,
                    std::span<const std::pair<model::Subject, action::Attempts>> attempts) {
  // Only where a restriction stands: the release may have been written in between.
  SQLite::Statement put(database,
                        "INSERT INTO attempts(subject, recipients, last_at) SELECT ?1, ?2, ?3"
                        " WHERE EXISTS(SELECT 1 FROM restriction WHERE subject = ?1)"
                        " ON CONFLICT(subject) DO UPDATE SET recipients = excluded.recipients,"
                        " last_at = excluded.last_at");
  for (const auto& [subject, tried] : attempts) {
    put.bind(1, subject.to_string());
    put.bind(2, static_cast<std::int64_t>(tried.recipients));
    if (tried.last_at) {
      put.bind(3, micros(*tried.last_at));
    } else {
      put.bind(3);
    }
    put.exec();
    put.reset();
  }
}

void write_counts(SQLite::Database& database, std::span<const evidence::SubjectRecord> records) {
  SQLite::Statement put(database,
                        "INSERT INTO ledger(subject, state) VALUES(?, ?)"
                        " ON CONFLICT(subject) DO UPDATE SET state = excluded.state");
  SQLite::Statement erase(database, "DELETE FROM ledger WHERE subject = ?");
  for (const auto& record : records) {
    SQLite::Statement& statement = record.state.empty() ? erase : put;
    statement.bindNoCopy(1, record.subject);
    if (!record.state.empty()) {
      statement.bindNoCopy(2, record.state.data(), static_cast<int>(record.state.size()));
    }
    statement.exec();
    statement.reset();
  }
}

void write_queue(SQLite::Database& database, std::span<const model::QueuedMail> queue) {
  SQLite::Statement put(database,
                        "INSERT OR REPLACE INTO queued(host, instance, queue_id, subject, since,"
                        " uncounted, let_through, campaign, mail_class)"
                        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
  SQLite::Statement erase(database,
                          "DELETE FROM queued WHERE host = ? AND instance = ? AND queue_id = ?");
  for (const auto& mail : queue) {
    const bool gone = mail.subject.empty();
    SQLite::Statement& statement = gone ? erase : put;
    statement.bindNoCopy(1, mail.queue.host);
    statement.bindNoCopy(2, mail.queue.instance);
    statement.bindNoCopy(3, mail.queue.queue_id);
    if (!gone) {
      statement.bindNoCopy(4, mail.subject);
      statement.bind(5, micros(mail.since));
      statement.bind(6, static_cast<std::int64_t>(mail.uncounted));
      statement.bind(7, mail.let_through ? 1 : 0);
      statement.bindNoCopy(8, mail.campaign);
      statement.bind(9, static_cast<int>(mail.mail_class));
    }
    statement.exec();
    statement.reset();
  }
}

void change_exemption(SQLite::Database& database, const std::string& subject, bool exempt) {
  SQLite::Statement statement(database, exempt
                                            ? "INSERT OR IGNORE INTO exemption(subject) VALUES(?)"
                                            : "DELETE FROM exemption WHERE subject = ?");
  statement.bindNoCopy(1, subject);
  statement.exec();
}

void apply(SQLite::Database& database, const model::Decision& decision) {
  const std::string subject = decision.subject.to_string();
  if (!decision.record.empty()) {
    const evidence::SubjectRecord record{subject, decision.record};
    write_counts(database, std::span(&record, 1));
  }
  switch (decision.kind) {
    case DecisionKind::restricted:
    case DecisionKind::extended:
      write_standing(database, subject, decision.restriction, decision.beneath);
      break;
    case DecisionKind::released:
    case DecisionKind::ended: erase_standing(database, subject); break;
    case DecisionKind::exempted: change_exemption(database, subject, true); break;
    case DecisionKind::exemption_ended: change_exemption(database, subject, false); break;
    case DecisionKind::would_restrict:
    case DecisionKind::announced:
    case DecisionKind::alarm:
    case DecisionKind::provider_refuses:
    case DecisionKind::provider_accepts:
    case DecisionKind::detour:
    case DecisionKind::would_detour:
    case DecisionKind::listed:
    case DecisionKind::delisted:
    case DecisionKind::list_fault:
    case DecisionKind::list_well:
    case DecisionKind::setup_fault:
    case DecisionKind::setup_well:
    case DecisionKind::case_opened:
    case DecisionKind::case_closed:
    case DecisionKind::case_reopened:
    case DecisionKind::case_due: break;
  }
}

void append(SQLite::Database& database, const model::Decision& decision) {
  // A retry after a doubtful failure may find its own row.
  SQLite::Statement statement(
      database,
      "INSERT OR REPLACE INTO decision(number, at, subject, unattended, body)"
      " VALUES(?, ?, ?, ?, ?)");
  statement.bind(1, static_cast<std::int64_t>(decision.number));
  statement.bind(2, micros(decision.at));
  statement.bind(3, decision.subject.to_string());
  // What fills the bounds of the unattended time: not what was only told.
  const bool acted = decision.kind == DecisionKind::restricted;
  statement.bind(4, decision.unattended && acted ? 1 : 0);
  statement.bind(5, encode_decision(decision));
  statement.exec();
}

}  // namespace leumund::storage
