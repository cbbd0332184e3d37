// Which providers' deferred mail is to be tried again, and which held mail has to wait for that.
//
// Flow:    a detour turns -> ordered -> its tables are written -> Postfix has looked at them ->
//          due, lot by lot -> done. What is held for a provider is let go after that.
// Time:    passed in. Nothing is due before `until_postfix_looks` after the tables were written,
//          however long writing them took or failed.
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

  // The caller has the tables written next, and then says so.
  void order(const Key& key) { tries_[key] = {}; }
  // A detour has become another one. Whatever led mail before and leads none now was a return.
  void follow(const model::Detour& before, const model::Detour& after);
  // What all tries ordered so far need is on the disk.
  void tables_stand(Time now);
  // The queue cannot be read now.
  void put_off(Time until);

  [[nodiscard]] bool waits(const Key& key) const { return tries_.contains(key); }
  [[nodiscard]] std::vector<Key> due(Time now) const;
  [[nodiscard]] std::vector<Key> all() const;
  [[nodiscard]] Try* find(const Key& key);
  [[nodiscard]] const Try* find(const Key& key) const;
  void end(const Key& key) { tries_.erase(key); }

 private:
  std::map<Key, Try> tries_;
};

}  // namespace leumund::apps
