// Which queued mail is whose. The engine knows it while it runs; kept on disk, a suspension after a
// restart still finds the mail of before.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "model/mail_event.h"

namespace leumund::model {

struct QueuedMail {
  QueueKey queue;
  std::string subject;  // Subject::to_string(); "": the mail has left the queue
  base::TimePoint since;
  std::uint32_t uncounted = 0;  // recipients that the log has not named yet
  bool let_through = false;     // goes on its way whatever its sender is: reviewed, or permitted
  std::string campaign = {};    // "campaign:ID" of an open one it belongs to
  MailClass mail_class = MailClass::unknown;

  bool operator==(const QueuedMail&) const = default;
};

}  // namespace leumund::model
