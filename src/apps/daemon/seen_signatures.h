// Which DKIM signatures our mail bears, by the domain of its From: as the milter sees it pass, and
// as bounces and complaints bring it back.
//
// The two are kept apart. A milter that stands before the signer sees none, and that means nothing;
// what came back bears what it left with, but anybody who was sent a mail may have changed it.
//
// Flow:    submission, returned header -> see() -> of() -> HygieneDesk.
// Time:    a day and what has passed of the next; the one before is forgotten.
// Limits:  2,000 domains a day, of each eight selectors; of a mail ten signatures.
// Threads: any.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/time.h"
#include "intake/hygiene_check.h"
#include "model/mail_event.h"
#include "wire/delivery_report.h"

namespace leumund::apps {

class SeenSignatures {
 public:
  // Whole mails of accounts, as the milter has them.
  void see(const model::MailEvent& event, base::TimePoint now);
  // What a report brought back of a mail of ours.
  void see_returned(const wire::OriginalMessage& mail, base::TimePoint now);

  [[nodiscard]] intake::SignedMail of(const std::string& domain) const;
  // Of all domains: whether what the milter does not see can be believed not to be there.
  [[nodiscard]] intake::SignerPlace signer_place() const;

 private:
  using Domains = std::map<std::string, intake::SignedMail, std::less<>>;
  struct Days {
    base::TimePoint began;
    Domains now;
    Domains before;
  };
  void count(const std::string& from, const std::vector<std::string>& signatures, bool returned,
             base::TimePoint now);

  base::Guarded<Days> days_;
};

}  // namespace leumund::apps
