#include "apps/daemon/screen_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apps/daemon/endpoints.h"
#include "apps/daemon/list_keys.h"
#include "base/filled.h"
#include "base/log.h"
#include "diagnosis/dns_list.h"

namespace leumund::apps {
namespace {

constexpr std::chrono::seconds tick_every{1};
constexpr std::size_t cache_bytes = 8U << 20;
constexpr std::size_t asking_max = 1000;

face::Metric single(std::string name, std::string help, std::uint64_t value) {
  return {std::move(name), std::move(help), {{{}, static_cast<double>(value)}}};
}

}  // namespace

diagnosis::ScreenRules ScreenDesk::rules_of(const config::Settings& settings) {
  using diagnosis::ScreenRole;
  const auto& start = settings.start;
  const auto keys = list_keys(settings.run.watch_keys_file, problems_);
  const auto known = diagnosis::shipped_dns_lists();
  if (!known) problems_.push_back(known.error().message);
  const auto registry = known ? *known : std::vector<diagnosis::DnsList>();
  diagnosis::ChosenScreen chosen;
  choose_screen(ScreenRole::block, start.screening_block, registry, keys, chosen);
  choose_screen(ScreenRole::score, start.screening_score, registry, keys, chosen);
  choose_screen(ScreenRole::allow, start.screening_allow, registry, keys, chosen);
  for (std::string& problem : chosen.problems) problems_.push_back(std::move(problem));
  return {.lists = std::move(chosen.lists),
          .refuse_at = static_cast<int>(start.screening_refuse_score),
          .temporary = start.screening_temporary};
}

base::Result<std::unique_ptr<ScreenDesk>> ScreenDesk::open(const config::Settings& settings,
                                                           const Clock& clock) {
  std::unique_ptr<ScreenDesk> out(new ScreenDesk);
  const auto& start = settings.start;
  if (start.screening_listen.empty()) return out;
  auto where = endpoint_of(start.screening_listen);
  if (!where) return where.error();
  auto rules = out->rules_of(settings);
  net::ResolverOptions dns;
  dns.forwarders = start.dns_forwarders;
  dns.stub_zones = start.dns_stub_zones;
  dns.pending_max = asking_max * std::max<std::size_t>(rules.lists.size(), 1) + 1024;
  dns.cache_bytes = cache_bytes;
  auto resolver = net::Resolver::open(dns);
  if (!resolver) return resolver.error();
  auto loop = net::EventLoop::open();
  if (!loop) return loop.error();
  out->resolver_ = std::move(*resolver);
  out->loop_ = std::move(*loop);
  out->enforce_ = start.screening_enforce;
  out->refuse_at_ = rules.refuse_at;
  out->header_ = start.screening_header;
  make_folder_of(*where);
  intake::ScreenService::Options options{.listen = std::move(*where), .rules = std::move(rules)};
  options.stream.connections_max = start.policy_connections_max;
  options.enforce = start.screening_enforce;
  options.header = start.screening_header;
  options.own_networks = settings.run.relay_clients;
  options.deadline = start.screening_deadline;
  options.asking_max = asking_max;
  options.seed = static_cast<std::uint64_t>(clock.now().time_since_epoch().count());
  options.clock = [&clock] { return clock.now(); };
  auto service = intake::ScreenService::open(*out->loop_, *out->resolver_, std::move(options));
  if (!service) return service.error();
  out->service_ = std::move(*service);
  for (const std::string& problem : out->problems_) {
    base::log(base::LogLevel::warn, "screening: {}", problem);
  }
  out->tick_and_come_again();
  out->loop_->start("screening");
  return out;
}

ScreenDesk::~ScreenDesk() { stop(std::chrono::milliseconds(0)); }

void ScreenDesk::stop(std::chrono::milliseconds grace) {
  if (!service_) return;
  service_->stop(grace);
  loop_->stop();
  resolver_.reset();  // answers what is still asked, so that nobody is called later
}

void ScreenDesk::tick_and_come_again() {
  service_->tick();
  loop_->after(tick_every, [this] { tick_and_come_again(); });
}

intake::MilterService::Screen ScreenDesk::for_milter() {
  if (!service_ || !header_) return {};
  return [this](const base::IpAddress& client) { return service_->header_of(client); };
}

std::optional<std::string> ScreenDesk::address() const {
  if (!service_) return std::nullopt;
  return service_->bound().to_string();
}

std::optional<face::PartStatus> ScreenDesk::part() const {
  if (!service_) return std::nullopt;
  const auto now = service_->counters();
  std::string trouble;
  const auto say = [&](const std::string& what) {
    if (trouble.contains(what)) return;  // a zone that stands there with several codes
    trouble += (trouble.empty() ? "" : "; ") + what;
  };
  for (const std::string& problem : problems_) say(problem);
  for (const auto& list : now.lists) {
    if (list.state == intake::ListState::faulty || list.state == intake::ListState::doubtful) {
      say(fmt::format("{} is not asked: {}", list.list, list.reason));
    }
  }
  if (now.lists.empty()) say("no list is named: screening.block_lists, screening.score_lists");
  return face::PartStatus{"screening", trouble.empty(),
                          trouble.empty()
                              ? base::fill("{}: {} <question|questions> about clients, {} {}",
                                           service_->bound().to_string(), now.screened, now.refused,
                                           enforce_ ? "refused" : "would be refused")
                              : trouble};
}

void ScreenDesk::heard(const base::IpAddress& client) {
  if (service_) service_->complained(client);
}

model::ScreenReport ScreenDesk::report() const {
  model::ScreenReport out;
  if (!service_) return out;
  const auto counters = service_->counters();
  const auto worth = service_->worth();
  out.on = true;
  out.enforce = enforce_;
  out.refuse_at = refuse_at_;
  out.clients = worth.clients;
  out.complained = worth.complained;
  for (std::size_t i = 0; i < counters.lists.size(); ++i) {
    const auto& list = counters.lists[i];
    const auto& of_it = worth.lists[i];
    out.lists.push_back(
        {.list = list.list,
         .role = std::string(screen_role_name(list.role)),
         .weight = list.weight,
         .state = std::string(list_state_name(list.state)),
         .reason = list.reason,
         .asked = list.asked,
         .alone = list.alone,
         .decided = list.decided,
         .unanswered = list.unanswered,
         .listed = of_it.listed,
         .complained = of_it.complained,
         .shares_with = of_it.shares_with ? counters.lists[*of_it.shares_with].list : "",
         .shared = of_it.shared,
         .proposed = of_it.weight});
  }
  return out;
}

void ScreenDesk::add_metrics(std::vector<face::Metric>& out) const {
  if (!service_) return;
  const auto now = service_->counters();
  out.push_back(single("leumund_screening_requests_total",
                       "Questions of Postfix about clients that bring mail.", now.requests));
  out.push_back(single("leumund_screening_spared_total",
                       "Of these, about clients that logged in or are our own.", now.spared));
  out.push_back(single("leumund_screening_refused_total",
                       "Clients refused, or that would be where screening only observes.",
                       now.refused));
  out.push_back(single("leumund_screening_late_total",
                       "Answers at the deadline, without all lists.", now.late));
  out.push_back(single("leumund_screening_overload_total",
                       "Clients taken unscreened because too many were asked about.",
                       now.overload));
  out.push_back(single("leumund_screening_marked_total",
                       "Clients asked about for the milter alone.", now.marked));
  face::Metric asked{"leumund_screening_list_asked_total", "Clients looked up on a list.", {}};
  face::Metric listed{"leumund_screening_list_listed_total", "Of these, listed.", {}};
  face::Metric alone{"leumund_screening_list_alone_total", "Of these, by no other list.", {}};
  face::Metric decided{
      "leumund_screening_list_decided_total", "Clients refused, or taken, for this list.", {}};
  face::Metric silent{
      "leumund_screening_list_unanswered_total", "Questions without an answer.", {}};
  face::Metric well{"leumund_screening_list_well", "1 where the list is asked.", {}};
  for (const auto& list : now.lists) {
    const std::vector<std::pair<std::string, std::string>> labels = {
        {"list", list.list},
        {"role", std::string(screen_role_name(list.role))},
        {"weight", std::to_string(list.weight)}};
    asked.samples.push_back({labels, static_cast<double>(list.asked)});
    listed.samples.push_back({labels, static_cast<double>(list.listed)});
    alone.samples.push_back({labels, static_cast<double>(list.alone)});
    decided.samples.push_back({labels, static_cast<double>(list.decided)});
    silent.samples.push_back({labels, static_cast<double>(list.unanswered)});
    well.samples.push_back({labels, list.state == intake::ListState::well ? 1.0 : 0.0});
  }
  for (auto* metric : {&asked, &listed, &alone, &decided, &silent, &well}) {
    out.push_back(std::move(*metric));
  }
}

}  // namespace leumund::apps
