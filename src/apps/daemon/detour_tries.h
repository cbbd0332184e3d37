// Which providers' deferred mail is to be tried again, and which held mail has to wait for that.
//
// Flow:    a detour turns -> ordered -> its tables are written -> Postfix has looked at them ->
//          due, lot by lot -> done. What is held for a provider is let go after that.
//          A mail that misses its detour is tried once more by itself, the same way.
// Time:    passed in. Nothing is due before `until_postfix_looks` after the tables were written
//          (`until_postfix_asks` for what missed them), however long writing them took or failed.
// Limits:  `missed_max` mails a detour; of more Postfix alone decides when it tries them.
// Threads: none of its own and no lock; part of the desk's state.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/detour.h"

namespace leumund::apps {

class DetourTries {
 public:
  using Key = std::pair<std::string, std::string>;  // provider; pool, "" of all mail
  using Time = std::chrono::steady_clock::time_point;
  // trivial-rewrite looks at a replaced table every ten seconds.
  static constexpr std::chrono::seconds until_postfix_looks{11};

  struct Try {
    Time at = Time::max();                 // until its tables are written
    std::optional<std::size_t> left = {};  // how many may leave; counted from its first try on
    std::set<model::QueueKey> tried = {};  // each once
  };

  // qmgr keeps the last answer for thirty seconds (resolve_clnt.c), so that the last mail of a
  // quiet server would take its old way once more.
  static constexpr std::chrono::seconds until_postfix_asks{31};
  static constexpr std::size_t missed_max = 10'000;

  // The caller has the tables written next, and then says so.
  void order(const Key& key);
  // A detour has become another one. Whatever led mail before and leads none now was a return.
  void follow(const model::Detour& before, const model::Detour& after);
  // It was put off, but not by the way that leads it now: Postfix did not go by the table yet, or
  // the domain was in none. Each mail is tried once while the detour stays as it is: what is put
  // off again is so for a reason of its own.
  void miss(const Key& key, const std::string& queue_id);
  // It has arrived: of no detour of the provider any more.
  void arrived(const std::string& provider, const std::string& queue_id);
  // What all tries ordered so far need is on the disk.
  void tables_stand(Time now);
  // The queue cannot be read now.
  void put_off(Time until);

  [[nodiscard]] bool waits(const Key& key) const { return tries_.contains(key); }
  [[nodiscard]] std::vector<Key> due(Time now) const;
  [[nodiscard]] std::vector<Key> all() const;
  [[nodiscard]] Try* find(const Key& key);
  [[nodiscard]] const Try* find(const Key& key) const;
  void end(const Key& key, Time now);
  // The provider's that are about to be tried or were tried within the last minute.
  [[nodiscard]] std::vector<Key> turning(const std::string& provider, Time now) const;
  // A try of all mail takes those along.
  [[nodiscard]] std::map<Key, std::set<std::string>> missed(Time now) const;
  void end_missed(const Key& key, const std::set<std::string>& queue_ids);
  // Mails that were let out, and how many in the last minute: the log may not tell of them yet.
  void let_out(const Key& key, std::size_t mails, Time now);
  [[nodiscard]] std::size_t let_out_lately(const Key& key, Time now) const;

 private:
  struct Missed {
    Time at = Time::max();  // until the tables are written
    bool tried = false;
  };

  std::map<Key, Try> tries_;
  std::map<Key, Time> ended_;
  std::map<Key, std::map<std::string, Missed>> missed_;               // by queue id
  std::map<Key, std::vector<std::pair<Time, std::size_t>>> let_out_;  // oldest first
};

}  // namespace leumund::apps
