// All settings as plain values: what is fixed from start to stop, and what a reload may replace.
//
// Flow:    option_table.h names, bounds and documents each; load.h fills them; the daemon's wiring
//          hands the parts to the rooms that need them.
// Owner:   the values own what they hold. RunSettings are published whole, never changed in place.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/log.h"
#include "base/time.h"
#include "model/restriction.h"

namespace leumund::config {

enum class TableType : std::uint8_t { cdb, lmdb };
enum class Language : std::uint8_t { en, de };
enum class DetourMode : std::uint8_t { off, observe, enforce };
enum class OutwardTls : std::uint8_t { by_log, yes, no };

// As option detectors.campaign.mode spells it.
enum class CampaignMode : std::uint8_t { off, observe, enforce, as_default };

// What is taken up at start only. The defaults stand in the option table, not here.
struct StartSettings {
  std::string state_folder;
  bool listen_anywhere = false;            // where the protocol knows no password
  std::vector<std::string> policy_listen;  // parse_listen_address() takes each
  std::uint32_t policy_connections_max = 0;
  std::string policy_socket_group;  // "" leaves the group of the process
  std::vector<std::string> milter_listen;
  std::uint32_t milter_connections_max = 0;
  std::string milter_socket_group;
  std::uint64_t milter_body_bytes = 0;  // in which attachments are looked at
  bool certificate_accounts = false;    // a client certificate names an account
  std::string api_listen;               // "" is off
  std::string control_socket;
  std::string control_group;  // "" leaves the group of the process
  std::uint32_t control_mode = 0;
  std::vector<std::string> log_sources;  // "auto", "file:/path", "journal"; empty is off
  bool log_history = false;              // the first start reads what they hold already
  std::string suspended_file;
  std::string table_folder;
  TableType table_type = TableType::cdb;
  std::uint64_t ledger_bytes = 0;
  std::uint64_t campaign_bytes = 0;
  std::uint64_t messages_max = 0;
  std::uint64_t restrictions_max = 0;
  std::string geo_country_database;  // "" is off
  std::string geo_asn_database;
  bool metrics_enabled = false;
  std::vector<std::string> report_listen;    // parse_listen_address() takes each; empty is off
  std::vector<std::string> report_maildirs;  // empty is off
  bool report_maildir_remove = false;
  std::vector<std::string> report_own_hosts;  // lower case; empty is the name of this host
  std::vector<std::string> report_relays;     // networks
  std::uint32_t report_socket_mode = 0;
  std::string report_socket_group;  // "" leaves the group of the process
  bool report_trust_tcp = false;
  bool report_trace_header = false;
  std::string public_listen;  // "" is off
  std::uint32_t public_requests_per_minute = 0;
  bool dns_enabled = true;
  std::vector<std::string> dns_forwarders;  // none: own recursion
  std::vector<std::string> dns_stub_zones;
  std::string detour_socketmap;          // parse_listen_address() takes it; "" is off
  std::vector<std::string> list_zones;   // parse_list_zone() takes each; empty is off
  std::vector<std::string> list_listen;  // parse_listen_address() takes each
  std::vector<std::string> list_name_servers;
  std::string list_contact;  // "": hostmaster at the zone
  std::chrono::seconds list_ttl{0};
  std::chrono::seconds list_negative_ttl{0};
  std::string list_lookup_url;  // with $; "" is none
  std::string list_text;        // likewise; "": made from the address above
  std::uint64_t list_response_limit = 0;
  std::vector<std::string> list_allow_clients;   // networks; empty is everybody
  std::vector<std::string> list_refuse_clients;  // networks
  std::uint64_t list_addresses_max = 0;
  std::uint64_t list_names_max = 0;
  std::uint32_t list_questions_per_day = 0;
  std::string list_export_folder;  // "" is off
  std::string screening_listen;    // "" is off
  bool screening_enforce = false;
  std::vector<std::string> screening_block;
  std::vector<std::string> screening_score;
  std::vector<std::string> screening_allow;
  std::uint32_t screening_refuse_score = 0;  // 0: never by score
  bool screening_temporary = false;
  bool screening_header = false;
  std::chrono::seconds screening_deadline{0};
};

// What `leumund config check` can find right and a reload then puts in force.
struct RunSettings {
  base::LogLevel log_level = base::LogLevel::info;
  model::Mode default_mode = model::Mode::observe;
  std::optional<model::Mode> burst_mode_given;     // nothing: as default_mode
  model::Mode burst_mode = model::Mode::observe;   // what is in force, from the two above
  double burst_false_alarms = 0;                   // per account and day
  std::optional<std::chrono::seconds> burst_span;  // nothing: until released
  std::optional<model::Level> burst_level;         // nothing: the detector proposes
  CampaignMode campaign_mode_given = CampaignMode::as_default;
  bool campaigns = true;                              // looked for at all, and ...
  model::Mode campaign_mode = model::Mode::observe;   // ... what follows, from the one above
  std::optional<std::chrono::seconds> campaign_span;  // nothing: until released
  double campaign_false_alarms = 0;                   // per day
  std::vector<std::string> identity_headers;          // that name the script behind a mail
  std::vector<std::string> forwarders;                // scripts that redirect mail for others
  std::vector<std::string> class_rules;               // before the shipped ones
  bool campaign_keep_texts = false;
  std::uint32_t throttle_recipients_per_hour = 0;
  std::vector<std::string> helpdesk;     // addresses, lower case
  std::vector<std::string> own_domains;  // lower case
  std::string contact;
  std::vector<std::string> release_requires;
  std::vector<std::string> egresses;  // parse_egress() takes each
  DetourMode detour_mode = DetourMode::observe;
  bool watch_enabled = true;
  std::vector<std::string> watch_lists;
  std::vector<std::string> watch_addresses;
  std::vector<std::string> watch_domains;
  std::vector<std::string> watch_networks;
  std::string watch_keys_file;       // "" is none
  std::string watch_counters_file;   // "" is none
  std::string watch_flows_file;      // "" is none
  std::string watch_reports_folder;  // "" is none
  std::chrono::seconds watch_interval{0};
  std::chrono::seconds watch_network_interval{0};
  std::uint32_t watch_per_second = 0;  // 0 is no bound
  std::uint32_t watch_per_day = 0;     // likewise
  std::uint32_t watch_in_flight = 0;
  std::vector<std::string> detour_ways;     // parse_detour_way() takes each; empty: default, then
                                            // the egresses in their order
  std::vector<std::string> detour_pools;    // parse_detour_pool() takes each
  std::uint32_t detour_cap = 0;             // deliveries an hour and provider
  std::vector<std::string> detour_warm_up;  // numbers
  std::chrono::seconds detour_probe_first{0};
  std::chrono::seconds detour_probe_most{0};
  bool hygiene_enabled = true;
  std::chrono::seconds hygiene_interval{0};
  std::string hygiene_helo;  // "" not known
  std::vector<std::string> hygiene_domains;
  std::uint32_t hygiene_seen_domains = 0;
  std::vector<std::string> hygiene_dkim;   // parse_dkim_selectors() takes each
  std::vector<std::string> hygiene_pages;  // addresses of web pages
  bool hygiene_fetch_pages = false;
  OutwardTls hygiene_tls = OutwardTls::by_log;
  std::chrono::seconds cases_ask_after{0};
  std::chrono::seconds cases_remind_after{0};
  std::chrono::seconds cases_close_after{0};
  std::vector<std::string> cases_reviews;  // spans
  std::chrono::seconds cases_keep{0};
  std::vector<std::string> cases_contacts;  // parse_own_contact() takes each
  std::string letters_organisation;         // who we are in letters; each may be empty
  std::string letters_name;
  std::string letters_email;
  std::string letters_phone;
  std::string letters_imprint;
  std::string letters_upstream;  // who asks for us where only the network's operator may
  bool public_status = false;
  std::chrono::seconds public_status_every{0};  // the next update is promised for
  bool customers_told = false;
  std::vector<std::string> customers_domains;  // parse_customer_domain() takes each
  std::chrono::seconds customers_after{0};     // mail has waited so long
  std::chrono::seconds customers_every{0};     // one notice to an account at most
  std::chrono::seconds customers_keep{0};      // what was not delivered, and to whom
  double block_false_changes = 0;              // per egress, provider and year
  std::vector<base::IpPrefix> relay_clients;   // may send outwards without a login
  std::vector<std::string> postfix_config_folders;
  std::string queue_helper;    // "" is off
  std::string patterns_file;   // own patterns for refusals; "" is none
  std::string api_token_file;  // "" is none
  Language notice_language = Language::en;
  std::string notice_admin;  // "" is off
  std::string notice_from;
  std::string notice_smtp;     // listen address form, or "" for off
  std::string notice_webhook;  // "" is off
  bool notice_owner = false;
  std::optional<base::TimePoint> unattended_from;
  std::optional<base::TimePoint> unattended_until;
  std::vector<std::string> unattended_schedule;  // parse_weekly_span() takes each
  std::uint32_t unattended_per_hour = 0;
  std::uint32_t unattended_per_day = 0;
  std::chrono::seconds keep_decisions{0};
  std::chrono::seconds keep_counts{0};
  std::chrono::seconds list_export_every{0};
  std::vector<std::string> list_spared;  // networks
  double list_threshold = 0;
  double list_doubt = 0;
  double list_prior_spam = 0;
  double list_prior_mail = 0;
  double list_honest_per_spam_most = 0;
  std::uint32_t list_reporters_least = 0;
  double list_fresh_weight = 0;
  std::chrono::seconds list_fades_over{0};
  std::chrono::seconds list_counts_for{0};
  std::chrono::seconds list_listed_for{0};
  std::chrono::seconds list_listed_for_two{0};
  double list_reports_of_one_most = 0;
  double list_score_pristine = 0;
  double list_score_recycled = 0;
  double list_score_typo = 0;
  double list_score_honeypot = 0;
  std::vector<std::string> list_traps;      // parse_trap_address() takes each
  std::vector<std::string> list_honeypots;  // login names, lower case, "*" for any characters
  std::vector<std::string> list_reporters;  // parse_reporter_weight() takes each
  double list_reporter_weight = 0;
  double list_mail_reporter_weight = 0;
  std::uint32_t list_reporter_per_day = 0;
  double list_mails_per_query = 0;
  std::chrono::seconds list_request_every{0};
  std::uint32_t list_requests_per_hour = 0;
  std::uint32_t list_range_from = 0;
  std::chrono::seconds list_keep_reports{0};
  std::chrono::seconds list_keep_history{0};
};

struct Settings {
  StartSettings start;
  RunSettings run;
};

// Where default folders come from: systemd's variables, the user's, or the system's.
struct Surroundings {
  bool root = true;
  std::string state_directory;    // $STATE_DIRECTORY (systemd)
  std::string runtime_directory;  // $RUNTIME_DIRECTORY (systemd)
  std::string xdg_state_home;
  std::string xdg_runtime_dir;
  std::string home;

  // Reads the environment of this process; for the edge only.
  [[nodiscard]] static Surroundings of_process();

  // "/var/lib/leumund", or the user's own folder where we are not root.
  [[nodiscard]] std::string state_folder() const;
  // "/run/leumund", or the user's own folder.
  [[nodiscard]] std::string run_folder() const;
};

}  // namespace leumund::config
