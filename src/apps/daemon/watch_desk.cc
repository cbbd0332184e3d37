#include "apps/daemon/watch_desk.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "apps/daemon/list_keys.h"
#include "base/log.h"
#include "config/egress.h"
#include "diagnosis/dns_list.h"
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

model::Subject subject_of(const model::Listing& listing) {
  if (!listing.egress.empty()) return {SubjectKind::egress, listing.egress};
  if (listing.place.contains('/')) return {SubjectKind::network, listing.place};
  return {base::IpAddress::parse(listing.place) ? SubjectKind::address : SubjectKind::domain,
          listing.place};
}

std::string sentence_of(const model::Listing& listing) {
  return fmt::format("{} {} on {} ({}){}", listing.place,
                     listing.until ? "is no longer listed" : "is listed", listing.list_name,
                     listing.list, listing.meaning.empty() ? "" : ": " + listing.meaning);
}

std::string sentence_of(const model::ListFault& fault) {
  return fmt::format("the DNS list {} ({}) {}: {}", fault.list_name, fault.list,
                     fault.until ? "can be believed again; it was wrong" : "cannot be believed",
                     fault.reason);
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

std::vector<diagnosis::DnsList> WatchDesk::choose(const config::StartSettings& start) {
  const auto keys = list_keys(start.watch_keys_file, problems_);
  const auto known = diagnosis::shipped_dns_lists();
  if (!known) {
    problems_.push_back(known.error().message);
    return {};
  }
  auto chosen = diagnosis::choose_lists(start.watch_lists, *known, keys);
  std::move(chosen.problems.begin(), chosen.problems.end(), std::back_inserter(problems_));
  return std::move(chosen.lists);
}

intake::WatchTargets WatchDesk::targets_of(const config::Settings& settings) {
  intake::WatchTargets targets;
  for (const std::string& text : settings.run.egresses) {
    const auto egress = config::parse_egress(text);
    if (!egress) continue;  // `config check` names it
    for (const auto& address : egress->addresses) {
      const bool named =
          std::find(settings.start.watch_addresses.begin(), settings.start.watch_addresses.end(),
                    address.to_string()) != settings.start.watch_addresses.end();
      if (named || !intake::never_listed(address)) targets.add_address(address, egress->name);
    }
  }
  for (const std::string& text : settings.start.watch_addresses) {
    if (const auto address = base::IpAddress::parse(text)) targets.add_address(*address, "");
  }
  for (const auto* domains : {&settings.start.watch_domains, &settings.run.own_domains}) {
    for (const std::string& domain : *domains) targets.add_domain(domain);
  }
  for (const std::string& text : settings.start.watch_networks) {
    const auto network = base::IpPrefix::parse(text);
    if (!network) continue;
    if (const auto added = targets.add_network(*network); !added) {
      problems_.push_back("watch.networks: " + added.error().message);
    }
  }
  return targets;
}

void WatchDesk::read_counters(const std::string& file) {
  if (file.empty()) return;
  const auto text = read_list_file(file);
  auto read = text ? intake::parse_sent_counters(*text) : text.error();
  if (read) {
    counters_ = std::move(*read);
  } else {
    counters_.clear();
    problems_.push_back(fmt::format("watch.counters_file {}: {}", file, read.error().message));
  }
}

WatchDesk::WatchDesk(const config::Settings& settings,
                     std::vector<evidence::SubjectRecord> standing, Around around)
    : around_(around) {
  const auto& start = settings.start;
  if (!start.watch_enabled || !start.dns_enabled) return;
  intake::WatchTargets targets = targets_of(settings);
  if (targets.count() == 0) return;
  auto lists = choose(start);
  read_counters(start.watch_counters_file);
  net::ResolverOptions dns;
  dns.forwarders = start.dns_forwarders;
  dns.stub_zones = start.dns_stub_zones;
  dns.pending_max = 4 * std::size_t{start.watch_in_flight} + 1024;  // lookups come on top
  dns.cache_bytes = cache_bytes;
  auto resolver = net::Resolver::open(dns);
  if (!resolver) {
    problems_.push_back(resolver.error().message);
    return;
  }
  resolver_ = std::move(*resolver);
  auto screen = net::ScreenAsker::open(dns, *resolver_);
  if (!screen) {
    problems_.push_back(screen.error().message);
    return;
  }
  screen_ = std::move(*screen);
  intake::WatchOptions options;
  options.rules.interval = start.watch_interval;
  options.rules.network_interval = start.watch_network_interval;
  options.rules.per_day = start.watch_per_day;
  options.rules.in_flight_per_list = std::max(1U, start.watch_in_flight / 4);
  options.rules.seed = static_cast<std::uint64_t>(around.clock.now().time_since_epoch().count());
  options.queries_per_second = start.watch_per_second;
  options.in_flight = start.watch_in_flight;
  intake::WatchBook book(options.rules, std::move(lists), std::move(targets));
  restore(standing, book);
  service_ = std::make_unique<intake::WatchService>(
      options, std::move(book), *screen_, *resolver_,
      [this](const intake::WatchChange& change) { on_change(change); },
      [&clock = around_.clock] { return clock.now(); });
}

WatchDesk::~WatchDesk() { stop(); }

void WatchDesk::start() {
  for (const std::string& record : std::exchange(forgotten_, {})) keep(record, "");
  for (const std::string& problem : problems_) base::log(LogLevel::warn, "watch: {}", problem);
  if (service_) service_->start();
}

void WatchDesk::stop() {
  if (service_) service_->stop();
}

void WatchDesk::restore(const std::vector<evidence::SubjectRecord>& standing,
                        intake::WatchBook& book) {
  const auto now = around_.clock.now();
  for (const auto& [subject, state] : standing) {
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
    forgotten_.push_back(subject);
  }
}

// --- what it finds -------------------------------------------------------------------------------

// First the decision, then the record: a kill in between tells a listing twice, never none.
void WatchDesk::on_change(const intake::WatchChange& change) {
  model::Decision decision;
  if (const auto* found = std::get_if<intake::ListingChange>(&change)) {
    model::Listing listing = found->listing;
    if (!listing.sends) listing.proof = intake::sent_proof(counters_, listing.place);
    decision.kind = listing.until ? DecisionKind::delisted : DecisionKind::listed;
    decision.subject = subject_of(listing);
    decision.restriction.since = listing.since;
    decision.restriction.reason = sentence_of(listing);
    const std::string record = record_of(listing);
    const std::string state = listing.until ? "" : storage::encode_listing(listing);
    decision.listing = std::move(listing);
    decide(std::move(decision));
    return keep(record, state);
  }
  const auto& fault = std::get<model::ListFault>(change);
  decision.kind = fault.until ? DecisionKind::list_well : DecisionKind::list_fault;
  decision.subject = {SubjectKind::list, fault.list};
  decision.restriction.since = fault.since;
  decision.restriction.reason = sentence_of(fault);
  decision.list_fault = fault;
  decide(std::move(decision));
  keep(record_of(fault), fault.until ? "" : storage::encode_list_fault(fault));
}

void WatchDesk::decide(model::Decision decision) {
  decision.at = around_.clock.now();
  decision.detector = "watch";
  decision.by = "watch";
  decision.restriction.subject = decision.subject;
  static_cast<void>(around_.pipeline.command([&](engine::Engine& engine) {
    decision.number = engine.book().next_number();
    return std::pair(0, std::vector{std::move(decision)});
  }));
}

void WatchDesk::keep(std::string subject, std::string state) {
  const std::vector<evidence::SubjectRecord> records = {{std::move(subject), std::move(state)}};
  const auto kept = around_.store.save_checkpoint(records, {});
  if (!kept) base::log(LogLevel::error, "watch: not on disk: {}", kept.error().message);
}

// --- what is shown -------------------------------------------------------------------------------

model::WatchReport WatchDesk::report() const {
  model::WatchReport out;
  out.problems = problems_;
  if (!service_) return out;
  const intake::WatchReport now = service_->report();
  out.on = true;
  out.own = now.own;
  out.whole = now.whole;
  out.networks = now.networks;
  out.listings = now.listings;
  for (model::Listing& one : out.listings) {
    if (!one.sends) one.proof = intake::sent_proof(counters_, one.place);
  }
  for (const auto& health : now.lists) out.lists.push_back(figures_of(health));
  return out;
}

base::Result<std::vector<model::ListSaid>> WatchDesk::look_up(const std::string& subject) {
  if (!service_) {
    return base::Error{base::ErrorCode::unavailable,
                       "nothing is watched: see egresses, watch.addresses and watch.enabled"};
  }
  std::vector<model::ListSaid> out;
  for (auto& row : service_->look_up(subject)) {
    model::ListSaid said;
    said.list = row.list;
    said.name = row.name;
    said.state = intake::list_state_name(row.state);
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
  return out;
}

std::vector<model::Listing> WatchDesk::listings_of(const model::Subject& subject) const {
  auto all = report().listings;
  std::erase_if(all, [&](const model::Listing& one) {
    switch (subject.kind) {
      case SubjectKind::egress: return one.egress != subject.name;
      case SubjectKind::address:
      case SubjectKind::network:
      case SubjectKind::domain: return one.place != subject.name;
      case SubjectKind::list: return one.list != subject.name;
      default: return true;
    }
  });
  return all;
}

std::optional<face::PartStatus> WatchDesk::part() const {
  const model::WatchReport now = report();
  if (!now.on && problems_.empty()) return std::nullopt;
  std::string trouble = problems_.empty() ? "" : problems_.front();
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
  return face::PartStatus{
      "watch", trouble.empty(),
      trouble.empty()
          ? fmt::format("{} addresses and domains, {} of networks, on {} lists, {} of them faulty",
                        now.own, now.whole, now.lists.size(), untrusted)
          : trouble};
}

void WatchDesk::add_metrics(std::vector<face::Metric>& out) const {
  if (!service_) return;
  const model::WatchReport now = report();
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
