#include "diagnosis/list_shape.h"

#include <algorithm>
#include <initializer_list>

namespace leumund::diagnosis {
namespace {

using Words = std::initializer_list<std::string_view>;

bool is_one_of(std::string_view text, Words words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool holds_one_of(std::string_view text, Words words) {
  return std::any_of(words.begin(), words.end(), [text](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

// "rbl2" is a list as "rbl" is.
std::string_view without_number(std::string_view label) {
  while (!label.empty() && ((label.back() >= '0' && label.back() <= '9') || label.back() == '-')) {
    label.remove_suffix(1);
  }
  return label;
}

ListShape shape_of_label(std::string_view label) {
  label = without_number(label);
  if (is_one_of(label, {"dbl", "rhsbl", "uribl", "surbl", "urlbl", "urbl", "uri"})) {
    return ListShape::of_domains;
  }
  const bool named =
      is_one_of(label, {"bl", "sbl", "xbl", "pbl", "zen", "dul", "ipbl", "cbl", "dnsrbl", "dsbl"});
  const bool speaks = holds_one_of(
      label, {"dnsbl", "blacklist", "blocklist", "blackhole", "denylist", "spamsources"});
  if (named || speaks || label.ends_with("-bl") || label.ends_with("rbl") ||
      label.starts_with("bl-") || label.starts_with("rbl-")) {
    return ListShape::of_addresses;
  }
  return ListShape::none;
}

std::string_view without_tail(std::string_view text, std::string_view marks) {
  while (!text.empty() && marks.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  return text;
}

std::string_view last_word(std::string_view text) { return text.substr(text.rfind(' ') + 1); }

}  // namespace

ListShape list_shape(std::string_view host) {
  ListShape found = ListShape::none;
  for (std::size_t at = 0; at < host.size();) {
    const std::size_t dot = host.find('.', at);
    if (dot == std::string_view::npos) break;  // the top-level name tells nothing
    const ListShape shape = shape_of_label(host.substr(at, dot - at));
    if (shape == ListShape::of_domains) return shape;
    if (shape != ListShape::none) found = shape;
    at = dot + 1;
  }
  return found;
}

bool leads_to_list(std::string_view before) {
  constexpr std::string_view marks = " ([{<\"':=-";
  constexpr std::size_t near = 48;
  if (before.size() > near) before.remove_prefix(before.size() - near);
  before = without_tail(before, marks);
  std::string_view word = last_word(before);
  const auto step_back = [&] {
    before = without_tail(before.substr(0, before.size() - word.size()), marks);
    word = last_word(before);
  };
  if (is_one_of(word, {"at",  "in",  "on",  "by",   "using", "via", "from", "bei", "auf",
                       "von", "par", "sur", "dans", "chez",  "en",  "por",  "na",  "em",
                       "su",  "da",  "op",  "bij",  "w",     "v",   "в"})) {
    step_back();
    if (is_one_of(word, {"listed", "blacklisted", "blocklisted", "gelistet", "eingetragen",
                         "listee", "liste", "inscrit", "inscrite", "listado", "listada", "listato",
                         "elencato", "elencata", "listad", "vermeld", "внесен", "занесен"})) {
      return true;
    }
  }
  if (is_one_of(word, {"rbl", "rbls", "dnsbl", "dnsbls", "dns_rbl", "blacklist", "blacklists",
                       "blocklist", "blocklists", "denylist", "sperrliste", "liscie", "lijst",
                       "blackhole", "blacklistu", "negra", "nera", "noire"})) {
    return true;
  }
  if (!is_one_of(word, {"list", "lists", "site", "database", "listing", "liste", "lista"})) {
    return false;
  }
  step_back();  // of a mailing list nobody says "block"
  return word.ends_with("black") || word.ends_with("block") ||
         is_one_of(word, {"deny", "blackhole", "blocking", "spam", "reputation", "dns", "ban",
                          "schwarze", "schwarzen"});
}

bool is_lookup_page(std::string_view url, std::string_view host) {
  if (list_shape(host) != ListShape::none) return true;
  // A receiver's page about its own rules.
  if (is_one_of(host.substr(0, host.find('.')),
                {"postmaster", "support", "help", "mail", "abuse", "smtp", "kb", "unblock"})) {
    return url.find("dnsbl") != std::string_view::npos;
  }
  return holds_one_of(url,
                      {"dnsbl", "/rbl", "/bl?", "/bl.", "/query", "lookup", "listing", "blacklist",
                       "blocklist", "delist", "ipcheck", "reputation", "/removal", "remove."});
}

}  // namespace leumund::diagnosis
