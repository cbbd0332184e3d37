#include "apps/daemon/honeypots.h"

#include <algorithm>

#include "base/log.h"
#include "config/egress.h"
#include "config/list_options.h"
#include "listing/list_engine.h"
#include "model/subject.h"

namespace leumund::apps {
namespace {

constexpr std::array<const char*, 4> outcome_names = {"counted", "in_use", "ourselves", "user"};

}  // namespace

Honeypots::Honeypots(Around around, const config::Settings& settings)
    : around_(std::move(around)), rules_(rules_of(settings)) {}

void Honeypots::set_settings(const config::Settings& settings) {
  rules_.publish(rules_of(settings));
}

std::shared_ptr<const Honeypots::Rules> Honeypots::rules_of(const config::Settings& settings) {
  auto rules = std::make_shared<Rules>();
  const config::RunSettings& run = settings.run;
  rules->patterns = run.list_honeypots;
  rules->ours = run.relay_clients;
  for (const std::string& text : settings.start.report_relays) {
    if (const auto relay = base::IpPrefix::parse(text)) rules->ours.push_back(*relay);
  }
  for (const auto& one : config::own_addresses(run.egresses, run.watch_addresses)) {
    if (const auto own = base::IpPrefix::parse(one.address.to_string()))
      rules->ours.push_back(*own);
  }
  return rules;
}

std::optional<ListDesk::Said> Honeypots::see(const model::Login& login, base::TimePoint at,
                                             base::TimePoint now) {
  const auto rules = rules_.read();
  if (rules->patterns.empty() || !login.client || login.account.empty()) return std::nullopt;
  const std::string account = model::fold_account(login.account);
  const base::IpAddress place = listing::ListEngine::place_of(*login.client).address;
  const std::uint64_t client = base::keyed_hash(around_.key, place.to_string());
  if (std::ranges::none_of(rules->patterns, [&](const std::string& pattern) {
        return config::is_honeypot(account, pattern);
      })) {
    if (login.ok) seen_.with([&](Seen& seen) { seen.users.first(client, now); });
    return std::nullopt;
  }
  const std::uint64_t hit = base::keyed_hash(around_.key, place.to_string() + " " + account);
  const auto [fresh, user] = seen_.with(
      [&](Seen& seen) { return std::pair(seen.hits.first(hit, now), seen.users.knows(client)); });
  if (!fresh) return std::nullopt;
  const bool own = login.client->is_private() || login.client->is_loopback() ||
                   std::ranges::any_of(rules->ours, [&](const base::IpPrefix& one) {
                     return one.contains(*login.client);
                   });
  const HoneypotLogin outcome = own                         ? HoneypotLogin::ourselves
                                : around_.has_sent(account) ? HoneypotLogin::in_use
                                : user                      ? HoneypotLogin::user
                                                            : HoneypotLogin::counted;
  count(outcome, account, *login.client);
  if (outcome != HoneypotLogin::counted) return std::nullopt;
  // Names without a domain have one voice, as those of one domain have.
  return ListDesk::Said{.client = login.client,
                        .kind = model::AbuseKind::honeypot,
                        .reporter = account.contains('@') ? account : account + "@honeypot",
                        .at = std::min(at, now)};
}

void Honeypots::count(HoneypotLogin outcome, const std::string& account,
                      const base::IpAddress& client) {
  const auto which = static_cast<std::size_t>(outcome);
  ++counts_[which];
  if (outcome == HoneypotLogin::counted) return;
  const auto now = std::chrono::steady_clock::now();
  if (!line_.with([&](intake::RareLine& line) { return line.may_be_written(now); })) return;
  // A name that is in use is a mistake in the configuration.
  base::log(outcome == HoneypotLogin::in_use ? base::LogLevel::error : base::LogLevel::info,
            "event=honeypot_login_not_counted why={} account={} client={}", outcome_names[which],
            account, client.to_string());
}

void Honeypots::add_metrics(std::vector<face::Metric>& out) const {
  face::Metric metric{
      "leumund_list_honeypot_logins_total", "Logins as list.honeypots, by what they came to.", {}};
  for (std::size_t i = 0; i < outcomes; ++i) {
    metric.samples.push_back(
        {{{"outcome", outcome_names[i]}}, static_cast<double>(counts_[i].load())});
  }
  out.push_back(std::move(metric));
}

}  // namespace leumund::apps
