// The thread `detour`: keeps each provider's detour as the block matrix, the suspects and the log
// ask for it, of all mail and of each pool's, and makes the tables say so.
//
// Flow:    decisions and deliveries -> tick -> verdict::plan_detour() -> state file -> decision
//          -> tables -> the provider's deferred mail is tried again.
// Time:    looks once a second; what a table says counts for Postfix within ten seconds more, so
//          the queue is tried again, and what was held let go, after that.
// Limits:  `held_max` mails held; 1,000 domains wait for the DNS; a try takes what the cap leaves.
// Threads: see(), answer(), note(), all(), set(), route() from any; the rest on `detour`.
// Errors:  trouble() says what does not work now. A daemon that is dead changes nothing: tables
//          and queue stay as they are, and the next start goes on from the state file.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "action/detour_tables.h"
#include "action/queue_control.h"
#include "apps/clock.h"
#include "apps/daemon/detour_state.h"
#include "apps/daemon/detour_tries.h"
#include "apps/daemon/operator_domains.h"
#include "apps/daemon/pipeline.h"
#include "apps/daemon/provider_domains.h"
#include "base/guarded.h"
#include "config/settings.h"
#include "diagnosis/reader.h"
#include "engine/engine.h"
#include "face/control.h"
#include "face/metrics.h"
#include "intake/provider_groups.h"
#include "model/detour.h"
#include "storage/detour_codec.h"
#include "verdict/detour.h"

namespace leumund::apps {

class DetourDesk {
 public:
  struct Around {
    Pipeline& pipeline;
    const Clock& clock;
    std::shared_ptr<const diagnosis::Reader> replies;
    intake::ProviderGroups* providers = nullptr;  // null: the DNS is not asked
    std::function<action::QueueControl()> queue;
    std::function<config::RunSettings()> settings;
    // What is wrong with the set-up of a way, so that receivers may refuse it; "" nothing.
    std::function<std::string(const std::string& way)> warning;
    // Beside the tables, by recipient and by sender; may be null.
    std::function<void(const action::Routes&, const action::Routes&)> publish_maps;
    config::PostfixFiles files;
    std::string state_folder;
  };

  explicit DetourDesk(Around around);
  ~DetourDesk();

  // Takes up what an earlier run left, and begins.
  void start();
  void stop();

  // A cell of the block matrix turned: that provider is looked at from now on.
  void note(const std::vector<model::Decision>& decisions);
  // A delivery of the log: counted, learnt from, and perhaps the probe's.
  void see(const model::MailEvent& event);
  // What a policy question gets beside the engine's word: held while its provider is refused and
  // its account is not clean, or sent by the usual way as a probe.
  void answer(const model::MailEvent& event, engine::Outcome& outcome);

  [[nodiscard]] std::vector<model::Detour> all() const;
  base::Result<model::Detour> set(const face::DetourOrder& order);
  // As the tables have it; `provider` is the recipient's, as the DNS has it.
  [[nodiscard]] face::RouteReport route(const std::string& recipient,
                                        const std::optional<std::string>& sender,
                                        std::string provider);
  [[nodiscard]] std::string trouble() const;
  void add_metrics(std::vector<face::Metric>& out) const;

 private:
  using Held = DetourState::Held;
  // As published last: whoever asks us is told what the tables say.
  struct Led {
    action::Routes domains;  // and recipients
    action::Routes senders;
  };
  using State = DetourState;
  using LetGo = State::LetGo;
  using Key = State::Key;
  using Detours = State::Detours;
  using Pools = std::shared_ptr<const config::DetourPools>;
  using SteadyTime = std::chrono::steady_clock::time_point;
  static constexpr std::size_t unknown_max = 1000;
  static constexpr std::chrono::seconds until_postfix_looks = DetourTries::until_postfix_looks;

  // How the log calls the egresses, and which one is the usual way.
  struct Names {
    std::string home;
    std::map<std::string, std::string> egresses;
    Pools pools = {};    // never null once published
    bool holds = false;  // the queue helper is there, to let go of what is held

