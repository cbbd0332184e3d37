// Records of one zone in wire form, made once and copied into every answer: its SOA, its NS.
//
// Their owner is the zone's own name, which every question about the zone ends with; names are
// compressed against it and against each other, so a copy needs only its pointers set.
//
// Limits:  as many records as an answer of 4 KiB holds. Threads: a plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wire/dns_name.h"

namespace leumund::wire {

class DnsRecordBlock {
 public:
  explicit DnsRecordBlock(DnsName zone) : zone_(std::move(zone)) {}

  // A record of the zone itself whose data begins with `names` and ends with `rest`.
  void add(std::uint16_t type, std::uint32_t ttl, const std::vector<DnsName>& names,
           std::string_view rest);

  [[nodiscard]] std::uint16_t records() const { return records_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] const DnsName& zone() const { return zone_; }

  // Copies the records to out[at] of a message in which the zone's name stands at `zone_at`.
  void write(std::uint8_t* out, std::size_t at, std::size_t zone_at) const;

 private:
  struct Pointer {
    std::uint16_t at;      // in bytes_
    std::uint16_t target;  // in the zone's name, or in bytes_
    bool to_zone;
  };
  struct Known {
    std::string suffix;
    Pointer pointer;
  };
  void put_name(const DnsName& name);
  void put_16(std::size_t number);

  DnsName zone_;
  std::string bytes_;
  std::vector<Pointer> pointers_;
  std::vector<Known> known_;
  std::uint16_t records_ = 0;
};

}  // namespace leumund::wire
