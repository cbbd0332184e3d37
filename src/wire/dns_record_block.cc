#include "wire/dns_record_block.h"

#include <cstring>

namespace leumund::wire {

void DnsRecordBlock::put_16(std::size_t number) {
  bytes_ += static_cast<char>(number >> 8 & 0xff);
  bytes_ += static_cast<char>(number & 0xff);
}

void DnsRecordBlock::put_name(const DnsName& name) {
  if (known_.empty()) {
    const std::string& zone = zone_.bytes();
    for (std::size_t at = 0; zone[at] != 0; at += static_cast<unsigned char>(zone[at]) + 1U) {
      known_.push_back({zone.substr(at), {0, static_cast<std::uint16_t>(at), true}});
    }
  }
  std::string_view left = name.bytes();
  while (left.size() > 1) {
    for (const Known& known : known_) {
      if (known.suffix != left) continue;
      Pointer pointer = known.pointer;
      pointer.at = static_cast<std::uint16_t>(bytes_.size());
      pointers_.push_back(pointer);
      put_16(0);
      return;
    }
    known_.push_back({std::string(left), {0, static_cast<std::uint16_t>(bytes_.size()), false}});
    const std::size_t label = static_cast<unsigned char>(left[0]) + 1U;
    bytes_ += left.substr(0, label);
    left.remove_prefix(label);
  }
  bytes_ += '\0';
}

void DnsRecordBlock::add(std::uint16_t type, std::uint32_t ttl, const std::vector<DnsName>& names,
                         std::string_view rest) {
  put_name(zone_);
  put_16(type);
  put_16(1);  // class IN
  put_16(ttl >> 16);
  put_16(ttl & 0xffff);
  const std::size_t length_at = bytes_.size();
  put_16(0);
  for (const DnsName& name : names) put_name(name);
  bytes_ += rest;
  const std::size_t length = bytes_.size() - length_at - 2;
  bytes_[length_at] = static_cast<char>(length >> 8 & 0xff);
  bytes_[length_at + 1] = static_cast<char>(length & 0xff);
  ++records_;
}

void DnsRecordBlock::write(std::uint8_t* out, std::size_t at, std::size_t zone_at) const {
  std::memcpy(out + at, bytes_.data(), bytes_.size());
  for (const Pointer& pointer : pointers_) {
    const std::size_t target = (pointer.to_zone ? zone_at : at) + pointer.target;
    out[at + pointer.at] = static_cast<std::uint8_t>(0xc0 | target >> 8);
    out[at + pointer.at + 1U] = static_cast<std::uint8_t>(target & 0xff);
  }
}

}  // namespace leumund::wire
