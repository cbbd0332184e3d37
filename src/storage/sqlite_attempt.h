// Turns SQLiteCpp's exceptions into values; every way into it goes through here.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>

#include "base/result.h"

namespace leumund::storage {

[[nodiscard]] base::Error error_of(const SQLite::Exception& error, const std::string& path);

template <typename Work>
auto attempt(SQLite::Database& database, Work&& work) -> decltype(work(database)) {
  try {
    return work(database);
  } catch (const SQLite::Exception& error) {
    return error_of(error, database.getFilename());
  }
}

}  // namespace leumund::storage
