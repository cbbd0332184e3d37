// The statements that change the SQLite store, for one transaction of sqlite_store.cc.
//
// Errors:  SQLiteCpp's exceptions; SqliteStore turns them into values.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "action/decision_journal.h"
#include "evidence/ledger_journal.h"
#include "model/decision.h"
#include "model/queued_mail.h"

namespace SQLite {
class Database;
}

namespace leumund::storage {

void append(SQLite::Database& database, const model::Decision& decision);
// Changes what stands as the decision says.
void apply(SQLite::Database& database, const model::Decision& decision);
void write_standing(SQLite::Database& database, const std::string& subject,
                    const model::Restriction& restriction,
                    const std::vector<model::Restriction>& beneath);
void change_exemption(SQLite::Database& database, const std::string& subject, bool exempt);
void write_attempts(SQLite::Database& database,
                    std::span<const std::pair<model::Subject, action::Attempts>> attempts);
void write_counts(SQLite::Database& database, std::span<const evidence::SubjectRecord> records);
void write_queue(SQLite::Database& database, std::span<const model::QueuedMail> queue);

}  // namespace leumund::storage
