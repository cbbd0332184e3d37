#include "apps/daemon/watch_desk.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "apps/daemon/list_keys.h"
#include "apps/daemon/listing_decision.h"
#include "base/filled.h"
#include "base/log.h"
#include "config/egress.h"
#include "diagnosis/dns_list.h"
#include "net/resolver.h"
#include "net/screen_asker.h"
#include "storage/listing_codec.h"

namespace leumund::apps {
namespace {

using base::LogLevel;
using model::DecisionKind;
using model::SubjectKind;

constexpr std::string_view listing_record = "watch-listing ";
constexpr std::string_view fault_record = "watch-fault ";
constexpr std::size_t cache_bytes = 4U << 20;

std::string record_of(const model::Listing& listing) {
  return fmt::format("{}{} {}", listing_record, listing.list, listing.place);
}
std::string record_of(const model::ListFault& fault) {
  return fmt::format("{}{}", fault_record, fault.list);
}

constexpr const char* detector = "watch";

model::Decision decision_of(const model::ListFault& fault, base::TimePoint now) {
  model::Decision out;
  out.kind = fault.until ? DecisionKind::list_well : DecisionKind::list_fault;
  out.at = now;
  out.detector = out.by = detector;
  out.subject = {SubjectKind::list, fault.list};
  out.restriction.subject = out.subject;
  out.restriction.since = fault.since;
  out.restriction.reason = fmt::format(
      "the DNS list {} ({}) {}: {}", fault.list_name, fault.list,
      fault.until ? "can be believed again; it was wrong" : "cannot be believed", fault.reason);
  out.list_fault = fault;
  return out;
}

model::ListFigures figures_of(const intake::ListHealth& health) {
  const auto& meter = health.meter;
  model::ListFigures out;
  out.list = health.list;
  out.name = health.name;
  out.state = intake::list_state_name(health.state);
  out.reason = health.reason;
  out.since = health.since;
  out.asked = meter.asked;
  out.listed = meter.listed;
  out.not_listed = meter.not_listed;
  out.unanswered = meter.unanswered;
  out.wrong = meter.wrong;
  out.unknown_codes = meter.unknown_codes;
  out.last_unknown_code = meter.last_unknown_code;
  out.asked_today = meter.asked_today;
  out.per_day = health.per_day;
  out.median_ms = static_cast<std::uint64_t>(meter.quantile(0.5).count());
  out.slow_ms = static_cast<std::uint64_t>(meter.quantile(0.99).count());
  out.round_s = static_cast<std::uint64_t>(meter.last_round.count());
  out.listings = health.listings;
  out.shared = health.shared;
  return out;
}

const char* verdict_name(diagnosis::ListVerdict verdict) {
  switch (verdict) {
    case diagnosis::ListVerdict::listed: return "listed";
    case diagnosis::ListVerdict::not_listed: return "not_listed";
    case diagnosis::ListVerdict::unknown: return "unknown";
    case diagnosis::ListVerdict::fault: return "fault";
  }
  return "unknown";
}

}  // namespace

bool WatchDesk::is_record(std::string_view subject) {
  return subject.starts_with(listing_record) || subject.starts_with(fault_record);
}

// --- what is watched -----------------------------------------------------------------------------

// Files are compared by content: a new key in the old file is a change.
struct WatchDesk::Inputs {
  bool enabled = false;
  std::vector<std::string> egresses;
  std::vector<std::string> addresses;
  std::vector<std::string> domains;
  std::vector<std::string> networks;
  std::vector<std::string> lists;
  std::map<std::string, std::string> keys;
  intake::WatchRules rules;
  std::uint32_t per_second = 0;
  std::uint32_t in_flight = 0;
  std::vector<std::string> problems;  // of the files

  bool operator==(const Inputs&) const = default;

