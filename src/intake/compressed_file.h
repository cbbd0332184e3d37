// Reads a file from its start as the bytes it stands for: plain, or packed by gzip or zstd.
//
// Limits:  bounded memory whatever the file holds; an unpacked size has no limit of its own, the
//          reader stops when it has enough.
// Threads: one caller.
// Errors:  a folder, a missing or unreadable file, a packing that is not known or is broken: the
//          error names the file. What was unpacked before the broken place has been given.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace leumund::intake {

enum class Packing : std::uint8_t { none, gzip, zstd, unknown };

// By the end of the name: ".gz", ".zst"; ".xz", ".bz2" and the like are unknown.
[[nodiscard]] Packing packing_of(const std::string& path);

class CompressedFile {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<CompressedFile>> open(const std::string& path);
  virtual ~CompressedFile() = default;

  // The next bytes, 0 at the end.
  [[nodiscard]] virtual base::Result<std::size_t> read(std::span<char> out) = 0;

  // Leaves out the next `bytes` bytes, or all there are.
  [[nodiscard]] virtual base::Status skip(std::uint64_t bytes);
};

// Opens a regular file for reading; anything else is an error that says what it is.
[[nodiscard]] base::Result<int> open_regular_file(const std::string& path);

}  // namespace leumund::intake
