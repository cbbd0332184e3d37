// How long a commit waits for the disk.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

namespace leumund::storage {

// While it lives a commit waits until the disk has it, also against a power failure.
class FullSynchronous {
 public:
  explicit FullSynchronous(SQLite::Database& database) : database_(database) {
    database_.exec("PRAGMA synchronous = FULL");
  }
  ~FullSynchronous() { database_.tryExec("PRAGMA synchronous = NORMAL"); }
  FullSynchronous(const FullSynchronous&) = delete;
  FullSynchronous& operator=(const FullSynchronous&) = delete;

 private:
  SQLite::Database& database_;
};

}  // namespace leumund::storage
