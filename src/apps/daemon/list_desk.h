// The daemon's own DNS lists: reports in, listings out by DNS, kept across a kill.
//
// Flow:    events, POST /v1/reports, traps -> ServedList -> ZoneSet, published to DnsListServer;
//          mail seen and questions asked -> traffic; what changed -> ListKeeper -> store.
// Time:    a change is in the zone some milliseconds later, an end within its second. Reports are
//          on disk before whoever sent them hears that they are kept; traffic within ten seconds.
//          A start answers with what stood, then reads what for (seconds with a million): who asks
//          about a list meanwhile waits, what the mail path tells is kept for then.
// Limits:  those of ListEngine and ListKeeper; 100,000 addresses between two looks at the traffic.
// Threads: `list`, which touches the store at start only; `list-keep` of ListKeeper; `list-slow`
//          for what takes long (exports, forgetting, folding tables): no listing waits for either,
//          and no report for the latter; those of DnsListServer. note_mail() is for the
//          mail path: it never waits for anything. The rest from any.
// Errors:  open() names what cannot be bound. A store that fails is shown by `status`; the lists go
//          on with what they know.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "apps/clock.h"
#include "apps/daemon/list_keeper.h"
#include "base/bounded_queue.h"
#include "base/guarded.h"
#include "base/hash.h"
#include "config/settings.h"
#include "face/control.h"
#include "face/dns_list_server.h"
#include "face/list_control.h"
#include "face/metrics.h"
#include "listing/name_list.h"
#include "listing/served_list.h"
#include "model/decision.h"
#include "model/mail_event.h"
#include "storage/store.h"

namespace leumund::apps {

class ListDesk final : public face::ListControl {
 public:
  static constexpr std::size_t early_most = 100'000;

  struct Around {
    storage::Store& store;
    const Clock& clock;
    base::HashKey key;
    std::function<bool(std::string_view domain)> of_many_people;  // has mailboxes for the public
    ListKeeper::Decide decide;  // gives it its number and keeps it; may wait for the store
    // A witness complained of mail from there, or a trap got it, whether or not a list of ours
    // spares the address; not what is above a cap. On whatever thread it was told; must not wait.
    std::function<void(const base::IpAddress& client)> heard;
  };
  // A report with who made it, as he calls himself.
  struct Said {
    std::optional<base::IpAddress> client = {};
    model::AbuseKind kind = model::AbuseKind::complaint;
    std::string reporter = {};  // name, mail address, or the trap's address; lower case
    base::TimePoint at = {};
    bool by_mail = false;      // anybody can write as anybody ...
    bool vouched = false;      // ... but our own server says that it was he
    std::string domain = {};   // that the spam advertised; "" none
    std::string account = {};  // mail address or account that it came from; "" none
  };

  // Null: no list is configured.
  [[nodiscard]] static base::Result<std::unique_ptr<ListDesk>> open(
      const config::Settings& settings, Around around);
  ~ListDesk() override;

  void start();
  void stop();
  void set_settings(const config::Settings& settings);

  // Whether the reports are on disk; waits for that a moment.
  bool take(const std::vector<Said>& said);
  // Complaints and trap hits become reports, deliveries of ours traffic. Does not wait.
  void see(const model::MailEvent& event);
  // One report about an address, as those of see().
  void hear(const Said& said);
  // Mail came from there.
  void note_mail(const base::IpAddress& client);
  // Waits until what was taken so far is on disk.
  bool settle();
  // Of which kind a trap address is; nothing: it is none.
  [[nodiscard]] std::optional<model::AbuseKind> trap_kind(std::string_view address) const;

  // Whether `client` is in a network that the reporter, or his domain, is named with.
  [[nodiscard]] bool speaks_from(std::string_view reporter, const base::IpAddress& client) const;

  // Own addresses that a list here has, or would have were they a stranger's.
  [[nodiscard]] std::vector<model::Listing> own_listings() const;

  [[nodiscard]] face::ListReport list_report(std::size_t most) const override;
  using ListControl::list_why;
  [[nodiscard]] std::vector<face::ListWhy> list_why(const base::IpPrefix& what,
                                                    std::size_t most) const override;
  [[nodiscard]] std::vector<face::NameWhy> name_why(const std::string& name,
                                                    std::size_t most) const override;
  base::Status list_add(const face::ListOrder& order) override;
  base::Status list_remove(const face::ListOrder& order) override;
  [[nodiscard]] base::Result<std::string> list_export(const std::string& list,
                                                      bool ipv6) const override;
  base::Result<face::ReportsTaken> take_reports(std::string_view lines) override;
  base::Status delist_on_request(const base::IpAddress& address, std::string_view reason) override;
  base::Status delist_name_on_request(const std::string& name, std::string_view reason) override;

  [[nodiscard]] std::vector<std::string> addresses() const;
  [[nodiscard]] face::PartStatus part() const;
  void add_metrics(std::vector<face::Metric>& out) const;

