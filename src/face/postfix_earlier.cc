#include "face/postfix_earlier.h"

#include <algorithm>
#include <array>

#include "config/postfix_files.h"
#include "face/postfix_restrictions.h"

namespace leumund::face {
namespace {

// "cdb:/FOLDER/NAME" or "lmdb:/FOLDER/NAME".
bool is_table(std::string_view text, std::string_view name) {
  const bool typed = text.starts_with("cdb:/") || text.starts_with("lmdb:/");
  return typed && text.ends_with("/" + std::string(name));
}

bool is_map(std::string_view text, std::string_view name) {
  const bool asked = text.starts_with("socketmap:") && text.ends_with(":" + std::string(name));
  return asked || is_table(text, name);
}

// "{ ADDRESS, options as connect writes them }"
bool asks_with(std::string_view text, std::string_view options) {
  if (!text.starts_with('{')) return false;
  std::string squeezed;
  std::copy_if(text.begin(), text.end(), std::back_inserter(squeezed),
               [](char c) { return c != ' ' && c != '\t' && c != '\r' && c != '\n'; });
  return squeezed.ends_with(options);
}

bool is_pair(std::string_view check, std::string_view what) {
  if (check == "check_sasl_access") return is_table(what, "suspended_accounts");
  if (check == "check_sender_access") return is_table(what, "suspended_senders");
  return check == "check_policy_service" &&
         asks_with(what, ",timeout=2s,try_limit=1,default_action=DUNNO}");
}

bool is_single(std::string_view text) {
  constexpr std::array names = {config::hold_class,
                                config::external_only_class,
                                config::no_sending_class,
                                config::sender_class,
                                std::string_view("$leumund_recipient_checks"),
                                std::string_view("$leumund_end_of_data_checks"),
                                std::string_view("$leumund_milter")};
  if (std::find(names.begin(), names.end(), text) != names.end()) return true;
  if (text.starts_with("!/") && text.ends_with("/suspended_users")) return true;
  if (text.starts_with("pcre:/") && text.ends_with("/own_refusals.pcre")) return true;
  return is_map(text, config::detours_map) || is_map(text, config::sender_ways_map) ||
         asks_with(text,
                   ",connect_timeout=2s,command_timeout=2s,content_timeout=10s,"
                   "default_action=accept}");
}

}  // namespace

std::vector<std::string> earlier_elements(std::string_view value) {
  const auto tokens = list_tokens(value);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i + 1 < tokens.size() && is_pair(tokens[i].text, tokens[i + 1].text)) {
      out.push_back(std::string(tokens[i].text) + " " + std::string(tokens[i + 1].text));
      ++i;
    } else if (is_single(tokens[i].text)) {
      out.emplace_back(tokens[i].text);
    }
  }
  return out;
}

}  // namespace leumund::face
