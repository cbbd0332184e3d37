// What the detours' desk learns from the log, and tells people and other programs.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "action/detour_tables.h"
#include "apps/daemon/detour_desk.h"
#include "base/ascii.h"
#include "diagnosis/provider_group.h"

namespace leumund::apps {
namespace {

using model::Detour;
using model::DetourPhase;

base::Status check_way(const face::DetourOrder& order, const std::vector<config::DetourWay>& ways) {
  const bool known =
      std::any_of(ways.begin(), ways.end(), [&](const auto& way) { return way.name == order.via; });
  if (order.via.empty() || known) return {};
  std::string names;
  for (const auto& way : ways) names += (names.empty() ? "" : ", ") + way.name;
  return base::Error{base::ErrorCode::malformed,
                     fmt::format("via is none of the ways {} ({})", names,
                                 order.pool.empty() ? "detour.ways" : "detour.pools")};
}

}  // namespace

// --- the log -------------------------------------------------------------------------------------

// Called under the engine's lock: only remembers.
void DetourDesk::note(const std::vector<model::Decision>& decisions) {
  for (const auto& decision : decisions) {
    if (!decision.block) continue;
    state_.with([&](State& state) { state.watched.insert(decision.block->facts.provider); });
  }
}

std::string DetourDesk::Names::egress_of(const model::Delivery& delivery) const {
  if (delivery.egress.empty()) return std::string(engine::default_egress);
  const auto named = egresses.find(delivery.egress);
  return named == egresses.end() ? delivery.egress : named->second;
}

// Whoever answers on the usual way is the provider that the block matrix counts for; behind another
// way may stand a relay of ours, so there only the DNS tells.
void DetourDesk::learn(const model::Delivery& delivery, const std::string& domain,
                       const std::string& egress, const std::string& home) {
  const bool by_smtp = delivery.transport == "smtp" || delivery.transport.empty();
  if (!by_smtp && delivery.transport != "relay") return;  // into a mailbox of ours
  const auto now = around_.clock.now();
  domains_.see(domain, now);
  if (!by_smtp || delivery.remote.empty() || egress != home) {
    if (!active_ || !domains_.provider_of(domain).empty()) return;
    state_.with([&](State& state) {
      if (state.unknown.size() < unknown_max) state.unknown.try_emplace(domain, 0);
    });
    return;
  }
  const std::string_view remote = delivery.remote;
  const std::string found =
      diagnosis::group_of_mx(*around_.replies, remote.substr(0, remote.find('[')));
  const std::string before = provider_of(domain);
  if (found.empty() || found == before || !domains_.learn(domain, found, now)) return;
  state_.with([&](State& state) {
    for (const std::string& provider : {before, found}) {
      const auto first = state.detours.lower_bound({provider, ""});
      const bool stands = first != state.detours.end() && first->first.first == provider;
      state.dirty = state.dirty || stands;
    }
  });
}

// Put off by another way than the one that leads it now, or after the return, it would wait for
// Postfix's next try, up to an hour.
void DetourDesk::note_missed(const model::Delivery& delivery, const std::string& provider,
                             const std::string& egress) {
  // Postfix puts off so as well what a way cannot deliver now: the usual one in the beginning.
  constexpr std::chrono::minutes beginning{1};
  const std::string& by = delivery.transport;
  const bool asked_nobody = by == "error" || by == "retry";
  const bool by_table = asked_nobody && delivery.reply.contains(action::waits_for_a_way);
  const bool by_smtp = active_ && (by == "smtp" || by.empty());
  if (!delivery.queue.known() || (!asked_nobody && !by_smtp)) return;
  const auto now = around_.clock.now();
  state_.with([&](State& state) {
    std::vector<const Detour*> leading;
    for (auto at = state.detours.lower_bound({provider, ""});
         at != state.detours.end() && at->first.first == provider; ++at) {
      if (model::routes_mail(at->second)) leading.push_back(&at->second);
    }
    const bool waits = std::any_of(leading.begin(), leading.end(), [](const Detour* one) {
      return one->phase != DetourPhase::open;
    });
    // Whose mail it is nobody tells here: it may be the one that has to wait.
    if (by_table && waits) return;
    for (const Detour* one : leading) {
      const bool another_way = egress != one->via && (one->pool.empty() || egress == one->home);
      const bool missed = by_table || (asked_nobody ? now - one->since < beginning : another_way);
      if (one->phase == DetourPhase::open && missed) {
        state.tries.miss({provider, one->pool}, delivery.queue.queue_id);
      }
    }
    if (!by_table) return;
    for (const Key& key : state.tries.turning(provider, SteadyTime::clock::now())) {
      state.tries.miss(key, delivery.queue.queue_id);
    }
  });
}

void DetourDesk::see(const model::MailEvent& event) {
  const auto* delivery = std::get_if<model::Delivery>(&event.what);
  if (delivery == nullptr || delivery->source == model::Source::report) return;
  const auto names = names_.read();
  if (!names) return;
  // Whose host answers is the provider of where the mail went, not of the alias before it.
  const std::string domain =
      diagnosis::domain_of(delivery->to.empty() ? delivery->recipient : delivery->to);
  const std::string egress = names->egress_of(*delivery);
  const std::string taken_for = provider_of(domain);
  learn(*delivery, domain, egress, names->home);
  const bool deferred = delivery->status == model::DeliveryStatus::deferred;
  if (!active_) {
    if (deferred) note_missed(*delivery, taken_for, egress);
    return;
  }
  const std::string provider = provider_of(domain);
  const auto now = around_.clock.now();
  const bool probe = note_probe(*delivery, taken_for, provider, std::min(event.occurred_at, now));
  if (deferred && !probe) note_missed(*delivery, provider, egress);
  if (delivery->status != model::DeliveryStatus::sent) return;
  state_.with([&](State& state) {
    state.tries.arrived(provider, delivery->queue.queue_id);
    bool counted = false;
    for (auto at = state.detours.lower_bound({provider, ""});
         at != state.detours.end() && at->first.first == provider; ++at) {
      if (at->second.via != egress) continue;
      verdict::count_detoured(at->second, now);
      counted = true;
    }
    if (!counted) return;
    ++state.delivered;
    state.counts = true;
  });
}

// --- policy --------------------------------------------------------------------------------------

std::string DetourDesk::pool_of(const model::Submission& submission) const {
  const auto names = names_.read();
  if (!names || !submission.envelope_sender) return {};
  const config::DetourPool* pool = names->pools->of_sender(*submission.envelope_sender);
  return pool == nullptr ? std::string() : pool->name;
}

// The detour that a mail takes: Postfix asks by recipient before it asks by sender.
DetourDesk::Detours::const_iterator DetourDesk::leading(const Detours& detours,
                                                        const std::string& provider,
                                                        const std::string& pool) {
  const auto routes = [&](auto at) {
    return at != detours.end() && model::routes_mail(at->second);
  };
  const auto all = detours.find({provider, ""});
  if (routes(all) || pool.empty()) return routes(all) ? all : detours.end();
  const auto of_pool = detours.find({provider, pool});
  return routes(of_pool) ? of_pool : detours.end();
}

// --- people and other programs -------------------------------------------------------------------

std::vector<Detour> DetourDesk::all() const {
  std::vector<Detour> out;
  state_.with([&](const State& state) {
    for (const auto& [key, detour] : state.detours) {
      if (detour.phase != DetourPhase::none || detour.kept_off) out.push_back(detour);
    }
  });
  for (Detour& detour : out) detour = with_warning(std::move(detour));
  return out;
}

base::Result<Detour> DetourDesk::set(const face::DetourOrder& order) {
  const config::RunSettings run = around_.settings();
  if (run.detour_mode == config::DetourMode::off) {
    return base::Error{base::ErrorCode::refused, "detours are off (detour.mode)"};
  }
  auto ways = config::detour_ways(run);
  if (!order.pool.empty()) {
    const auto pools = names_.read()->pools;
    const config::DetourPool* pool = pools->find(order.pool);
    if (pool == nullptr) {
      return base::Error{base::ErrorCode::malformed,
                         fmt::format("there is no pool {} (detour.pools)", order.pool)};
    }
    ways = pool->ways;
  }
  if (auto fine = check_way(order, ways); !fine) return fine.error();
  if (!order.via.empty() && domains_of(order.provider).empty()) {
    return base::Error{base::ErrorCode::malformed,
                       fmt::format("no domain of provider {} is known", order.provider)};
  }
  const Key key{order.provider, order.pool};
  const auto now = around_.clock.now();
  bool nothing = false;
  const Detour detour = state_.with([&](State& state) {
    nothing = order.via.empty() && !state.detours.contains(key) && !state.keep_tables;
    if (nothing) return Detour{};
    Detour& one = state.detours[key];
    one.provider = order.provider;
    one.pool = order.pool;
    one.home = ways.front().name;
    one = verdict::set_by_hand(one, order.via, order.by, plan_settings(run, ways), now);
    one.planned = false;
    state.watched.insert(order.provider);
    state.keep_tables = false;
    state.dirty = true;
    state.tries.order(key);
    return one;
  });
  if (nothing) {
    return base::Error{base::ErrorCode::unavailable,
                       fmt::format("there is no detour for {}", order.provider)};
  }
  tell(detour, now);
  return with_warning(detour);
}

// A domain that is in no table yet is learnt, and so in them a second later; where there is no
// Postfix that might keep it for itself, it is led at once.
face::RouteReport DetourDesk::route(const std::string& recipient,
                                    const std::optional<std::string>& sender,
                                    std::string provider) {
  face::RouteReport out;
  out.domain = diagnosis::domain_of(recipient);
  const std::string learnt = domains_.provider_of(out.domain);
  out.provider = learnt.empty() ? std::move(provider) : learnt;
  const config::RunSettings run = around_.settings();
  const auto ways = config::detour_ways(run);
  const auto led = led_.read();
  out.way = ways.front().name;
  const auto take = [&](const std::string& target, const std::vector<config::DetourWay>& among) {
    if (target == ":") return;  // the probe
    const auto way = std::find_if(among.begin(), among.end(),
                                  [&](const auto& one) { return one.target == target; });
    out.target = target;
    out.way = way == among.end() ? "" : way->name;
  };
  const bool kept = is_kept(out.domain);
  std::vector<Detour> of_pools;
  state_.with([&](State& state) {
    if (active_ && !kept && learnt.empty() && state.unknown.size() < unknown_max) {
      state.unknown.try_emplace(out.domain, 0);
    }
    for (const auto& [key, detour] : state.detours) {
      if (key.first == out.provider && key.second.empty()) out.detour = detour;
      if (!key.second.empty()) of_pools.push_back(detour);
    }
  });
  if (kept) {
    out.detour.reset();
    return out;
  }
  for (const std::string& key : {base::ascii_lower(recipient), out.domain}) {
    if (const auto* target = action::find_route(led->domains, key)) {
      take(*target, ways);
      return out;
    }
  }
  const bool unasked = learnt.empty() && run.postfix_config_folders.empty();
  if (unasked && out.detour && model::routes_mail(*out.detour)) {
    const std::string target = action::target_of(*out.detour, ways);
    if (!target.empty()) take(target, ways);
    return out;
  }
  const auto pools = names_.read()->pools;
  const config::DetourPool* pool = sender ? pools->of_sender(*sender) : nullptr;
  if (pool == nullptr) return out;
  out.pool = pool->name;
  if (const Detour* leads = action::detour_of_pool(of_pools, pool->name)) out.detour = *leads;
  for (const std::string& key : config::sender_keys(*sender)) {
    if (const auto* target = action::find_route(led->senders, key)) {
      take(*target, pool->ways);
      return out;
    }
  }
  return out;
}

void DetourDesk::add_metrics(std::vector<face::Metric>& out) const {
  std::map<std::string, std::uint64_t> phases = {
      {"waiting", 0}, {"open", 0}, {"capped", 0}, {"deferred", 0}};
  const auto add = [&](std::string name, std::string help, std::uint64_t value) {
    out.push_back({std::move(name), std::move(help), {{{}, static_cast<double>(value)}}});
  };
  state_.with([&](const State& state) {
    for (const auto& [key, detour] : state.detours) {
      if (detour.phase == DetourPhase::none || detour.planned) continue;
      ++phases[std::string(model::detour_phase_name(detour.phase))];
    }
    add("leumund_detour_deliveries_total", "Mails that another way has carried.", state.delivered);
    add("leumund_detour_probes_total", "Mails that tried the usual way.", state.probes);
    add("leumund_detour_flushed_total", "Deferred mails tried again because a way opened.",
        state.flushed);
    add("leumund_detour_held_total", "Mails held at intake while their provider refuses us.",
        state.held_total);
    add("leumund_detour_helper_failures_total",
        "Times the queue helper refused the detours' desk something, failed or hung.",
        state.helper_failures);
  });
  add("leumund_detour_domains", "Domains whose provider the DNS has told.", domains_.size());
  face::Metric standing{"leumund_detours", "Detours by phase.", {}};
  for (const auto& [phase, count] : phases) {
    standing.samples.push_back({{{"phase", phase}}, static_cast<double>(count)});
  }
  out.push_back(std::move(standing));
}

}  // namespace leumund::apps
