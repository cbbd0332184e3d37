// Holds, lets go, deletes and lists queued mail through the privileged helper leumund-queue.
//
// Flow:    queue keys -> one helper run per Postfix instance and `ids_per_run` ids -> what was
//          done.
// Time:    `patience` for each run; a helper that was waited for in vain is not asked on. Mail on
//          its way between two queues is missed by postsuper, so ids it does not name are asked
//          for again, `tries` times with a pause.
// Limits:  ids that are no queue id are not sent; lists are cut at `list_bytes_max`.
// Threads: any; blocks. The daemon calls it on `act`.
// Errors:  QueueResult::trouble tells what failed, for a person; `missing` is mail that has left
//          the queue (or is in that state already). Whatever the helper told nothing about is in
//          none of the lists: left_of().
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/mail_event.h"

namespace leumund::action {

enum class QueueVerb : std::uint8_t { hold, release, remove, requeue };

struct QueueControlOptions {
  std::string helper;  // absolute path of leumund-queue, or of its socket; "" is off
  std::string host;    // ours; keys of another host are `elsewhere`. "" in a key is ours.
  // Postfix instance (syslog name) -> configuration folder; "" is what has no other.
  std::map<std::string, std::string> folders = {{"", "/etc/postfix"}};
  std::size_t ids_per_run = 1000;
  int tries = 3;
  std::chrono::milliseconds pause{200};
  std::chrono::milliseconds patience{30'000};
  std::size_t list_bytes_max = 64 * 1024 * 1024;
  std::stop_token stop = {};  // ends whatever waits
};

struct QueueResult {
  std::vector<model::QueueKey> done;
  std::vector<model::QueueKey> missing;
  std::vector<model::QueueKey> elsewhere;  // another host's, or an instance without a folder
  std::string trouble;
  bool timed_out = false;
};

// Those that nothing was done to, though they may still be there.
[[nodiscard]] std::vector<model::QueueKey> left_of(const std::vector<model::QueueKey>& wanted,
                                                   const QueueResult& result);

// One message as postqueue -j tells it.
struct QueuedMessage {
  model::QueueKey key;
  std::string queue;  // "hold", "deferred", "active", "incoming", "maildrop"
  std::string sender;
  std::uint64_t size_bytes = 0;
  std::uint32_t recipients = 0;
  std::optional<base::TimePoint> arrived_at;
  std::vector<std::string> addresses = {};  // of the recipients, the first 100
};

class QueueControl {
 public:
  explicit QueueControl(QueueControlOptions options);

  [[nodiscard]] bool on() const { return !options_.helper.empty(); }
  [[nodiscard]] QueueResult run(QueueVerb verb, std::span<const model::QueueKey> keys) const;
  // Tries deferred mail now, one after the other, as many as are tried within `budget`; what is
  // gone meanwhile is no trouble, `missing` is what the helper failed at.
  [[nodiscard]] QueueResult flush(std::span<const model::QueueKey> keys,
                                  std::chrono::milliseconds budget = std::chrono::hours(24)) const;
  // The same, for somebody who has less time.
  [[nodiscard]] QueueControl within(std::chrono::milliseconds patience, std::stop_token stop) const;
  // The configuration folder that a key's instance has; "" for one that is not ours.
  [[nodiscard]] std::string folder_name(const model::QueueKey& key) const;
  // All queued mail of all instances; `whole` says whether none was cut off.
  [[nodiscard]] base::Result<std::vector<QueuedMessage>> list(bool* whole = nullptr) const;

 private:
  [[nodiscard]] base::Result<std::string> ask(std::string_view verb, const std::string& folder,
                                              std::string_view ids) const;
  void run_batch(std::string_view verb, const std::string& folder,
                 std::span<const model::QueueKey> keys, QueueResult& result) const;
  [[nodiscard]] const std::string* folder_of(const model::QueueKey& key) const;

  QueueControlOptions options_;
};

// The queue ids that postsuper's words say something was done to: "postsuper: ID: placed on hold".
[[nodiscard]] std::vector<std::string> ids_named_by_postsuper(std::string_view words);

// One line of postqueue -j. Errors: malformed.
[[nodiscard]] base::Result<QueuedMessage> read_queue_line(std::string_view line);

}  // namespace leumund::action
