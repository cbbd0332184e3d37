// One question of Postfix's policy delegation protocol, and the answer to it.
//
// A request is lines "name=value", ended by an empty line; the answer is one line "action=..." and
// an empty line (https://www.postfix.org/SMTPD_POLICY_README.html). "\r\n" is taken as "\n".
//
// Flow:    bytes of a connection -> PolicyRequestParser -> PolicyRequest -> intake::PolicyService.
// Time:    none.
// Limits:  PolicyLimits; beyond one of them the parser fails with a sentence that names it.
// Threads: none; one parser per connection.
// Errors:  malformed (a line without "=", an empty request) and too_large.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/answer.h"

namespace leumund::wire {

// In the order in which Postfix 3.x sends them: the parser guesses the next name from the last.
enum class PolicyAttribute : std::uint8_t {
  request,
  protocol_state,
  protocol_name,
  client_address,
  client_name,
  client_port,
  reverse_client_name,
  server_address,
  server_port,
  helo_name,
  sender,
  recipient,
  recipient_count,
  queue_id,
  instance,
  size,
  etrn_domain,
  stress,
  sasl_method,
  sasl_username,
  sasl_sender,
  ccert_subject,
  ccert_issuer,
  ccert_fingerprint,
  ccert_pubkey_fingerprint,
  encryption_protocol,
  encryption_cipher,
  encryption_keysize,
  policy_context,
  compatibility_level,
  mail_version,
};
inline constexpr std::size_t policy_attribute_count = 31;

[[nodiscard]] std::string_view policy_attribute_name(PolicyAttribute attribute);

struct PolicyLimits {
  std::size_t request_bytes = 64 * 1024;  // with its empty line
  std::size_t value_bytes = 8 * 1024;
  std::size_t attributes = 200;
};

// Owner: views the bytes given to the parser, and ends with them or with the next feed().
class PolicyRequest {
 public:
  // The value; "" when it was sent empty or not at all. Sent twice, the last one counts.
  [[nodiscard]] std::string_view get(PolicyAttribute attribute) const {
    const Place& place = places_[static_cast<std::size_t>(attribute)];
    return place.begin == 0 ? std::string_view{}
                            : std::string_view(base_ + place.begin, place.size);
  }
  [[nodiscard]] bool has(PolicyAttribute attribute) const {
    return places_[static_cast<std::size_t>(attribute)].begin != 0;
  }

 private:
  friend class PolicyRequestParser;
  struct Place {
    std::uint32_t begin = 0;  // of the value; 0 cannot be one, a name and "=" stand before it
    std::uint32_t size = 0;
  };
  const char* base_ = nullptr;
  std::array<Place, policy_attribute_count> places_{};
};

// Reads requests from bytes that arrive in pieces, without looking at a byte twice.
class PolicyRequestParser {
 public:
  enum class State : std::uint8_t { incomplete, complete, failed };

  explicit PolicyRequestParser(PolicyLimits limits = {});

  // `input` begins with the first byte of the request being read and holds at least what the last
  // call saw; more may follow behind the request (the next one, pipelined). After `complete` the
  // next call begins a new request, at consumed() bytes further; after `failed` nothing does.
  [[nodiscard]] State feed(std::string_view input);

  // After `complete`.
  [[nodiscard]] const PolicyRequest& request() const { return request_; }
  [[nodiscard]] std::size_t consumed() const { return line_begin_; }
  // After `failed`.
  [[nodiscard]] const base::Error& error() const { return error_; }

 private:
  [[nodiscard]] bool take_line(std::string_view line, const char* input_begin);
  [[nodiscard]] State fail(base::ErrorCode code, std::string message);

  PolicyLimits limits_;
  State state_ = State::incomplete;
  std::size_t line_begin_ = 0;  // everything before it is taken
  std::size_t scanned_ = 0;     // no newline in [line_begin_, scanned_)
  std::size_t attributes_ = 0;  // lines taken
  std::size_t expected_ = 0;    // which known name is likely to come next
  PolicyRequest request_;
  base::Error error_;
};

// Appends "action=...\n\n". Whatever the text holds, the answer stays one line of printable ASCII
// of at most 400 bytes, and begins with an enhanced status code of the class that the action needs.
// A mail that passes gets our mark, if there is one, as the header X-Leumund-Trace.
void append_policy_answer(const model::Answer& answer, std::string& out);

}  // namespace leumund::wire
