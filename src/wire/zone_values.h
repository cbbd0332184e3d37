// What a listed name answers: an A record and a template for the TXT record. Zones of millions have
// few different ones, so each is kept once and entries carry its number.
//
// Limits:  4 GiB of templates, 2^32 - 16 values; a template has 255 bytes at most.
// Threads: a plain value; not changed once it is published.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leumund::wire {

inline constexpr std::size_t zone_text_bytes_max = 255;  // one character-string of a TXT record

// Numbers that stand for no value.
inline constexpr std::uint32_t zone_excluded = 0;
inline constexpr std::uint32_t zone_ignore = 0xffff'fffc;  // what an acl says of a client
inline constexpr std::uint32_t zone_refuse = 0xffff'fffd;
inline constexpr std::uint32_t zone_empty = 0xffff'fffe;
inline constexpr std::uint32_t zone_pass = 0xffff'ffff;

struct ZoneValue {
  std::uint32_t address = 0x7f000002;
  std::string_view text;  // template; "" none
};

class ZoneValues {
 public:
  ZoneValues();

  // The number of this value; 0 when there is no room for another.
  [[nodiscard]] std::uint32_t intern(const ZoneValue& value);
  [[nodiscard]] ZoneValue at(std::uint32_t number) const;
  [[nodiscard]] std::size_t size() const { return starts_.size() - 1; }

  // No value comes after this; gives back the memory that finding them took.
  void finish();
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  void grow();

  std::string pool_;                   // address, length, template
  std::vector<std::uint32_t> starts_;  // in pool_, by number
  std::vector<std::uint32_t> slots_;   // numbers by hash; 0 free
};

// $0 to $9 and $= of one dataset.
struct ZoneTemplates {
  std::array<std::optional<std::string>, 10> variables;
  std::optional<std::string> base;

  bool operator==(const ZoneTemplates&) const = default;
};

// Writes the text of a TXT record, cut at 255 bytes, and returns its length: "$" is what is listed,
// "$1" a variable, "$$" a dollar sign, "$=" (in the base template) the entry's own text. An entry
// whose text begins with "=" uses no base template.
[[nodiscard]] std::size_t expand_zone_text(std::string_view text, std::string_view listed,
                                           const ZoneTemplates& templates,
                                           std::array<char, zone_text_bytes_max>& out);

}  // namespace leumund::wire
