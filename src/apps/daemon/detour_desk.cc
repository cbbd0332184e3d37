#include "apps/daemon/detour_desk.h"

#include <fmt/core.h>
#include <pthread.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "action/atomic_file.h"
#include "apps/daemon/case_letters.h"
#include "base/log.h"
#include "config/egress.h"
#include "diagnosis/provider_group.h"

namespace leumund::apps {
namespace {

using base::LogLevel;
using model::Detour;
using model::DetourPhase;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t state_bytes_max = 256UL << 20;
constexpr std::chrono::milliseconds tick_every{1000};
constexpr std::chrono::milliseconds look_every{200};

bool in_trouble(const model::BlockFacts& facts) {
  return facts.state == model::CellState::refused || facts.state == model::CellState::half_open;
}

bool refuses(const verdict::DetourWorld& world, const std::string& way) {
  return std::any_of(world.cells.begin(), world.cells.end(),
                     [&](const auto& facts) { return facts.egress == way && in_trouble(facts); });
}

}  // namespace

verdict::DetourSettings DetourDesk::plan_settings(const config::RunSettings& run,
                                                  const std::vector<config::DetourWay>& ways) {
  verdict::DetourSettings out;
  out.ways.clear();
  for (const auto& way : ways) out.ways.push_back(way.name);
  out.cap_per_hour = run.detour_cap;
  out.warm_up = config::detour_warm_up(run);
  out.probe_first = run.detour_probe_first;
  out.probe_most = config::longest_probe_pause(run);
  return out;
}

DetourDesk::DetourDesk(Around around)
    : around_(std::move(around)),
      domains_(around_.state_folder + "/provider_domains"),
      operators_(around_.files),
      tables_(around_.files) {}

DetourDesk::~DetourDesk() { stop(); }

void DetourDesk::start() {
  load();
  const config::RunSettings settings = around_.settings();
  publish_names(settings);
  kept_.publish(std::make_shared<const std::set<std::string>>(settings.own_domains.begin(),
                                                              settings.own_domains.end()));
  if (auto done = tables_.create_missing(); !done) set_trouble(done.error().message);
  take_up_tables();
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  ::pthread_setname_np(thread_.native_handle(), "detour");
}

void DetourDesk::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void DetourDesk::set_trouble(std::string trouble) {
  const bool fresh = state_.with([&](State& state) {
    return std::exchange(state.trouble, trouble) != trouble && !trouble.empty();
  });
  if (fresh) base::log(LogLevel::error, "detour trouble=\"{}\"", trouble);
}

std::string DetourDesk::trouble() const {
  return state_.with([](const State& state) {
    std::string all;
    for (const auto* one : {&state.trouble, &state.helper_trouble, &state.lost}) {
      if (one->empty()) continue;
      if (!all.empty()) all += "; ";
      all += *one;
    }
    return all;
  });
}

// --- what stands ---------------------------------------------------------------------------------

// What cannot be read is kept under another name, since the first save replaces the file.
storage::StoredDetours DetourDesk::read_state() {
  const std::string path = around_.state_folder + "/detours.json";
  const auto there = action::identify_file(path);
  if (!there.ok() || !there->exists()) return {};
  const auto content = action::read_file(path, state_bytes_max);
  auto read = content.ok() ? storage::decode_detours(content->bytes)
                           : base::Result<storage::StoredDetours>(content.error());
  if (read && read->unreadable.empty()) return std::move(*read);
  std::string lost = read ? "" : read.error().message;
  if (read) {
    for (const std::string& one : read->unreadable) lost += (lost.empty() ? "" : "; ") + one;
  }
  const std::string aside = path + ".unreadable";
  std::error_code failed;
  std::filesystem::copy_file(path, aside, std::filesystem::copy_options::overwrite_existing,
                             failed);
  spare_state_file_ = static_cast<bool>(failed);
  constexpr std::size_t told_bytes_max = 1000;
  lost = fmt::format("{} could not be read and is kept as {}: {}", path, failed ? path : aside,
                     lost.substr(0, told_bytes_max));
  base::log(LogLevel::error, "detour trouble=\"{}\"", lost);
  state_.with([&](State& state) {
    state.lost = lost;
    state.keep_tables = !read;
  });
  return read ? std::move(*read) : storage::StoredDetours();
}

void DetourDesk::load() {
  if (auto done = domains_.load(around_.clock.now()); !done) set_trouble(done.error().message);
  storage::StoredDetours stored = read_state();
  const auto now = around_.clock.now();
  const auto cells = around_.pipeline.with_engine(
      [&](engine::Engine& engine) { return engine.blocks().all(now); });
  state_.with([&](State& state) {
    for (Detour& detour : stored.detours) {
      state.watched.insert(detour.provider);
      // What stood is published again at the first tick; its mail may wait since we are gone.
      const Key key{detour.provider, detour.pool};
      if (model::routes_mail(detour)) state.tries.order(key);
      if (detour.probe) state.probe_tries[key] = SteadyClock::now() + until_postfix_looks;
      active_ = active_ || model::routes_mail(detour);
      state.detours[key] = std::move(detour);
    }
    // Of a detour that was over Postfix may not have seen the tables either.
    for (const auto& [provider, pool] : stored.returning) state.tries.order({provider, pool});
    const auto wait_anew = [&](const Held& held) {
      for (const auto& [key, count] : reasons_of(held)) state.tries.order(key);
    };
    for (const Held& held : stored.held) wait_anew(held);
    state.held = std::move(stored.held);
    // Their clients may still be sending them.
    for (auto& [id, held] : stored.holding) {
      wait_anew(held);
      state.holding[id] = {std::move(held), SteadyClock::now()};
    }
    holding_ = !state.holding.empty();
    for (const auto& facts : cells) {
      if (in_trouble(facts)) state.watched.insert(facts.provider);
    }
  });
}

base::Status DetourDesk::save() const {
  if (spare_state_file_) {
    return base::Error{base::ErrorCode::unavailable,
                       "detours are not kept: what stands in detours.json cannot be set aside"};
  }
  storage::StoredDetours stored;
  state_.with([&](const State& state) {
    for (const auto& [key, detour] : state.detours) stored.detours.push_back(detour);
    stored.held = state.held;
    for (const auto& [id, one] : state.holding) stored.holding.emplace_back(id, one.held);
    for (const Key& key : state.tries.all()) {
      const auto found = state.detours.find(key);
      const bool leads = found != state.detours.end() && model::routes_mail(found->second);
      if (!leads) stored.returning.push_back(key);
    }
  });
  const auto done = action::write_file_atomically(around_.state_folder + "/detours.json",
                                                  storage::encode_detours(stored), 0640);
  return done.ok() ? base::Status() : done.error();
}

// --- the thread ----------------------------------------------------------------------------------

void DetourDesk::run(const std::stop_token& stop) {
  stop_ = stop;
  auto next = SteadyClock::now();
  while (!stop.stop_requested()) {
    if (SteadyClock::now() < next) {
      save_holds();
      std::this_thread::sleep_for(look_every);
      continue;
    }
    next = SteadyClock::now() + tick_every;
    try {
      tick();
    } catch (const std::exception& error) {
      set_trouble(error.what());
    }
  }
  for (const auto& done : {save(), domains_.save()}) {
    if (!done) base::log(LogLevel::error, "detour state: {}", done.error().message);
  }
}

// What a kill makes us forget nobody lets go.
void DetourDesk::save_holds() {
  const bool wanted =
      state_.with([](State& state) { return std::exchange(state.new_holds, false); });
  if (!wanted) return;
  if (auto done = save(); !done) {
    set_trouble(done.error().message);
    state_.with([](State& state) { state.counts = true; });
  }
}

void DetourDesk::publish_names(const config::RunSettings& run) {
  read_pools(run);
  names_.publish(std::make_shared<const Names>(Names{config::detour_ways(run).front().name,
                                                     config::egress_names(run.egresses), pools_,
                                                     !run.queue_helper.empty()}));
}

// With a pool that is gone from the configuration its detours go.
void DetourDesk::read_pools(const config::RunSettings& run) {
  auto of = std::pair(run.detour_mode, run.detour_pools);
  if (of == pools_of_) return;
  pools_of_ = std::move(of);
  pools_ = std::make_shared<const config::DetourPools>(run.detour_pools);
  state_.with([&](State& state) {
    std::erase_if(state.detours, [&](const auto& entry) {
      const std::string& pool = entry.first.second;
      const bool gone = !pool.empty() && pools_->find(pool) == nullptr;
      if (gone && model::routes_mail(entry.second)) state.tries.order(entry.first);
      return gone;
    });
    state.dirty = true;
  });
}

void DetourDesk::tick() {
  const config::RunSettings run = around_.settings();
  publish_names(run);
  const auto now = around_.clock.now();
  look_up_unknown();
  std::set<std::string> providers = state_.with([](const State& state) { return state.watched; });
  if (run.detour_mode == config::DetourMode::off) {
    end_all();
  } else if (!providers.empty()) {
    // All active accounts are looked at: not every second.
    constexpr std::chrono::seconds suspects_every{3};
    if (SteadyClock::now() >= suspect_at_ + suspects_every) {
      suspect_at_ = SteadyClock::now();
      suspect_ = unrestricted_suspect(around_.pipeline, now);
    }
    for (const auto& provider : providers) plan_provider(provider, run, suspect_, now);
  }
  publish(run);
  work_queue(run);
  save_domains(run, now);
}

// A file of up to a million lines, so not for every domain. What a kill loses is learnt anew.
void DetourDesk::save_domains(const config::RunSettings& run, base::TimePoint now) {
  constexpr std::chrono::seconds save_every{60};
  const auto steady_now = SteadyClock::now();
  if (domains_saved_ != SteadyTime() && steady_now < domains_saved_ + save_every) return;
  domains_saved_ = steady_now;
  if (run.keep_counts.count() > 0 && domains_.forget(now - run.keep_counts)) {
    state_.with([](State& state) { state.dirty = true; });
  }
  if (auto done = domains_.save(); !done) set_trouble(done.error().message);
}

void DetourDesk::plan_provider(const std::string& provider, const config::RunSettings& run,
                               const std::string& suspect, base::TimePoint now) {
  verdict::DetourWorld world;
  world.suspect = suspect;
  world.cells = around_.pipeline.with_engine(
      [&](engine::Engine& engine) { return engine.blocks().of_provider(provider, now); });
  plan_detour({provider, ""}, world, config::detour_ways(run), run, now);
  for (const config::DetourPool& pool : pools_->all()) {
    const Key key{provider, pool.name};
    const bool wanted = state_.with([&](const State& state) {
      if (state.detours.contains(key)) return true;
      // Postfix asks by recipient first: where all mail takes a detour, a pool's is of no use.
      const auto all = state.detours.find({provider, ""});
      const bool led = all != state.detours.end() && model::routes_mail(all->second);
      return !led && refuses(world, pool.ways.front().name);
    });
    if (wanted) plan_detour(key, world, pool.ways, run, now);
  }
  const bool refused = std::any_of(world.cells.begin(), world.cells.end(), in_trouble);
  state_.with([&](State& state) {
    const auto first = state.detours.lower_bound({provider, ""});
    const bool stands = first != state.detours.end() && first->first.first == provider;
    if (!stands && !refused) state.watched.erase(provider);
  });
}

void DetourDesk::plan_detour(const Key& key, const verdict::DetourWorld& world,
                             const std::vector<config::DetourWay>& ways,
                             const config::RunSettings& run, base::TimePoint now) {
  Detour before;
  const auto step = state_.with([&](State& state) {
    Detour& detour = state.detours[key];
    detour.provider = key.first;
    detour.pool = key.second;
    before = detour;
    detour.planned = run.detour_mode != config::DetourMode::enforce && !detour.by_hand;
    auto made = verdict::plan_detour(detour, world, plan_settings(run, ways), now);
    made.detour.planned = run.detour_mode != config::DetourMode::enforce && !made.detour.by_hand;
    made.changed = made.changed || (made.detour.phase != DetourPhase::none &&
                                    made.detour.planned != before.planned);
    detour = made.detour;
    if (made.changed || made.probe_over) state.dirty = true;
    if (detour.phase == DetourPhase::none) state.probed.erase(key);
    if (detour.phase == DetourPhase::none && !refuses(world, detour.home)) state.detours.erase(key);
    return made;
  });
  carry_out(step, before);
  if (step.changed) tell(step.detour, now);
}

// The queue and the matrix follow a change.
void DetourDesk::carry_out(const verdict::DetourStep& step, const Detour& before) {
  if (step.probe_over) {
    around_.pipeline.with_engine([&](engine::Engine& engine) {
      std::ignore = engine.blocks().set_half_open(step.detour.home, step.detour.provider, false,
                                                  around_.clock.now());
    });
  }
  state_.with([&](State& state) {
    const bool sent_there = step.probe_over && step.probe_over->recipient.empty();
    if (sent_there && step.detour.phase != DetourPhase::none) {
      state.requeue.push_back(step.probe_over->queue);
    }
    if (step.changed) state.tries.follow(before, step.detour);
  });
}

// What waited is tried as at any other return.
void DetourDesk::end_all() {
  state_.with([](State& state) {
    if (state.detours.empty()) return;
    for (const auto& [key, detour] : state.detours) {
      if (model::routes_mail(detour)) state.tries.order(key);
    }
    state.dirty = true;
    state.detours.clear();
  });
}

// Not kept with it: it is as the set-up is now.
Detour DetourDesk::with_warning(Detour detour) const {
  const bool leaves = detour.phase == DetourPhase::open || detour.phase == DetourPhase::capped;
  detour.warning = leaves && around_.warning ? around_.warning(detour.via) : "";
  return detour;
}

void DetourDesk::tell(const Detour& detour, base::TimePoint now) {
  model::Decision decision;
  decision.kind = detour.planned ? model::DecisionKind::would_detour : model::DecisionKind::detour;
  decision.at = now;
  decision.subject = {model::SubjectKind::provider, detour.provider};
  decision.detector = "detour";
  decision.by = detour.by.empty() ? "detour" : detour.by;
  decision.restriction.subject = decision.subject;
  decision.restriction.since = detour.since;
  decision.restriction.reason = detour.reason;
  decision.detour = with_warning(detour);
  if (decision.detour->probe) decision.detour->probe->recipient.clear();  // nobody's business
  around_.pipeline.note(std::move(decision));
}

// --- domains -------------------------------------------------------------------------------------

bool DetourDesk::is_kept(const std::string& domain) const {
  const auto kept = kept_.read();
  return kept && kept->contains(domain);
}

std::string DetourDesk::provider_of(const std::string& domain) const {
  if (is_kept(domain)) return {};
  const std::string learnt = domains_.provider_of(domain);
  return learnt.empty() ? diagnosis::provider_group(*around_.replies, {.recipient = domain})
                        : learnt;
}

std::vector<std::string> DetourDesk::domains_of(const std::string& provider) const {
  std::vector<std::string> out = domains_.of(provider);
  for (const auto& one : around_.replies->registry().providers) {
    if (one.id != provider) continue;
    for (const std::string& domain : one.domains) {
      const std::string learnt = domains_.provider_of(domain);  // the DNS knows better
      if (learnt.empty()) out.push_back(domain);
    }
  }
  // The table stands before Postfix's own transports: mail to ourselves must never leave by it.
  const auto ours = around_.settings().own_domains;
  std::erase_if(out, [&](const std::string& domain) {
    return std::find(ours.begin(), ours.end(), domain) != ours.end();
  });
  return out;
}

void DetourDesk::look_up_unknown() {
  if (around_.providers == nullptr) return;
  constexpr int tries_max = 10;
  const auto unknown = state_.with([](State& state) { return std::exchange(state.unknown, {}); });
  for (const auto& [domain, tries] : unknown) {
    const std::string found = around_.providers->find(domain);
    if (found.empty() && tries + 1 < tries_max) {
      state_.with([&](State& state) { state.unknown.try_emplace(domain, tries + 1); });
    }
    if (!found.empty() && domains_.learn(domain, found, around_.clock.now())) {
      state_.with([](State& state) { state.dirty = true; });
    }
  }
}

}  // namespace leumund::apps
