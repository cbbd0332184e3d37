// A crowd of Postfix smtpd processes that show whole messages to a milter: the protocol's steps in
// Postfix's order and sizes, over many connections at once, each waiting where Postfix waits.
//
// Threads: the caller's only; it belongs on a core of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/endpoint.h"

namespace leumund::bench {

struct MilterMessage {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // lines end with CR LF, as Postfix shows them

  [[nodiscard]] static MilterMessage parse(std::string_view raw);
  [[nodiscard]] std::size_t bytes() const;
};

// Puts other words into the lines of text of `message`, the same for the same `variant`: thousands
// of accounts that send one text are a campaign, and are no measure of a usual day.
[[nodiscard]] MilterMessage with_other_words(const MilterMessage& message, std::uint64_t variant);

struct MilterLoad {
  net::Endpoint server;
  std::size_t connections = 32;
  std::size_t messages_a_connection = 1;  // 0: as many as there are
  bool other_words = true;                // each message once as it is, then with other words
  std::size_t accounts = 1'000'000;
  std::chrono::milliseconds warm_up{1000};
  std::chrono::milliseconds span{5000};
};

struct MilterMeasured {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;  // of headers and bodies that were sent
  std::uint64_t passed = 0;
  std::uint64_t stopped = 0;  // reject, tempfail, quarantine
  double seconds = 0;
  std::vector<double> latencies;  // milliseconds from the first byte of a message to its answer

  [[nodiscard]] double rate() const { return static_cast<double>(messages) / seconds; }
  [[nodiscard]] double megabytes_a_second() const {
    return static_cast<double>(bytes) / seconds / 1e6;
  }
  [[nodiscard]] double percentile(double part) const;
};

// `first` numbers the messages, so that a second run goes on with other words and accounts.
[[nodiscard]] base::Result<MilterMeasured> run_milter_load(
    const MilterLoad& load, const std::vector<MilterMessage>& messages, std::uint64_t& first);

}  // namespace leumund::bench
