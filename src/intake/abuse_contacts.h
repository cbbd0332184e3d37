// Whom to write to about a network: the operator's own file, as registries (RDAP) or abuse contact
// services give it.
//
// One network a line: PREFIX, blank, CONTACT, and what else is to be shown. "#" begins a comment.
//
// Limits:  `networks_most` lines, `line_bytes` each.
// Errors:  names the line and what is wrong with it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/result.h"

namespace leumund::intake {

struct AbuseContact {
  base::IpPrefix network;
  std::string contact;
  std::string remark;
};

class AbuseContacts {
 public:
  static constexpr std::size_t networks_most = 2'000'000;
  static constexpr std::size_t line_bytes = 1024;

  [[nodiscard]] static base::Result<AbuseContacts> read(std::string_view text);

  // The narrowest network around it; nothing when none is known. Owner: the pointer ends with this.
  [[nodiscard]] const AbuseContact* find(const base::IpAddress& address) const;
  [[nodiscard]] std::size_t size() const;

 private:
  using OfOneSize = std::map<base::IpAddress, AbuseContact>;
  std::map<unsigned, OfOneSize, std::greater<>> v4_;  // by bits
  std::map<unsigned, OfOneSize, std::greater<>> v6_;
};

}  // namespace leumund::intake