    [[nodiscard]] std::string egress_of(const model::Delivery& delivery) const;
  };
  struct Due {
    std::size_t most = 0;             // how many may leave now
    std::set<std::string> only = {};  // queue ids; empty means all of the provider's
  };
  [[nodiscard]] static verdict::DetourSettings plan_settings(
      const config::RunSettings& run, const std::vector<config::DetourWay>& ways);
  void load();
  [[nodiscard]] storage::StoredDetours read_state();
  base::Status save() const;
  void save_holds();
  void save_domains(const config::RunSettings& run, base::TimePoint now);
  void run(const std::stop_token& stop);
  void tick();
  void publish_names(const config::RunSettings& run);
  void read_pools(const config::RunSettings& run);
  void plan_provider(const std::string& provider, const config::RunSettings& run,
                     const std::string& suspect, base::TimePoint now);
  void plan_detour(const Key& key, const verdict::DetourWorld& world,
                   const std::vector<config::DetourWay>& ways, const config::RunSettings& run,
                   base::TimePoint now);
  void carry_out(const verdict::DetourStep& step, const model::Detour& before);
  [[nodiscard]] model::Detour with_warning(model::Detour detour) const;
  void end_all();
  void tell(const model::Detour& detour, base::TimePoint now);
  bool note_probe(const model::Delivery& delivery, const std::string& taken_for,
                  const std::string& provider, base::TimePoint at);
  void note_missed(const model::Delivery& delivery, const std::string& provider,
                   const std::string& egress);
  void learn(const model::Delivery& delivery, const std::string& domain, const std::string& egress,
             const std::string& home);
  bool note_held(const model::Submission& submission);
  [[nodiscard]] static std::map<Key, std::uint32_t> reasons_of(const Held& held);
  static void add_reason(Held& held, const Key& key, std::uint32_t recipients);
  void note_also_held(const Key& key, const std::vector<action::QueuedMessage>& listed);
  [[nodiscard]] static bool may_go(State& state, const Held& held);
  void hold_at_recipient(const model::Submission& submission, engine::Outcome& outcome);
  void hold_mailing(const model::Submission& submission, engine::Outcome& outcome);
  static LetGo& let_go_of(State& state, const model::Detour& detour);
  static std::uint32_t room_left(State& state, const model::Detour& detour);
  void send_probe(const model::Submission& submission, engine::Outcome& outcome);
  using QueuedMails = std::vector<const action::QueuedMessage*>;
  [[nodiscard]] QueuedMails may_be_probes(const std::string& provider,
                                          const std::vector<action::QueuedMessage>& listed) const;
  [[nodiscard]] std::optional<model::DetourProbe> choose_probe(const QueuedMails& mails,
                                                               base::TimePoint now) const;
  bool probe_from_queue();
  void put_off_probes(const std::vector<Key>& keys, std::chrono::seconds pause);
  void flush_probes();
  void work_queue(const config::RunSettings& run);
  [[nodiscard]] bool may_ask_helper() const;
  [[nodiscard]] action::QueueControl queue(std::chrono::seconds patience) const;
  void hear_helper(const std::string& trouble, bool timed_out);
  bool try_released();
  void publish(const config::RunSettings& run);
  [[nodiscard]] bool tables_are_old(const config::RunSettings& run, SteadyTime now) const;
  void tables_stand();
  void publish_led(Led led);
  void take_up_tables();
  [[nodiscard]] bool is_kept(const std::string& domain) const;
  void make_rules(const config::RunSettings& run);
  void look_up_unknown();
  [[nodiscard]] std::map<Key, Due> due_now(SteadyTime now);
  void flush_due();
  [[nodiscard]] std::vector<Held> to_be_tried(
      const Key& key, const Due& due, const std::vector<action::QueuedMessage>& listed) const;
  void flush_mail(const Key& key, const Due& due, const action::QueueControl& queue,
                  const std::vector<action::QueuedMessage>& listed);
  void tell_classes(std::vector<Held>& mails) const;
  void tell_doubts(std::vector<Held>& mails) const;
  void hold_queued(const Key& key, const action::QueueControl& queue,
                   const std::vector<Held>& waiting);
  [[nodiscard]] std::vector<Held> take_released();
  void note_class(const model::Submission& submission);
  void release_held();
  void look_at_stopped();
  [[nodiscard]] std::vector<Held> without_stopped(std::vector<Held> held);
  void work_requeue();
  [[nodiscard]] bool is_of_pool(const std::string& sender, const std::string& pool) const;
  [[nodiscard]] std::string pool_of(const model::Submission& submission) const;
  [[nodiscard]] static Detours::const_iterator leading(const Detours& detours,
                                                       const std::string& provider,
                                                       const std::string& pool);
  [[nodiscard]] std::string provider_of(const std::string& domain) const;
  [[nodiscard]] std::vector<std::string> domains_of(const std::string& provider) const;
  void set_trouble(std::string trouble);

  Around around_;
  ProviderDomains domains_;
  OperatorDomains operators_;
  action::DetourTables tables_;
  base::Published<Led> led_;
  std::string rules_;
  std::string rules_of_;  // the settings that they were made from
  Pools pools_ = std::make_shared<const config::DetourPools>();
  std::pair<config::DetourMode, std::vector<std::string>> pools_of_ = {config::DetourMode::off, {}};
  SteadyTime tables_checked_;
  std::vector<std::string> own_domains_;  // as of the tables
  SteadyTime domains_saved_;
  bool spare_state_file_ = false;  // it could be neither read nor set aside
  std::string suspect_;            // as last looked up
  SteadyTime suspect_at_;
  SteadyTime missed_again_;                // what missed its detour is collected for a while
  SteadyTime release_at_;                  // the helper had trouble with what is held
  std::vector<model::QueueKey> released_;  // deferred before they were held: tried at once
  std::stop_token stop_;
  SteadyTime helper_until_;  // in this look
  SteadyTime helper_again_;  // it hung
  std::chrono::seconds helper_pause_{0};
  base::Guarded<State> state_;
  base::Published<Names> names_;
  base::Published<std::set<std::string>> kept_;  // domains that no detour, probe or hold is for
  std::atomic<bool> active_ = false;             // some provider's mail is kept from its usual way
  std::atomic<bool> holding_ = false;            // some mail that comes in is held at its end
  std::jthread thread_;
};

}  // namespace leumund::apps
