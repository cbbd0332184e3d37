// The tables of the SQLite store, as numbered steps from an empty file to this version.
//
// A step is never changed once released; a new one is added. PRAGMA user_version holds the number
// of the last step done.
#pragma once

#include <array>

namespace leumund::storage {

inline constexpr std::array<const char*, 8> schema_steps = {
    // 1: counts, marks, decisions and what stands
    "CREATE TABLE ledger(subject TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE mark(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE decision(number INTEGER PRIMARY KEY, at INTEGER NOT NULL, subject TEXT NOT NULL,"
    " unattended INTEGER NOT NULL, body TEXT NOT NULL);"
    "CREATE INDEX decision_subject ON decision(subject, number);"
    "CREATE INDEX decision_at ON decision(at);"
    // depth 0 is in force, 1.. lie beneath it, mildest first
    "CREATE TABLE restriction(subject TEXT, depth INTEGER, body TEXT NOT NULL,"
    " PRIMARY KEY(subject, depth)) WITHOUT ROWID;"
    "CREATE TABLE exemption(subject TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE attempts(subject TEXT PRIMARY KEY, recipients INTEGER NOT NULL, last_at INTEGER)"
    " WITHOUT ROWID;",
    // 2: whose the queued mail is
    "CREATE TABLE queued(host TEXT, instance TEXT, queue_id TEXT, subject TEXT NOT NULL,"
    " since INTEGER NOT NULL, uncounted INTEGER NOT NULL, let_through INTEGER NOT NULL,"
    " PRIMARY KEY(host, instance, queue_id)) WITHOUT ROWID;",
    // 3: which open campaign it belongs to
    "ALTER TABLE queued ADD COLUMN campaign TEXT NOT NULL DEFAULT '';",
    // 4: cases ("case" is a word of SQL)
    "CREATE TABLE case_file(number INTEGER PRIMARY KEY, body TEXT NOT NULL);"
    "CREATE TABLE case_progress(one INTEGER PRIMARY KEY CHECK(one = 1),"
    " last_decision INTEGER NOT NULL, last_case INTEGER NOT NULL);",
    // 5: lists of our own
    "CREATE TABLE list_report(number INTEGER PRIMARY KEY, list TEXT NOT NULL, client TEXT NOT NULL,"
    " kind INTEGER NOT NULL, reporter INTEGER NOT NULL, at INTEGER NOT NULL,"
    " heard_at INTEGER NOT NULL, weight REAL NOT NULL);"
    "CREATE INDEX list_report_heard ON list_report(list, heard_at);"
    "CREATE TABLE list_place(list TEXT, place TEXT, since INTEGER NOT NULL, until INTEGER NOT NULL,"
    " requested_at INTEGER NOT NULL, cleared_at INTEGER NOT NULL, told_spared_at INTEGER NOT NULL,"
    " times_listed INTEGER NOT NULL, PRIMARY KEY(list, place)) WITHOUT ROWID;"
    "CREATE TABLE list_traffic(list TEXT, day INTEGER, place TEXT, mails INTEGER NOT NULL,"
    " queries INTEGER NOT NULL, PRIMARY KEY(list, day, place)) WITHOUT ROWID;"
    "CREATE TABLE list_reporter(list TEXT, reporter INTEGER, right INTEGER NOT NULL,"
    " wrong INTEGER NOT NULL, day INTEGER NOT NULL, today INTEGER NOT NULL,"
    " PRIMARY KEY(list, reporter)) WITHOUT ROWID;"
    "CREATE TABLE list_hand(list TEXT, network TEXT, since INTEGER NOT NULL,"
    " until INTEGER NOT NULL, reason TEXT NOT NULL, author TEXT NOT NULL,"
    " PRIMARY KEY(list, network)) WITHOUT ROWID;"
    "CREATE TABLE list_history(number INTEGER PRIMARY KEY, list TEXT NOT NULL,"
    " network TEXT NOT NULL, at INTEGER NOT NULL, move TEXT NOT NULL, until INTEGER NOT NULL,"
    " complaints INTEGER NOT NULL, pristine INTEGER NOT NULL, recycled INTEGER NOT NULL,"
    " typo INTEGER NOT NULL, honeypot INTEGER NOT NULL, reporters INTEGER NOT NULL,"
    " spam REAL NOT NULL, mail REAL NOT NULL, reason TEXT NOT NULL, author TEXT NOT NULL);"
    "CREATE INDEX list_history_network ON list_history(list, network, number);",
    // 6: lists of names of our own
    "CREATE TABLE list_name_report(number INTEGER PRIMARY KEY, list TEXT NOT NULL,"
    " name TEXT NOT NULL, kind INTEGER NOT NULL, reporter INTEGER NOT NULL, at INTEGER NOT NULL,"
    " heard_at INTEGER NOT NULL, weight REAL NOT NULL);"
    "CREATE INDEX list_name_report_heard ON list_name_report(list, heard_at);"
    "CREATE TABLE list_name(list TEXT, name TEXT, since INTEGER NOT NULL, until INTEGER NOT NULL,"
    " requested_at INTEGER NOT NULL, cleared_at INTEGER NOT NULL, times_listed INTEGER NOT NULL,"
    " PRIMARY KEY(list, name)) WITHOUT ROWID;"
    "CREATE TABLE list_name_hand(list TEXT, name TEXT, since INTEGER NOT NULL,"
    " until INTEGER NOT NULL, reason TEXT NOT NULL, author TEXT NOT NULL,"
    " PRIMARY KEY(list, name)) WITHOUT ROWID;"
    "CREATE TABLE list_name_history(number INTEGER PRIMARY KEY, list TEXT NOT NULL,"
    " name TEXT NOT NULL, at INTEGER NOT NULL, move TEXT NOT NULL, until INTEGER NOT NULL,"
    " complaints INTEGER NOT NULL, pristine INTEGER NOT NULL, recycled INTEGER NOT NULL,"
    " typo INTEGER NOT NULL, honeypot INTEGER NOT NULL, reporters INTEGER NOT NULL,"
    " spam REAL NOT NULL, reason TEXT NOT NULL, author TEXT NOT NULL);"
    "CREATE INDEX list_name_history_name ON list_name_history(list, name, number);",
    // 7: what it is for, model::MailClass
    "ALTER TABLE queued ADD COLUMN mail_class INTEGER NOT NULL DEFAULT 0;",
    // 8: whose it is can be asked for
    "CREATE INDEX queued_subject ON queued(subject);"
    "CREATE INDEX queued_campaign ON queued(campaign) WHERE campaign <> '';",
};

}  // namespace leumund::storage
