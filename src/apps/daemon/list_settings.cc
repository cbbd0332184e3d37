#include "apps/daemon/list_settings.h"

#include <string>

#include "config/list_options.h"
#include "config/listen_address.h"

namespace leumund::apps {
namespace {

using base::IpPrefix;
using model::AbuseKind;

std::vector<IpPrefix> networks_of(const std::vector<std::string>& texts) {
  std::vector<IpPrefix> out;
  for (const std::string& text : texts) {
    if (const auto network = IpPrefix::parse(text)) out.push_back(*network);
  }
  return out;
}

wire::ZoneHead head_of(const config::StartSettings& start, const wire::DnsName& zone) {
  wire::ZoneHead head;
  wire::ZoneServers servers;
  servers.ttl = 86'400;
  for (const std::string& text : start.list_name_servers) {
    if (auto name = wire::DnsName::parse(text)) servers.names.push_back(std::move(*name));
  }
  if (servers.names.empty()) return head;
  wire::ZoneSoa soa;
  soa.primary = servers.names.front();
  // RFC 1035: the person's address with a dot for the @, dots before it with a backslash.
  std::string person = start.list_contact;
  if (person.empty()) person = "hostmaster@" + zone.to_text();
  std::string name;
  const std::size_t at = person.rfind('@');
  for (std::size_t i = 0; i < person.size(); ++i) {
    if (person[i] == '.' && i < at) name += '\\';
    name += i == at ? '.' : person[i];
  }
  if (auto parsed = wire::DnsName::parse(name)) soa.person = std::move(*parsed);
  soa.ttl = 3600;
  soa.refresh = 3600;
  soa.retry = 600;
  soa.expire = 7 * 86'400;
  soa.minimum = static_cast<std::uint32_t>(start.list_negative_ttl.count());
  head.soa = std::move(soa);
  head.servers = std::move(servers);
  return head;
}

// The text of a listing's TXT record, with $ for what is listed.
std::string text_of(const config::StartSettings& start) {
  if (!start.list_text.empty()) return start.list_text;
  return start.list_lookup_url.empty() ? "Blocked" : "Blocked - see " + start.list_lookup_url;
}

void add_networks(const std::vector<std::string>& texts, std::uint32_t order,
                  listing::PrefixTable4Builder& four, listing::PrefixTable6Builder& six) {
  for (const IpPrefix& one : networks_of(texts)) {
    if (one.address.is_v4()) {
      four.add_prefix(one.address.v4_bits(), one.bits, order);
    } else {
      six.add(listing::Key6::of(one.address.bytes()), one.bits, order);
    }
  }
}

}  // namespace

listing::ListEngine::Settings list_engine_settings(const config::Settings& settings,
                                                   base::HashKey key) {
  const config::RunSettings& run = settings.run;
  listing::ListEngine::Settings out;
  out.rule.fresh_weight = run.list_fresh_weight;
  out.rule.fades_over = run.list_fades_over;
  out.rule.counts_for = run.list_counts_for;
  const auto score = [&](AbuseKind kind) -> double& {
    return out.rule.trap_score[static_cast<std::size_t>(kind)];
  };
  score(AbuseKind::pristine_trap) = run.list_score_pristine;
  score(AbuseKind::recycled_trap) = run.list_score_recycled;
  score(AbuseKind::typo_trap) = run.list_score_typo;
  score(AbuseKind::honeypot) = run.list_score_honeypot;
  out.rule.prior_spam = run.list_prior_spam;
  out.rule.prior_mail = run.list_prior_mail;
  out.rule.threshold = run.list_threshold;
  out.rule.doubt = run.list_doubt;
  out.rule.reporters_least = run.list_reporters_least;
  out.rule.listed_for = run.list_listed_for;
  out.rule.listed_for_two = run.list_listed_for_two;
  out.rule.honest_per_spam_most = run.list_honest_per_spam_most;
  out.rule.reports_of_one_most = run.list_reports_of_one_most;
  out.reporters.unknown_weight = run.list_reporter_weight;
  out.reporters.per_day_most = run.list_reporter_per_day;
  out.addresses_most = settings.start.list_addresses_max;
  out.request_every = run.list_request_every;
  out.mails_per_query = run.list_mails_per_query;
  out.range_from = run.list_range_from;
  out.spared = networks_of(run.list_spared);
  out.key = key;
  out.record = true;
  return out;
}

std::vector<listing::ServedList::Settings> list_settings(const config::Settings& settings,
                                                         base::HashKey key) {
  std::vector<listing::ServedList::Settings> out;
  const config::StartSettings& start = settings.start;
  for (const std::string& wanted : start.list_zones) {
    const auto zone = config::parse_list_zone(wanted);
    if (!zone) continue;  // `config check` names it
    if (zone->of != model::ListKind::addresses) continue;
    const auto name = wire::DnsName::parse(zone->zone);
    if (!name) continue;
    listing::ServedList::Settings one;
    one.name = zone->name;
    one.zone = *name;
    one.kinds = zone->kinds;
    one.value = {zone->answer, text_of(start)};
    one.head = head_of(start, *name);
    one.ttl = static_cast<std::uint32_t>(start.list_ttl.count());
    one.engine = list_engine_settings(settings, key);
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<listing::NameList::Settings> list_name_settings(const config::Settings& settings) {
  std::vector<listing::NameList::Settings> out;
  const config::StartSettings& start = settings.start;
  const listing::ListEngine::Settings rule = list_engine_settings(settings, {});
  for (const std::string& wanted : start.list_zones) {
    const auto zone = config::parse_list_zone(wanted);
    if (!zone || zone->of == model::ListKind::addresses) continue;
    const auto name = wire::DnsName::parse(zone->zone);
    if (!name) continue;
    listing::NameList::Settings one;
    one.name = zone->name;
    one.kind = zone->of;
    one.zone = *name;
    one.kinds = zone->kinds;
    one.value = {zone->answer, text_of(start)};
    one.head = head_of(start, *name);
    one.ttl = static_cast<std::uint32_t>(start.list_ttl.count());
    one.rule = rule.rule;
    one.reporters = rule.reporters;
    one.request_every = rule.request_every;
    one.names_most = start.list_names_max;
    for (const std::string& spared : settings.run.list_spared) {
      if (!IpPrefix::parse(spared)) one.spared.insert(spared);
    }
    out.push_back(std::move(one));
  }
  return out;
}

listing::DatasetPointer list_access(const config::StartSettings& start) {
  if (start.list_allow_clients.empty() && start.list_refuse_clients.empty()) return nullptr;
  listing::PrefixTable4Builder four(listing::PrefixTable4Builder::Kind::trie);
  listing::PrefixTable6Builder six;
  // The first row of a network stays.
  add_networks(start.list_refuse_clients, wire::zone_refuse, four, six);
  add_networks(start.list_allow_clients, wire::zone_pass, four, six);
  if (!start.list_allow_clients.empty()) {
    four.add_prefix(0, 0, wire::zone_refuse);
    six.add({}, 0, wire::zone_refuse);
  }
  auto out = std::make_shared<listing::LoadedDataset>();
  out->data.format = wire::ZoneFormat::acl;
  out->data.values = std::make_shared<wire::ZoneValues>();
  out->data.networks4 = four.build();
  out->data.networks6 = six.build();
  return out;
}

std::vector<net::SocketAddress> list_addresses(const config::StartSettings& start) {
  std::vector<net::SocketAddress> out;
  for (const std::string& text : start.list_listen) {
    const auto address = config::parse_listen_address(text);
    if (address && !address->is_unix()) out.emplace_back(address->address, address->port);
  }
  return out;
}

}  // namespace leumund::apps
