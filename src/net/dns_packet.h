// One question to the DNS as bytes, and the one answer that is taken without a resolver: "no".
//
// Limits:  names of 253 bytes; 64 records of an answer are looked at.
// Threads: pure. Errors: nothing for a name that is none, and for any other answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/resolver.h"

namespace leumund::net {

// The packet; its bytes from 12 on are the question. "" for a name that cannot be asked for.
[[nodiscard]] std::string dns_question_packet(std::uint16_t id, const DnsQuestion& question,
                                              bool recursion);

// For how long the answer to `asked` says that there is no such name or record. Nothing when it
// says anything else, was cut, or is not the answer to that question.
[[nodiscard]] std::optional<std::chrono::seconds> read_dns_negative(std::string_view answer,
                                                                    std::string_view asked);

}  // namespace leumund::net
