#include "config/watch_options.h"

#include "base/ip_address.h"
#include "config/option_kinds.h"
#include "config/text_checks.h"

namespace leumund::config {
namespace {

using Run = RunSettings;
using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;

std::string check_address(std::string& text) {
  return base::IpAddress::parse(text) ? "" : "want an address, like 192.0.2.25 or 2001:db8::25";
}

std::string check_network(std::string& text) {
  const auto network = base::IpPrefix::parse(text);
  if (!network || !text.contains('/')) return "want a network, like 192.0.2.0/24 or 2001:db8::/56";
  const bool small = network->address.is_v4() ? network->bits >= 12 : network->bits >= 44;
  return small ? "" : "a network of at most a million addresses (/12, or /44 of IPv6) is watched";
}

void add_what(std::vector<Option>& table) {
  table.push_back(flag_option("watch.enabled", &Run::watch_enabled, true,
                              "Whether our own addresses and domains are looked up on DNS lists."));
  table.push_back(list_option(
      "watch.lists", &Run::watch_lists, "list of DNS lists", {"default"}, check_list_word,
      "Lists that are asked: default (alive and open to everybody), all, the id of one or of a "
      "family in data/registry/blocklists.toml, one with - before it to leave it out, or a zone in "
      "the syntax of postscreen_dnsbl_sites, behind no-test-point: if it does not list "
      "127.0.0.2."));
  table.push_back(list_option(
      "watch.addresses", &Run::watch_addresses, "list of addresses", {}, check_address,
      "Own sending addresses beside those of `egresses` that are public; of IPv6 the whole /64 is "
      "meant."));
  table.push_back(list_option("watch.domains", &Run::watch_domains, "list of domains", {},
                              check_domain, "Own domains beside those of measures.own_domains."));
  table.push_back(list_option(
      "watch.networks", &Run::watch_networks, "list of networks", {}, check_network,
      "Networks watched whole, also addresses that never send; each /64 of IPv6 once."));
  table.push_back(
      text_option("watch.keys_file", &Run::watch_keys_file, "path", "", check_path_or_empty,
                  "File with account keys of lists, \"spamhaus-dqs KEY\" a line; empty is none."));
  table.push_back(text_option(
      "watch.counters_file", &Run::watch_counters_file, "path", "", check_path_or_empty,
      "File with packets counted to port 25, \"192.0.2.0/24 0 2026-11-01T00:00:00Z\" a line: the "
      "proof for addresses that never sent; empty is none."));
  table.push_back(text_option(
      "watch.flows_file", &Run::watch_flows_file, "path", "", check_path_or_empty,
      "File with flows to port 25 as nfdump -o csv writes them, and lines \"# covers 192.0.2.0/24 "
      "SINCE UNTIL\": who else sends from our networks, and the proof for those who did not in "
      "that "
      "time; empty is none."));
  table.push_back(text_option(
      "watch.reports_folder", &Run::watch_reports_folder, "path", "", check_path_or_empty,
      "Folder with files of providers about us: SNDS data and status (CSV), Google Postmaster's "
      "trafficStats (JSON), summaries of feedback loops (CSV); empty is none."));
}

void add_how_often(std::vector<Option>& table) {
  table.push_back(span_option("watch.interval", &Run::watch_interval, minutes(10), seconds(1),
                              days(1), "How often own addresses and domains are asked for."));
  table.push_back(span_option("watch.network_interval", &Run::watch_network_interval, days(1),
                              seconds(1), days(30),
                              "How often networks that are watched whole are asked for."));
  table.push_back(count_option("watch.queries_per_second", &Run::watch_per_second, "questions",
                               std::uint32_t{50}, std::uint32_t{0}, std::uint32_t{1'000'000},
                               "Questions a second to all lists together; 0 is no bound."));
  table.push_back(count_option(
      "watch.list_queries_per_day", &Run::watch_per_day, "questions", std::uint32_t{50'000},
      std::uint32_t{0}, std::uint32_t{1'000'000'000},
      "Questions a day to one list, of which the last fifth is kept for own addresses; 0 is no "
      "bound. Lists that are free of charge want less than 100,000."));
  table.push_back(count_option("watch.in_flight", &Run::watch_in_flight, "questions",
                               std::uint32_t{256}, std::uint32_t{1}, std::uint32_t{10'000},
                               "Questions that wait for their answer at a time, a quarter of "
                               "them at one list."));
}

}  // namespace

void add_watch(std::vector<Option>& table) {
  add_what(table);
  add_how_often(table);
}

}  // namespace leumund::config
