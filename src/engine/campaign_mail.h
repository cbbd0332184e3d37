// What detector B asks of one mail before it places it among the others.
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "base/hash.h"
#include "engine/message_table.h"
#include "evidence/account.h"
#include "model/mail_event.h"

namespace leumund::engine {

// Those new to the account first, `fresh` of them. A copy to itself is none of these: for that the
// name it logged in with counts, as anybody may write any sender.
[[nodiscard]] std::vector<std::uint32_t> recipients_of(const Message& message,
                                                       std::uint32_t own_address,
                                                       std::size_t& fresh);
// As recipients stand in the message table; 0 when the account has no valid name.
[[nodiscard]] std::uint32_t own_address_of(const base::HashKey& key,
                                           const evidence::Account& account);

// What the house itself answers: out of office, bounces that a local program makes. A script that
// sends with an empty sender is none of it; where it calls its mail a report, the mail that it
// reports on must be most of it.
[[nodiscard]] bool is_own_answer(const model::Submission& submission, const Message& message);

}  // namespace leumund::engine
