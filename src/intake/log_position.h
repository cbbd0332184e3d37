// Where in which log file the reading stands, in a form that survives rotation and a restart.
//
// A file is known by its inode and by a hash of its first bytes, so that it is found again under
// another name, as a copy, or packed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace leumund::intake {

struct LogPosition {
  static constexpr std::uint32_t head_bytes_max = 256;

  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint32_t head_bytes = 0;  // how many first bytes head_hash covers
  std::uint64_t head_hash = 0;
  std::uint64_t offset = 0;  // of unpacked bytes; the start of a line
  // Where, in this file, all that waited in the correlator was told because the log was silent.
  // Lines alone do not show that, so reading the context again has to be told.
  std::optional<std::uint64_t> settled_at;
  std::int64_t latest_stamp = 0;  // Unix seconds of the latest line before it; 0: none

  // "file1 2049 131 256 9f3a... 81234 80000 1790000000", with "-" for no settled_at
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] static base::Result<LogPosition> parse(std::string_view text);

  bool operator==(const LogPosition&) const = default;
};

// The same on every run and machine.
[[nodiscard]] std::uint64_t hash_of_head(std::string_view head);

}  // namespace leumund::intake
