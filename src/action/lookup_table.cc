#include "action/lookup_table.h"

#include <cdb.h>
#include <fmt/core.h>
#include <lmdb.h>

#include <cerrno>
#include <cstring>

#include "action/atomic_file.h"

namespace leumund::action {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view cdb_type = "cdb:";
constexpr std::string_view lmdb_type = "lmdb:";

base::Status write_cdb(const std::string& path, std::span<const TableRow> rows) {
  auto file = AtomicFile::open(path, 0644);
  if (!file.ok()) return file.error();
  const auto failed = [&path] {
    return Error{errno == ENOSPC ? ErrorCode::exhausted : ErrorCode::unavailable,
                 fmt::format("cannot write table {}: {}", path, std::strerror(errno))};
  };
  cdb_make making{};
  if (::cdb_make_start(&making, file->fd()) != 0) return failed();
  bool written = true;
  for (const auto& [key, value] : rows) {
    written = written && ::cdb_make_add(&making, key.data(), static_cast<unsigned>(key.size()),
                                        value.data(), static_cast<unsigned>(value.size())) >= 0;
  }
  // Always finished: it frees the memory of cdb_make.
  if (::cdb_make_finish(&making) != 0 || !written) return failed();
  const auto done = file->commit();
  return done.ok() ? base::Status() : done.error();
}

// Puts all rows into a new LMDB file in one transaction; 0 or LMDB's error number.
int fill_lmdb(MDB_env* environment, const std::string& path, std::span<const TableRow> rows) {
  std::size_t bytes = 1 << 20;
  // Pages are about half full at worst; the room is only address space.
  for (const auto& [key, value] : rows) bytes += 4 * (key.size() + value.size() + 64);
  if (const int failed = ::mdb_env_set_mapsize(environment, bytes)) return failed;
  // The file is ours alone until it is renamed, and AtomicFile syncs it.
  constexpr unsigned alone = MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC;
  if (const int failed = ::mdb_env_open(environment, path.c_str(), alone, 0644)) return failed;
  MDB_txn* work = nullptr;
  if (const int failed = ::mdb_txn_begin(environment, nullptr, 0, &work)) return failed;
  MDB_dbi table = 0;
  int failed = ::mdb_dbi_open(work, nullptr, 0, &table);
  for (auto row = rows.begin(); failed == 0 && row != rows.end(); ++row) {
    MDB_val key{row->first.size(), const_cast<char*>(row->first.data())};
    MDB_val value{row->second.size(), const_cast<char*>(row->second.data())};
    failed = ::mdb_put(work, table, &key, &value, 0);
    if (failed == MDB_BAD_VALSIZE) failed = 0;  // a name over 511 bytes no login can have
  }
  if (failed == 0) return ::mdb_txn_commit(work);
  ::mdb_txn_abort(work);
  return failed;
}

base::Status write_lmdb(const std::string& path, std::span<const TableRow> rows) {
  auto file = AtomicFile::open(path, 0644);
  if (!file.ok()) return file.error();
  MDB_env* environment = nullptr;
  int failed = ::mdb_env_create(&environment);
  if (failed == 0) failed = fill_lmdb(environment, file->beside(), rows);
  if (environment != nullptr) ::mdb_env_close(environment);
  if (failed != 0) {
    return Error{failed == ENOSPC ? ErrorCode::exhausted : ErrorCode::unavailable,
                 fmt::format("cannot write table {}: {}", path, ::mdb_strerror(failed))};
  }
  const auto done = file->commit();
  return done.ok() ? base::Status() : done.error();
}

}  // namespace

bool is_lookup_table(std::string_view name) {
  return name.starts_with(cdb_type) || name.starts_with(lmdb_type);
}

std::string lookup_table_path(std::string_view name) {
  if (name.starts_with(cdb_type)) return std::string(name.substr(cdb_type.size())) + ".cdb";
  if (name.starts_with(lmdb_type)) return std::string(name.substr(lmdb_type.size())) + ".lmdb";
  return std::string(name);
}

base::Status write_lookup_table(const std::string& name, std::span<const TableRow> rows) {
  const std::string path = lookup_table_path(name);
  if (name.starts_with(cdb_type)) return write_cdb(path, rows);
  if (name.starts_with(lmdb_type)) return write_lmdb(path, rows);
  return Error{ErrorCode::malformed,
               fmt::format("table \"{}\" is neither of type cdb nor lmdb", name)};
}

}  // namespace leumund::action
