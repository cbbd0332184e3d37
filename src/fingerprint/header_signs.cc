#include "fingerprint/header_signs.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/ascii.h"
#include "fingerprint/facets.h"
#include "fingerprint/print_maker.h"
#include "wire/mime_header.h"

namespace leumund::fingerprint {
namespace {

using model::MailSign;

constexpr std::size_t fields_max = 1'000;
constexpr std::size_t late_name_bytes = 256;
constexpr std::size_t late_value_bytes = 4UL * 1024;
constexpr std::size_t script_bytes_max = 300;
// Of all To, Cc and Bcc headers together.
constexpr std::size_t named_addresses_max = 1'000;

// Whatever is asked of a message's headers here and in print_maker.cc, beside those of
// is_program_header() and the operator's.
constexpr std::array<std::string_view, 19> names_read = {
    "cc",          "bcc",           "resent-to",      "resent-from",      "resent-sender",
    "received",    "delivered-to",  "x-forwarded-to", "x-forwarded-for",  "list-id",
    "list-post",   "mailing-list",  "precedence",     "list-unsubscribe", "auto-submitted",
    "x-autoreply", "x-autorespond", "in-reply-to",    "references"};

bool is_srs(std::string_view sender) {
  return sender.size() > 6 &&
         (wire::starts_ignoring_case(sender, "srs0") ||
          wire::starts_ignoring_case(sender, "srs1")) &&
         (sender[4] == '=' || sender[4] == '+' || sender[4] == '-');
}

// Whether headers name one of the recipients. A hostile mail has tens of thousands of either, so
// each is looked at once.
class Naming {
 public:
  explicit Naming(std::span<const std::string> recipients) {
    for (const std::string& recipient : recipients)
      recipients_.insert(base::ascii_lower(recipient));
  }

  [[nodiscard]] bool names_any(std::string_view text) {
    std::size_t from = 0;
    for (; left_ > 0; --left_) {
      const auto place = wire::find_address(text, from);
      if (!place) return false;
      if (recipients_.contains(base::ascii_lower(place->in(text)))) return true;
      from = place->begin + place->size;
    }
    return true;  // too many to say that none is
  }

 private:
  std::unordered_set<std::string> recipients_;
  std::size_t left_ = named_addresses_max;
};

}  // namespace

void HeaderSigns::begin(std::size_t bytes_max, std::span<const std::string> also_read) {
  fields_.clear();
  late_.clear();
  also_read_ = also_read;
  bytes_left_ = bytes_max;
  truncated_ = false;
}

bool HeaderSigns::is_read(std::string_view lower_name) const {
  return is_program_header(lower_name) ||
         std::ranges::find(names_read, lower_name) != names_read.end() ||
         std::ranges::find(also_read_, lower_name) != also_read_.end();
}

bool HeaderSigns::has_place(const std::string& lower_name) {
  if (!is_read(lower_name)) return false;
  if (late_.empty()) {
    for (const auto& [name, value] : fields_) late_.insert(name);
  }
  return late_.insert(lower_name).second;
}

std::optional<std::string_view> HeaderSigns::add(std::string_view name, std::string_view value) {
  const std::size_t bytes = name.size() + value.size();
  if (bytes <= bytes_left_ && fields_.size() < fields_max) {
    bytes_left_ -= bytes;
    fields_.emplace_back(base::ascii_lower(name), value);
    return value;
  }
  truncated_ = true;
  if (name.size() > late_name_bytes) return std::nullopt;
  std::string lower = base::ascii_lower(name);
  if (!has_place(lower)) return std::nullopt;
  value = value.substr(0, late_value_bytes);
  fields_.emplace_back(std::move(lower), value);
  return value;
}

std::string_view HeaderSigns::raw(std::string_view name) const {
  for (const auto& [known, value] : fields_) {
    if (known == name) return value;
  }
  return {};
}

std::string HeaderSigns::decoded(std::string_view name) {
  return wire::decode_header(raw(name), charsets_);
}

bool HeaderSigns::has(std::string_view name) const {
  return std::ranges::any_of(fields_, [&](const auto& field) { return field.first == name; });
}

std::string HeaderSigns::order() const {
  std::string out;
  std::size_t count = 0;
  for (const auto& [name, value] : fields_) {
    if (!is_program_header(name)) continue;
    out += name;
    out.push_back(' ');
    ++count;
  }
  return count < 4 ? std::string() : out;
}

std::string script_name(std::string_view header, std::string_view value) {
  std::string text = wire::unfold_header(value.substr(0, script_bytes_max));
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits > 0 && digits < text.size() && text[digits] == ':') return "uid" + text;
  return text.empty() ? text : base::ascii_lower(header) + ":" + text;
}

