// With which programs an account writes its mail: the newest few, by mailer and order of headers.
//
// Limits:  the bytes given, for ever: sets of four accounts; in a full set the account that was put
//          longest ago goes, and counts as unknown from then on.
// Threads: none of its own and no lock.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace leumund::evidence {

class AccountPrograms {
 public:
  explicit AccountPrograms(std::size_t bytes);

  enum class Known : std::uint8_t { nothing, usual, unusual };
  [[nodiscard]] Known look(std::uint64_t account, std::uint64_t program) const;
  void learn(std::uint64_t account, std::uint64_t program);
  [[nodiscard]] std::size_t bytes() const { return sets_.size() * sizeof(Set); }

 private:
  static constexpr std::size_t ways = 4;
  static constexpr std::size_t kept = 4;
  struct Entry {
    std::uint32_t tag = 0;
    std::uint16_t mails = 0;
    std::array<std::uint16_t, kept> programs{};  // the newest first; 0 none
  };
  using Set = std::array<Entry, ways>;

  std::vector<Set> sets_;
};

}  // namespace leumund::evidence
