// Cuts a stream of bytes into lines, whatever the bytes are.
//
// Limits:  a line is given up to `line_bytes_max`; the rest of a longer one is dropped and counted.
//          NULs at the start of a line (a file truncated under a writer that does not append) are
//          dropped.
// Threads: one caller.
// Owner:   a line given to the callback ends with the call.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace leumund::intake {

class LogLines {
 public:
  static constexpr std::size_t line_bytes_max = 64 * 1024;

  // Begins anew at `offset` of a file.
  void reset(std::uint64_t offset) {
    carry_.clear();
    in_line_ = 0;
    consumed_ = offset;
  }

  // Calls on_line(line) for every line that ends within `bytes`; consumed() is then behind it.
  template <typename OnLine>
  void feed(std::string_view bytes, OnLine&& on_line) {
    while (!bytes.empty()) {
      const void* found = std::memchr(bytes.data(), '\n', bytes.size());
      if (found == nullptr) return keep(bytes);
      const auto length = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
      const std::string_view piece = bytes.substr(0, length);
      bytes.remove_prefix(length + 1);
      if (in_line_ == 0 && piece.size() <= line_bytes_max && !starts_with_nul(piece)) {
        consumed_ += length + 1;
        on_line(piece);
        continue;
      }
      keep(piece);
      end_line(1, on_line);
    }
  }

  // Gives the last line, which has no line end, if there is one.
  template <typename OnLine>
  void finish(OnLine&& on_line) {
    if (in_line_ > 0) end_line(0, on_line);
  }

  // Bytes up to the end of the last line given.
  [[nodiscard]] std::uint64_t consumed() const { return consumed_; }
  // Bytes of the line that has not ended.
  [[nodiscard]] std::uint64_t unfinished() const { return in_line_; }
  [[nodiscard]] std::uint64_t cut_lines() const { return cut_lines_; }

 private:
  static bool starts_with_nul(std::string_view text) { return !text.empty() && text[0] == '\0'; }

  void keep(std::string_view piece) {
    in_line_ += piece.size();
    if (carry_.empty()) {
      const std::size_t start = piece.find_first_not_of('\0');
      if (start == std::string_view::npos) return;
      piece.remove_prefix(start);
    }
    if (carry_.size() + piece.size() > line_bytes_max) {
      cut_ = true;
      piece = piece.substr(0, line_bytes_max - carry_.size());
    }
    carry_.append(piece);
  }

  template <typename OnLine>
  void end_line(std::uint64_t line_end_bytes, OnLine&& on_line) {
    consumed_ += in_line_ + line_end_bytes;
    in_line_ = 0;
    if (cut_) ++cut_lines_;
    cut_ = false;
    on_line(std::string_view(carry_));
    carry_.clear();
  }

  std::string carry_;
  std::uint64_t in_line_ = 0;
  std::uint64_t consumed_ = 0;
  std::uint64_t cut_lines_ = 0;
  bool cut_ = false;
};

}  // namespace leumund::intake