void HeaderSigns::take_script(std::span<const std::string> identity_headers,
                              model::Fingerprint& print, MailPrint& out) const {
  for (const std::string& header : identity_headers) {
    const std::string_view value = wire::trim_blanks(raw(base::ascii_lower(header)));
    if (value.empty()) continue;
    print.set(MailSign::identity_header);
    out.script = script_name(header, value);
    return;
  }
}

void HeaderSigns::take_forward(const Envelope& envelope, model::Fingerprint& print,
                               MailPrint& out) const {
  const std::string_view sender = envelope.sender.value_or("");
  const bool srs = is_srs(sender);
  const bool resent = has("resent-from") || has("resent-to") || has("resent-sender");
  const bool delivered = has("delivered-to") || has("x-forwarded-to") || has("x-forwarded-for");
  // Mail that came from elsewhere and goes to somebody whom no header names.
  const bool arrived = has("received") && (has("to") || has("cc"));
  bool unnamed = arrived && !envelope.recipients.empty();
  if (unnamed) {
    Naming naming(envelope.recipients);
    for (const auto& [name, value] : fields_) {
      const bool names = name == "to" || name == "cc" || name == "bcc" || name == "resent-to";
      if (names && unnamed) unnamed = !naming.names_any(value);
    }
  }
  const bool list = print.has(MailSign::list) || print.has(MailSign::bulk_precedence);
  if (srs || resent || delivered || (unnamed && !list)) print.set(MailSign::redirected);
  // Who logs in writes his headers himself: they must not move his mail to a forward rule.
  const bool believed = envelope.account.empty() && envelope.script.empty();
  if (!believed || !(srs || delivered || resent || (unnamed && !list))) return;
  out.forwarded = true;
  for (const std::string_view name :
       {"delivered-to", "x-forwarded-for", "resent-from", "resent-sender", "x-forwarded-to"}) {
    out.forward_rule = base::ascii_lower(wire::address_of(raw(name)));
    if (!out.forward_rule.empty()) return;
  }
  // "SRS0=hash=time=domain=user@forwarder": all that is known is the forwarder's domain.
  if (srs)
    out.forward_rule = base::ascii_lower(sender.substr(std::min(sender.rfind('@'), sender.size())));
}

void HeaderSigns::take_signs(const Envelope& envelope,
                             std::span<const std::string> identity_headers,
                             model::Fingerprint& print, MailPrint& out) const {
  const std::string_view automatic = wire::trim_blanks(raw("auto-submitted"));
  if ((!automatic.empty() && !wire::starts_ignoring_case(automatic, "no")) || has("x-autoreply") ||
      has("x-autorespond")) {
    print.set(MailSign::auto_submitted);
  }
  if (has("list-id") || has("list-post") || has("mailing-list")) print.set(MailSign::list);
  if (has("list-unsubscribe")) print.set(MailSign::unsubscribe);
  const std::string precedence = base::ascii_lower(wire::trim_blanks(raw("precedence")));
  if (precedence == "bulk" || precedence == "list" || precedence == "junk") {
    print.set(MailSign::bulk_precedence);
  }
  if (precedence == "auto_reply") print.set(MailSign::auto_submitted);
  if (has("in-reply-to") || has("references")) print.set(MailSign::reply);
  take_script(identity_headers, print, out);
  take_forward(envelope, print, out);
}

}  // namespace leumund::fingerprint
