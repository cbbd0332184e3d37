// Any bytes of a peer: the same dialogue whether they come at once or in pieces, memory is given
// back, and no message breaks the limit.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "intake/report_lmtp.h"

namespace {

using namespace leumund::intake;  // NOLINT: one file, one subject

constexpr LmtpLimits limits{.line_bytes = 80, .message_bytes = 200, .recipients = 3, .errors = 5};

struct Heard {
  std::string said;
  std::vector<std::string> messages;
  bool operator==(const Heard&) const = default;
};

Heard talk(std::string_view input, std::size_t piece) {
  Heard heard;
  LmtpBudget budget(1 << 20);
  const LmtpDialogue::Handler handler = [&](const LmtpEnvelope& envelope, std::string_view raw) {
    CHECK(!envelope.recipients.empty() && envelope.recipients.size() <= limits.recipients);
    CHECK(raw.size() <= limits.message_bytes);
    heard.messages.emplace_back(raw);
    return raw.size() % 2 == 0 ? ReportTaken::taken : ReportTaken::try_later;
  };
  {
    LmtpDialogue dialogue("x.example", limits, budget, handler);
    dialogue.greet(heard.said);
    std::string waiting;
    bool closed = false;
    for (std::size_t at = 0; at < input.size() && !closed; at += piece) {
      waiting += input.substr(at, piece);
      while (!waiting.empty()) {
        const auto step = dialogue.on_bytes(waiting, heard.said);
        CHECK(step.consumed <= waiting.size());
        closed = step.close;
        if (closed || step.consumed == 0) break;
        waiting.erase(0, step.consumed);
      }
    }
  }
  CHECK(budget.used() == 0);
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const Heard whole = talk(input, size == 0 ? 1 : size);
  CHECK(whole == talk(input, 1));
  CHECK(whole == talk(input, 3));
  return 0;
}
