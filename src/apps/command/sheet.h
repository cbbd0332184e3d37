// For tests: a terminal whose output is read back.
#pragma once

#include <array>
#include <cstdio>
#include <string>

#include "apps/command/terminal.h"

namespace leumund::apps {

class Sheet {
 public:
  explicit Sheet(Language language = Language::en)
      : file_(std::tmpfile()), terminal(file_, file_, language) {}
  Sheet(const Sheet&) = delete;
  Sheet& operator=(const Sheet&) = delete;
  ~Sheet() { std::fclose(file_); }

  [[nodiscard]] std::FILE* file() const { return file_; }
  // All that was written so far.
  [[nodiscard]] std::string text() const {
    std::rewind(file_);
    std::string out;
    std::array<char, 4096> chunk{};
    while (const auto got = std::fread(chunk.data(), 1, chunk.size(), file_))
      out.append(chunk.data(), got);
    return out;
  }

 private:
  std::FILE* file_;

 public:
  Terminal terminal;
};

}  // namespace leumund::apps
