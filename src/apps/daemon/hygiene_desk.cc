#include "apps/daemon/hygiene_desk.h"

#include <fmt/core.h>
#include <pthread.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "apps/daemon/hygiene_metrics.h"
#include "base/filled.h"
#include "base/log.h"
#include "config/detour_options.h"
#include "config/egress.h"
#include "config/hygiene_options.h"
#include "intake/watch_targets.h"
#include "net/http_client.h"
#include "net/resolver.h"

namespace leumund::apps {
namespace {

using base::LogLevel;
using model::HygieneReport;
using model::HygieneState;
using model::SubjectKind;

constexpr std::chrono::milliseconds look_every{250};
constexpr std::chrono::milliseconds dns_patience{4000};
constexpr std::chrono::milliseconds page_patience{10'000};
constexpr std::size_t page_bytes_max = 1U << 20;
constexpr std::size_t cache_bytes = 1U << 20;
constexpr std::size_t services_max = 256;
constexpr std::uint64_t seen_least = 10;  // mails, before a domain is looked at

std::string page_trouble(const std::string& url) {
  const auto parts = net::split_url(url);
  if (!parts) return parts.error().message;
  net::HttpCall call;
  call.server = parts->first;
  call.target = parts->second;
  call.connect_time = call.silence = call.total = page_patience;
  call.reply_max = page_bytes_max;
  const auto reply = net::http_call(call);
  if (!reply) return reply.error().message;
  if (reply->status / 100 == 3) return "";  // it leads on; where to is not looked at
  return reply->status == 200 ? "" : fmt::format("status {}", reply->status);
}

// "[smart.example.net]:587" -> "smart.example.net".
std::string relay_host(std::string target) {
  const auto open = target.find('[');
  if (open != std::string::npos) {
    target.erase(0, open + 1);
    return target.substr(0, target.find(']'));
  }
  const auto colon = target.find(':');
  if (colon != std::string::npos) target.erase(0, colon + 1);
  return target.substr(0, target.find(':'));
}

model::Subject subject_of(const model::HygieneOfAddress& one) {
  if (!one.egress.empty()) return {SubjectKind::egress, one.egress};
  return {SubjectKind::address, one.address};
}

}  // namespace

HygieneDesk::HygieneDesk(Around around) : around_(std::move(around)) {}
HygieneDesk::~HygieneDesk() { stop(); }

void HygieneDesk::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  ::pthread_setname_np(thread_.native_handle(), "hygiene");
}

void HygieneDesk::stop() {
  stopping_ = true;
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void HygieneDesk::see(const model::MailEvent& event) {
  seen_.see(event);
  signatures_.see(event, around_.clock.now());
  const auto* delivery = std::get_if<model::Delivery>(&event.what);
  if (delivery == nullptr || delivery->status != model::DeliveryStatus::sent ||
      delivery->transport != "smtp") {
    return;
  }
  state_.with([&](State& state) {
    const auto known = state.deliveries.find(delivery->egress);
    if (known != state.deliveries.end()) {
      ++known->second;
    } else if (state.deliveries.size() < services_max) {
      state.deliveries.emplace(delivery->egress, 1);
    }
  });
}

// --- what is looked at ---------------------------------------------------------------------------

void HygieneDesk::add_ways(const config::Settings& settings, intake::HygienePlan& plan) const {
  const auto ways = config::detour_ways(settings.run);
  const auto names = config::egress_names(settings.run.egresses);
  for (const auto& own :
       config::own_addresses(settings.run.egresses, settings.run.watch_addresses)) {
    if (!own.watched && intake::never_listed(own.address)) continue;
    const bool detour = std::any_of(ways.begin() + 1, ways.end(),
                                    [&](const auto& way) { return way.name == own.egress; });
    plan.ways.push_back(
        {own.address, own.egress, own.helo.empty() ? settings.run.hygiene_helo : own.helo, detour});
  }
  for (const auto& way : ways) {
    if (!way.target.ends_with(':')) plan.relays.push_back({way.name, relay_host(way.target)});
  }
  // What leaves by no egress that is named leaves by the addresses of none.
  const auto add_count = [&](const std::string& service, std::uint64_t seen, auto member) {
    const auto known = names.find(service);
    const std::string egress = known == names.end() ? "" : known->second;
    if (known == names.end() && !service.empty()) return;
    for (auto& way : plan.ways) {
      if (way.egress == egress) way.*member += seen;
    }
  };
  for (const auto& [service, connections] : around_.encrypted()) {
    plan.log_tells_tls = true;
    add_count(service, connections, &intake::HygienePlan::Way::encrypted);
  }
  const auto deliveries = state_.with([](const State& state) { return state.deliveries; });
  for (const auto& [service, sent] : deliveries) {
    add_count(service, sent, &intake::HygienePlan::Way::deliveries);
  }
}

void HygieneDesk::add_domains(const config::Settings& settings, intake::HygienePlan& plan) const {
  const auto find = [&](const std::string& name) {
    return std::find_if(plan.domains.begin(), plan.domains.end(),
                        [&](const auto& domain) { return domain.name == name; });
  };
  std::vector<config::DkimSelectors> keys;
  for (const std::string& text : settings.run.hygiene_dkim) {
    if (auto read = config::parse_dkim_selectors(text)) keys.push_back(std::move(*read));
  }
  const auto add = [&](const std::string& name) {
    if (find(name) == plan.domains.end()) plan.domains.push_back({name, 0, 0, {}, {}});
  };
  for (const auto* names :
       {&settings.run.own_domains, &settings.run.watch_domains, &settings.run.hygiene_domains}) {
    for (const std::string& name : *names) add(name);
  }
  for (const auto& key : keys) add(key.domain);
  for (const auto& seen : seen_.most(settings.run.hygiene_seen_domains, seen_least)) {
    const auto known = find(seen.domain);
    if (known == plan.domains.end()) {
      plan.domains.push_back({seen.domain, seen.mails, seen.unaligned, {}, {}});
    }
  }
  for (const auto& key : keys) {
    auto& all = find(key.domain)->selectors;
    all.insert(all.end(), key.selectors.begin(), key.selectors.end());
  }
  for (auto& domain : plan.domains) domain.mail = signatures_.of(domain.name);
  plan.signer = signatures_.signer_place();
}

std::string HygieneDesk::why_nothing(const config::Settings& settings) {
  if (!settings.run.hygiene_enabled) return "hygiene.enabled is false";
  if (!settings.start.dns_enabled) return "dns.enabled is false";
  const auto own = config::own_addresses(settings.run.egresses, settings.run.watch_addresses);
  if (own.empty()) return "no egress has an address= and watch.addresses names none";
  return fmt::format(
      "{} is an address for documents or private networks: watch.addresses can name it all the "
      "same",
      own.front().address.to_string());
}

intake::HygienePlan HygieneDesk::plan_of(const config::Settings& settings) const {
  intake::HygienePlan plan;
  const auto& run = settings.run;
  add_ways(settings, plan);
  if (plan.ways.empty()) return plan;
  add_domains(settings, plan);
  plan.pages = run.hygiene_pages;
  if (run.letters_imprint.starts_with("http")) plan.pages.push_back(run.letters_imprint);
  plan.fetch_pages = run.hygiene_fetch_pages;
  plan.tls = run.hygiene_tls == config::OutwardTls::yes  ? intake::HygienePlan::Tls::yes
             : run.hygiene_tls == config::OutwardTls::no ? intake::HygienePlan::Tls::no
                                                         : intake::HygienePlan::Tls::by_log;
  return plan;
}

// --- looking -------------------------------------------------------------------------------------

HygieneReport HygieneDesk::ask(const intake::HygienePlan& plan,
                               const config::StartSettings& start) {
  net::ResolverOptions dns;
  dns.forwarders = start.dns_forwarders;
  dns.stub_zones = start.dns_stub_zones;
  dns.cache_bytes = cache_bytes;
  const auto resolver = net::Resolver::open(dns);
  if (!resolver) {
    HygieneReport none;
    none.problems.push_back(resolver.error().message);
    return none;
  }
  std::uint64_t questions = 0;
  const auto look_up = [&](const net::DnsQuestion& question) {
    net::DnsAnswer answer;
    answer.trouble = "leumundd stops";
    if (stopping_) return answer;
    ++questions;
    return (*resolver)->look_up(question, dns_patience);
  };
  auto report = intake::check_hygiene(plan, look_up, page_trouble);
  state_.with([&](State& state) { state.questions += questions; });
  return report;
}

base::TimePoint HygieneDesk::next_look(const HygieneReport& report,
                                       std::chrono::seconds interval) const {
  const bool soon = state_.with([](const State& state) { return state.turning; });
  bool unanswered = false;
  for (const auto& one : report.addresses) {
    for (const auto& finding : one.findings) {
      // What only the operator can tell is not learnt by asking again.
      unanswered = unanswered || (finding.state == HygieneState::unknown &&
                                  (finding.check == "reverse_dns" || finding.check == "spf_helo"));
    }
  }
  constexpr int part = 10;
  const auto wait =
      soon || unanswered ? std::max(interval / part, std::chrono::seconds(1)) : interval;
  return *report.checked_at + wait;
}

bool HygieneDesk::look() {
  if (state_.with([](State& state) { return std::exchange(state.busy, true); })) return false;
  // Whatever happens below, the next one may look.
  const std::shared_ptr<void> done(nullptr, [this](void*) {
    state_.with([](State& state) {
      state.busy = false;
      ++state.looks;
    });
  });
  const config::Settings settings = around_.settings();
  const auto plan = settings.run.hygiene_enabled && settings.start.dns_enabled
                        ? plan_of(settings)
                        : intake::HygienePlan();
  HygieneReport report = plan.ways.empty() ? HygieneReport() : ask(plan, settings.start);
  if (plan.ways.empty()) report.off = why_nothing(settings);
  if (stopping_) return true;
  report.checked_at = around_.clock.now();
  if (report.on) tell_turns(report);
  report.next_at = next_look(report, settings.run.hygiene_interval);
  report_.with([&](HygieneReport& kept) { kept = std::move(report); });
  seen_.forget_rare();
  return true;
}

void HygieneDesk::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::this_thread::sleep_for(look_every);
    const auto [checked, next] = report_.with(
        [](const HygieneReport& kept) { return std::pair(kept.checked_at, kept.next_at); });
    const auto clock = around_.clock.now();
    const bool asked = state_.with([](State& state) { return std::exchange(state.asked, false); });
    if (!asked && checked && clock < next && clock >= *checked) continue;
    try {
      const bool looked = look();
      if (!looked && asked) look_soon();
    } catch (const std::exception& error) {
      base::log(LogLevel::error, "hygiene: {}", error.what());
      report_.with([&](HygieneReport& kept) {
        kept.checked_at = clock;
        kept.next_at = clock + std::chrono::minutes(1);
      });
    }
  }
}

