// Whatever the bytes are, the same requests come out whether they arrive at once or in pieces.
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "wire/policy_request.h"

namespace {

using leumund::wire::PolicyAttribute;
using leumund::wire::PolicyRequestParser;

// Small, so that a short input reaches every one of them.
constexpr leumund::wire::PolicyLimits limits{
    .request_bytes = 300, .value_bytes = 60, .attributes = 12};

// Each request as text, then how the input ended. `piece(i)` bytes arrive at step i; the bytes that
// wait are copied to a fresh buffer each time, as if a connection's buffer had moved.
template <typename Piece>
std::vector<std::string> read_all(std::string_view input, Piece piece) {
  std::vector<std::string> out;
  PolicyRequestParser parser(limits);
  std::string waiting;
  std::size_t step = 0;
  for (std::size_t at = 0; at < input.size();) {
    const std::string_view next = input.substr(at, piece(step++));
    at += next.size();
    waiting = std::string(waiting) + std::string(next);
    for (;;) {
      const auto state = parser.feed(waiting);
      if (state == PolicyRequestParser::State::incomplete) break;
      if (state == PolicyRequestParser::State::failed) {
        out.push_back("failed: " + parser.error().message);
        return out;
      }
      CHECK(parser.consumed() > 0 && parser.consumed() <= waiting.size());
      std::string request;
      for (std::size_t i = 0; i < leumund::wire::policy_attribute_count; ++i) {
        const auto attribute = static_cast<PolicyAttribute>(i);
        if (!parser.request().has(attribute)) continue;
        const std::string_view value = parser.request().get(attribute);
        CHECK(value.size() <= limits.value_bytes);
        CHECK(value.find('\n') == std::string_view::npos);
        request += std::to_string(i) + "=" + std::string(value) + "\n";
      }
      out.push_back(request);
      waiting.erase(0, parser.consumed());
    }
    CHECK(waiting.size() < limits.request_bytes);
  }
  out.push_back(waiting);
  return out;
}

void check_answer(std::string_view text) {
  using leumund::model::Disposition;
  for (const auto disposition : {Disposition::pass, Disposition::warn, Disposition::throttle,
                                 Disposition::hold, Disposition::reject}) {
    std::string out;
    leumund::wire::append_policy_answer({disposition, std::string(text), std::string(text)}, out);
    CHECK(out.starts_with("action=") && out.ends_with("\n\n"));
    for (const char c : out.substr(0, out.size() - 2)) CHECK(c >= ' ' && c < 0x7f);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto whole = read_all(input, [&](std::size_t) { return input.size(); });
  CHECK(whole == read_all(input, [](std::size_t) { return std::size_t{1}; }));
  // Pieces of lengths that depend on the input itself.
  CHECK(whole ==
        read_all(input, [&](std::size_t step) { return std::size_t{1} + data[step % size] % 37; }));
  if (size <= 48) {  // every single cut; byte by byte has covered the longer ones
    for (std::size_t cut = 1; cut < size; ++cut) {
      CHECK(whole == read_all(input, [&](std::size_t step) { return step == 0 ? cut : size; }));
    }
  }
  check_answer(input);
  return 0;
}
