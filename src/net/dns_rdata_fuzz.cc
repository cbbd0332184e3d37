// A record as a hostile name server gives it; the first byte chooses the type.
#include <cstdint>
#include <string_view>

#include "net/dns_rdata.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leumund::net;
  if (size == 0) return 0;
  const auto type = static_cast<RecordType>(data[0] % 5);
  const std::string_view record(reinterpret_cast<const char*>(data + 1), size - 1);
  DnsAnswer answer;
  const bool read = read_rdata(type, record, answer);
  if (read != (answer.addresses.size() + answer.texts.size() + answer.mails.size() == 1)) {
    __builtin_trap();
  }
  for (const auto& [preference, host] : answer.mails) {
    if (host.size() > 253) __builtin_trap();
  }
  return 0;
}
