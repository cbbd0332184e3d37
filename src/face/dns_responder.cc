#include "face/dns_responder.h"

#include <fmt/core.h>

#include <algorithm>

namespace leumund::face {
namespace {

using listing::ResponseLimit;
using wire::DnsAnswerWriter;
using wire::DnsCode;
using wire::DnsQueryState;

constexpr std::size_t client_groups = 512;    // 4,096 clients
constexpr std::size_t address_groups = 4096;  // 32,768 addresses asked about, in all zones
constexpr std::size_t address_groups_least = 256;

// By the one thread that writes: no locked addition is needed.
void bump(std::atomic<std::uint64_t>& counter, std::uint64_t by = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

std::string type_text(std::uint16_t type) {
  switch (type) {
    case wire::dns_type::a: return "A";
    case wire::dns_type::ns: return "NS";
    case wire::dns_type::soa: return "SOA";
    case wire::dns_type::mx: return "MX";
    case wire::dns_type::txt: return "TXT";
    case wire::dns_type::aaaa: return "AAAA";
    case wire::dns_type::any: return "ANY";
    default: return fmt::format("type{}", type);
  }
}

std::string code_text(unsigned code) {
  constexpr const char* names[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                   "NXDOMAIN", "NOTIMPL", "REFUSED"};
  return code < std::size(names) ? names[code] : fmt::format("rcode{}", code);
}

}  // namespace

DnsCounts& DnsCounts::operator+=(const DnsCounts& other) {
  queries += other.queries;
  listed += other.listed;
  not_found += other.not_found;
  errors += other.errors;
  bytes_in += other.bytes_in;
  bytes_out += other.bytes_out;
  dropped += other.dropped;
  truncated += other.truncated;
  return *this;
}

DnsCounts DnsCounts::minus(const DnsCounts& other) const {
  return {queries - other.queries, listed - other.listed,      not_found - other.not_found,
          errors - other.errors,   bytes_in - other.bytes_in,  bytes_out - other.bytes_out,
          dropped - other.dropped, truncated - other.truncated};
}

DnsResponder::DnsResponder(const DnsResponderOptions& options, std::size_t zones)
    : options_(options),
      limit_(options.limit),
      cap_(options.count_addresses ? options.questions_a_day : 0, options.limit.key),
      counts_(zones + 1),
      tops_(Tops{listing::TopCounts(client_groups), {}}) {
  if (!options.count_addresses || zones == 0) return;
  const listing::TopCounts of_zone(std::max(address_groups / zones, address_groups_least));
  tops_.with([&](Tops& tops) { tops.addresses.assign(zones, of_zone); });
}

std::size_t DnsResponder::respond(const listing::ZoneSet& zones, std::span<std::uint8_t> buffer,
                                  std::size_t received, const base::IpAddress& client, Way way,
                                  std::uint64_t now_micros) {
  wire::DnsQuery query;
  LiveCounts& other = counts_.back();
  switch (read_dns_query(buffer.first(received), query)) {
    case DnsQueryState::good:
      return answer(zones, query, buffer, received, client, way, now_micros);
    case DnsQueryState::ignore: break;
    case DnsQueryState::malformed: {
      bump(other.queries);
      bump(other.errors);
      bump(other.bytes_in, received);
      const std::size_t bytes =
          wire::write_dns_error(buffer.first(received), DnsCode::form_error, buffer);
      bump(other.bytes_out, bytes);
      return bytes;
    }
    case DnsQueryState::not_implemented: {
      bump(other.queries);
      bump(other.errors);
      bump(other.bytes_in, received);
      DnsAnswerWriter writer(buffer.first(received), query, buffer, udp_bytes_max);
      const std::size_t bytes = writer.finish(DnsCode::not_implemented, false);
      bump(other.bytes_out, bytes);
      return bytes;
    }
  }
  bump(other.queries);
  bump(other.errors);
  bump(other.bytes_in, received);
  return 0;
}

std::size_t DnsResponder::answer_version(const wire::DnsQuery& query,
                                         DnsAnswerWriter& writer) const {
  constexpr std::string_view bind("\7version\4bind", 14);
  constexpr std::string_view server("\7version\6server", 16);
  const std::string_view name = query.name_view();
  const bool asked = name == bind || name == server;
  const bool text = query.type == wire::dns_type::txt || query.type == wire::dns_type::any;
  if (!asked || !text || options_.version.empty()) return writer.finish(DnsCode::refused, false);
  const std::string record = static_cast<char>(options_.version.size()) + options_.version;
  writer.add_version(record);
  return writer.finish(DnsCode::no_error, false);
}

std::size_t DnsResponder::answer(const listing::ZoneSet& zones, const wire::DnsQuery& query,
                                 std::span<std::uint8_t> buffer, std::size_t received,
                                 const base::IpAddress& client, Way way, std::uint64_t now_micros) {
  const std::size_t limit =
      way == Way::tcp ? tcp_bytes_max : std::min<std::size_t>(query.udp_bytes, udp_bytes_max);
  DnsAnswerWriter writer(buffer.first(received), query, buffer, limit);
  listing::ZoneAnswer done;
  std::size_t bytes = 0;
  if (query.edns && query.edns_version != 0) {
    done.code = DnsCode::bad_version;
    bytes = writer.finish(done.code, false);
  } else if (query.klass == wire::dns_class::chaos) {
    bytes = answer_version(query, writer);
  } else {
    done = zones.answer(query, client, writer, options_.clock ? options_.clock() : 0);
    if (!done.drop) bytes = writer.finish(done.code, done.authoritative);
  }
  LiveCounts& counts =
      done.zone < 0 ? counts_.back() : counts_[static_cast<std::size_t>(done.zone)];
  bump(counts.queries);
  bump(counts.bytes_in, received);
  if (done.code == DnsCode::no_error && !done.drop) {
    bump(counts.listed);
  } else if (done.code == DnsCode::no_such_name) {
    bump(counts.not_found);
  } else {
    bump(counts.errors);
  }
  const auto verdict = done.drop         ? ResponseLimit::Verdict::drop
                       : way == Way::udp ? limit_.judge(client, received, bytes, now_micros)
                                         : ResponseLimit::Verdict::send;
  // Who comes again by TCP asks about the same mail.
  const bool as_mail = verdict == ResponseLimit::Verdict::send && query.type == wire::dns_type::a;
  if (options_.count_clients) see(done, client, as_mail, now_micros);
  if (done.drop) return 0;
  if (verdict == ResponseLimit::Verdict::drop) {
    bump(counts.dropped);
    return 0;
  }
  if (verdict == ResponseLimit::Verdict::truncate) {
    writer.truncate();
    bytes = writer.finish(done.code, done.authoritative);
  }
  if (writer.truncated()) bump(counts.truncated);
  bump(counts.bytes_out, bytes);
  if (options_.log) say(query, buffer.first(bytes), client);
  return bytes;
}

void DnsResponder::see(const listing::ZoneAnswer& done, const base::IpAddress& client, bool as_mail,
                       std::uint64_t now_micros) {
  if (seen_count_ == seen_.size()) end_batch();
  Seen& seen = seen_[seen_count_++];
  seen.client = client;
  seen.listed = done.listed;
  seen.zone = -1;
  if (!as_mail || !options_.count_addresses || !(done.asked_4 || done.asked_6)) return;
  seen.address = done.asked_4 ? base::IpAddress::v4(done.address_4)
                              : base::IpAddress::v6(done.address_6.bytes()).masked(32, 64);
  if (cap_.take(client, seen.address, done.zone, now_micros)) seen.zone = done.zone;
}

void DnsResponder::end_batch() {
  if (seen_count_ == 0) return;
  tops_.with([&](Tops& tops) {
    for (const Seen& seen : std::span(seen_).first(seen_count_)) {
      tops.clients.count(seen.client.is_v4() ? seen.client : seen.client.masked(32, 64),
                         seen.listed);
      if (seen.zone < 0) continue;
      tops.addresses[static_cast<std::size_t>(seen.zone)].count(seen.address, seen.listed);
    }
  });
  seen_count_ = 0;
}

void DnsResponder::say(const wire::DnsQuery& query, std::span<const std::uint8_t> answer,
                       const base::IpAddress& client) const {
  const std::string name = wire::dns_name_text(query.name_view());
  const std::string klass =
      query.klass == wire::dns_class::internet ? "IN" : fmt::format("class{}", query.klass);
  options_.log(fmt::format("{} {} {} {}: {}/{}/{}", client.to_string(), name.empty() ? "." : name,
                           type_text(query.type), klass, code_text(answer[3] & 0x0fU), answer[7],
                           answer.size()));
}

std::vector<DnsCounts> DnsResponder::counters() const {
  std::vector<DnsCounts> out;
  for (const LiveCounts& one : counts_) {
    const auto read = [](const std::atomic<std::uint64_t>& counter) {
      return counter.load(std::memory_order_relaxed);
    };
    out.push_back({read(one.queries), read(one.listed), read(one.not_found), read(one.errors),
                   read(one.bytes_in), read(one.bytes_out), read(one.dropped),
                   read(one.truncated)});
  }
  return out;
}

std::vector<listing::TopCount> DnsResponder::clients(std::size_t most) const {
  return tops_.with([&](const Tops& tops) { return tops.clients.largest(most); });
}

std::vector<std::vector<listing::TopCount>> DnsResponder::take_addresses() {
  return tops_.with([](Tops& tops) {
    std::vector<std::vector<listing::TopCount>> out;
    for (listing::TopCounts& of_zone : tops.addresses) out.push_back(of_zone.take());
    return out;
  });
}

}  // namespace leumund::face
