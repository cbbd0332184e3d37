// The listing of an archive of any bytes, whole and as head and tail.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/zip_listing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const std::size_t cut : {std::size_t{0}, size / 2, size}) {
    const auto members =
        leumund::wire::read_zip_listing(bytes.substr(0, cut), bytes.substr(cut), 5);
    CHECK(members.size() <= 5);
    for (const auto& member : members) CHECK(member.name.size() <= 512);
  }
  return 0;
}
