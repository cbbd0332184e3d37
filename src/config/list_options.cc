#include "config/list_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>

#include "base/ascii.h"
#include "base/ip_address.h"
#include "config/listen_address.h"
#include "config/option_kinds.h"
#include "config/text_checks.h"

namespace leumund::config {
namespace {

using base::Error;
using base::ErrorCode;
using Start = StartSettings;
using Run = RunSettings;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

constexpr std::size_t name_bytes_max = 32;
constexpr std::size_t login_bytes_max = 320;
constexpr std::size_t honeypot_letters_least = 3;
constexpr std::size_t text_bytes_max = 200;  // the address that takes the place of $ comes on top

std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= name_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

std::string set_zone_field(ListZone& zone, std::string_view key, std::string_view value) {
  if (key == "answer") {
    const auto address = base::IpAddress::parse(value);
    if (!address || !address->is_v4() || address->v4_bits() >> 24 != 127 ||
        address->v4_bits() == 0x7f000001) {
      return "answer is an address in 127.0.0.0/8 but 127.0.0.1, like 127.0.0.2";
    }
    zone.answer = address->v4_bits();
    return "";
  }
  if (key == "of") {
    const auto kind = model::parse_list_kind(value);
    if (!kind) return "of is addresses, domains, sha1 or sha256 (of mail addresses)";
    zone.of = *kind;
    return "";
  }
  if (key != "kinds") return "knows of, kinds and answer";
  zone.kinds.fill(false);
  while (!value.empty()) {
    const std::string_view word = value.substr(0, value.find(','));
    const auto kind = model::parse_abuse_kind(word);
    if (!kind) {
      return "kinds are complaint, pristine_trap, recycled_trap, typo_trap and honeypot, with "
             "commas between them";
    }
    zone.kinds[static_cast<std::size_t>(*kind)] = true;
    value.remove_prefix(std::min(word.size() + 1, value.size()));
  }
  return "";
}

std::string check_zone(std::string& text) {
  const auto zone = parse_list_zone(text);
  return zone ? "" : zone.error().message;
}
std::string check_trap(std::string& text) {
  const auto trap = parse_trap_address(text);
  return trap ? "" : trap.error().message;
}
// A pattern that many a guess fits would make a trap of honest users' mistakes.
std::string check_honeypot(std::string& text) {
  text = base::ascii_lower(text);
  const bool plain = std::ranges::all_of(text, [](char c) { return c > ' ' && c != 0x7f; });
  const auto letters = static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return c != '*' && c != '@' && c != '.'; }));
  if (!plain || text.size() > login_bytes_max || letters < honeypot_letters_least ||
      std::ranges::count(text, '*') > 2 || std::ranges::count(text, '@') > 1) {
    return "want a login name that nobody has, like \"scanner@example.org\" or "
           "\"*@old.example.org\"";
  }
  return "";
}
std::string check_reporter(std::string& text) {
  const auto reporter = parse_reporter_weight(text);
  return reporter ? "" : reporter.error().message;
}

std::string check_any_network(std::string& text) {
  return base::IpPrefix::parse(text) ? ""
                                     : "want an address or a network, like 192.0.2.0/24 or "
                                       "2001:db8::/32";
}

std::string check_spared(std::string& text) {
  if (base::IpPrefix::parse(text)) return "";
  return check_domain(text).empty() ? ""
                                    : "want an address, a network or a domain, like 192.0.2.0/24 "
                                      "or example.org";
}

std::string check_dns_listen(std::string& text) {
  const auto address = parse_listen_address(text);
  if (!address) return address.error().message;
  return address->is_unix() ? "want an address and port, like \"inet:192.0.2.53:53\"" : "";
}

std::string check_lookup_url(std::string& text) {
  if (text.empty()) return "";
  if (auto wrong = check_web_address_or_empty(text); !wrong.empty()) return wrong;
  if (text.size() > text_bytes_max) return "is longer than 200 bytes";
  return text.contains('$') ? ""
                            : "want $ where the address belongs, like "
                              "\"https://lists.example.org/bl?$\"";
}

std::string check_text(std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= ' ' && static_cast<unsigned char>(c) < 0x7f;
  });
  if (!plain) return "want printable ASCII: it becomes part of SMTP replies";
  return text.size() <= text_bytes_max ? "" : "is longer than 200 bytes";
}

template <typename Part>
Option number_option(std::string name, double Part::* member, std::string unit, double standard,
                     double least, double most, std::string sentence) {
  Option row = option_row<Part>(std::move(name), std::move(unit), standard, std::move(sentence));
  row.bounds = fmt::format("{} to {}", least, most);
  bind(
      row, member, [least, most](const Value& value) { return fraction_of(value, least, most); },
      [](double number) { return Value(number); });
  return row;
}

