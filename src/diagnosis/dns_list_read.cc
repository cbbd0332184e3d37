// The registry's tables of DNS lists, read with all that a watch needs of them.
#include <fmt/format.h>

#include <toml++/toml.h>

#include <algorithm>
#include <array>

#include "diagnosis/dns_list.h"

namespace leumund::diagnosis {
namespace {

using base::Error;
using base::ErrorCode;
using base::IpAddress;

constexpr std::size_t lists_max = 4096;
constexpr std::size_t codes_max = 256;

constexpr std::array<std::pair<std::string_view, CodeKind>, 7> kinds = {
    {{"listed", CodeKind::listed},
     {"policy", CodeKind::policy},
     {"allow", CodeKind::allow},
     {"info", CodeKind::info},
     {"test", CodeKind::test},
     {"error", CodeKind::error},
     {"ignore", CodeKind::ignore}}};

std::string text_of(const toml::table& table, std::string_view key) {
  return table[key].value_or<std::string>("");
}

void name_all(ListCode& code) {
  for (auto& octet : code.octets) octet.set();
}

// "127.0.*.3": each octet a number or a star.
bool read_quad(std::string_view text, ListCode& code) {
  for (std::size_t i = 0; i < code.octets.size(); ++i) {
    const std::size_t end = i == 3 ? text.size() : text.find('.');
    if (end == std::string_view::npos) return false;
    const std::string_view part = text.substr(0, end);
    if (part == "*") {
      code.octets[i].set();
    } else {
      const auto value = IpAddress::parse(fmt::format("127.0.0.{}", part));
      if (!value || !value->is_v4()) return false;
      code.octets[i].set(value->v4_bits() & 0xff);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

bool read_code(std::string_view text, ListCode& code) {
  if (text.starts_with("bit:")) {
    const auto value = IpAddress::parse(fmt::format("127.0.0.{}", text.substr(4)));
    if (!value || !value->is_v4()) return false;
    code.bit = static_cast<std::uint8_t>(value->v4_bits() & 0xff);
    return code.bit != 0;
  }
  if (const std::size_t dash = text.find('-'); dash != std::string_view::npos) {
    const auto low = IpAddress::parse(text.substr(0, dash));
    const auto high = IpAddress::parse(text.substr(dash + 1));
    if (!low || !high || !low->is_v4() || !high->is_v4()) return false;
    name_all(code);
    code.low = low->v4_bits();
    code.high = high->v4_bits();
    return code.low <= code.high;
  }
  if (text.contains('/')) {
    const auto prefix = base::IpPrefix::parse(text);
    if (!prefix || !prefix->address.is_v4()) return false;
    name_all(code);
    code.low = prefix->address.v4_bits();
    code.high =
        code.low + static_cast<std::uint32_t>((std::uint64_t{1} << (32 - prefix->bits)) - 1);
    return true;
  }
  return read_quad(text, code);
}

base::Status read_codes(const toml::table& table, std::string_view where, DnsList& list) {
  const toml::array* rows = table["codes"].as_array();
  if (rows == nullptr) return {};
  if (rows->size() > codes_max) {
    return Error{ErrorCode::too_large,
                 fmt::format("{}: {} codes, at most {} are taken", where, rows->size(), codes_max)};
  }
  for (const toml::node& row : *rows) {
    const toml::table* fields = row.as_table();
    const std::string text = fields == nullptr ? "" : text_of(*fields, "a");
    if (text == "TXT") continue;  // tells something, but never a listing
    ListCode code;
    const std::string kind = fields == nullptr ? "" : text_of(*fields, "kind");
    const auto known = std::find_if(kinds.begin(), kinds.end(),
                                    [&](const auto& one) { return one.first == kind; });
    if (known == kinds.end() || !read_code(text, code)) {
      return Error{ErrorCode::malformed,
                   fmt::format("{}: code a = '{}', kind = '{}' is not known", where, text, kind)};
    }
    code.kind = known->second;
    code.meaning = text_of(*fields, "meaning");
    list.codes.push_back(std::move(code));
  }
  std::stable_sort(list.codes.begin(), list.codes.end(),
                   [](const auto& a, const auto& b) { return a.width() < b.width(); });
  return {};
}

void read_types(const toml::table& table, DnsList& list) {
  const toml::array* types = table["types"].as_array();
  if (types == nullptr) return;
  for (const toml::node& type : *types) {
    const std::string name = type.value_or<std::string>("");
    list.of_v4 |= name == "ip4";
    list.of_v6 |= name == "ip6";
    list.of_domains |= name == "domain";
  }
}

base::Result<DnsList> read_list(const toml::table& table, std::string_view file) {
  DnsList list;
  list.id = text_of(table, "id");
  const std::string where =
      fmt::format("{}:{}: [[list]] '{}'", file, table.source().begin.line, list.id);
  list.zone = text_of(table, "zone");
  if (list.id.empty() || list.zone.empty()) {
    return Error{ErrorCode::malformed, where + " needs id and zone"};
  }
  list.name = text_of(table, "name");
  list.operator_name = text_of(table, "operator");
  list.reason_class = text_of(table, "reason_class");
  list.unused_space = table["unused_space"].value_or(false);
  list.bits = text_of(table, "match") == "bitmask";
  const std::string scope = text_of(table, "granularity");
  list.scope = scope == "range"    ? EntryScope::range
               : scope == "asn"    ? EntryScope::asn
               : scope == "domain" ? EntryScope::domain
                                   : EntryScope::address;
  read_types(table, list);
  if (const auto done = read_codes(table, where, list); !done) return done.error();
  list.test_listed = text_of(table, "test_listed");
  list.test_clean = text_of(table, "test_clean");
  list.lookup_url = text_of(table, "lookup_url");
  list.delist_url = text_of(table, "delist_url");
  list.delist_method = text_of(table, "delist_method");
  list.delist_email = text_of(table, "delist_email");
  list.low_confidence = text_of(table, "confidence") == "low";
  list.delist_paid = text_of(table, "delist_paid");
  list.predatory = table["predatory"].value_or(false);
  list.expiry_hours = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(table["expiry_hours"].value_or(std::int64_t{0}), 0, 1'000'000));
  list.expiry_note = text_of(table, "expiry_note");
  list.restrictions = text_of(table, "restrictions");
  list.weight = table["weight"].value_or(0.0);
  const std::string access = text_of(table, "access");
  const std::string use = text_of(table, "default_use");
  list.by_default = text_of(table, "polarity") == "block" && text_of(table, "status") == "alive" &&
                    (access == "open" || access == "open-or-key") &&
                    (use == "block" || use == "score");
  return list;
}

}  // namespace

base::Result<std::vector<DnsList>> read_dns_lists(const RegistrySource& source) {
  if (source.text.size() > max_registry_bytes) {
    return Error{ErrorCode::too_large,
                 fmt::format("{}: {} bytes, at most {} are taken", source.name, source.text.size(),
                             max_registry_bytes)};
  }
  toml::table parsed;
  try {
    parsed = toml::parse(source.text, source.name);
  } catch (const toml::parse_error& error) {
    return Error{ErrorCode::malformed,
                 fmt::format("{}:{}: {}", source.name, error.source().begin.line,
                             std::string(error.description()))};
  }
  std::vector<DnsList> lists;
  const toml::array* tables = parsed["list"].as_array();
  if (tables == nullptr) return lists;
  for (const toml::node& node : *tables) {
    const toml::table* table = node.as_table();
    if (table == nullptr) continue;
    if (lists.size() >= lists_max) {
      return Error{ErrorCode::too_large, fmt::format("{}: over {} lists", source.name, lists_max)};
    }
    // Lists that are not about us: of good senders, of facts, of hashes.
    if (text_of(*table, "polarity") != "block") continue;
    auto list = read_list(*table, source.name);
    if (!list) return list.error();
    if (list->of_v4 || list->of_v6 || list->of_domains) lists.push_back(std::move(*list));
  }
  return lists;
}

base::Result<std::vector<DnsList>> shipped_dns_lists() {
  for (const RegistrySource& source : embedded_registry()) {
    if (source.name.ends_with("blocklists.toml")) return read_dns_lists(source);
  }
  return Error{ErrorCode::internal, "the registry of lists is not part of the program"};
}

}  // namespace leumund::diagnosis
