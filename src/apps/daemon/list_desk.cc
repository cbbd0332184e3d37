#include "apps/daemon/list_desk.h"

#include <fmt/core.h>
#include <pthread.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "apps/daemon/list_settings.h"
#include "base/ascii.h"
#include "base/log.h"
#include "config/egress.h"
#include "config/list_options.h"

namespace leumund::apps {
namespace {

using base::LogLevel;
using base::TimePoint;
using listing::ServedList;

constexpr const char* own_name = "own";
constexpr std::chrono::seconds keeps_within{2};
constexpr std::size_t mails_most = 100'000;
constexpr std::size_t dns_threads_most = 4;

// Whether a complaint says that the mail was spam.
bool says_spam(const std::string& kind) {
  const std::string word = base::ascii_lower(kind);
  return word.empty() || word == "abuse" || word == "spam" || word == "fraud" || word == "virus" ||
         word == "other";
}

// In lower case: a trap's domain is one voice however it is written.
std::string domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return base::ascii_lower(at == std::string_view::npos ? address : address.substr(at + 1));
}

face::DnsListServerOptions server_options(const config::StartSettings& start, const Clock& clock) {
  face::DnsListServerOptions out;
  out.addresses = list_addresses(start);
  out.threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, dns_threads_most);
  out.responder.limit.key = base::HashKey::random();
  out.responder.limit.excess_per_second = static_cast<std::uint32_t>(start.list_response_limit);
  out.responder.count_addresses = true;
  out.responder.questions_a_day = start.list_questions_per_day;
  out.responder.clock = [&clock] {
    return std::chrono::ceil<std::chrono::seconds>(clock.now()).time_since_epoch().count();
  };
  return out;
}

}  // namespace

// --- start and stop ------------------------------------------------------------------------------

base::Result<std::unique_ptr<ListDesk>> ListDesk::open(const config::Settings& settings,
                                                       Around around) {
  if (settings.start.list_zones.empty()) return std::unique_ptr<ListDesk>();
  std::unique_ptr<ListDesk> desk(new ListDesk(settings, std::move(around)));
  if (!settings.start.list_listen.empty()) {
    auto server = face::DnsListServer::open(server_options(settings.start, desk->around_.clock));
    if (!server) return server.error();
    desk->server_ = std::move(*server);
  }
  desk->load_listed();
  desk->load_own();
  return desk;
}

ListDesk::ListDesk(const config::Settings& settings, Around around)
    : around_(std::move(around)),
      access_(list_access(settings.start)),
      export_folder_(settings.start.list_export_folder),
      rules_(rules_of(settings)),
      keeper_(around_.store, around_.decide) {
  state_.with([&](State& state) {
    for (auto& one : list_settings(settings, around_.key)) {
      state.lists.push_back(std::make_unique<ServedList>(std::move(one)));
    }
    for (auto& one : list_name_settings(settings)) {
      state.names.push_back(std::make_unique<listing::NameList>(std::move(one)));
    }
    ServedList::Settings own;
    own.name = own_name;
    own.engine = list_engine_settings(settings, around_.key);
    own.engine.spared.clear();
    state.lists.push_back(std::make_unique<ServedList>(std::move(own)));
    name_reporters(state, *rules_.read());
  });
}

ListDesk::~ListDesk() { stop(); }

std::shared_ptr<const ListDesk::Rules> ListDesk::rules_of(const config::Settings& settings) {
  auto rules = std::make_shared<Rules>();
  const config::RunSettings& run = settings.run;
  for (const std::string& text : run.list_traps) {
    if (const auto trap = config::parse_trap_address(text)) {
      rules->traps.insert_or_assign(trap->address, trap->kind);
    }
  }
  for (const std::string& text : run.list_reporters) {
    if (const auto reporter = config::parse_reporter_weight(text)) {
      rules->reporters.insert_or_assign(reporter->name,
                                        Rules::Reporter{reporter->weight, reporter->networks});
    }
  }
  for (const auto& one : config::own_addresses(run.egresses, run.watch_addresses)) {
    rules->own.emplace(one.address, one.egress);
    rules->own_places.insert(listing::ListEngine::place_of(one.address).address);
    if (!one.egress.empty()) rules->egresses.emplace(one.egress, one.address);  // its first
  }
  for (const auto& [name, egress] : config::egress_names(run.egresses)) {
    const auto known = rules->egresses.find(egress);
    if (known != rules->egresses.end()) rules->egresses.emplace(name, known->second);
  }
  rules->mail_weight = run.list_mail_reporter_weight;
  rules->export_every = run.list_export_every;
  rules->keep_reports = run.list_keep_reports;
  rules->keep_history = run.list_keep_history;
  return rules;
}

