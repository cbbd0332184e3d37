// What the detours' desk publishes: tables, maps and rules, and what it knows of them at a start.
#include <algorithm>
#include <utility>

#include "apps/daemon/detour_desk.h"
#include "config/egress.h"
#include "diagnosis/status_filter.h"

namespace leumund::apps {
namespace {

using model::Detour;
using SteadyClock = std::chrono::steady_clock;

}  // namespace

// Milliseconds, so only when the settings that go into them have changed.
void DetourDesk::make_rules(const config::RunSettings& run) {
  const bool on = run.detour_mode == config::DetourMode::enforce;
  std::string of = std::string(on ? "on" : "off") + (active_ ? " and active" : "");
  std::vector<base::IpAddress> own;
  for (const auto& one : config::own_addresses(run.egresses, run.watch_addresses)) {
    own.push_back(one.address);
    of += "\n" + one.address.to_string();
  }
  if (of == rules_of_) return;
  rules_of_ = std::move(of);
  rules_ = on ? diagnosis::status_filter_rules(*around_.replies, own) : "";
  // Should a domain that is ours stand in the table after all, its mail waits. On other days such
  // mail bounces, as it should.
  if (on && active_) rules_ += "/^5(\\.4\\.6 .*loops back to myself.*)/ 4$1\n";
}

// Until the first tables of this run, and as long as an unreadable state keeps them, whoever asks
// us is told what the last run has told. Where even that is lost mail takes its usual way: to put
// all mail off for one provider's sake would be worse.
void DetourDesk::take_up_tables() {
  auto old = tables_.read_routes();
  if (!old) {
    set_trouble(old.error().message);
    old = std::pair<action::Routes, action::Routes>();
  }
  publish_led({std::move(old->first), std::move(old->second)});
}

void DetourDesk::publish_led(Led led) {
  if (around_.publish_maps) around_.publish_maps(led.domains, led.senders);
  led_.publish(std::make_shared<const Led>(std::move(led)));
}

// Whose domains are whose changes without us.
bool DetourDesk::tables_are_old(const config::RunSettings& run, SteadyTime now) const {
  const bool led = active_ && !led_.read()->domains.empty();
  return run.own_domains != own_domains_ || (led && operators_.is_old(now));
}

// What was ordered or learnt meanwhile is in the tables of the next time.
void DetourDesk::tables_stand() {
  state_.with([](State& state) {
    if (!state.dirty) state.tries.tables_stand(SteadyClock::now());
  });
}

// First what a restart must find, then what Postfix reads: also where the first cannot be written,
// or a way that is full or in doubt would stay open as long as the disk is full.
void DetourDesk::publish(const config::RunSettings& run) {
  constexpr std::chrono::seconds check_every{5};  // somebody may have deleted a table
  const std::string before = rules_of_;
  const auto now = SteadyClock::now();
  const bool old = tables_are_old(run, now);
  const bool dirty =
      state_.with([](State& state) { return std::exchange(state.dirty, false); }) || old;
  const bool counts = state_.with([](State& state) { return std::exchange(state.counts, false); });
  base::Status saved;
  if (counts && !dirty) saved = save();
  make_rules(run);
  if (saved && !dirty && before == rules_of_ && now < tables_checked_ + check_every) {
    return tables_stand();
  }
  tables_checked_ = now;
  Led fresh;
  if (dirty) {
    const std::vector<Detour> standing = all();
    std::map<std::string, std::vector<std::string>> domains;
    for (const Detour& detour : standing) {
      const bool of_all = model::routes_mail(detour) && detour.pool.empty();
      if (!of_all) continue;
      auto& theirs = domains[detour.provider] = domains_of(detour.provider);
      operators_.take_out(theirs, run.postfix_config_folders, now);
    }
    auto kept = operators_.all();
    own_domains_ = run.own_domains;
    kept.insert(own_domains_.begin(), own_domains_.end());
    kept_.publish(std::make_shared<const std::set<std::string>>(std::move(kept)));
    const bool leads = std::any_of(standing.begin(), standing.end(), model::routes_mail);
    if (leads && !active_.exchange(leads)) domains_saved_ = {};  // a restart must find its domains
    active_ = leads;
    fresh = {action::routes_of(standing, config::detour_ways(run), domains),
             action::sender_routes_of(standing, pools_->all(),
                                      run.detour_mode == config::DetourMode::enforce)};
    make_rules(run);
    saved = save();
  }
  const bool keep = state_.with([&](State& state) {
    state.keep_tables = state.keep_tables && !active_ && run.detour_mode != config::DetourMode::off;
    return state.keep_tables;
  });
  if (dirty && !keep) publish_led(std::move(fresh));
  base::Status done;
  const auto led = led_.read();
  if (!keep) done = tables_.publish(led->domains, *kept_.read());
  if (done && !keep) done = tables_.publish_senders(led->senders);
  if (done) tables_stand();
  if (done) done = tables_.publish_filter(rules_);
  if (!done) {
    state_.with([](State& state) { state.dirty = true; });
  }
  if (!saved) {
    state_.with([](State& state) { state.counts = true; });
  }
  if (done) done = saved;
  const std::string trouble = active_ ? operators_.trouble() : "";
  set_trouble(done ? trouble : done.error().message);
}

}  // namespace leumund::apps
