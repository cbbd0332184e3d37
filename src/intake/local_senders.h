// Who handed in the mail that programs of this host sent, as the log tells it: the milter sees the
// message, but not the uid behind it.
//
// Flow:    LogCorrelator (pickup line) -> add(); MilterService -> find().
// Limits:  the newest `most` queue ids of this host; who asks for an older one is told nothing.
// Threads: any.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "base/guarded.h"
#include "model/mail_event.h"

namespace leumund::intake {

class LocalSenders {
 public:
  explicit LocalSenders(std::size_t most = 10'000) : most_(most) {}

  // `script` is "uid33". Mail of other hosts is left out.
  void add(const model::QueueKey& queue, std::string script);
  // A milter is not told which Postfix instance asks: without an instance, the one that is known
  // under this queue id; nothing where several are and none is the default one.
  [[nodiscard]] std::optional<std::string> find(const model::QueueKey& queue) const;

 private:
  struct Known {
    // By queue id, then instance.
    std::map<std::string, std::map<std::string, std::string>> scripts;
    std::deque<model::QueueKey> oldest_first;
  };

  const std::size_t most_;
  base::Guarded<Known> known_;
};

}  // namespace leumund::intake
