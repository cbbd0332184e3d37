#include "config/option_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

#include "config/case_options.h"
#include "config/detour_options.h"
#include "config/hygiene_options.h"
#include "config/list_options.h"
#include "config/option_kinds.h"
#include "config/screening_options.h"
#include "config/text_checks.h"
#include "config/watch_options.h"

namespace leumund::config {
namespace {

using Start = StartSettings;
using Run = RunSettings;
using std::chrono::days;
using std::chrono::seconds;

void add_places(std::vector<Option>& table) {
  table.push_back(text_option(
      "state_folder", &Start::state_folder, "path", "", check_path_or_empty,
      "Folder for the store, the suspended senders and the tables; empty is $STATE_DIRECTORY, else "
      "/var/lib/leumund for root, else $XDG_STATE_HOME/leumund or ~/.local/state/leumund."));
  table.push_back(flag_option(
      "listen_anywhere", &Start::listen_anywhere, false,
      "Whether policy, milter, reports, screening and detour.socketmap may listen on addresses "
      "that are not private, 0.0.0.0 among them: whoever reaches them is believed, since these "
      "protocols know no password. For a container whose network nobody else enters."));
  table.push_back(list_option("policy.listen", &Start::policy_listen, "list of listening addresses",
                              {"inet:127.0.0.1:10040", "unix:${run}/policy"}, check_listen_address,
                              "Where Postfix asks (check_policy_service)."));
  table.push_back(count_option("policy.connections_max", &Start::policy_connections_max,
                               "connections", std::uint32_t{4096}, std::uint32_t{16},
                               std::uint32_t{100'000},
                               "Open policy connections; one more takes the place of one that has "
                               "not asked yet, else of the one silent for longest."));
  table.push_back(text_option(
      "policy.socket_group", &Start::policy_socket_group, "group", "", check_group,
      "Group that owns the Unix sockets of policy.listen, as Postfix's; the daemon's user must be "
      "in it; empty leaves the group of the daemon."));
  table.push_back(flag_option(
      "policy.certificate_accounts", &Start::certificate_accounts, false,
      "Whether a TLS client certificate names an account (cert:NAME) where there is no login. "
      "Switch "
      "it on where Postfix lets people send by certificate (permit_tls_clientcerts); leave it off "
      "where a port merely asks every client for one, or foreign servers are taken for accounts."));
  Option relay = option_row<Run>("policy.relay_clients", "list of networks",
                                 std::vector<std::string>{"127.0.0.0/8", "::1/128"},
                                 "Clients that may send outwards without a login, as in Postfix's "
                                 "mynetworks; other mail without "
                                 "a login comes in from outside and is not judged.");
  bind(
      relay, &Run::relay_clients,
      [](const Value& value) -> base::Result<std::vector<base::IpPrefix>> {
        const auto list = list_of(value, list_entries_max);
        if (!list) return list.error();
        std::vector<base::IpPrefix> prefixes;
        for (const std::string& text : *list) {
          const auto prefix = base::IpPrefix::parse(text);
          if (!prefix) {
            return base::Error{base::ErrorCode::malformed,
                               fmt::format("'{}' is no network like 192.0.2.0/24", text)};
          }
          prefixes.push_back(*prefix);
        }
        return prefixes;
      },
      [](const std::vector<base::IpPrefix>& prefixes) {
        std::vector<std::string> list;
        for (const base::IpPrefix& prefix : prefixes) list.push_back(prefix.to_string());
        return Value(std::move(list));
      });
  table.push_back(std::move(relay));
}

void add_milter(std::vector<Option>& table) {
  constexpr std::uint64_t mib = 1ULL << 20;
  table.push_back(list_option(
      "milter.listen", &Start::milter_listen, "list of listening addresses",
      {"inet:127.0.0.1:10041", "unix:${run}/milter"}, check_listen_address,
      "Where Postfix shows whole messages (smtpd_milters, non_smtpd_milters); [] is off."));
  table.push_back(count_option("milter.connections_max", &Start::milter_connections_max,
                               "connections", std::uint32_t{1024}, std::uint32_t{16},
                               std::uint32_t{100'000},
                               "Open milter connections; one more takes the place of one that has "
                               "not asked yet, else of the one silent for longest."));
  table.push_back(text_option("milter.socket_group", &Start::milter_socket_group, "group", "",
                              check_group, "The same of milter.listen."));
  table.push_back(size_option("milter.body_bytes", &Start::milter_body_bytes, mib, 4096, 64 * mib,
                              "Bytes of a message's body within which attachments are looked at; "
                              "text is looked for in 64 MiB. Nothing of it is kept."));
}

// Of a Unix socket.
Option mode_option(std::string name, std::uint32_t Start::* member, std::string about) {
  Option mode = option_row<Start>(std::move(name), "octal text", "0660", std::move(about));
  mode.bounds = "0600 to 0777";
  bind(
      mode, member,
      [](const Value& value) -> base::Result<std::uint32_t> {
        const auto text = text_of(value);
        std::uint32_t bits = 0;
        const bool digits = text && text->size() == 4 && text->front() == '0' &&
                            text->find_first_not_of("01234567") == std::string::npos;
        if (digits) {
          for (const char c : *text) bits = bits * 8 + static_cast<std::uint32_t>(c - '0');
        }
        if (!digits || (bits & 0600U) != 0600U) {
          return base::Error{
              base::ErrorCode::malformed,
              "want four octal digits in quotes, like \"0660\", with 06 for the owner"};
        }
        return bits;
      },
      [](std::uint32_t bits) { return Value(fmt::format("{:04o}", bits)); });
  return mode;
}

void add_faces(std::vector<Option>& table) {
  table.push_back(text_option("api.listen", &Start::api_listen, "listening address",
                              "inet:127.0.0.1:10080", check_listen_address_or_empty,
                              "Where the HTTP interface listens over TCP; it reads only, unless a "
                              "token is set; empty is off."));
  table.push_back(
      text_option("api.token_file", &Run::api_token_file, "path", "", check_path_or_empty,
                  "File with the bearer token for TCP callers; once set, every /v1 request over "
                  "TCP needs it and "
                  "the verbs that change something become usable there; empty is none."));
  table.push_back(text_option(
      "control.socket", &Start::control_socket, "path", "${run}/control", check_path,
      "Unix socket of the command leumund; whoever may write to it may do everything."));
  table.push_back(
      text_option("control.group", &Start::control_group, "group", "", check_group,
                  "Group that owns the control socket; empty leaves the group of the daemon."));
  table.push_back(
      mode_option("control.mode", &Start::control_mode, "Permissions of the control socket."));
  table.push_back(list_option("log_sources", &Start::log_sources, "list of log sources", {"auto"},
                              check_log_source,
                              "Mail logs to follow: file:/path, journal, or auto "
                              "(/var/log/mail.log if it is there, else the "
                              "journal); an empty list is off."));
  table.push_back(flag_option(
      "log_history", &Start::log_history, false,
      "Whether the first start reads what the logs hold already, rotated files included, so that "
      "habits are known at once; what is that old is only learnt from and triggers nothing."));
}

std::string check_relay(std::string& text) {
  return base::IpPrefix::parse(text) ? "" : "want an address or a network, like 192.0.2.0/24";
}

void add_reports(std::vector<Option>& table) {
  table.push_back(list_option("reports.listen", &Start::report_listen,
                              "list of listening addresses", {}, check_listen_address,
                              "Where bounces and complaints are taken by LMTP, also from "
                              "leumund-report; an empty list is off."));
  table.push_back(list_option("reports.maildirs", &Start::report_maildirs, "list of paths", {},
                              check_path,
                              "Maildirs whose new mail is read as reports; an empty list is off."));
  table.push_back(flag_option("reports.maildir_remove", &Start::report_maildir_remove, false,
                              "Whether mail that was read is deleted instead of moved to cur."));
  table.push_back(list_option(
      "reports.own_hosts", &Start::report_own_hosts, "list of domains", {}, check_domain,
      "Names under which our mail servers write themselves into Received lines (Postfix's "
      "myhostname); empty is the name of this host."));
  table.push_back(list_option(
      "reports.relays", &Start::report_relays, "list of networks", {}, check_relay,
      "Hosts of ours that hand on what they took from outside and let nobody send from there (a "
      "relay in front, a content filter at 127.0.0.1): the Received lines that they bring are "
      "believed, if own_hosts names who wrote them."));
  table.push_back(mode_option("reports.socket_mode", &Start::report_socket_mode,
                              "Permissions of the Unix sockets of reports.listen; one that all "
                              "users may write to is believed no more than a mail of anybody."));
  table.push_back(
      text_option("reports.socket_group", &Start::report_socket_group, "group", "", check_group,
                  "Group that owns these sockets; empty leaves the group of the daemon."));
  table.push_back(flag_option(
      "reports.trust_tcp", &Start::report_trust_tcp, false,
      "Whether only our mail server can reach the TCP addresses of reports.listen, so that traps' "
      "mail and reporters count in full; leave it off where others run programs on the host."));
  table.push_back(flag_option(
      "reports.trace_header", &Start::report_trace_header, false,
      "Whether mail that passes gets the header X-Leumund-Trace, by which a complaint names the "
      "account; only we can read it."));
}

void add_public(std::vector<Option>& table) {
  table.push_back(text_option(
      "public.listen", &Start::public_listen, "listening address", "",
      check_listen_address_or_empty,
      "Where anybody may read the public pages (/explain: what an error message means); nothing of "
      "the API is there; empty is off."));
  table.push_back(count_option("public.requests_per_minute", &Start::public_requests_per_minute,
                               "requests a minute", std::uint32_t{20}, std::uint32_t{1},
                               std::uint32_t{100'000},
                               "What one address may ask the public pages; IPv6 counts by /64."));
}

void add_measures(std::vector<Option>& table) {
  table.push_back(count_option("measures.throttle", &Run::throttle_recipients_per_hour,
                               "recipients an hour", std::uint32_t{20}, std::uint32_t{1},
                               std::uint32_t{10'000}, "What a throttled account may still send."));
  table.push_back(list_option("measures.helpdesk", &Run::helpdesk, "list of addresses", {},
                              check_mail_address,
                              "Addresses that a suspended account can always write to."));
  table.push_back(list_option("measures.own_domains", &Run::own_domains, "list of domains", {},
                              check_domain, "Domains that external_only lets through."));
  table.push_back(text_option(
      "measures.contact", &Run::contact, "text", "", nullptr,
      "Whom a refused sender may ask, in the refusal text: an address or a telephone number."));
  table.push_back(list_option("measures.release_requires", &Run::release_requires,
                              "list of checklist items", {"password", "sessions", "forwards"},
                              check_recovery_item,
                              "What must be done before an automatic restriction is released: "
                              "password, sessions, forwards, "
                              "filters, script."));
  table.push_back(text_option(
      "suspended.file", &Start::suspended_file, "path", "${state}/suspended_senders", check_path,
      "Plain text file of the suspended senders, for reading and editing by hand."));
  table.push_back(text_option("tables.folder", &Start::table_folder, "path", "${state}/tables",
                              check_path, "Folder of the tables that Postfix reads."));
  table.push_back(choice_option(
      "tables.type", &Start::table_type, std::vector<std::string>{"cdb", "lmdb"}, TableType::cdb,
      "Table type; its Postfix package (postfix-cdb, postfix-lmdb) must be there."));
  table.push_back(list_option(
      "postfix.config_dirs", &Run::postfix_config_folders, "list of paths", {"/etc/postfix"},
      check_path, "Configuration folders of the Postfix instances whose queues we may hold."));
  table.push_back(text_option("postfix.queue_helper", &Run::queue_helper, "path",
                              "/usr/libexec/leumund/leumund-queue", check_path_or_empty,
                              "The small privileged program for queue commands, or the socket of "
                              "its service; empty is off: "
                              "nothing is held."));
  table.push_back(text_option("diagnosis.patterns", &Run::patterns_file, "path", "",
                              check_path_or_empty,
                              "File with your own patterns for the reading of refusals "
                              "(docs/diagnosis.md); empty is none."));
}

void add_people(std::vector<Option>& table) {
  table.push_back(choice_option("notices.language", &Run::notice_language,
                                std::vector<std::string>{"en", "de"}, Language::en,
                                "Language of notices."));
  table.push_back(text_option("notices.admin", &Run::notice_admin, "address", "",
                              check_mail_address_or_empty,
                              "Who is told of every decision; empty is nobody. Five mails at "
                              "once, then one in ten minutes; what comes beyond goes out "
                              "together, every ten minutes."));
  table.push_back(text_option("notices.from", &Run::notice_from, "address", "",
                              check_mail_address_or_empty,
                              "Sender of notices; empty is the address of notices.admin."));
  table.push_back(text_option("notices.smtp", &Run::notice_smtp, "listening address", "",
                              check_listen_address_or_empty,
                              "SMTP or LMTP server for notices; choose one that needs no blocked "
                              "egress; empty sends no mail."));
  table.push_back(text_option("notices.webhook", &Run::notice_webhook, "URL", "",
                              check_web_address_or_empty,
                              "Address that gets every decision as JSON; empty is off."));
  table.push_back(flag_option("notices.owner", &Run::notice_owner, false,
                              "Whether the owner of a restricted account is told as well."));
  const auto time_row = [](std::string name, std::optional<base::TimePoint> Run::* member,
                           std::string sentence) {
    Option row = option_row<Run>(std::move(name), "RFC 3339 time", "", std::move(sentence));
    bind(
        row, member,
        [](const Value& value) -> base::Result<std::optional<base::TimePoint>> {
          const auto text = text_of(value);
          if (!text) return text.error();
          if (text->empty()) return std::optional<base::TimePoint>();
          const auto at = base::parse_rfc3339(*text);
          if (!at) {
            return base::Error{base::ErrorCode::malformed,
                               "want a time with its offset, like 2026-12-24T12:00:00+01:00"};
          }
          return std::optional(*at);
        },
        [](const std::optional<base::TimePoint>& at) {
          return Value(at ? base::format_rfc3339(*at) : "");
        });
    return row;
  };
  table.push_back(time_row(
      "unattended.from", &Run::unattended_from,
      "From when detectors in observe mode act all the same, because nobody watches; empty with "
      "unattended.until set is at once."));
  table.push_back(time_row("unattended.until", &Run::unattended_until,
                           "When somebody watches again; empty is no such time."));
  table.push_back(
      list_option("unattended.schedule", &Run::unattended_schedule, "list of spans of the week", {},
                  check_weekly_span,
                  "Unattended hours of every week in local time, like \"Fri 18:00-Mon 07:00\"."));
  table.push_back(count_option("unattended.restrictions_per_hour", &Run::unattended_per_hour,
                               "restrictions", std::uint32_t{20}, std::uint32_t{0},
                               std::uint32_t{1'000'000},
                               "Bound of automatic restrictions while unattended."));
  table.push_back(count_option("unattended.restrictions_per_day", &Run::unattended_per_day,
                               "restrictions", std::uint32_t{100}, std::uint32_t{0},
                               std::uint32_t{1'000'000},
                               "Bound of automatic restrictions in a day while unattended."));
}

void add_keeping(std::vector<Option>& table) {
  constexpr std::uint64_t mib = 1ULL << 20;
  table.push_back(
      size_option("limits.ledger", &Start::ledger_bytes, 1024 * mib, 16 * mib, 1'048'576 * mib,
                  "Memory for counts; when full, the account longest silent is forgotten."));
  table.push_back(
      size_option("limits.campaigns", &Start::campaign_bytes, 64 * mib, mib, 16'384 * mib,
                  "Memory for finding campaigns; when full, lone mails are forgotten earlier."));
  table.push_back(count_option(
      "limits.messages", &Start::messages_max, "messages", std::uint64_t{500'000},
      std::uint64_t{1000}, std::uint64_t{100'000'000},
      "Messages remembered to join what policy, log and API say of one mail. What is on "
      "hold is found however many came after it."));
  table.push_back(count_option("limits.restrictions", &Start::restrictions_max, "restrictions",
                               std::uint64_t{1'000'000}, std::uint64_t{1000},
                               std::uint64_t{100'000'000},
                               "Restrictions at one time; beyond it a finding is only told."));
  table.push_back(span_option("retention.decisions", &Run::keep_decisions, days(730), days(1),
                              days(3650), "How long decisions are kept."));
  table.push_back(
      span_option("retention.counts", &Run::keep_counts, days(550), days(30), days(3650),
                  "How long the habits and counts of an account are kept after its last "
                  "mail; a restricted one is kept until it is released."));
  table.push_back(text_option("geo.country_database", &Start::geo_country_database, "path", "",
                              check_path_or_empty,
                              "MaxMind format file of countries; empty is off."));
  table.push_back(text_option("geo.asn_database", &Start::geo_asn_database, "path", "",
                              check_path_or_empty,
                              "MaxMind format file of networks (AS numbers); empty is off."));
  table.push_back(choice_option("log.level", &Run::log_level,
                                std::vector<std::string>{"debug", "info", "warn", "error"},
                                base::LogLevel::info, "Lines below this level are not written."));
  table.push_back(flag_option("metrics.enabled", &Start::metrics_enabled, true,
                              "Whether /metrics answers on the HTTP interface."));
}

void add_egresses(std::vector<Option>& table) {
  table.push_back(list_option(
      "egresses", &Run::egresses, "list of egresses", {}, check_egress,
      "Outgoing addresses with a transport of their own: a name, then address=, helo= and "
      "syslog_name= (postfix/NAME unless told), like \"out1 address=192.0.2.25 "
      "helo=mail.example.org\". One that is not here goes by its syslog_name, and mail without a "
      "transport of its own is called default, which can stand here too, with its address."));
  Option budget = option_row<Run>(
      "detectors.block.false_changes", "per egress, provider and year", 0.02,
      "How often a provider may be said to refuse us although nothing changed; the threshold "
      "follows from it.");
  budget.bounds = "0.0001 to 10";
  bind(
      budget, &Run::block_false_changes,
      [](const Value& value) { return fraction_of(value, 1e-4, 10); },
      [](double fraction) { return Value(fraction); });
  table.push_back(std::move(budget));
  table.push_back(flag_option("dns.enabled", &Start::dns_enabled, true,
                              "Whether the MX records of recipients are asked for, to tell which "
                              "provider stands behind a domain."));
  table.push_back(list_option("dns.forwarders", &Start::dns_forwarders, "list of name servers", {},
                              check_dns_server,
                              "Name servers to ask, with @PORT if need be; none is own recursion, "
                              "which lists of addresses require."));
  table.push_back(list_option("dns.stub_zones", &Start::dns_stub_zones, "list of zones", {},
                              check_stub_zone,
                              "Zones that are asked for at a server of their own, like "
                              "\"example.org=192.0.2.53\"."));
}

std::vector<Option> build_table() {
  std::vector<Option> table;
  add_places(table);
  add_milter(table);
  add_faces(table);
  add_public(table);
  add_reports(table);
  add_detector_options(table);
  add_mail_options(table);
  add_egresses(table);
  add_detour_options(table);
  add_watch(table);
  add_hygiene_options(table);
  add_screening(table);
  add_case_options(table);
  add_list_options(table);
  add_outage_options(table);
  add_measures(table);
  add_people(table);
  add_keeping(table);
  return table;
}

// Changed, missing and additional letters between two names (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, corner + (a[i - 1] == b[j - 1] ? 0 : 1)});
      corner = above;
    }
  }
  return row[b.size()];
}

// The last part of a dotted name.
std::string_view leaf(std::string_view name) { return name.substr(name.rfind('.') + 1); }

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string format_value(const Value& value) {
  struct Format {
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t count) const { return fmt::format("{}", count); }
    std::string operator()(double fraction) const { return fmt::format("{}", fraction); }
    std::string operator()(const std::string& text) const { return quoted(text); }
    std::string operator()(const std::vector<std::string>& list) const {
      std::string out = "[";
      for (const std::string& text : list) out += (out.size() > 1 ? ", " : "") + quoted(text);
      return out + "]";
    }
  };
  return std::visit(Format(), value);
}

const std::vector<Option>& option_table() {
  static const std::vector<Option> table = build_table();
  return table;
}

const Option* find_option(std::string_view name) {
  for (const Option& option : option_table()) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

std::string nearest_option(std::string_view name) {
  constexpr std::size_t name_bytes_max = 128;  // nobody mistypes more than that
  if (name.size() > name_bytes_max) return "";
  const std::size_t far_max = std::max<std::size_t>(2, name.size() / 4);
  const Option* best = nullptr;
  std::size_t least = 2 * name_bytes_max;
  for (const Option& option : option_table()) {
    const std::size_t far = distance(option.name, name);
    // The right word under a wrong or missing topic is near as well.
    const bool near = far <= far_max || leaf(option.name) == leaf(name);
    if (near && far < least) {
      least = far;
      best = &option;
    }
  }
  return best == nullptr ? "" : best->name;
}

}  // namespace leumund::config