void HygieneDesk::look_soon() {
  state_.with([](State& state) { state.asked = true; });
}

base::Result<HygieneReport> HygieneDesk::look_now() {
  if (!look()) {
    return base::Error{base::ErrorCode::unavailable, "they are just being looked at: ask again"};
  }
  return report();
}

// --- what is told --------------------------------------------------------------------------------

// Once for a way that was well before: what never was stands in `leumund status`.
void HygieneDesk::tell_turns(const HygieneReport& report) {
  constexpr unsigned confirmed = 2;
  std::vector<std::tuple<model::Subject, bool, std::string>> told;
  state_.with([&](State& state) {
    std::map<std::string, Turn> before = std::exchange(state.turns, {});
    state.turning = false;
    // An egress has several addresses: each has its own turns.
    const auto note = [&](const model::Subject& subject, const std::string& place,
                          const model::HygieneFinding& finding) {
      const std::string key = place + "\n" + finding.check + "\n" + finding.about;
      Turn turn = before[key];
      if (finding.state == HygieneState::good) {
        if (turn.faults >= confirmed) told.emplace_back(subject, true, finding.text);
        turn = {true, 0};
      } else if (finding.state == HygieneState::fault && finding.grave && turn.was_good) {
        ++turn.faults;
        if (turn.faults == confirmed) told.emplace_back(subject, false, finding.text);
        state.turning = state.turning || turn.faults < confirmed;
      }
      state.turns[key] = turn;
    };
    for (const auto& one : report.addresses) {
      const std::string& place = one.address.empty() ? one.egress : one.address;
      for (const auto& finding : one.findings) note(subject_of(one), place, finding);
    }
    for (const auto& one : report.domains) {
      for (const auto& finding : one.findings) {
        note({SubjectKind::domain, one.domain}, one.domain, finding);
      }
    }
  });
  for (const auto& [subject, well, text] : told) tell(subject, well, text);
}

