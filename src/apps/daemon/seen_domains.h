// Which domains our accounts send from, as submissions show it: header From and envelope sender.
//
// Flow:    submission -> see() -> most() -> HygieneDesk.
// Limits:  2,000 domains; once that many are known, further ones wait for forget_rare().
// Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "model/mail_event.h"

namespace leumund::apps {

struct SeenDomain {
  std::string domain;
  std::uint64_t mails = 0;
  std::uint64_t unaligned = 0;  // the envelope sender lies under another registered domain
};

class SeenDomains {
 public:
  // Whole mails of accounts, each told by one source: the milter where there is one, else the log.
  void see(const model::MailEvent& event);
  // Those with most mails, from `least` on.
  [[nodiscard]] std::vector<SeenDomain> most(std::size_t count, std::uint64_t least) const;
  // Makes room for others.
  void forget_rare();

 private:
  struct Counts {
    std::uint64_t mails = 0;
    std::uint64_t unaligned = 0;
  };
  std::atomic<bool> by_milter_ = false;
  base::Guarded<std::map<std::string, Counts, std::less<>>> counts_;
};

// "example.org" of "Jo <jo@Example.org>"; "" where there is none or more than one.
[[nodiscard]] std::string from_domain(std::string_view header);

}  // namespace leumund::apps
