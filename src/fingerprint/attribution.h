// Whose a mail is when nobody logged in: the script or the forward rule that its headers name.
//
// Anybody may write headers. So only mail of this host and its networks is asked, what the host
// knows (the uid) stays, and a source may bring up so many new names a day: beyond that its mail
// counts for the source again, and a hacked site cannot spread its burst over names of its own.
// Only whoever the operator names as a forwarder may bring up more: a house has many forward rules.
//
// Limits:  `names_a_day` new names a day for a source that is no forwarder, `names_max` names of
//          all and `sources_max` sources; beyond them no new name is believed until the next day's
//          first, with which everybody's names are forgotten. A name takes some 24 bytes.
// Time:    passed in.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/hash.h"
#include "base/time.h"
#include "fingerprint/print_maker.h"
#include "model/mail_event.h"

namespace leumund::fingerprint {

class Attribution {
 public:
  static constexpr std::size_t names_a_day = 100;
  static constexpr std::size_t names_max = 200'000;
  static constexpr std::size_t sources_max = 1'000;

  explicit Attribution(const base::HashKey& key) : key_(key) {}

  // How the mail came, and whether by the operator's word whoever sent it redirects mail.
  struct Way {
    bool from_here = false;  // not from outside
    bool forwarder = false;
  };
  // Puts script or forward rule into the mail, and who handed it in.
  void apply(const MailPrint& made, Way way, base::TimePoint now, model::Submission& mail);
  // Mail that names somebody who is not believed; it counts for whoever handed it in.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  struct Source {
    std::unordered_set<std::uint64_t> names;  // keyed hashes
    std::int64_t day = 0;
    std::size_t new_today = 0;
  };
  [[nodiscard]] bool believes(const std::string& source, const std::string& name, bool forwarder,
                              base::TimePoint now);
  void forget_if_full(std::int64_t day);

  base::HashKey key_;
  std::unordered_map<std::string, Source> sources_;
  std::size_t names_ = 0;
  std::int64_t full_on_ = 0;  // the day on which a limit was reached; 0: none
  std::uint64_t refused_ = 0;
};

}  // namespace leumund::fingerprint
