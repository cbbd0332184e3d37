// What detector B asks of one mail before it places it among the others.
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "base/hash.h"
#include "engine/message_table.h"
#include "evidence/account.h"
#include "evidence/recipient_crowds.h"
#include "model/mail_event.h"
#include "verdict/burst.h"

namespace leumund::engine {

// Those new to the account first, `fresh` of them. A copy to itself is none of these: for that the
// name it logged in with counts, as anybody may write any sender.
[[nodiscard]] std::vector<std::uint32_t> recipients_of(const Message& message,
                                                       std::uint32_t own_address,
                                                       std::size_t& fresh);
// As recipients stand in the message table; 0 when the account has no valid name.
[[nodiscard]] std::uint32_t own_address_of(const base::HashKey& key,
                                           const evidence::Account& account);

// Those that tell something of the account; without `crowds` all do. Whom many took up within days
// does not, be he new to it or not, and nobody here knows him apart from them.
struct TellingRecipients {
  verdict::MessageRecipients counted;
  bool house_knows = false;  // somebody here knows every one of the mail's
};
[[nodiscard]] TellingRecipients telling_recipients(const Message& message,
                                                   const evidence::RecipientCrowds* crowds,
                                                   base::TimePoint at);
// Remembers whom the account took up with this mail.
void take_up(const Message& message, base::TimePoint at, evidence::RecipientCrowds& crowds);

// What the house itself answers: out of office, bounces that a local program makes. A script that
// sends with an empty sender is none of it; where it calls its mail a report, the mail that it
// reports on must be most of it.
[[nodiscard]] bool is_own_answer(const model::Submission& submission, const Message& message);

}  // namespace leumund::engine