  [[nodiscard]] static Inputs of(const config::Settings& settings);
};

WatchDesk::Inputs WatchDesk::Inputs::of(const config::Settings& settings) {
  const auto& run = settings.run;
  Inputs out;
  out.enabled = run.watch_enabled && settings.start.dns_enabled;
  out.egresses = run.egresses;
  out.addresses = run.watch_addresses;
  out.domains = run.watch_domains;
  out.domains.insert(out.domains.end(), run.own_domains.begin(), run.own_domains.end());
  out.networks = run.watch_networks;
  out.lists = run.watch_lists;
  out.keys = list_keys(run.watch_keys_file, out.problems);
  out.rules.interval = run.watch_interval;
  out.rules.network_interval = run.watch_network_interval;
  out.rules.per_day = run.watch_per_day;
  out.rules.in_flight_per_list = std::max(1U, run.watch_in_flight / 4);
  out.per_second = run.watch_per_second;
  out.in_flight = run.watch_in_flight;
  return out;
}

struct WatchDesk::Watch {
  Inputs inputs;
  std::vector<std::string> problems;
  std::string off;                     // why nothing is watched
  std::vector<std::string> forgotten;  // records of what is no longer watched
  std::unique_ptr<net::Resolver> resolver;
  std::unique_ptr<net::ScreenAsker> screen;
  std::unique_ptr<intake::WatchService> service;  // null: nothing to watch, or nobody to ask
  bool blind = false;

