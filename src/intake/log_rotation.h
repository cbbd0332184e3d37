// The rotated files beside a log file, oldest first.
//
// Errors: a folder that cannot be read has no files; the caller sees that when it opens the log.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intake/compressed_file.h"

namespace leumund::intake {

struct RotatedFile {
  std::string path;
  Packing packing = Packing::none;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size_bytes = 0;  // as packed
  std::int64_t changed_at = 0;   // Unix seconds of the last change
};

// Of "mail.log": "mail.log.1", "mail.log.2.gz", "mail.log-20261121.zst", "mail.log.20261121" ...
// Where a file stands there both plain and packed, as during packing, only the plain one counts.
// Files packed in an unknown way are left out and counted in `unknown`.
[[nodiscard]] std::vector<RotatedFile> rotated_files(const std::string& log_path,
                                                     std::uint64_t& unknown);

}  // namespace leumund::intake
