// An answer of any bytes is a "no" to the question that was asked, or nothing; never a crash.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "net/dns_packet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leumund::net;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string asked =
      dns_question_packet(0x4c4d, {"2.0.0.127.bl.example", RecordType::a}, true);
  CHECK(!asked.empty());
  if (const auto ttl = read_dns_negative(text, asked)) CHECK(ttl->count() >= 0);
  const std::string named = dns_question_packet(1, {std::string(text), RecordType::txt}, false);
  CHECK(named.empty() || named.size() <= 12 + 255 + 4);
  if (!named.empty()) CHECK(!read_dns_negative(named, named).has_value());
  return 0;
}
