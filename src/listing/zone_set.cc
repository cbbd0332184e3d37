#include "listing/zone_set.h"

#include <algorithm>
#include <cstring>

#include "listing/zone_lookup.h"

namespace leumund::listing {
namespace {

using wire::DnsCode;

std::string numbers_of(const wire::ZoneSoa& soa, std::uint32_t serial) {
  std::string bytes;
  for (const std::uint32_t number : {serial, soa.refresh, soa.retry, soa.expire, soa.minimum}) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
  }
  return bytes;
}

Wanted wanted_of(std::uint16_t type) {
  return {.a = type == wire::dns_type::a,
          .txt = type == wire::dns_type::txt,
          .mx = type == wire::dns_type::mx};
}

// The order in which ANY is answered: one type only, the first there is (RFC 8482).
constexpr Wanted any_order[] = {{.a = true}, {.txt = true}, {.mx = true}};

}  // namespace

ZoneSet::ZoneSet(std::vector<ZonePlan> zones, DatasetPointer global_access, ZoneSetOptions options)
    : global_access_(std::move(global_access)), options_(options) {
  for (ZonePlan& plan : zones) {
    by_length_.push_back(zones_.size());
    zones_.push_back({.plan = std::move(plan)});
    prepare(zones_.back());
  }
  std::stable_sort(by_length_.begin(), by_length_.end(), [this](std::size_t a, std::size_t b) {
    return name(a).bytes().size() > name(b).bytes().size();
  });
}

void ZoneSet::prepare(Zone& zone) const {
  const ZonePlan& plan = zone.plan;
  zone.served = !plan.datasets.empty() && !(plan.has_access && !plan.access) &&
                std::all_of(plan.datasets.begin(), plan.datasets.end(),
                            [](const DatasetPointer& one) { return one != nullptr; });
  if (!zone.served) return;
  std::int64_t changed_at = 0;
  const wire::ZoneSoa* soa = nullptr;
  const wire::ZoneServers* servers = nullptr;
  for (const DatasetPointer& one : plan.datasets) {
    changed_at = std::max(changed_at, one->changed_at);
    if (soa == nullptr && one->head.soa) soa = &*one->head.soa;
    if (servers == nullptr && one->head.servers) servers = &*one->head.servers;
    zone.ip4 = zone.ip4 || one->data.asks_for_ip4();
  }
  if (soa != nullptr) {
    const std::uint32_t serial =
        soa->serial != 0 ? soa->serial : static_cast<std::uint32_t>(changed_at);
    const std::string numbers = numbers_of(*soa, serial);
    zone.soa.emplace(plan.name).add(wire::dns_type::soa, soa->ttl, {soa->primary, soa->person},
                                    numbers);
    // RFC 2308: a "no" is kept for the smaller of the two.
    zone.soa_negative.emplace(plan.name).add(wire::dns_type::soa, std::min(soa->ttl, soa->minimum),
                                             {soa->primary, soa->person}, numbers);
  }
  if (servers != nullptr) {
    zone.servers.emplace(plan.name);
    for (const wire::DnsName& server : servers->names) {
      zone.servers->add(wire::dns_type::ns, servers->ttl, {server}, "");
    }
  }
}

std::int32_t ZoneSet::find_zone(const wire::DnsQuery& query) const {
  for (const std::size_t number : by_length_) {
    const std::string& zone = name(number).bytes();
    if (zone.size() > query.name_bytes) continue;
    const std::size_t at = query.name_bytes - zone.size();
    if (std::memcmp(query.name.data() + at, zone.data(), zone.size()) != 0) continue;
    // The zone must begin where a label does.
    const auto end = query.label_at.begin() + query.labels + 1;
    if (std::binary_search(query.label_at.begin(), end, at)) {
      return static_cast<std::int32_t>(number);
    }
  }
  return -1;
}

bool ZoneSet::Zone::add_own(std::uint16_t type, wire::DnsAnswerWriter& writer) const {
  const std::size_t zone_bytes = plan.name.bytes().size();
  if (type == wire::dns_type::soa || type == wire::dns_type::any) {
    if (soa) writer.add_answer_block(*soa, zone_bytes);
    return soa.has_value() || type == wire::dns_type::any;
  }
  if (type != wire::dns_type::ns) return true;
  if (servers) writer.add_answer_block(*servers, zone_bytes);
  return servers.has_value();
}

ZoneAnswer ZoneSet::answer(const wire::DnsQuery& query, const base::IpAddress& client,
                           wire::DnsAnswerWriter& writer, std::int64_t now) const {
  ZoneAnswer done;
  Access access = access_of(global_access_.get(), client);
  done.drop = access.order == Access::Order::ignore;
  if (done.drop ||
      (query.klass != wire::dns_class::internet && query.klass != wire::dns_class::any)) {
    return done;
  }
  done.zone = find_zone(query);
  if (done.zone < 0) return done;
  const Zone& zone = zones_[static_cast<std::size_t>(done.zone)];
  const Access own = access_of(zone.plan.access.get(), client);
  done.drop = own.order == Access::Order::ignore;
  if (done.drop) return done;
  if (!zone.served) {
    done.code = DnsCode::server_failure;
    return done;
  }
  // The sterner of the two rules; between two values the global one.
  if (own.order == Access::Order::refuse || access.order == Access::Order::pass ||
      (own.order == Access::Order::empty && access.order == Access::Order::always)) {
    access = own;
  }
  if (access.order == Access::Order::refuse) return done;

  const std::size_t zone_bytes = zone.plan.name.bytes().size();
  const std::size_t zone_at = query.name_bytes - zone_bytes;
  const auto labels = static_cast<std::size_t>(
      std::lower_bound(query.label_at.begin(), query.label_at.begin() + query.labels + 1, zone_at) -
      query.label_at.begin());
  const AskedName asked(query, labels, zone.ip4);
  done.asked_4 = asked.kind_4 == AskedName::Kind::address;
  done.asked_6 = asked.kind_6 == AskedName::Kind::address;
  done.address_4 = asked.address_4;
  done.address_6 = asked.address_6;
  const bool any = query.type == wire::dns_type::any;
  bool found = labels == 0;
  if (found && !zone.add_own(query.type, writer)) return done;
  const auto ask = [&](Wanted wanted) {
    Lookup lookup(query, access, wanted, now, writer);
    for (const DatasetPointer& one : zone.plan.datasets) {
      found = lookup.ask(one->data, asked) || found;
    }
    if (lookup.always()) {
      lookup.add_value(access.rules->data, access.value, client.to_string());
    }
    done.listed = done.listed || lookup.listed();
  };
  if (any) {
    for (const Wanted wanted : any_order) {
      if (writer.answers() == 0 && !writer.truncated()) ask(wanted);
    }
  } else {
    ask(wanted_of(query.type));
  }

  done.authoritative = query.klass == wire::dns_class::internet;
  done.code = found ? DnsCode::no_error : DnsCode::no_such_name;
  if (writer.truncated()) return done;
  if (writer.answers() == 0) {
    if (zone.soa_negative) writer.add_authority_block(*zone.soa_negative, zone_bytes);
  } else if (zone.servers && !options_.minimal && !any) {
    writer.add_authority_block(*zone.servers, zone_bytes);
  }
  return done;
}

}  // namespace leumund::listing
