// The local files that Postfix reads from us, by the names that `leumund connect postfix` puts into
// main.cf and that the publisher of the tables writes.
//
// All lie in tables.folder, are readable by everybody (sendmail runs as the calling user), exist
// always (an empty table, not a missing one: Postfix answers 451 without it) and are replaced by
// rename, which Postfix sees at the next connection.
#pragma once

#include <string>
#include <string_view>

#include "config/settings.h"

namespace leumund::config {

struct PostfixFiles {
  // Lookup tables "cdb:/folder/name"; the file on disk is name.cdb or name.lmdb.
  std::string accounts;     // check_sasl_access: SASL name -> restriction class
  std::string senders;      // check_sender_access: envelope sender -> restriction class
  std::string helpdesk;     // check_recipient_access: address -> OK
  std::string own_domains;  // check_recipient_access: domain -> OK
  // Plain text, one login name a line: authorized_submit_users = !/folder/suspended_users, static:anyone
  std::string users;
};

// The right-hand sides in `accounts` and `senders`. connect defines both classes in main.cf; each
// lets the helpdesk (and own domains) through and refuses the rest.
constexpr std::string_view no_sending_class = "leumund_no_sending";
constexpr std::string_view external_only_class = "leumund_external_only";
// The right-hand side in `helpdesk` and `own_domains`.
constexpr std::string_view let_through = "OK";

[[nodiscard]] std::string_view table_type_name(TableType type);
[[nodiscard]] PostfixFiles postfix_files(const StartSettings& settings);

}  // namespace leumund::config