void HygieneDesk::tell(const model::Subject& subject, bool well, const std::string& text) {
  model::Decision decision;
  decision.kind = well ? model::DecisionKind::setup_well : model::DecisionKind::setup_fault;
  decision.at = around_.clock.now();
  decision.subject = subject;
  decision.detector = decision.by = "hygiene";
  decision.restriction.subject = subject;
  decision.restriction.since = decision.at;
  decision.restriction.reason = text;
  around_.pipeline.note(std::move(decision));
}

HygieneReport HygieneDesk::report() const {
  HygieneReport out = report_.with([](const HygieneReport& kept) { return kept; });
  out.looking = state_.with([](const State& state) { return state.busy || state.asked; });
  return out;
}

std::vector<model::HygieneFinding> HygieneDesk::faults_of(const std::string& place) const {
  return report_.with(
      [&](const HygieneReport& kept) { return model::hygiene_faults(kept, place); });
}

std::string HygieneDesk::warning_of(const std::string& place) const {
  return report_.with(
      [&](const HygieneReport& kept) { return model::hygiene_warning(kept, place); });
}

std::optional<face::PartStatus> HygieneDesk::part() const {
  const HygieneReport now = report();
  if (!now.on) {
    if (now.problems.empty()) return std::nullopt;
    return face::PartStatus{"hygiene", false, now.problems.front()};
  }
  const auto counts = model::count_hygiene(now);
  if (counts.grave == 0) {
    return face::PartStatus{
        "hygiene", true,
        base::fill(
            "{} <way|ways> out and {} <domain|domains>: {} good, {} <fault|faults>, {} unknown",
            now.addresses.size(), now.domains.size(), counts.good, counts.faults, counts.unknown)};
  }
  for (const auto& one : now.addresses) {
    for (const auto& finding : one.findings) {
      if (finding.state != HygieneState::fault || !finding.grave) continue;
      return face::PartStatus{"hygiene", false,
                              counts.grave == 1 ? finding.text
                                                : fmt::format("{}, and {} more: leumund hygiene",
                                                              finding.text, counts.grave - 1)};
    }
  }
  return face::PartStatus{
      "hygiene", false, base::fill("{} <fault|faults> of domains: leumund hygiene", counts.grave)};
}

void HygieneDesk::add_metrics(std::vector<face::Metric>& out) const {
  const HygieneReport now = report();
  const auto [looks, questions] =
      state_.with([](const State& state) { return std::pair(state.looks, state.questions); });
  const auto single = [&](std::string name, std::string help, double value) {
    out.push_back({std::move(name), std::move(help), {{{}, value}}});
  };
  single("leumund_hygiene_looks_total", "Looks at our ways out.", static_cast<double>(looks));
  single("leumund_hygiene_questions_total", "Questions to the DNS for them.",
         static_cast<double>(questions));
  if (!now.on) return;
  single("leumund_hygiene_checked_seconds", "When they were looked at last.",
         base::to_unix_seconds(*now.checked_at));
  out.push_back(findings_metric(now));
}

}  // namespace leumund::apps
