// Any bytes as a token: never ours, unless we made it; and what we make we read back.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "wire/trace_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leumund::wire;  // NOLINT: one file, one subject
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const leumund::base::HashKey key{.bytes = {1, 2, 3}};
  CHECK(!read_trace_token(key, input));
  CHECK(!read_trace_token(key, "v1." + std::string(input)));

  const std::size_t half = size / 2;
  const TraceToken made{.made_at = leumund::base::TimePoint(std::chrono::hours(size)),
                        .recipient_mark = static_cast<std::uint32_t>(size),
                        .id = std::string(input.substr(0, half)),
                        .subject = std::string(input.substr(half))};
  std::string token = make_trace_token(key, made);
  if (token.empty()) return 0;
  CHECK(token.size() <= trace_token_bytes);
  const auto read = read_trace_token(key, token);
  CHECK(read && read->id == made.id && read->subject == made.subject);
  CHECK(read->made_at == made.made_at && read->recipient_mark == made.recipient_mark);
  CHECK(!read_trace_token({.bytes = {1, 2, 4}}, token));
  // Any single changed character is noticed.
  char& changed = token[3 + (size * 7) % (token.size() - 3)];
  changed = changed == 'A' ? 'B' : 'A';
  const auto forged = read_trace_token(key, token);
  CHECK(!forged);
  return 0;
}
