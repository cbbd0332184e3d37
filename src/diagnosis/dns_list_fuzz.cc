// What the operator or the registry says of a list is taken or refused with a sentence; whatever a
// list answers, an address outside 127.0.0.0/8 never becomes a listing.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "diagnosis/list_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leumund;
  using namespace leumund::diagnosis;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<DnsList> lists;
  if (auto own = parse_postscreen_list(text)) {
    lists.push_back(std::move(*own));
  } else {
    CHECK(!own.error().message.empty());
  }
  if (auto read = read_dns_lists({.name = "own.toml", .text = text})) {
    lists.insert(lists.end(), read->begin(), read->end());
  } else {
    CHECK(read.error().message.find("own.toml") != std::string::npos);
  }
  std::vector<base::IpAddress> answered;
  bool strange = false;
  for (std::size_t i = 0; i + 4 <= size && i < 32; i += 4) {
    std::uint32_t address = 0;
    for (std::size_t byte = i; byte < i + 4; ++byte) address = address << 8U | data[byte];
    answered.push_back(base::IpAddress::v4(address));
    strange |= data[i] != 127;
  }
  for (const DnsList& list : lists) {
    const ListAnswer answer = read_list_answer(list, answered);
    CHECK(!strange || answer.verdict == ListVerdict::fault);
    CHECK(answer.verdict != ListVerdict::listed || !answer.codes.empty());
    for (const TestPoint& point : test_points(list, size)) {
      CHECK(!list_question(point.name, list.zone).empty());
    }
  }
  return 0;
}