void ListDesk::name_reporters(State& state, const Rules& rules) const {
  for (const auto& [name, reporter] : rules.reporters) {
    const std::uint64_t who = base::keyed_hash(around_.key, name);
    for (auto& list : state.lists) list->reporters().set_weight(who, reporter.weight);
    for (auto& list : state.names) list->reporters().set_weight(who, reporter.weight);
  }
}

// A store that cannot be read leaves the list empty rather than the daemon down; it says so.
// What is answered until everything is read: some seconds with a million addresses.
void ListDesk::load_listed() {
  const TimePoint now = around_.clock.now();
  state_.with([&](State& state) {
    for (auto& list : state.lists) {
      if (list->zone().is_root()) continue;
      ServedList listed(list->settings());
      if (const auto record = around_.store.load_listed(list->name(), now)) {
        listed.restore(*record, now);
      }
      plans_.push_back(listed.plan(now));
    }
    std::string trouble;
    load_names(state, now, trouble);
    note_load(trouble);
  });
}

// On the thread, so that neither answers nor the mail path wait for it; who asks about a list does.
void ListDesk::load() {
  const TimePoint now = around_.clock.now();
  std::string trouble;
  state_.with([&](State& state) {
    loads_.set_value();
    for (std::size_t i = 0; i < state.lists.size(); ++i) {
      ServedList& list = *state.lists[i];
      const auto record = around_.store.load_list(list.name(), now - std::chrono::days(8));
      if (!record) {
        trouble = fmt::format("{}: begins empty: {}", list.name(), record.error().message);
        continue;
      }
      if (record->unreadable > 0) {
        base::log(LogLevel::error, "event=list_rows_unreadable list={} rows={}", list.name(),
                  record->unreadable);
      }
      if (!record->trouble.empty()) {
        trouble = fmt::format("{}: begins with a part: {}", list.name(), record->trouble);
      }
      list.restore(*record, around_.clock.now());
      base::log(LogLevel::info, "event=list_loaded list={} listed={} addresses={}", list.name(),
                list.counters().listed, list.counters().addresses);
      if (!list.zone().is_root()) plans_[i] = list.plan(around_.clock.now());
    }
    loading_ = false;
  });
  note_load(trouble);
  publish(plans_);
}

void ListDesk::note_load(const std::string& trouble) {
  if (trouble.empty()) return;
  base::log(LogLevel::error, "event=list_not_loaded what=\"{}\"", trouble);
  keeper_.fails(trouble);
}

// Reports of the mail path that came while the lists were read.
void ListDesk::take_early(State& state, TimePoint now) {
  while (const auto early = early_.pop(std::chrono::milliseconds(0))) take_up(state, *early, now);
}

void ListDesk::take_up(State& state, const Early& early, TimePoint now) {
  for (auto& list : state.lists) {
    if (list->zone().is_root() == early.own) list->report(early.report, now);
  }
}

void ListDesk::start() {
  if (server_) {
    server_->start(
        std::make_shared<const listing::ZoneSet>(plans_, access_, listing::ZoneSetOptions()));
    for (const auto& where : server_->bound()) {
      base::log(LogLevel::info, "listening dns {}", where.to_string());
    }
  }
  keeper_.start();
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  ::pthread_setname_np(thread_.native_handle(), "list");
  slow_ = std::jthread([this](const std::stop_token& stop) { run_slow(stop); });
  ::pthread_setname_np(slow_.native_handle(), "list-slow");
  loads_.get_future().wait();  // from now on who asks about a list waits until it is there
}

void ListDesk::stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    wake();
    thread_.join();
    keeper_.stop();
    slow_.request_stop();
    wake_slow();
    slow_.join();
  }
  if (server_) server_->stop();
}

void ListDesk::set_settings(const config::Settings& settings) {
  const auto engine = list_engine_settings(settings, around_.key);
  auto rules = rules_of(settings);
  state_.with([&](State& state) {
    for (auto& list : state.lists) {
      auto of_this = engine;
      if (list->zone().is_root()) of_this.spared.clear();
      list->set_engine_settings(of_this);
    }
    const auto of_names = list_name_settings(settings);
    for (auto& list : state.names) {
      const auto same =
          std::ranges::find(of_names, list->name(), &listing::NameList::Settings::name);
      if (same != of_names.end()) list->set_settings(*same);
    }
    name_reporters(state, *rules);
  });
  rules_.publish(std::move(rules));
  wake();
}

// --- what comes ----------------------------------------------------------------------------------

// People of one house and the traps of one domain speak with one voice; those who have a mailbox at
// a provider each with his own.
model::AbuseReport ListDesk::report_of(const Said& said, const Rules& rules) const {
  std::string who = said.reporter.empty() ? "unknown" : said.reporter;
  const bool anybody = said.by_mail && !said.vouched;
  bool named = rules.reporters.contains(who);
  if (!named && who.contains('@')) {
    const std::string domain = domain_of(who);
    named = rules.reporters.contains(domain);
    const bool trap = said.kind != model::AbuseKind::complaint;
    if (trap || named || !around_.of_many_people(domain)) who = trap ? "trap@" + domain : domain;
  }
  if (anybody) who = "mail:" + who;  // uses up nothing of his whose name it bears
  return {.client = said.client.value_or(base::IpAddress()),
          .kind = said.kind,
          .reporter = base::keyed_hash(around_.key, who),
          .at = said.at,
          .believed = anybody || (said.by_mail && !named) ? rules.mail_weight : 1.0};
}

