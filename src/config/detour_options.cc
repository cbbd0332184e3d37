#include "config/detour_options.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "config/detour_pool.h"
#include "config/egress.h"
#include "config/option_kinds.h"
#include "config/text_checks.h"

namespace leumund::config {
namespace {

using base::Error;
using base::ErrorCode;
using std::chrono::seconds;

constexpr std::size_t way_bytes_max = 300;
constexpr std::uint32_t deliveries_max = 10'000'000;
constexpr const char* wanted =
    "want an egress like \"out2\", \"default\", or a transport with its relay host like "
    "\"relay=[smarthost.example.net]:587\"";

bool is_transport(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

// What may follow a transport in a table: host, "[host]", with ":port".
bool is_next_hop(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_:[]").contains(c);
  });
}

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || number == 0 || number > deliveries_max) return std::nullopt;
  return number;
}

std::string check_way(std::string& text) {
  const auto way = parse_detour_way(text);
  return way ? "" : way.error().message;
}

std::string check_pool(std::string& text) {
  const auto pool = parse_detour_pool(text);
  return pool ? "" : pool.error().message;
}

std::string check_number(std::string& text) {
  return number_of(text) ? "" : "want a number of deliveries, like \"50\"";
}

}  // namespace

base::Result<DetourWay> parse_detour_way(std::string_view text) {
  const std::size_t equals = text.find('=');
  DetourWay way{std::string(text.substr(0, equals)), {}};
  if (text.size() > way_bytes_max || !is_transport(way.name)) {
    return Error{ErrorCode::malformed, wanted};
  }
  // Mail that no transport of its own sends leaves by Postfix's "smtp".
  way.target = (way.name == "default" ? "smtp" : way.name) + ":";
  if (equals == std::string_view::npos) return way;
  const std::string_view next_hop = text.substr(equals + 1);
  if (way.name == "default" || !is_next_hop(next_hop)) return Error{ErrorCode::malformed, wanted};
  way.target += next_hop;
  return way;
}

std::vector<DetourWay> detour_ways(const RunSettings& settings) {
  std::vector<DetourWay> ways;
  const auto add = [&](std::string_view text) {
    auto way = parse_detour_way(text);
    if (way) ways.push_back(std::move(*way));  // `config check` names what is wrong
  };
  for (const std::string& text : settings.detour_ways) add(text);
  if (!ways.empty()) return ways;
  add("default");
  for (const std::string& text : settings.egresses) {
    const auto egress = parse_egress(text);
    if (egress && egress->name != usual_egress) add(egress->name);
  }
  return ways;
}

std::vector<std::uint32_t> detour_warm_up(const RunSettings& settings) {
  std::vector<std::uint32_t> steps;
  for (const std::string& text : settings.detour_warm_up) {
    if (const auto number = number_of(text)) steps.push_back(*number);
  }
  return steps;
}

std::chrono::seconds longest_probe_pause(const RunSettings& settings) {
  return std::max(settings.detour_probe_first, settings.detour_probe_most);
}

void add_detour_options(std::vector<Option>& table) {
  table.push_back(choice_option(
      "detour.mode", &RunSettings::detour_mode,
      std::vector<std::string>{"off", "observe", "enforce"}, DetourMode::observe,
      "Whether mail for a provider that refuses one of our addresses takes another way; observe "
      "only tells what would be done."));
  table.push_back(list_option(
      "detour.ways", &RunSettings::detour_ways, "list of ways", {}, check_way,
      "The ways mail can take, the usual one first: \"default\", egresses, or a transport with "
      "its relay host like \"relay=[smarthost.example.net]:587\"; empty is default and then the "
      "egresses in their order."));
  table.push_back(list_option(
      "detour.pools", &RunSettings::detour_pools, "list of pools", {}, check_pool,
      "Senders whose mail leaves by ways of its own, the usual one first: \"tenant ways=out3,out2 "
      "senders=@tenant.example,chief@other.example\"; \"<>\" are bounces. A name that comes once "
      "more adds senders."));
  table.push_back(text_option(
      "detour.socketmap", &StartSettings::detour_socketmap, "listening address", "",
      check_listen_address_or_empty,
      "Where Postfix can ask for detours instead of reading the table, by its socketmap; while "
      "leumundd is down Postfix then defers all mail. Empty is off."));
  table.push_back(count_option("detour.cap", &RunSettings::detour_cap, "deliveries an hour",
                               std::uint32_t{500}, std::uint32_t{1}, deliveries_max,
                               "What another way may carry to one provider; the rest waits."));
  table.push_back(list_option(
      "detour.warm_up", &RunSettings::detour_warm_up, "list of deliveries an hour",
      {"50", "100", "200"}, check_number,
      "The cap in the first hours in which a way carries mail to the provider, one after the "
      "other; empty is none."));
  table.push_back(span_option("detour.probe_first", &RunSettings::detour_probe_first, seconds(600),
                              seconds(5), seconds(86'400),
                              "After this one mail of a clean account tries the usual way again; "
                              "the pause doubles while it is refused."));
  table.push_back(span_option("detour.probe_most", &RunSettings::detour_probe_most,
                              seconds(6 * 3600), seconds(5), seconds(7 * 86'400),
                              "The longest pause between two such tries."));
}

}  // namespace leumund::config