void add_zone_options(std::vector<Option>& table) {
  table.push_back(list_option(
      "list.zones", &Start::list_zones, "list of zones", {}, check_zone,
      "DNS lists of our own, each a name and its zone, like \"bl bl.example.org\"; of= says what "
      "it "
      "lists (addresses, unless told; domains; sha1 or sha256 of mail addresses), kinds= which "
      "reports it lists for (all, unless told) and answer= what a listing answers (127.0.0.2). "
      "Empty is none."));
  table.push_back(list_option(
      "list.listen", &Start::list_listen, "list of listening addresses", {}, check_dns_listen,
      "Where the zones are answered by UDP and TCP, like \"inet:192.0.2.53:53\"; empty leaves it "
      "to mirrors (list.export_folder)."));
  table.push_back(list_option("list.name_servers", &Start::list_name_servers, "list of host names",
                              {}, check_domain,
                              "NS records of the zones, the primary of their SOA first; with none "
                              "the zone has neither, and a \"no\" is not kept by resolvers."));
  table.push_back(text_option("list.contact", &Start::list_contact, "mail address", "",
                              check_mail_address_or_empty,
                              "The person in the SOA record; empty is hostmaster at the zone."));
  table.push_back(span_option("list.ttl", &Start::list_ttl, seconds(900), seconds(1), days(1),
                              "How long an answer may be kept; never beyond the listing's end."));
  table.push_back(span_option("list.negative_ttl", &Start::list_negative_ttl, seconds(60),
                              seconds(0), days(1),
                              "How long a \"not listed\" may be kept: so much later a resolver "
                              "that just asked sees a new listing."));
  table.push_back(text_option("list.lookup_url", &Start::list_lookup_url, "address", "",
                              check_lookup_url,
                              "The public page about an address, with $ in its place, like "
                              "\"https://lists.example.org/bl?$\" (public.listen serves /bl)."));
  table.push_back(
      text_option("list.text", &Start::list_text, "text", "", check_text,
                  "TXT record of a listing, with $ for the address; empty is \"Blocked - see\" and "
                  "list.lookup_url."));
  table.push_back(size_option(
      "list.response_limit", &Start::list_response_limit, std::uint64_t{1} << 20, 0,
      std::uint64_t{1} << 30,
      "Bytes a second by which answers to one network may be larger than its questions; then it "
      "is told to come by TCP. 0 is no bound."));
  table.push_back(list_option("list.allow_clients", &Start::list_allow_clients, "list of networks",
                              {}, check_any_network, "Who may ask; empty is everybody."));
  table.push_back(list_option(
      "list.refuse_clients", &Start::list_refuse_clients, "list of networks", {}, check_any_network,
      "Who may not ask; of two networks around a client the narrower counts."));
  table.push_back(count_option(
      "list.addresses_max", &Start::list_addresses_max, "addresses", std::uint64_t{1'000'000},
      std::uint64_t{1'000}, std::uint64_t{50'000'000},
      "Addresses with reports or traffic that are remembered; quiet ones make room, listings "
      "never do."));
  table.push_back(count_option("list.names_max", &Start::list_names_max, "names",
                               std::uint64_t{100'000}, std::uint64_t{1'000},
                               std::uint64_t{10'000'000},
                               "The same for names of a list of domains or accounts."));
  table.push_back(count_option("list.questions_per_day", &Start::list_questions_per_day,
                               "questions", std::uint32_t{100}, std::uint32_t{0},
                               std::uint32_t{65'535},
                               "Questions (of type A) of one network of clients (/24, IPv6 /48) "
                               "about one address that count "
                               "in a day as evidence of its mail; 0 is no bound."));
  table.push_back(text_option(
      "list.export_folder", &Start::list_export_folder, "path", "", check_path_or_empty,
      "Where the lists are written as rbldnsd zone files for mirrors, each ZONE.ip4trie and "
      "ZONE.ip6trie, whenever they changed; empty is off."));
  table.push_back(span_option("list.export_every", &Run::list_export_every, seconds(60), seconds(1),
                              days(1), "At most so often."));
}

void add_rule_options(std::vector<Option>& table) {
  table.push_back(list_option(
      "list.spared", &Run::list_spared, "list of networks and domains", {}, check_spared,
      "Shared pools and domains of large providers: never listed by reports, whatever "
      "they say; of a domain neither what is below it nor mail addresses there."));
  table.push_back(number_option("list.threshold", &Run::list_threshold, "share of spam", 0.02,
                                0.0001, 0.9999,
                                "Listed is an address whose share of spam is above this with the "
                                "certainty that list.doubt leaves."));
  table.push_back(number_option("list.doubt", &Run::list_doubt, "share", 0.05, 0.0001, 0.5,
                                "How often an address below the threshold may look as if above."));
  table.push_back(number_option("list.prior_spam", &Run::list_prior_spam, "mails", 0.5, 0.001, 1e6,
                                "Spam believed in before anything is known of an address."));
  table.push_back(number_option("list.prior_mail", &Run::list_prior_mail, "mails", 50, 0.001, 1e6,
                                "Honest mail believed in before anything is known of it."));
  table.push_back(number_option(
      "list.honest_per_spam_most", &Run::list_honest_per_spam_most, "mails", 150, 0, 1e6,
      "An address with more honest mail for each report is never listed; 0 is no such bound."));
  table.push_back(count_option("list.reporters_least", &Run::list_reporters_least, "reporters",
                               std::uint32_t{2}, std::uint32_t{2}, std::uint32_t{100},
                               "Independent reporters without whom nobody is listed."));
  table.push_back(number_option("list.fresh_weight", &Run::list_fresh_weight, "weight", 4, 1, 100,
                                "What a complaint weighs when it is fresh; it falls to 1."));
  table.push_back(span_option("list.fades_over", &Run::list_fades_over, hours(48), seconds(1),
                              days(7), "Over which time it falls."));
  table.push_back(span_option("list.counts_for", &Run::list_counts_for, days(7), seconds(2),
                              days(7), "How long a report counts at all."));
  table.push_back(span_option("list.listed_for", &Run::list_listed_for, hours(24), seconds(1),
                              days(90), "A listing ends so long after the last report."));
  table.push_back(span_option("list.listed_for_two", &Run::list_listed_for_two, hours(12),
                              seconds(1), days(90), "The same, when there were only two reports."));
  table.push_back(number_option(
      "list.reports_of_one_most", &Run::list_reports_of_one_most, "reports", 3, 1, 1000,
      "Reports of one reporter that count against one address within list.counts_for."));
  for (const auto& [name, member, standard] :
       {std::tuple("list.score_pristine", &Run::list_score_pristine, 1.0),
        std::tuple("list.score_recycled", &Run::list_score_recycled, 0.5),
        std::tuple("list.score_typo", &Run::list_score_typo, 0.25),
        std::tuple("list.score_honeypot", &Run::list_score_honeypot, 1.0)}) {
    table.push_back(number_option(
        name, member, "score", standard, 0, 100,
        "What a hit of this kind adds to an address's trap score; 5 times the score counts as "
        "spam, from 6 on its square."));
  }
}

void add_people_options(std::vector<Option>& table) {
  table.push_back(list_option(
      "list.traps", &Run::list_traps, "list of trap addresses", {}, check_trap,
      "Addresses whose mail is spam: pristine, recycled or typo and the address, or @ and a "
      "domain, like \"pristine trap@example.org\"; their mail goes to reports.listen."));
  table.push_back(list_option(
      "list.honeypots", &Run::list_honeypots, "list of login names", {}, check_honeypot,
      "Login names that nobody has or had, * for any characters, like \"*@old.example.org\": "
      "whoever tries to log in as one of them, as the mail log tells, is reported as honeypot."));
  table.push_back(list_option(
      "list.reporters", &Run::list_reporters, "list of reporters", {}, check_reporter,
      "How far a reporter is believed, from 0 to 1: his name, mail address or domain and the "
      "weight, like \"anna@example.org 1\", then networks that his mail comes from; by mail he is "
      "believed so only from there, or where the sender logged in."));
  table.push_back(number_option("list.reporter_weight", &Run::list_reporter_weight, "weight", 1, 0,
                                1,
                                "The same for reporters of POST /v1/reports and of events that "
                                "are not named. From 0.5 on a reporter is a witness."));
  table.push_back(number_option(
      "list.mail_reporter_weight", &Run::list_mail_reporter_weight, "weight", 0.25, 0, 1,
      "The same for those whose reports come by mail: anybody can write as anybody, so below 0.5 "
      "nobody is listed by them alone."));
  table.push_back(count_option("list.reporter_per_day", &Run::list_reporter_per_day, "reports",
                               std::uint32_t{500}, std::uint32_t{1}, std::uint32_t{10'000'000},
                               "Reports of one reporter that count in a day."));
  table.push_back(number_option("list.mails_per_query", &Run::list_mails_per_query, "mails", 1, 0,
                                1000,
                                "Mails that a question to our list stands for, as evidence of an "
                                "address's traffic; 0 ignores them."));
  table.push_back(span_option("list.request_every", &Run::list_request_every, days(30), seconds(1),
                              days(3650),
                              "Who has an address delists it himself once in so long."));
  table.push_back(count_option("list.requests_per_hour", &Run::list_requests_per_hour, "requests",
                               std::uint32_t{60}, std::uint32_t{1}, std::uint32_t{100'000},
                               "Such requests of all together."));
  table.push_back(count_option("list.range_from", &Run::list_range_from, "listings",
                               std::uint32_t{16}, std::uint32_t{2}, std::uint32_t{65'536},
                               "Listings in a /24 (IPv6: /48) from which you are told of it; a "
                               "range is never listed by itself."));
  table.push_back(span_option("list.keep_reports", &Run::list_keep_reports, days(30), days(7),
                              days(3650), "How long a report is kept as evidence."));
  table.push_back(span_option("list.keep_history", &Run::list_keep_history, days(365), days(7),
                              days(36'500), "How long listings and their ends are kept."));
}

}  // namespace

base::Result<ListZone> parse_list_zone(std::string_view text) {
  const Error wanted{ErrorCode::malformed,
                     "want a name and a zone, like \"bl bl.example.org\", then kinds= and answer="};
  ListZone zone;
  const std::string_view name = take_word(text);
  zone.zone = take_word(text);
  if (!is_name(name) || zone.zone.empty()) return wanted;
  zone.name = name;
  if (const std::string wrong = check_domain(zone.zone); !wrong.empty()) {
    return Error{ErrorCode::malformed, fmt::format("{}: {}", zone.name, wrong)};
  }
  while (true) {
    const std::string_view word = take_word(text);
    if (word.empty()) return zone;
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) return wanted;
    const std::string wrong = set_zone_field(zone, word.substr(0, equals), word.substr(equals + 1));
    if (!wrong.empty()) return Error{ErrorCode::malformed, fmt::format("{}: {}", zone.name, wrong)};
  }
}

base::Result<TrapAddress> parse_trap_address(std::string_view text) {
  const Error wanted{ErrorCode::malformed,
                     "want pristine, recycled or typo and an address, like \"pristine "
                     "trap@example.org\" or \"typo @exmaple.org\""};
  const auto kind = model::parse_abuse_kind(std::string(take_word(text)) + "_trap");
  TrapAddress trap;
  trap.address = base::ascii_lower(take_word(text));
  if (!kind || trap.address.empty() || !take_word(text).empty()) return wanted;
  trap.kind = *kind;
  std::string whole = (trap.address.front() == '@' ? "any" : "") + trap.address;
  if (!check_mail_address(whole).empty()) return wanted;
  return trap;
}

bool is_honeypot(std::string_view account, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return account == pattern;
  if (!account.starts_with(pattern.substr(0, star))) return false;
  account.remove_prefix(star);
  pattern.remove_prefix(star + 1);
  for (std::size_t skipped = 0; skipped <= account.size(); ++skipped) {
    if (is_honeypot(account.substr(skipped), pattern)) return true;
  }
  return false;
}

base::Result<ReporterWeight> parse_reporter_weight(std::string_view text) {
  const Error wanted{ErrorCode::malformed,
                     "want a reporter, his weight from 0 to 1 and networks that his mail comes "
                     "from, like \"fbl.example.net 1 198.51.100.0/24\""};
  ReporterWeight out;
  out.name = base::ascii_lower(take_word(text));
  const std::string_view number = take_word(text);
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), out.weight);
  const bool whole = error == std::errc() && end == number.data() + number.size();
  if (out.name.empty() || out.name.size() > 320 || !whole || !(out.weight >= 0) || out.weight > 1) {
    return wanted;
  }
  for (auto word = take_word(text); !word.empty(); word = take_word(text)) {
    const auto network = base::IpPrefix::parse(word);
    if (!network) return wanted;
    out.networks.push_back(*network);
  }
  return out;
}

std::string check_list_together(const Settings& settings) {
  std::set<std::string> names;
  std::set<std::string> zones;
  bool hears_honeypots = false;
  for (const std::string& text : settings.start.list_zones) {
    const auto zone = parse_list_zone(text);
    if (!zone) continue;  // told already
    hears_honeypots =
        hears_honeypots || (zone->of == model::ListKind::addresses &&
                            zone->kinds[static_cast<std::size_t>(model::AbuseKind::honeypot)]);
    if (!names.insert(zone->name).second) {
      return fmt::format("list.zones: two lists have the name {}", zone->name);
    }
    if (!zones.insert(zone->zone).second) {
      return fmt::format("list.zones: two lists have the zone {}", zone->zone);
    }
  }
  if (names.contains("own"))
    return "list.zones: the name own is taken: it is what our own list "
           "would say of ourselves";
  if (!settings.start.list_listen.empty() && names.empty()) {
    return "list.listen is set, but list.zones names no zone to answer for";
  }
  if (!settings.run.list_honeypots.empty() && !hears_honeypots) {
    return "list.honeypots is set, but no list of addresses in list.zones takes kind honeypot";
  }
  if (settings.run.list_fades_over > settings.run.list_counts_for) {
    return "list.fades_over is longer than list.counts_for";
  }
  return "";
}

void add_list_options(std::vector<Option>& table) {
  add_zone_options(table);
  add_rule_options(table);
  add_people_options(table);
}

}  // namespace leumund::config
