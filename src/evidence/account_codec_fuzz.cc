// A record of the ledger's journal as a hostile or broken disk gives it.
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "evidence/account_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leumund;
  evidence::Account account;
  const std::string_view state(reinterpret_cast<const char*>(data), size);
  if (!evidence::decode_account(state, account).ok()) return 0;
  // What was accepted must be usable, and be accepted again.
  account.advance(account.recent.at + std::chrono::hours(50), std::chrono::hours(24));
  std::string again;
  evidence::encode_account(account, again);
  evidence::Account copy;
  if (!evidence::decode_account(again, copy).ok()) __builtin_trap();
  return 0;
}
