// For the component tests: publishes the tables of a file of suspended senders, as the daemon does,
// and prints the Postfix classes they name.
//
//     publish_tables FILE TABLE_FOLDER HELPDESK OWN_DOMAIN [lmdb]
#include <cstdio>

#include "action/access_table.h"
#include "action/atomic_file.h"
#include "action/suspended_text.h"

int main(int argc, char** argv) {
  namespace action = leumund::action;
  namespace config = leumund::config;
  namespace model = leumund::model;
  namespace base = leumund::base;
  if (argc != 5 && argc != 6) return 2;
  const auto content = action::read_file(argv[1], 1 << 20);
  if (!content.ok()) return std::fprintf(stderr, "%s\n", content.error().message.c_str()), 1;
  std::vector<model::Restriction> restrictions;
  for (const auto& [subject, entry] : action::parse_suspended(content->bytes).entries) {
    model::Restriction restriction;
    restriction.subject = subject;
    restriction.level = entry.level;
    restrictions.push_back(restriction);
  }
  config::StartSettings settings;
  settings.table_folder = argv[2];
  if (argc == 6) settings.table_type = config::TableType::lmdb;
  const auto files = config::postfix_files(settings);
  auto tables = action::AccessTables::open(files);
  if (!tables.ok()) return std::fprintf(stderr, "%s\n", tables.error().message.c_str()), 1;
  const std::vector<std::string> helpdesk = {argv[3]}, own_domains = {argv[4]};
  const auto status = (*tables)->publish(
      action::compile(restrictions, helpdesk, own_domains, action::system_login_name));
  if (!status.ok()) return std::fprintf(stderr, "%s\n", status.error().message.c_str()), 1;
  for (const auto& [name, value] : config::restriction_classes(files, "helpdesk@c.test")) {
    std::printf("%s = %s\n", name.c_str(), value.c_str());
  }
  return 0;
}
