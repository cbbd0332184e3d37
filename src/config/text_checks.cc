#include "config/text_checks.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "base/ascii.h"
#include "config/egress.h"
#include "config/listen_address.h"
#include "config/weekly_span.h"

namespace leumund::config {
namespace {

constexpr std::size_t domain_bytes_max = 255;
constexpr std::size_t local_bytes_max = 64;

bool is_name_byte(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// Labels of letters, digits, hyphens and bytes of UTF-8, separated by single points.
bool is_domain(std::string_view text) {
  if (text.empty() || text.size() > domain_bytes_max) return false;
  char before = '.';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '.' ? before == '.' : !(is_name_byte(byte) || byte >= 0x80)) return false;
    before = c;
  }
  return before != '.';
}

}  // namespace

std::string check_path(std::string& text) {
  const bool absolute =
      text.starts_with('/') || text.starts_with("${state}/") || text.starts_with("${run}/");
  return absolute ? "" : "want an absolute path";
}

std::string check_path_or_empty(std::string& text) { return text.empty() ? "" : check_path(text); }

std::string check_listen_address(std::string& text) {
  if (text.starts_with("unix:${")) {  // the folder is put in later
    std::string path = text.substr(5);
    return check_path(path);
  }
  const auto address = parse_listen_address(text);
  return address ? "" : address.error().message;
}

std::string check_listen_address_or_empty(std::string& text) {
  return text.empty() ? "" : check_listen_address(text);
}

std::string check_log_source(std::string& text) {
  if (text == "auto" || text == "journal" || text.starts_with("file:/")) return "";
  return "want auto, journal or file:/path";
}

std::string check_mail_address(std::string& text) {
  base::make_ascii_lower(text);
  const auto at = text.rfind('@');
  const auto fine = [](unsigned char c) { return c > 0x20 && c != 0x7f && c != ',' && c != ';'; };
  if (at == std::string::npos || at == 0 || at > local_bytes_max ||
      !std::all_of(text.begin(), text.end(), fine) ||
      !is_domain(std::string_view(text).substr(at + 1))) {
    return "want one mail address, like postmaster@example.org";
  }
  return "";
}

std::string check_mail_address_or_empty(std::string& text) {
  return text.empty() ? "" : check_mail_address(text);
}

std::string check_header_name(std::string& text) {
  const bool fine =
      !text.empty() && text.size() <= 76 &&
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
  return fine ? "" : "want the name of a header, like X-PHP-Originating-Script";
}

std::string check_script_uid(std::string& text) {
  const bool fine = text.size() > 3 && text.size() <= 13 && text.starts_with("uid") &&
                    text.find_first_not_of("0123456789", 3) == std::string::npos;
  return fine ? "" : "want a script by its user id, like uid5000";
}

std::string check_class_rule(std::string& text) {
  const bool fine = !text.empty() && text.size() <= 2000 && !text.contains('\n');
  return fine ? ""
              : "want one line: a class and its conditions, like \"invoice subject:*rechnung*\"";
}

std::string check_domain(std::string& text) {
  base::make_ascii_lower(text);
  return is_domain(text) ? "" : "want a domain, like example.org";
}

std::string check_group(std::string& text) {
  const bool fine = text.size() <= 32 && std::all_of(text.begin(), text.end(), is_name_byte);
  return fine ? "" : "want the name of a system group";
}

std::string check_web_address_or_empty(std::string& text) {
  const bool fine =
      text.empty() || ((text.starts_with("http://") || text.starts_with("https://")) &&
                       !text.contains(' ') && !text.ends_with("//"));
  return fine ? "" : "want an address that starts with https:// or http://";
}

std::string check_recovery_item(std::string& text) {
  constexpr std::array<std::string_view, 5> items = {"password", "sessions", "forwards", "filters",
                                                     "script"};
  const bool known = std::find(items.begin(), items.end(), text) != items.end();
  return known ? "" : "want password, sessions, forwards, filters or script";
}

std::string check_egress(std::string& text) {
  const auto egress = parse_egress(text);
  return egress ? "" : egress.error().message;
}

std::string check_dns_server(std::string& text) {
  const std::size_t at = text.find('@');
  bool fine = base::IpAddress::parse(text.substr(0, at)).has_value() && text[0] != '[';
  if (at != std::string::npos) {
    unsigned port = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + at + 1, end, port);
    fine = fine && read.ec == std::errc() && read.ptr == end && port >= 1 && port <= 65'535;
  }
  return fine ? "" : "want the address of a name server, like 192.0.2.53 or 127.0.0.1@5353";
}

std::string check_stub_zone(std::string& text) {
  const std::size_t at = text.find('=');
  std::string zone = text.substr(0, at);
  std::string server = at == std::string::npos ? "" : text.substr(at + 1);
  const bool fine = check_domain(zone).empty() && check_dns_server(server).empty();
  return fine ? "" : "want a zone and its name server, like example.org=192.0.2.53";
}

std::string check_weekly_span(std::string& text) {
  const auto span = parse_weekly_span(text);
  return span ? "" : span.error().message;
}

std::string check_list_word(std::string& text) {
  const bool fine = !text.empty() && text.size() <= 512 && text != "-" &&
                    std::all_of(text.begin(), text.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || std::string_view("-_.=[];*:").contains(c);
                    });
  return fine ? ""
              : "want default, all, the id of a list, one with - before it, or a zone like "
                "bl.example.org=127.0.0.[2..11]";
}

}  // namespace leumund::config
