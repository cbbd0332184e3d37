// One row into SQLite and one cell out of it, as the tables of our own lists have them.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>

#include "storage/stored_time.h"

namespace leumund::storage {

[[nodiscard]] inline base::TimePoint time_of(const SQLite::Column& column) {
  return moment(column.getInt64());
}
[[nodiscard]] inline std::uint32_t count_of(const SQLite::Column& column) {
  return static_cast<std::uint32_t>(column.getInt64());
}

template <typename... Values>
void put(SQLite::Statement& statement, const Values&... values) {
  int number = 0;
  (statement.bind(++number, values), ...);
  statement.exec();
  statement.reset();
}

}  // namespace leumund::storage