 private:
  using Waiter = ListKeeper::Waiter;
  struct State {
    std::vector<std::unique_ptr<listing::ServedList>> lists;  // the last: what of us they would say
    std::vector<std::unique_ptr<listing::NameList>> names;
    std::vector<Waiter> waiters;
  };
  struct Early {
    model::AbuseReport report;
    bool own = false;  // about ourselves
  };
  // What the configuration says, as far as a reload changes it.
  struct Rules {
    std::map<std::string, model::AbuseKind, std::less<>> traps;
    struct Reporter {
      double weight = 1;
      std::vector<base::IpPrefix> networks;  // where his mail comes from
    };
    std::map<std::string, Reporter, std::less<>> reporters;
    double mail_weight = 0.25;
    std::map<base::IpAddress, std::string> own;  // address -> egress
    std::set<base::IpAddress> own_places;        // what a listing of one of them would cover
    std::map<std::string, base::IpAddress, std::less<>> egresses;
    std::chrono::seconds export_every{60};
    std::chrono::seconds keep_reports{0};
    std::chrono::seconds keep_history{0};

    [[nodiscard]] bool is_own(const base::IpAddress& client) const {
      return own_places.contains(listing::ListEngine::place_of(client).address);
    }
  };
  struct Health {
    std::string exports;  // trouble, "" none
    std::uint64_t published = 0;
    double slowest_publish = 0;  // seconds from waking to the published zone
  };

  ListDesk(const config::Settings& settings, Around around);
  [[nodiscard]] static std::shared_ptr<const Rules> rules_of(const config::Settings& settings);
  [[nodiscard]] model::AbuseReport report_of(const Said& said, const Rules& rules) const;
  void load_listed();
  void load();
  void note_load(const std::string& trouble);
  void take_early(State& state, base::TimePoint now);
  static void take_up(State& state, const Early& early, base::TimePoint now);
  // Of lists of names. (list_desk_names.cc)
  void load_names(State& state, base::TimePoint now, std::string& trouble);
  void take_names(State& state, const Said& said, const model::AbuseReport& report,
                  base::TimePoint now) const;
  [[nodiscard]] base::Error takes_no_names(State& state, const face::ListOrder& order) const;
  base::Status change_name(const face::ListOrder& order, bool add);
  void tick_names(State& state, base::TimePoint now, bool& changed,
                  std::vector<listing::ListSave>& saves);
  // What our own lists say of ourselves. (list_desk_own.cc)
  void load_own();
  [[nodiscard]] std::optional<model::Listing> own_listing(const State& state,
                                                          const base::IpAddress& address,
                                                          const std::string& egress,
                                                          base::TimePoint now) const;
  [[nodiscard]] std::vector<model::Decision> judge_own(base::TimePoint now);
  void name_reporters(State& state, const Rules& rules) const;
  [[nodiscard]] face::ReporterTold told_of(const listing::ListReportsSaid::Reporter& one,
                                           const Rules& rules) const;
  void wake() { static_cast<void>(wake_.push(1)); }
  void wake_slow() { static_cast<void>(wake_slow_.push(1)); }
  void run(const std::stop_token& stop);
  void step();
  [[nodiscard]] std::chrono::milliseconds patience() const;
  void take_traffic(State& state, base::TimePoint now, bool questions);
  void publish(std::vector<listing::ZonePlan> plans);
  void tell(const std::string& list, const std::vector<listing::ListEvent>& events) const;
  // Of the thread `list-slow`. (list_desk_slow.cc)
  void run_slow(const std::stop_token& stop);
  void fold();
  void forget_some();
  void export_lists();
  [[nodiscard]] std::string own_in(const base::IpPrefix& what) const;
  [[nodiscard]] listing::ServedList* find(State& state, const std::string& name) const;

  const Around around_;
  const listing::DatasetPointer access_;
  const std::string export_folder_;
  base::Published<Rules> rules_;
  base::Guarded<State> state_;
  base::Guarded<std::map<base::IpAddress, std::uint32_t>> mails_;
  base::Guarded<Health> health_;
  base::Guarded<std::map<base::IpAddress, model::Listing>> own_told_;  // of ours that are listed
  ListKeeper keeper_;
  base::BoundedQueue<int> wake_{1, base::WhenFull::push_back};
  base::BoundedQueue<int> wake_slow_{1, base::WhenFull::push_back};
  std::atomic<bool> loading_ = true;
  std::atomic<bool> export_due_ = true;
  std::promise<void> loads_;  // it holds the lock
  base::BoundedQueue<Early> early_{early_most, base::WhenFull::drop_oldest};
  std::atomic<std::uint64_t> not_counted_ = 0;   // reports about addresses that no stranger has
  std::unique_ptr<face::DnsListServer> server_;  // null: mirrors answer

  // Of the thread `list` alone.
  std::vector<listing::ZonePlan> plans_;  // of lists of addresses, then of names
  std::shared_ptr<const Rules> own_judged_by_;
  std::chrono::steady_clock::time_point traffic_at_;
  std::chrono::steady_clock::time_point traffic_saved_at_;

  // Of the thread `list-slow` alone.
  std::chrono::steady_clock::time_point exported_at_;
  std::optional<std::chrono::steady_clock::time_point> forgot_at_;
  std::deque<listing::ListForgetting> forgetting_;

  std::jthread thread_;
  std::jthread slow_;
};

}  // namespace leumund::apps
