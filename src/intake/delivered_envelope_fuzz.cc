// Any bytes as a message in a mailbox: addresses are plain and bounded.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "intake/delivered_envelope.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto found = leumund::intake::delivered_envelope(
      std::string_view(reinterpret_cast<const char*>(data), size));
  if (!found) return 0;
  const auto plain = [](const std::string& address) {
    return address.size() <= 320 && std::ranges::all_of(address, [](char c) {
             return static_cast<unsigned char>(c) > ' ' && c != '<' && c != '>';
           });
  };
  CHECK(plain(found->sender) && found->recipients.size() <= 50);
  CHECK(std::ranges::all_of(found->recipients, plain));
  return 0;
}
