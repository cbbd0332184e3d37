// A policy request as a submission event: who sends, to whom, how far it has come.
//
// Flow:    wire::PolicyRequest -> fill_policy_event -> model::MailEvent -> engine.
// Limits:  names over 320 bytes are cut; control characters in them become "?".
// Errors:  none: a request about another stage than RCPT and end of message gives no event.
#pragma once

#include <string>

#include "base/time.h"
#include "model/mail_event.h"
#include "wire/policy_request.h"

namespace leumund::intake {

struct PolicyNaming {
  std::string instance;  // of the Postfix that asks, QueueKey::instance
  // Whether a client certificate names an account. Off where a port asks every client for one
  // (smtpd_tls_ask_ccert on port 25): other people's mail servers would be taken for accounts.
  bool certificate_accounts = false;
};

// Fills `event` (whose memory is used again) with the submission that `request` speaks of; false
// for a stage that is not judged. The subject is, in this order: SASL name, certificate ("cert:"
// and its name, else its fingerprint), script ("policy_context=script:..."), client address. At
// RCPT it carries the one recipient; at end of message the recipient only if there is just one.
[[nodiscard]] bool fill_policy_event(const wire::PolicyRequest& request, const PolicyNaming& naming,
                                     base::TimePoint now, model::MailEvent& event);

}  // namespace leumund::intake
