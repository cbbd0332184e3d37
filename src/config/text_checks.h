// What a text option may hold. Each check answers "" or what was wanted, and may tidy the text.
#pragma once

#include <string>

namespace leumund::config {

std::string check_path(std::string& text);  // absolute, or from ${state} or ${run}
std::string check_path_or_empty(std::string& text);
std::string check_listen_address(std::string& text);
std::string check_listen_address_or_empty(std::string& text);
// A word of `watch.lists`. Whether the registry knows it is found out at start: config knows none.
std::string check_list_word(std::string& text);
std::string check_log_source(std::string& text);    // "auto", "journal", "file:/path"
std::string check_mail_address(std::string& text);  // local@domain; made lower case
std::string check_mail_address_or_empty(std::string& text);
std::string check_header_name(std::string& text);
std::string check_script_uid(std::string& text);  // "uid5000"
std::string check_class_rule(std::string& text);  // by its size; what it says is read elsewhere
std::string check_domain(std::string& text);      // made lower case
std::string check_group(std::string& text);       // a system group, or ""
std::string check_web_address_or_empty(std::string& text);  // http:// or https://
std::string check_recovery_item(std::string& text);         // password, sessions, forwards, ...
std::string check_weekly_span(std::string& text);
std::string check_egress(std::string& text);      // parse_egress() takes it
std::string check_dns_server(std::string& text);  // "192.0.2.53", "127.0.0.1@5353"
std::string check_stub_zone(std::string& text);   // "example.org=192.0.2.53"

}  // namespace leumund::config
