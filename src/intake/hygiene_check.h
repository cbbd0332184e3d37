// Looks at our ways out as a receiver does, and says of each what is good, a fault, or not known.
//
// Flow:    HygienePlan (configuration and what was seen) -> check_hygiene() -> DNS -> findings.
// Time:    none; what comes back in `report` has no times yet.
// Limits:  `addresses_max` addresses, `domains_max` domains; more are left out and named in
//          `problems`. Every question is asked once in a call.
// Threads: any; `ask` and `fetch` may block, so never on the mail path.
// Errors:  none: what cannot be learnt is unknown.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "intake/spf_check.h"
#include "model/hygiene.h"

namespace leumund::intake {

// Mails of one domain in their From, and whose DKIM signature they bore.
struct SignedMail {
  struct Side {
    std::uint64_t mails = 0;
    std::uint64_t aligned = 0;  // a signature under the same registered domain
    std::uint64_t same = 0;     // ... of the very same domain
    std::uint64_t foreign = 0;  // only others'
    // Selector and domain of the aligned ones: how many mails.
    std::map<std::pair<std::string, std::string>, std::uint64_t> selectors;
  };
  Side passed;    // as the milter saw them
  Side returned;  // as bounces and complaints brought them back
};

// Whether the milter stands behind the signer, and so what it does not see is not there.
enum class SignerPlace : std::uint8_t { unknown, before_milter, behind_milter };
[[nodiscard]] SignerPlace signer_place(const std::map<std::string, SignedMail, std::less<>>& all);

inline constexpr std::size_t hygiene_addresses_max = 256;
inline constexpr std::size_t hygiene_domains_max = 500;

struct HygienePlan {
  // An own address that mail leaves from.
  struct Way {
    base::IpAddress address;
    std::string egress;  // "" of no egress
    std::string helo;    // "" not known
    bool detour_way = false;
    // As the log has it: deliveries to other hosts and encrypted connections to them.
    std::uint64_t deliveries = 0;
    std::uint64_t encrypted = 0;
  };
  // A host that mail is handed to instead.
  struct Relay {
    std::string name;  // as detour.ways spells it
    std::string host;
  };
  struct Domain {
    std::string name;
    std::uint64_t seen = 0;              // mails; 0: configured
    std::uint64_t unaligned = 0;         // of these, with an envelope sender elsewhere
    std::vector<std::string> selectors;  // of its DKIM keys
    SignedMail mail = {};                // of the last day
  };
  enum class Tls : std::uint8_t { by_log, yes, no };

  std::vector<Way> ways;
  std::vector<Relay> relays;
  std::vector<Domain> domains;
  SignerPlace signer = SignerPlace::unknown;
  Tls tls = Tls::by_log;
  bool log_tells_tls = false;      // some line of the log told of encryption
  std::vector<std::string> pages;  // with who we are: "https://mail.example.org/imprint"
  bool fetch_pages = false;
};

// GET of a page: "" when it is there, else why it is not.
using PageFetch = std::function<std::string(const std::string& url)>;

[[nodiscard]] model::HygieneReport check_hygiene(const HygienePlan& plan, const DnsLookUp& ask,
                                                 const PageFetch& fetch);

// Why a host name looks as if nobody runs a mail server there: the part of it that says so; ""
// it does not.
[[nodiscard]] std::string generic_part(std::string_view name, const base::IpAddress& address);

}  // namespace leumund::intake
