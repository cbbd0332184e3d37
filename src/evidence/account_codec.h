// An account as bytes: how idle ones lie in memory and how the ledger's journal keeps them.
//
// The first byte is the version of the format. The habits are bits (habits_codec.h), the last days,
// which an idle account does not have, are bytes (byte_stream.h). Format 1, which had everything as
// bytes and four for each recipient, is still read.
//
// Limits:  a record holds at most what an Account may hold; anything longer is refused.
// Threads: none of its own.
// Errors:  a record that is cut, corrupt, or of a later version gives malformed; never a crash
//          (fuzz target account_codec_fuzz).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "evidence/account.h"

namespace leumund::evidence {

// Appends the state. What is idle (nothing within the last days) is left out by itself.
void encode_account(const Account& account, std::string& out);

// Reads one into `account`, whose name stays; its lists keep their memory. On an error the
// account's contents are unspecified.
[[nodiscard]] base::Status decode_account(std::string_view state, Account& account);

}  // namespace leumund::evidence
