#include "wire/zip_listing.h"

namespace leumund::wire {
namespace {

constexpr std::string_view local_mark("PK\x03\x04", 4);
constexpr std::string_view entry_mark("PK\x01\x02", 4);
constexpr std::string_view end_mark("PK\x05\x06", 4);
constexpr std::size_t local_bytes = 30;
constexpr std::size_t entry_bytes = 46;
constexpr std::size_t name_bytes_max = 512;
constexpr std::uint64_t flag_encrypted = 1;
constexpr std::uint64_t flag_sizes_follow = 8;

// Little-endian, at a place that the caller has checked.
std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

ArchiveMember member_of(std::string_view header, std::size_t flags_at, std::size_t checksum_at,
                        std::string_view name) {
  ArchiveMember member;
  member.name = name.substr(0, name_bytes_max);
  member.encrypted = (number(header, flags_at, 2) & flag_encrypted) != 0;
  member.checksum = static_cast<std::uint32_t>(number(header, checksum_at, 4));
  member.size = number(header, checksum_at + 8, 4);
  return member;
}

// The listing; it may begin before `tail` does: then the entries that can be seen.
std::vector<ArchiveMember> read_directory(std::string_view tail, std::size_t members_max) {
  std::vector<ArchiveMember> members;
  const std::size_t end = tail.rfind(end_mark);
  if (end == std::string_view::npos || end + 22 > tail.size()) return members;
  const auto size = static_cast<std::size_t>(number(tail, end + 12, 4));
  std::size_t at = size <= end ? end - size : tail.find(entry_mark);
  while (at < end && members.size() < members_max) {
    const std::string_view header = tail.substr(at, end - at);
    if (header.size() < entry_bytes || !header.starts_with(entry_mark)) break;
    const auto name = static_cast<std::size_t>(number(header, 28, 2));
    const auto extra = static_cast<std::size_t>(number(header, 30, 2));
    const auto comment = static_cast<std::size_t>(number(header, 32, 2));
    if (header.size() < entry_bytes + name) break;
    members.push_back(member_of(header, 8, 16, header.substr(entry_bytes, name)));
    at += entry_bytes + name + extra + comment;
  }
  return members;
}

std::vector<ArchiveMember> read_local_headers(std::string_view head, std::size_t members_max) {
  std::vector<ArchiveMember> members;
  for (std::size_t at = 0; members.size() < members_max;) {
    if (at > head.size() || head.size() - at < local_bytes) break;
    const std::string_view header = head.substr(at);
    if (!header.starts_with(local_mark)) break;
    const auto name = static_cast<std::size_t>(number(header, 26, 2));
    const auto extra = static_cast<std::size_t>(number(header, 28, 2));
    if (header.size() < local_bytes + name) break;
    members.push_back(member_of(header, 6, 14, header.substr(local_bytes, name)));
    // Where the sizes stand behind the content, the next header has to be looked for.
    const bool sized = (number(header, 6, 2) & flag_sizes_follow) == 0;
    const auto packed = static_cast<std::size_t>(number(header, 18, 4));
    at += local_bytes + name + extra;
    at = sized ? at + packed : head.find(local_mark, at);
  }
  return members;
}

}  // namespace

bool looks_like_zip(std::string_view head) {
  return head.starts_with(local_mark) || head.starts_with(end_mark);
}

std::vector<ArchiveMember> read_zip_listing(std::string_view head, std::string_view tail,
                                            std::size_t members_max) {
  std::vector<ArchiveMember> members = read_directory(tail, members_max);
  if (members.empty()) members = read_local_headers(head, members_max);
  return members;
}

}  // namespace leumund::wire
