// Mail that is evidence for our own lists: what came to a trap, and spam that a user or a feedback
// loop sent us.
//
// A trap's mail names its client only where hosts of ours alone can have written who he was, and
// only if he is a stranger: what our own people sent to a trap lists nobody. What did not surely
// come from our mail server is anybody's word, and so is a reporter's name where he neither logged
// in under it nor wrote from a network that he is named with. A header that stands in the text of a
// report is his own word only where the mail's From is he: what he redirects was written by others.
//
// Flow:    LMTP, Maildirs -> ListMail -> ListDesk; counters -> metrics.
// Limits:  one log line of each kind in ten seconds. Threads: any.
#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/daemon/list_desk.h"
#include "base/guarded.h"
#include "face/metrics.h"
#include "intake/foreign_mail.h"
#include "intake/rare_line.h"
#include "intake/report_lmtp.h"

namespace leumund::apps {

// What a trap's mail came to.
enum class TrapMail : std::uint8_t {
  counted,
  bounce,     // whoever forged the trap as his sender made an honest server send this
  no_border,  // no Received line of ours tells who handed it to us
  ourselves,  // a user or program of ours, or a client of policy.relay_clients, sent it
  account,    // one of our accounts did
  open_door,  // it came by a socket that any user of this host can write to: no proof
};

// What a report by mail about others came to.
enum class ReportMail : std::uint8_t {
  attached,   // taken: the spam was attached
  pasted,     // taken: its header was in the text
  no_header,  // forwarded or quoted without its Received lines
  no_border,  // no Received line of ours tells who handed it to us
  ourselves,  // a user, a program or an account of ours, or a client of policy.relay_clients
};

struct MailEvidence {
  std::vector<ListDesk::Said> said = {};
  std::optional<TrapMail> trap = {};  // it was for a trap, and goes no further
  // TrapMail::account alone: our queue's name of the mail, and the trap.
  std::string queue_id = {};
  std::string address = {};
  std::optional<ReportMail> reported = {};
  // Of no_header: one of our accounts forwarded it and can be told that this is of no use.
  bool tell_reporter = false;
};

class ListMail {
 public:
  struct Hosts {
    std::vector<std::string> names;  // InjectionTrace's OurHosts
    std::vector<base::IpPrefix> relays;
  };
  // `desk` must outlive this.
  ListMail(Hosts hosts, const ListDesk& desk) : hosts_(std::move(hosts)), desk_(desk) {}

  // `relay_clients` may send without a login.
  [[nodiscard]] MailEvidence read(const intake::LmtpEnvelope& envelope, std::string_view raw,
                                  const std::vector<base::IpPrefix>& relay_clients,
                                  base::TimePoint now);

  void add_metrics(std::vector<face::Metric>& out) const;

 private:
  static constexpr std::size_t outcomes = 6;
  static constexpr std::size_t report_outcomes = 5;
  // by_some_login: somebody of ours wrote it, but maybe under another's name.
  enum class Vouched : std::uint8_t { no, by_some_login, by_network, by_login };

  struct Trap {
    std::string address;
    model::AbuseKind kind = model::AbuseKind::pristine_trap;
  };
  [[nodiscard]] MailEvidence read_trapped(const intake::LmtpEnvelope& envelope,
                                          std::string_view raw, const Trap& trap,
                                          const std::vector<base::IpPrefix>& relay_clients,
                                          base::TimePoint now) const;
  [[nodiscard]] MailEvidence read_reported(const intake::LmtpEnvelope& envelope,
                                           std::string_view raw,
                                           const std::vector<base::IpPrefix>& relay_clients,
                                           base::TimePoint now) const;
  [[nodiscard]] Vouched vouches(const intake::LmtpEnvelope& envelope, std::string_view raw,
                                base::TimePoint now) const;
  void count(TrapMail outcome, const std::string& trap);
  void count(ReportMail outcome, const std::string& reporter);

  const Hosts hosts_;
  const ListDesk& desk_;
  std::array<std::atomic<std::uint64_t>, outcomes> counts_ = {};
  std::array<std::atomic<std::uint64_t>, report_outcomes> report_counts_ = {};
  base::Guarded<intake::RareLine> line_{intake::RareLine("trap_mail")};
  base::Guarded<intake::RareLine> report_line_{intake::RareLine("reported_mail")};
};

}  // namespace leumund::apps
