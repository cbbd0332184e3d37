// Watches ourselves on DNS lists: asks what the book wants asked, at the rate that is set.
//
// Flow:    WatchBook::next() -> ZoneAsker or Resolver -> WatchBook::answer() -> `on_change`.
// Time:    reads the clock it is given, on the thread `watch` only.
// Limits:  `in_flight` questions at a time, `queries_per_second` of them; test points and lookups
//          are few and count too.
// Threads: `watch`, and the resolver's. report(), health() and look_up() from any; nothing of the
//          mail path waits for any of it.
// Errors:  none that end it: what is not answered is unknown.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "base/guarded.h"
#include "intake/watch_book.h"
#include "net/resolver.h"

namespace leumund::intake {

struct WatchOptions {
  WatchRules rules;
  double queries_per_second = 0;  // 0: no bound
  std::uint32_t in_flight = 256;
  std::chrono::milliseconds deadline{5000};
};

struct WatchReport {
  std::vector<model::Listing> listings;
  std::vector<ListHealth> lists;
  std::uint64_t own = 0;    // addresses and domains
  std::uint64_t whole = 0;  // addresses of networks
  std::vector<std::string> networks;
};

// What one list says of somebody just now.
struct LookupRow {
  std::string list;
  std::string name;
  ListState state = ListState::untested;  // whether the list can be believed
  std::string doubt;                      // why not; "" of a list that is well
  diagnosis::ListAnswer answer;
  std::string reason;  // TXT
  std::string lookup_url;
  std::string delist_url;
  std::chrono::milliseconds took{0};
};

class WatchService {
 public:
  // Called on `watch`; may take its time.
  using OnChange = std::function<void(const WatchChange&)>;
  using Now = std::function<base::TimePoint()>;

  // `screen` answers questions that need not be sure, the resolver the others; both outlive us.
  WatchService(WatchOptions options, WatchBook book, net::DnsAsker& screen, net::DnsAsker& resolver,
               OnChange on_change, Now now);
  ~WatchService();

  void start();
  // What is in flight is given up.
  void stop();

  [[nodiscard]] WatchReport report() const;
  // Every list that holds such subjects, asked now; at most about `options.deadline`.
  [[nodiscard]] std::vector<LookupRow> look_up(const std::string& subject);
  // Questions answered so far.
  [[nodiscard]] std::uint64_t answered() const { return answered_; }

 private:
  struct Done {
    WatchQuestion question;
    WatchReply reply;
  };

  void run();
  void fill(base::TimePoint now);
  void send(WatchQuestion question);
  void take(const Done& done);

  const WatchOptions options_;
  base::Guarded<WatchBook> book_;
  const std::vector<diagnosis::DnsList> lists_;
  net::DnsAsker& screen_;
  net::DnsAsker& resolver_;
  const OnChange on_change_;
  const Now now_;
  // Shared with callbacks that may come after our end.
  std::shared_ptr<base::BoundedQueue<Done>> done_;
  std::uint32_t flying_ = 0;  // of the thread
  std::chrono::microseconds wait_{0};
  std::unique_ptr<class Pacer> pacer_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> answered_ = 0;
  std::thread thread_;
};

}  // namespace leumund::intake
