// A file read line by line, packed or not: plain, .gz or .zst by its name, "-" is standard input.
//
// Limits:  a zstd window of 128 MiB (2^27, as `zstd --long=27` makes them); a line of more
//          than `line_bytes_max` bytes is passed over: `cut` is set, so that it fills no memory.
// Threads: one.
// Errors:  unavailable when the file cannot be opened or read, malformed when it is not packed as
//          its name says; the message names the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace leumund::apps {

class EventFile {
 public:
  static base::Result<std::unique_ptr<EventFile>> open(const std::string& path,
                                                       std::size_t line_bytes_max);
  virtual ~EventFile();

  struct Line {
    std::string_view text;  // without its line end; ends with the next call
    std::uint64_t number = 0;
    bool cut = false;
    bool end = false;  // there was no further line
  };
  base::Result<Line> next();

  // For a progress display: bytes of the file taken so far, and in all (0: not known).
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
  [[nodiscard]] std::uint64_t bytes_all() const { return bytes_all_; }

 protected:
  EventFile(std::string path, int fd, std::size_t line_bytes_max);
  // Reads the file itself; 0 at its end.
  base::Result<std::size_t> read_raw(char* to, std::size_t size);
  // Fills with unpacked bytes; 0 at the end.
  virtual base::Result<std::size_t> fill(char* to, std::size_t size) = 0;

  std::string path_;

 private:
  int fd_;
  std::size_t line_bytes_max_;
  std::string buffer_;
  std::size_t begin_ = 0;
  bool ended_ = false;
  std::uint64_t line_ = 0;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_all_ = 0;
};

}  // namespace leumund::apps