bool ListDesk::take(const std::vector<Said>& said) {
  const auto rules = rules_.read();
  const TimePoint now = around_.clock.now();
  std::vector<model::AbuseReport> reports;
  reports.reserve(said.size());
  for (const Said& one : said) {
    reports.push_back(report_of(one, *rules));
  }
  std::vector<base::IpAddress> witnessed;
  state_.with([&](State& state) {
    for (std::size_t i = 0; i < reports.size(); ++i) {
      const model::AbuseReport& one = reports[i];
      take_names(state, said[i], one, now);
      if (!said[i].client) continue;
      if (rules->is_own(one.client)) {
        state.lists.back()->report(one, now);
      } else if (one.client.is_private()) {
        ++not_counted_;
      } else {
        bool counts = false;
        for (auto& list : state.lists) {
          if (!list->zone().is_root()) counts = list->report(one, now) || counts;
        }
        if (counts) witnessed.push_back(one.client);
      }
    }
  });
  for (const auto& client : witnessed) around_.heard(client);
  return settle();
}

bool ListDesk::settle() {
  Waiter waiter;
  auto kept = waiter.get_future();
  state_.with([&](State& state) { state.waiters.push_back(std::move(waiter)); });
  wake();
  return kept.wait_for(keeps_within) == std::future_status::ready && kept.get();
}

void ListDesk::see(const model::MailEvent& event) {
  const auto rules = rules_.read();
  Said said{.client = {}, .reporter = {}, .at = event.occurred_at};
  std::optional<base::IpAddress> client;
  if (const auto* complaint = std::get_if<model::Complaint>(&event.what)) {
    if (!says_spam(complaint->kind)) return;
    client = complaint->source_ip;
    // About mail of one of our accounts: it left by one of our addresses.
    if (!complaint->account.empty() && !(client && rules->is_own(*client))) {
      if (rules->own.size() != 1) return;
      client = rules->own.begin()->first;
    }
    said.reporter = base::ascii_lower(complaint->reporter);
  } else if (const auto* trap = std::get_if<model::TrapHit>(&event.what)) {
    client = trap->source_ip;
    said.reporter = base::ascii_lower(trap->trap);
    said.kind = trap_kind(said.reporter).value_or(model::AbuseKind::recycled_trap);
  } else if (const auto* delivery = std::get_if<model::Delivery>(&event.what)) {
    const auto egress = rules->egresses.find(delivery->egress);
    if (delivery->status == model::DeliveryStatus::sent && egress != rules->egresses.end()) {
      note_mail(egress->second);
    }
    return;
  }
  if (!client) return;
  said.client = client;
  hear(said);
}

void ListDesk::hear(const Said& said) {
  const auto rules = rules_.read();
  const model::AbuseReport report = report_of(said, *rules);
  const TimePoint now = around_.clock.now();
  const Early told{report, rules->is_own(report.client)};
  if (!told.own && report.client.is_private()) {
    ++not_counted_;
    return;
  }
  if (loading_) {
    static_cast<void>(early_.push(Early(told)));
  } else {
    state_.with([&](State& state) { take_up(state, told, now); });
  }
  wake();
}

void ListDesk::note_mail(const base::IpAddress& client) {
  mails_.with([&](auto& mails) {
    const auto found = mails.find(client);
    if (found != mails.end()) {
      ++found->second;
    } else if (mails.size() < mails_most) {
      mails.emplace(client, 1);
    }
  });
}

bool ListDesk::speaks_from(std::string_view reporter, const base::IpAddress& client) const {
  const auto rules = rules_.read();
  const auto known = rules->reporters.find(reporter);
  const auto house = rules->reporters.find(domain_of(reporter));
  const auto holds = [&](const auto& found) {
    return found != rules->reporters.end() &&
           std::ranges::any_of(found->second.networks,
                               [&](const auto& network) { return network.contains(client); });
  };
  return holds(known) || holds(house);
}

std::optional<model::AbuseKind> ListDesk::trap_kind(std::string_view address) const {
  const auto rules = rules_.read();
  const std::string known = base::ascii_lower(address);
  const auto whole = rules->traps.find(known);
  if (whole != rules->traps.end()) return whole->second;
  const auto domain = rules->traps.find("@" + domain_of(known));
  if (domain == rules->traps.end()) return std::nullopt;
  return domain->second;
}

}  // namespace leumund::apps
