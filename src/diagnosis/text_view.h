// A reply as the scanner sees it: once in plain small letters, once with every name masked.
//
// Flow:    raw text -> plain (small ASCII letters, accents folded, line prefixes of multi-line
//          replies dropped) -> masked (addresses, hosts, URLs and numbers replaced by IP, NET,
//          ADDR, HOST, ZONE, URL, PAGE, 0; there is no other capital letter). Codes of
//          providers are looked for in the plain text, words only in the masked one, so that a
//          mailbox called "spamhaus-team" or a host called "greylist" means nothing.
// Limits:  text beyond `max_reply_bytes` is not read.
// Threads: one at a time; buffers are reused between calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"

namespace leumund::diagnosis {

inline constexpr std::size_t max_reply_bytes = 16 * 1024;

enum class EntityKind : std::uint8_t { address, network, host, mailbox, url };

// Something with a name in the plain text, at [begin, end).
struct Entity {
  EntityKind kind = EntityKind::host;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  base::IpAddress address = {};  // address, network, and host or URL where they carry one
  bool has_address = false;
  std::uint32_t host_begin = 0;  // host part of a host, mailbox or URL
  std::uint32_t host_end = 0;
  std::uint32_t list = 0;  // 1 + index of the DNS list whose zone or page this is; 0 none
  bool reversed = false;   // the address was read from a DNSBL query name, turned round
};

// Tells whether a host name belongs to a DNS list (its zone or one of its pages).
class HostOracle {
 public:
  virtual ~HostOracle() = default;
  // 1 + index of the list; 0 if the host is none's.
  [[nodiscard]] virtual std::uint32_t list_of_host(std::string_view host) const = 0;
};

class TextView {
 public:
  void read(std::string_view text, const HostOracle& oracle);

  [[nodiscard]] std::string_view plain() const { return plain_.text(); }
  [[nodiscard]] std::string_view masked() const { return masked_.text(); }
  [[nodiscard]] const std::vector<Entity>& entities() const { return entities_; }

  // Where a byte of the masked text stands in the plain text.
  [[nodiscard]] std::size_t plain_offset(std::size_t masked_offset) const;
  // The words as they were written, for a range of the plain text.
  [[nodiscard]] std::string_view raw(std::size_t plain_begin, std::size_t plain_end) const;
  [[nodiscard]] std::string_view text_of(const Entity& entity) const {
    return plain().substr(entity.begin, entity.end - entity.begin);
  }
  [[nodiscard]] std::string_view host_of(const Entity& entity) const {
    return plain().substr(entity.host_begin, entity.host_end - entity.host_begin);
  }

 private:
  void fold(std::string_view text);
  void find_entities(const HostOracle& oracle);
  std::size_t take_token(std::size_t at, const HostOracle& oracle);
  bool take_url(std::size_t begin, std::size_t end, const HostOracle& oracle);
  bool take_word(std::size_t begin, std::size_t end, const HostOracle& oracle);
  void mask();

  std::string_view text_;
  // A text being written and where each of its bytes came from. Never shrinks: bytes beyond `size`
  // are left over from other texts.
  struct Written {
    std::vector<char> bytes;
    std::vector<std::uint32_t> from;
    std::size_t size = 0;

    // Makes room for `most` bytes, so that put() need not look.
    void start(std::size_t most) {
      size = 0;
      if (bytes.size() >= most) return;
      bytes.resize(most);
      from.resize(most);
    }
    void put(char c, std::size_t at) {
      bytes[size] = c;
      from[size++] = static_cast<std::uint32_t>(at);
    }
    [[nodiscard]] bool blank_or_empty() const { return size == 0 || bytes[size - 1] == ' '; }
    [[nodiscard]] std::string_view text() const { return {bytes.data(), size}; }
  };

  Written plain_;   // from the raw text
  Written masked_;  // from the plain text
  std::vector<Entity> entities_;
};

}  // namespace leumund::diagnosis
