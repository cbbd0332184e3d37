// The local files that Postfix reads from us, by the names that `leumund connect postfix` puts into
// main.cf and that the publisher of the tables writes.
//
// All lie in tables.folder, are readable by everybody (sendmail runs as the calling user), exist
// always (an empty table, not a missing one: Postfix answers 451 without it) and are replaced by
// rename, which Postfix sees at the next connection.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/settings.h"

namespace leumund::config {

struct PostfixFiles {
  // Lookup tables "cdb:/folder/name"; the file on disk is name.cdb or name.lmdb.
  std::string accounts;     // check_sasl_access: SASL name -> restriction class
  std::string senders;      // check_sender_access: envelope sender -> restriction class
  std::string helpdesk;     // check_recipient_access: address -> OK
  std::string own_domains;  // check_recipient_access: domain -> OK
  // Plain text, one login name a line: authorized_submit_users = !/folder/suspended_users,
  // static:anyone
  std::string users;
  // transport_maps: domain of a provider that refuses us -> where its mail goes meanwhile.
  std::string detours;
  // sender_dependent_default_transport_maps: envelope sender or @domain of a pool -> its way out.
  std::string sender_ways;
  // smtp_delivery_status_filter, "pcre:/folder/own_refusals.pcre".
  std::string own_refusals;
};

// What the two tables are called where Postfix asks for them by socketmap.
constexpr std::string_view detours_map = "detours";
constexpr std::string_view sender_ways_map = "sender_ways";

// The right-hand sides in `accounts` and `senders`. connect defines every class in main.cf, as
// restriction_classes() spells it; a table that names a class main.cf does not know makes Postfix
// answer 451. Each lets the helpdesk (and own domains) through and stops the rest.
constexpr std::string_view no_sending_class = "leumund_no_sending";
constexpr std::string_view external_only_class = "leumund_external_only";
constexpr std::string_view hold_class = "leumund_hold";      // held for review
constexpr std::string_view sender_class = "leumund_sender";  // who did not log in; own domains pass
// The right-hand side in `helpdesk` and `own_domains`.
constexpr std::string_view let_through = "OK";

[[nodiscard]] std::string_view table_type_name(TableType type);
[[nodiscard]] PostfixFiles postfix_files(const StartSettings& settings);

// What main.cf needs for the classes: names for smtpd_restriction_classes and the value of each,
// mildest first. `contact` stands in the refusal; characters with a meaning in main.cf are dropped.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> restriction_classes(
    const PostfixFiles& files, std::string_view contact);

}  // namespace leumund::config
