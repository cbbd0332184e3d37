// Our mark in the mail that we send: the value of the header X-Leumund-Trace. A complaint or bounce
// that returns it names the account, also where the reporter has blackened every address.
//
// "v1." and base64url of nonce and sealed text: hour, first recipient (keyed hash), submission id,
// subject. Nobody but the holder of the installation's key can read or make one
// (XChaCha20-Poly1305, whose nonce is a keyed hash of the text); the length is padded, so that it
// does not tell the name's. Whoever makes the header (the policy answer, a milter) and whoever
// reads it use this file.
//
// Time:    `made_at` is kept to the hour; whoever reads decides how old is too old.
// Limits:  a token is at most `trace_token_bytes`, shorter than a header line may be; a subject or
//          id that does not fit gives no token.
// Threads: any; pure.
// Errors:  what is not ours, was changed, or is of another version reads as nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/time.h"

namespace leumund::wire {

inline constexpr std::string_view trace_header = "X-Leumund-Trace";
inline constexpr std::size_t trace_token_bytes = 900;

struct TraceToken {
  base::TimePoint made_at;
  std::uint32_t recipient_mark = 0;  // recipient_mark() of the first recipient; 0 unknown
  std::string id;                    // of the submission, as the engine knows it; may be ""
  std::string subject;               // "account:a@verein.example"
};

// "" for what does not fit.
[[nodiscard]] std::string make_trace_token(const base::HashKey& key, const TraceToken& token);

[[nodiscard]] std::optional<TraceToken> read_trace_token(const base::HashKey& key,
                                                         std::string_view text);

// Who may have all the addresses of a recipient's domain.
enum class MailDomain : std::uint8_t { of_many_people, of_one_house };

// Stands for an address without telling it; the same in any case (ASCII), never 0. Marks of one
// house's addresses have house_of() in common.
[[nodiscard]] std::uint32_t recipient_mark(const base::HashKey& key, std::string_view address,
                                           MailDomain domain = MailDomain::of_many_people);
[[nodiscard]] constexpr std::uint32_t house_of(std::uint32_t recipient_mark) {
  return recipient_mark >> 16;
}

}  // namespace leumund::wire