  [[nodiscard]] std::vector<diagnosis::DnsList> choose_lists();
  [[nodiscard]] intake::WatchTargets targets();
  // False: no question can be asked.
  bool open_askers(const config::StartSettings& start);
};

std::vector<diagnosis::DnsList> WatchDesk::Watch::choose_lists() {
  const auto known = diagnosis::shipped_dns_lists();
  if (!known) {
    problems.push_back(known.error().message);
    return {};
  }
  auto chosen = diagnosis::choose_lists(inputs.lists, *known, inputs.keys);
  std::move(chosen.problems.begin(), chosen.problems.end(), std::back_inserter(problems));
  return std::move(chosen.lists);
}

intake::WatchTargets WatchDesk::Watch::targets() {
  intake::WatchTargets out;
  for (const auto& own : config::own_addresses(inputs.egresses, inputs.addresses)) {
    if (own.watched || !intake::never_listed(own.address)) out.add_address(own.address, own.egress);
  }
  for (const std::string& domain : inputs.domains) out.add_domain(domain);
  for (const std::string& text : inputs.networks) {
    const auto network = base::IpPrefix::parse(text);
    if (!network) continue;
    if (const auto added = out.add_network(*network); !added) {
      problems.push_back("watch.networks: " + added.error().message);
    }
  }
  return out;
}

bool WatchDesk::Watch::open_askers(const config::StartSettings& start) {
  net::ResolverOptions dns;
  dns.forwarders = start.dns_forwarders;
  dns.stub_zones = start.dns_stub_zones;
  dns.pending_max = 4 * std::size_t{inputs.in_flight} + 1024;  // lookups come on top
  dns.cache_bytes = cache_bytes;
  auto opened = net::Resolver::open(dns);
  if (!opened) {
    problems.push_back(opened.error().message);
    return false;
  }
  resolver = std::move(*opened);
  auto asker = net::ScreenAsker::open(dns, *resolver);
  if (!asker) {
    problems.push_back(asker.error().message);
    return false;
  }
  screen = std::move(*asker);
  return true;
}

// --- start, reload, stop -------------------------------------------------------------------------

WatchDesk::WatchDesk(const config::Settings& settings,
                     const std::vector<evidence::SubjectRecord>& standing, Around around)
    : around_(around), proofs_(settings.run, around.clock) {
  standing_.with([&](Records& records) {
    for (const auto& [subject, state] : standing) records.insert_or_assign(subject, state);
  });
  watch_.publish(make(settings, Inputs::of(settings), {}));
}

WatchDesk::~WatchDesk() { stop(); }

std::unique_ptr<WatchDesk::Watch> WatchDesk::make(const config::Settings& settings, Inputs inputs,
                                                  const std::vector<intake::ListHealth>& before) {
  auto out = std::make_unique<Watch>();
  out->inputs = std::move(inputs);
  out->problems = out->inputs.problems;
  intake::WatchTargets targets = out->inputs.enabled ? out->targets() : intake::WatchTargets();
  if (targets.count() == 0) {
    out->off =
        out->inputs.enabled
            ? "no DNS list is asked, since nothing of ours is named to be watched on them: set "
              "egresses with a public address=, or watch.addresses, or watch.domains"
            : "no DNS list is asked: watch.enabled or dns.enabled is false";
    standing_.with([&](const Records& all) {
      for (const auto& [subject, state] : all) out->forgotten.push_back(subject);
    });
    return out;
  }
  auto lists = out->choose_lists();
  if (!out->open_askers(settings.start)) {
    out->off = "no DNS list can be asked: " + out->problems.back();
    out->blind = true;
    return out;
  }
  intake::WatchOptions options;
  options.rules = out->inputs.rules;
  options.rules.seed = static_cast<std::uint64_t>(around_.clock.now().time_since_epoch().count());
  options.queries_per_second = out->inputs.per_second;
  options.in_flight = out->inputs.in_flight;
  intake::WatchBook book(options.rules, std::move(lists), std::move(targets));
  restore(*out, book);
  for (const auto& health : before) book.restore(health);
  out->service = std::make_unique<intake::WatchService>(
      options, std::move(book), *out->screen, *out->resolver,
      [this](const intake::WatchChange& change) { on_change(change); },
      [&clock = around_.clock] { return clock.now(); });
  return out;
}

void WatchDesk::start() {
  proofs_.start();
  start_watch();
}

void WatchDesk::start_watch() {
  const auto watch = watch_.read();
  for (const std::string& record : watch->forgotten) keep(record, "");
  for (const std::string& problem : watch->problems) {
    base::log(LogLevel::warn, "watch: {}", problem);
  }
  if (watch->service) watch->service->start();
}

void WatchDesk::stop() {
  proofs_.stop();
  if (const auto watch = watch_.read(); watch->service) watch->service->stop();
}

// Between the two nobody is asked; whoever still reads the old one sees where it ended.
void WatchDesk::set_settings(const config::Settings& settings) {
  proofs_.set_settings(settings.run);
  Inputs inputs = Inputs::of(settings);
  const auto old = watch_.read();
  if (inputs == old->inputs) return;
  std::vector<intake::ListHealth> before;
  if (old->service) {
    old->service->stop();
    before = old->service->report().lists;
  }
  watch_.publish(make(settings, std::move(inputs), before));
  start_watch();
}

void WatchDesk::restore(Watch& watch, intake::WatchBook& book) const {
  const auto now = around_.clock.now();
  for (const auto& [subject, state] : standing_.with([](const Records& all) { return all; })) {
    bool taken = false;
    if (subject.starts_with(listing_record)) {
      const auto listing = storage::decode_listing(state);
      taken = listing && book.restore(*listing, now);
    } else {
      const auto fault = storage::decode_list_fault(state);
      taken = fault && book.restore(*fault);
    }
    if (taken) continue;
    base::log(LogLevel::info, "watch: no longer watched: {}", subject);
    watch.forgotten.push_back(subject);
  }
}

// --- what it finds -------------------------------------------------------------------------------

// First the decision, then the record: a kill in between tells a listing twice, never none.
void WatchDesk::on_change(const intake::WatchChange& change) {
  const auto now = around_.clock.now();
  if (const auto* found = std::get_if<intake::ListingChange>(&change)) {
    model::Listing listing = found->listing;
    if (!listing.sends) listing.proof = proofs_.of(listing.place);
    around_.pipeline.note(decision_of(listing, detector, now));
    return keep(record_of(listing), listing.until ? "" : storage::encode_listing(listing));
  }
  const auto& fault = std::get<model::ListFault>(change);
  around_.pipeline.note(decision_of(fault, now));
  keep(record_of(fault), fault.until ? "" : storage::encode_list_fault(fault));
}

void WatchDesk::keep(const std::string& subject, const std::string& state) {
  standing_.with([&](Records& records) {
    if (state.empty()) {
      records.erase(subject);
    } else {
      records.insert_or_assign(subject, state);
    }
  });
  const std::vector<evidence::SubjectRecord> records = {{subject, state}};
  const auto kept = around_.store.save_checkpoint(records, {});
  if (!kept) base::log(LogLevel::error, "watch: not on disk: {}", kept.error().message);
}

// --- what is shown -------------------------------------------------------------------------------

model::WatchReport WatchDesk::report() const {
  const auto watch = watch_.read();
  model::WatchReport out;
  out.problems = watch->problems;
  for (std::string& problem : proofs_.problems()) out.problems.push_back(std::move(problem));
  if (!watch->service) return out;
  const intake::WatchReport now = watch->service->report();
  out.on = true;
  out.own = now.own;
  out.whole = now.whole;
  out.networks = now.networks;
  out.listings = now.listings;
  for (model::Listing& one : out.listings) {
    if (!one.sends) one.proof = proofs_.of(one.place);
  }
  for (const auto& health : now.lists) out.lists.push_back(figures_of(health));
  return out;
}

bool WatchDesk::is_blind() const { return watch_.read()->blind; }

base::Result<std::vector<model::ListSaid>> WatchDesk::look_up(const std::string& subject) {
  const auto watch = watch_.read();
  if (!watch->service) return base::Error{base::ErrorCode::unavailable, watch->off};
  std::vector<model::ListSaid> out;
  for (auto& row : watch->service->look_up(subject)) {
    model::ListSaid said;
    said.list = row.list;
    said.name = row.name;
    said.state = intake::list_state_name(row.state);
    said.doubt = std::move(row.doubt);
    said.verdict = verdict_name(row.answer.verdict);
    said.codes = std::move(row.answer.codes);
    said.meaning = std::move(row.answer.meaning);
    said.policy = row.answer.policy;
    said.reason = std::move(row.reason);
    said.trouble = std::move(row.answer.trouble);
    said.lookup_url = std::move(row.lookup_url);
    said.delist_url = std::move(row.delist_url);
    said.took_ms = static_cast<std::uint64_t>(row.took.count());
    out.push_back(std::move(said));
  }
  if (out.empty()) {
    return base::Error{base::ErrorCode::unavailable,
                       "no DNS list for it is set: watch.lists = [\"default\"] takes those of the "
                       "registry, and leumund lists shows what is asked"};
  }
  return out;
}

std::optional<face::PartStatus> WatchDesk::part() const {
  const model::WatchReport now = report();
  if (!now.on && now.problems.empty()) return std::nullopt;
  std::string trouble = now.problems.empty() ? "" : now.problems.front();
  std::size_t listed = 0;
  std::size_t untrusted = 0;
  for (const auto& one : now.listings) {
    if (!one.sends || one.policy) continue;
    if (++listed == 1) {
      trouble = fmt::format("{} is listed on {} since {}", one.place, one.list,
                            base::format_rfc3339(one.since));
    }
  }
  if (listed > 1) trouble += fmt::format(", and {} more: leumund lists", listed - 1);
  for (const auto& one : now.lists) untrusted += one.state == "faulty" ? 1 : 0;
  return face::PartStatus{"watch", trouble.empty(),
                          trouble.empty()
                              ? base::fill("{} <address or domain|addresses and domains>, {} of "
                                           "networks, on {} <list|lists>, {} of them faulty",
                                           now.own, now.whole, now.lists.size(), untrusted)
                              : trouble};
}

void WatchDesk::add_metrics(std::vector<face::Metric>& out) const {
  const model::WatchReport now = report();
  if (!now.on) return;
  face::Metric listed{"leumund_watch_listings", "Listings of ours that stand, by list.", {}};
  face::Metric well{"leumund_watch_list_well", "1 where a DNS list can be believed.", {}};
  face::Metric slow{"leumund_watch_list_p99_seconds", "Time to an answer, 99 of 100.", {}};
  face::Metric asked{"leumund_watch_questions_total", "Questions to DNS lists.", {}};
  face::Metric unanswered{"leumund_watch_unanswered_total", "Questions without an answer.", {}};
  for (const auto& one : now.lists) {
    const std::vector<std::pair<std::string, std::string>> labels = {{"list", one.list}};
    listed.samples.push_back({labels, static_cast<double>(one.listings)});
    well.samples.push_back({labels, one.state == "well" ? 1.0 : 0.0});
    slow.samples.push_back({labels, static_cast<double>(one.slow_ms) / 1000});
    asked.samples.push_back({labels, static_cast<double>(one.asked)});
    unanswered.samples.push_back({labels, static_cast<double>(one.unanswered)});
  }
  for (auto* metric : {&listed, &well, &slow, &asked, &unanswered}) {
    out.push_back(std::move(*metric));
  }
}

}  // namespace leumund::apps
