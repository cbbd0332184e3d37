// Who lives at the sample provider, and the dice that make them up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"

namespace leumund::apps {

// A seeded source of choices (splitmix64). The standard library's distributions differ between
// implementations; these do not.
class SampleDice {
 public:
  explicit SampleDice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next();
  // A number in [0, bound); bound > 0.
  std::uint32_t below(std::uint32_t bound);
  [[nodiscard]] bool chance(std::uint32_t permille) { return below(1000) < permille; }
  // A number in [0, bound), small ones more often: the few people one writes to most.
  std::uint32_t favourite(std::uint32_t bound) { return below(below(bound) + 1); }

 private:
  std::uint64_t state_;
};

enum class SampleKind : std::uint8_t { person, firm, script };

struct SampleSender {
  std::string name;  // of the account; of the script for SampleKind::script
  SampleKind kind = SampleKind::person;
  std::uint32_t half_mails = 2;          // twice the mails of a usual workday
  std::uint32_t stranger_permille = 30;  // how often somebody never written to
  std::vector<std::string> contacts{};
  std::vector<base::IpAddress> clients{};  // the usual one first, then the telephone
};

// The accounts and the shop's script; the last ones are those of the story. The hacked account, the
// newsletter, the club and the traveller are among them.
[[nodiscard]] std::vector<SampleSender> make_sample_people(SampleDice& dice);

// An address somewhere else, never the same twice for different `number`.
[[nodiscard]] std::string sample_stranger(SampleDice& dice, std::uint32_t number);

}  // namespace leumund::apps
