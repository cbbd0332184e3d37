// SPF records of any bytes: no crash, and names made by their macros keep their bounds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/spf_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using leumund::wire::expand_spf;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const leumund::wire::SpfMacros macros{.sender = "strong-bad@email.example.com",
                                        .domain = "email.example.com",
                                        .helo = "mx.example.org",
                                        .address = leumund::base::IpAddress::v4(0xc0000203)};
  CHECK(expand_spf(text, macros).size() <= 253);
  const auto record = leumund::wire::parse_spf_record(text);
  if (!record) return 0;
  CHECK(record->terms.size() <= 256 && leumund::wire::is_spf_record(text));
  for (const auto& term : record->terms) {
    CHECK(term.bits4 <= 32 && term.bits6 <= 128 && term.network.bits <= 128);
    CHECK(expand_spf(term.domain, macros).size() <= 253);
  }
  return 0;
}
