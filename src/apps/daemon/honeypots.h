// Logins as accounts that nobody has: who tries one guesses passwords, and that is evidence for our
// own lists as a trap's mail is. Like a trap's mail it lists nobody alone.
//
// Not counted: clients of our own (relays, our addresses), a name that has sent mail as an account
// of ours and so is somebody's, and a client from which one of our people logged in of late: he may
// have mistyped, or sit in one office with a forgotten program.
//
// Flow:    Login events (mail log, API) -> Honeypots -> ListDesk; counters -> metrics.
// Time:    passed in. The same client and name count once in ten minutes; a person's login holds
//          for a day or two.
// Limits:  2 * 100,000 clients of either kind; the caps on reports are the lists' own.
// Threads: any; never waits for the store.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apps/daemon/list_desk.h"
#include "base/guarded.h"
#include "base/hash.h"
#include "config/settings.h"
#include "face/metrics.h"
#include "intake/rare_line.h"
#include "intake/recent_keys.h"
#include "model/mail_event.h"

namespace leumund::apps {

enum class HoneypotLogin : std::uint8_t {
  counted,
  in_use,     // an account of that name has sent mail: it is no honeypot
  ourselves,  // a relay, an address of ours or a private one
  user,       // one of our people logged in from there
};

class Honeypots {
 public:
  static constexpr std::size_t clients_most = 100'000;

  struct Around {
    base::HashKey key;
    std::function<bool(const std::string& account)> has_sent;
  };

  Honeypots(Around around, const config::Settings& settings);

  void set_settings(const config::Settings& settings);

  // The report to make of it, if any.
  [[nodiscard]] std::optional<ListDesk::Said> see(const model::Login& login, base::TimePoint at,
                                                  base::TimePoint now);

  void add_metrics(std::vector<face::Metric>& out) const;

 private:
  static constexpr std::size_t outcomes = 4;

  struct Rules {
    std::vector<std::string> patterns;
    std::vector<base::IpPrefix> ours;
  };
  struct Seen {
    intake::RecentKeys hits{std::chrono::minutes(10), clients_most};
    intake::RecentKeys users{std::chrono::hours(24), clients_most};
  };

  [[nodiscard]] static std::shared_ptr<const Rules> rules_of(const config::Settings& settings);
  void count(HoneypotLogin outcome, const std::string& account, const base::IpAddress& client);

  const Around around_;
  base::Published<Rules> rules_;
  base::Guarded<Seen> seen_;
  std::array<std::atomic<std::uint64_t>, outcomes> counts_ = {};
  base::Guarded<intake::RareLine> line_{intake::RareLine("honeypot")};
};

}  // namespace leumund::apps
