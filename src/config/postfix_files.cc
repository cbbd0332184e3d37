#include "config/postfix_files.h"

namespace leumund::config {

std::string_view table_type_name(TableType type) { return type == TableType::cdb ? "cdb" : "lmdb"; }

PostfixFiles postfix_files(const StartSettings& settings) {
  const auto table = [&](const char* name) {
    return std::string(table_type_name(settings.table_type)) + ":" + settings.table_folder + "/" + name;
  };
  return {.accounts = table("suspended_accounts"),
          .senders = table("suspended_senders"),
          .helpdesk = table("helpdesk"),
          .own_domains = table("own_domains"),
          .users = settings.table_folder + "/suspended_users"};
}

}  // namespace leumund::config
