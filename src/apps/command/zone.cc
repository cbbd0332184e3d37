// zone check and zone query: zone files of DNS lists, read by the very code that serves them.
#include <fmt/core.h>

#include <map>
#include <nlohmann/json.hpp>

#include "action/sentences.h"
#include "apps/command/verbs.h"
#include "base/time.h"
#include "face/list_zone_store.h"

namespace leumund::apps {
namespace {

using face::ListZoneStore;
using wire::DnsCode;

const std::map<std::string_view, std::uint16_t> types = {
    {"a", wire::dns_type::a},   {"txt", wire::dns_type::txt}, {"mx", wire::dns_type::mx},
    {"ns", wire::dns_type::ns}, {"soa", wire::dns_type::soa}, {"any", wire::dns_type::any}};

// Names in files may hold any bytes; JSON holds UTF-8 only.
std::string one_line(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// What a server would say, unpacked.
struct Answer {
  DnsCode code = DnsCode::refused;
  std::vector<std::string> records;
};

std::string record_text(std::uint16_t type, const std::string& data) {
  if (type == wire::dns_type::txt) return "TXT " + safe(data.substr(1));
  if (type != wire::dns_type::a) return fmt::format("type {}, {} bytes", type, data.size());
  std::uint32_t address = 0;
  for (const char c : data) address = address << 8 | static_cast<unsigned char>(c);
  return "A " + wire::text4(address);
}

Answer ask(const listing::ZoneSet& zones, const wire::DnsName& name, std::uint16_t type) {
  std::vector<std::uint8_t> packet(wire::dns_header_bytes, 0);
  packet[5] = 1;
  packet.insert(packet.end(), name.bytes().begin(), name.bytes().end());
  packet.push_back(static_cast<std::uint8_t>(type >> 8));
  packet.push_back(static_cast<std::uint8_t>(type & 0xff));
  packet.insert(packet.end(), {0, 1});
  wire::DnsQuery query;
  Answer answer;
  if (read_dns_query(packet, query) != wire::DnsQueryState::good) return answer;
  std::vector<std::uint8_t> out(4096);
  wire::DnsAnswerWriter writer(packet, query, out, out.size());
  answer.code = zones.answer(query, base::IpAddress::v4(0x7f000001), writer).code;
  (void)writer.finish(answer.code, true);
  std::size_t at = packet.size();
  for (int i = 0; i < out[7]; ++i) {  // the owner is a pointer in all of them
    const auto kind = static_cast<std::uint16_t>(out[at + 2] << 8 | out[at + 3]);
    const auto length = static_cast<std::ptrdiff_t>(out[at + 10] << 8 | out[at + 11]);
    const auto begin = out.begin() + static_cast<std::ptrdiff_t>(at) + 12;
    answer.records.push_back(record_text(kind, {begin, begin + length}));
    at += 12 + static_cast<std::size_t>(length);
  }
  return answer;
}

// The name that asks a zone about an address; the name itself where it is no address.
wire::DnsName name_in(const std::string& asked, const wire::DnsName& zone) {
  const auto address = base::IpAddress::parse(asked);
  if (!address) return wire::DnsName::parse(asked).value_or(wire::DnsName());
  std::string text;
  const auto& bytes = address->bytes();
  for (std::size_t i = 16; i-- > (address->is_v4() ? 12U : 0U);) {
    text += address->is_v4() ? fmt::format("{}.", bytes[i])
                             : fmt::format("{:x}.{:x}.", bytes[i] & 15U, bytes[i] >> 4U);
  }
  return wire::DnsName::parse(text + zone.to_text()).value_or(wire::DnsName());
}

bool lists_addresses(const listing::ZonePlan& plan) {
  for (const listing::DatasetPointer& one : plan.datasets) {
    if (one && one->data.asks_for_ip4()) return true;
  }
  return false;
}

// RFC 5782, 5: what clients test by whether a list works.
std::vector<std::string> test_points(const listing::ZoneSet& zones, Terminal& terminal) {
  std::vector<std::string> wrong;
  for (std::size_t i = 0; i < zones.size(); ++i) {
    if (!zones.served(i) || !lists_addresses(zones.plan(i))) continue;
    const wire::DnsName& zone = zones.name(i);
    const std::string shown = safe(zone.to_text());
    const auto listed = [&](const char* address) {
      return !ask(zones, name_in(address, zone), wire::dns_type::a).records.empty();
    };
    if (!listed("127.0.0.2")) wrong.push_back(terminal.say("zone.test_point_missing", shown));
    if (listed("127.0.0.1")) wrong.push_back(terminal.say("zone.test_point_listed", shown));
  }
  return wrong;
}

// Opens all zones; the exit status where that fails.
std::optional<int> open_zones(const Request& request, Terminal& terminal, ListZoneStore& store,
                              ListZoneStore::Report& report) {
  for (const std::string& spec : request.zone_specs) {
    const base::Status added = store.add(spec);
    if (!added.ok()) {
      return tell_own_error(request, terminal, exit_wrong_use, added.error());
    }
  }
  report = store.refresh(static_cast<std::int64_t>(base::to_unix_seconds(base::system_now())));
  if (report.errors.empty()) return std::nullopt;
  return tell_own_error(request, terminal, exit_wrong_use,
                        {base::ErrorCode::unavailable, report.errors.front()});
}

}  // namespace

int check_zones(const Request& request, Terminal& terminal) {
  ListZoneStore store({});
  ListZoneStore::Report report;
  if (const auto failed = open_zones(request, terminal, store, report)) return *failed;
  const auto hints = test_points(*store.zone_set(), terminal);
  std::vector<std::string> warnings;
  for (const std::string& one : report.warnings) warnings.push_back(safe(one));
  for (const std::string& one : report.expired) warnings.push_back(safe(one) + ": $TIMESTAMP");
  std::size_t left_out = 0;
  auto datasets = nlohmann::ordered_json::array();
  for (const auto& one : report.loaded) {
    left_out += one.warnings;
    datasets.push_back({{"dataset", safe(one.spec)},
                        {"entries", one.entries},
                        {"bytes", one.memory_bytes},
                        {"left_out", one.warnings}});
  }
  if (request.json) {
    terminal.line(one_line({{"datasets", datasets}, {"warnings", warnings}, {"hints", hints}}));
  } else {
    for (const std::string& one : warnings) {
      terminal.complain(action::translated_error(terminal.language(), one));
    }
    for (const auto& one : report.loaded) {
      terminal.line(
          terminal.say("zone.loaded", safe(one.spec), one.entries, one.memory_bytes, one.warnings));
    }
    for (const std::string& one : hints) terminal.hint(one);
  }
  return left_out == 0 && report.expired.empty() ? exit_done : exit_negative;
}

int query_zones(const Request& request, Terminal& terminal) {
  ListZoneStore store({});
  ListZoneStore::Report report;
  if (const auto failed = open_zones(request, terminal, store, report)) return *failed;
  const auto zones = store.zone_set();
  std::string type_name = request.zone_type;
  for (char& c : type_name) c = wire::dns_lower(c);
  const bool address = base::IpAddress::parse(request.zone_name).has_value();
  bool found = false;
  auto rows = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < (address ? zones->size() : 1); ++i) {
    const wire::DnsName name = name_in(request.zone_name, zones->name(i));
    const Answer answer = ask(*zones, name, types.at(type_name));
    const std::string shown = safe(name.to_text());
    found = found || answer.code == DnsCode::no_error;
    rows.push_back(
        {{"name", shown}, {"code", static_cast<int>(answer.code)}, {"records", answer.records}});
    if (request.json) continue;
    for (const std::string& record : answer.records) terminal.line(shown + " " + record);
    if (!answer.records.empty()) continue;
    terminal.line(answer.code == DnsCode::no_error       ? terminal.say("zone.no_record", shown)
                  : answer.code == DnsCode::no_such_name ? terminal.say("zone.no_such_name", shown)
                  : answer.code == DnsCode::refused      ? terminal.say("zone.refused", shown)
                                                         : terminal.say("zone.failed", shown));
  }
  if (request.json) terminal.line(one_line({{"answers", rows}}));
  return found ? exit_done : exit_negative;
}

}  // namespace leumund::apps
