// A detour as JSON text: in a decision, and in the file that keeps the detours that stand.
//
// Errors:  malformed names what is missing.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/detour.h"
#include "model/subject.h"

namespace leumund::storage {

[[nodiscard]] std::string encode_detour(const model::Detour& detour);
[[nodiscard]] base::Result<model::Detour> decode_detour(std::string_view text);

// What the daemon must find again after kill -9.
struct StoredDetours {
  // Mail that waits in the hold queue until its provider takes mail again.
  struct Held {
    std::string provider;
    model::QueueKey queue;
    model::Subject subject;
    std::string pool = {};  // of the sender, where its detour is the reason
    model::MailClass mail_class = model::MailClass::unknown;
    bool for_room = false;         // waits only until the detour has room to spare
    std::uint32_t recipients = 1;  // at the provider
    // Other providers and pools whose detours it must not take, and its recipients there.
    std::map<std::pair<std::string, std::string>, std::uint32_t> also = {};

    bool operator==(const Held&) const = default;
  };
  std::vector<model::Detour> detours;
  std::vector<Held> held;
  // Held by the answer to a recipient, by submission id: no queue id is known before its end.
  std::vector<std::pair<std::string, Held>> holding = {};
  // Provider and pool of detours that are over, but Postfix may not have seen that yet.
  std::vector<std::pair<std::string, std::string>> returning = {};
  // Read, but not as what they should be: left out, and each is named here.
  std::vector<std::string> unreadable = {};
};
[[nodiscard]] std::string encode_detours(const StoredDetours& stored);
// One bad entry costs the others nothing; malformed is what is no such file at all.
[[nodiscard]] base::Result<StoredDetours> decode_detours(std::string_view text);

}  // namespace leumund::storage
