// The files in a zip archive as its listing names them; nothing is unpacked.
//
// Limits:  works on the first and the last bytes of the archive, of any length; at most
//          `members_max` members, names of 512 bytes.
// Errors:  none: an archive that cannot be read has no members.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace leumund::wire {

struct ArchiveMember {
  std::string name;  // as stored
  std::uint64_t size = 0;
  std::uint32_t checksum = 0;  // CRC-32
  bool encrypted = false;
};

// `head` are the first bytes, `tail` the last ones; they may overlap and may be the same. The
// central directory is preferred; without one the local headers in `head` count.
[[nodiscard]] std::vector<ArchiveMember> read_zip_listing(std::string_view head,
                                                          std::string_view tail,
                                                          std::size_t members_max);

[[nodiscard]] bool looks_like_zip(std::string_view head);

}  // namespace leumund::wire
