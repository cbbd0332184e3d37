// Any bytes of a peer: every reader ends within the packet, and what is read lies in it.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "wire/milter_packet.h"

namespace {

using namespace leumund::wire;  // NOLINT: one file, one subject

constexpr std::size_t packet_max = 4096;

void check_within(std::string_view part, std::string_view whole) {
  CHECK(part.empty() ||
        (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size()));
}

void read(const MilterPacket& packet) {
  const std::string_view data = packet.data;
  if (const auto peer = read_milter_connect(data)) check_within(peer->host, data);
  if (const auto header = read_milter_header(data)) {
    check_within(header->first, data);
    check_within(header->second, data);
  }
  if (const auto address = read_milter_address(data)) check_within(*address, data);
  if (const auto text = read_milter_text(data)) check_within(*text, data);
  if (const auto offer = read_milter_offer(data)) {
    std::string out;
    append_milter_offer(*offer, out);
    const auto again = next_milter_packet(out, packet_max);
    CHECK(again.ok() && again->has_value() && (*again)->data == data.substr(0, 12));
  }
  read_milter_macros(data, [&](std::string_view name, std::string_view value) {
    check_within(name, data);
    check_within(value, data);
  });
  std::string out;
  append_milter_reply(data, out);
  append_milter_quarantine(data, out);
  std::string_view rest = out;
  for (int packets = 0; packets < 2; ++packets) {
    const auto written = next_milter_packet(rest, packet_max);
    CHECK(written.ok() && written->has_value());
    CHECK((*written)->data.find('\0') == (*written)->data.size() - 1);
    rest.remove_prefix((*written)->bytes);
  }
  CHECK(rest.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  for (;;) {
    const auto packet = next_milter_packet(rest, packet_max);
    if (!packet || !packet->has_value()) return 0;
    CHECK((*packet)->bytes <= rest.size());
    read(**packet);
    rest.remove_prefix((*packet)->bytes);
  }
}
