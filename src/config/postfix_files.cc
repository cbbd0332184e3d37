#include "config/postfix_files.h"

namespace leumund::config {

std::string_view table_type_name(TableType type) { return type == TableType::cdb ? "cdb" : "lmdb"; }

PostfixFiles postfix_files(const StartSettings& settings) {
  const auto table = [&](const char* name) {
    return std::string(table_type_name(settings.table_type)) + ":" + settings.table_folder + "/" +
           name;
  };
  return {.accounts = table("suspended_accounts"),
          .senders = table("suspended_senders"),
          .helpdesk = table("helpdesk"),
          .own_domains = table("own_domains"),
          .users = settings.table_folder + "/suspended_users",
          .detours = table("detours"),
          .sender_ways = table("sender_ways"),
          .own_refusals = "pcre:" + settings.table_folder + "/own_refusals.pcre"};
}

std::vector<std::pair<std::string, std::string>> restriction_classes(const PostfixFiles& files,
                                                                     std::string_view contact) {
  std::string plain;
  for (const char c : contact.substr(0, 200)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || std::string_view("@._+-/: ").contains(c)) plain += c;
    if (c == ',') plain += " /";  // a comma would split the restriction
  }
  if (plain.empty()) plain = "your administrator";
  const std::string helpdesk = "check_recipient_access " + files.helpdesk;
  const std::string own = "check_recipient_access " + files.own_domains;
  const auto refuse = [&plain](std::string_view check, std::string_view what) {
    return std::string(check) + " static:{REJECT 5.7.1 " + std::string(what) + "; please contact " +
           plain + "}";
  };
  // check_sasl_access and check_sender_access at the end put the name into Postfix's log line.
  return {
      {std::string(hold_class), helpdesk + ", check_sasl_access static:{HOLD held for review}"},
      {std::string(external_only_class),
       helpdesk + ", " + own + ", " +
           refuse("check_sasl_access", "Sending from this account to other domains is suspended")},
      {std::string(no_sending_class),
       helpdesk + ", " + refuse("check_sasl_access", "Sending from this account is suspended")},
      // Who logged in is judged by the login name; here only mail without a login. Own domains
      // pass: it may be mail that comes in, and receiving is never touched.
      {std::string(sender_class),
       "permit_sasl_authenticated, " + helpdesk + ", " + own + ", " +
           refuse("check_sender_access", "Sending from this address is suspended")},
  };
}

}  // namespace leumund::config
