// The options of table [mail]: what a mail's own headers say of it.
#include "config/option_kinds.h"
#include "config/text_checks.h"

namespace leumund::config {

using Run = RunSettings;

void add_mail_options(std::vector<Option>& table) {
  table.push_back(list_option("mail.identity_headers", &Run::identity_headers,
                              "list of header names", {"X-PHP-Originating-Script"},
                              check_header_name,
                              "Headers that name the script or site behind a mail of this host "
                              "that nobody logged in for."));
  table.push_back(list_option(
      "mail.forwarders", &Run::forwarders, "list of user ids like uid5000", {}, check_script_uid,
      "Local users whose mail is redirected for others, as that of Dovecot's Sieve: its headers "
      "name the forward rule that it counts for."));
  table.push_back(list_option(
      "mail.classes", &Run::class_rules, "list of class rules", {}, check_class_rule,
      "What a mail is for, tried before the shipped rules: a class (personal, booking, invoice, "
      "ticket, bulk, automatic) and its conditions."));
}

}  // namespace leumund::config
