#include "action/mail_classes.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace leumund::action {
namespace {

using model::MailClass;

struct Words {
  MailClass mail_class;
  const char* one_en;
  const char* many_en;
  const char* one_de;
  const char* many_de;
};

constexpr std::array<Words, model::mail_classes> words = {{
    {MailClass::booking, "booking", "bookings", "Buchung", "Buchungen"},
    {MailClass::invoice, "invoice", "invoices", "Rechnung", "Rechnungen"},
    {MailClass::ticket, "ticket", "tickets", "Ticket", "Tickets"},
    {MailClass::personal, "personal", "personal", "persönliche", "persönliche"},
    {MailClass::automatic, "automatic", "automatic", "automatische", "automatische"},
    {MailClass::bulk, "of a mailing", "of mailings", "Rundmail", "Rundmails"},
    {MailClass::forward, "forwarded", "forwarded", "weitergeleitete", "weitergeleitete"},
    {MailClass::unknown, "not known", "not known", "unbekannt", "unbekannt"},
}};

}  // namespace

std::string class_words(const model::ClassCounts& counts, config::Language language) {
  const auto known = std::any_of(counts.begin() + 1, counts.end(), [](auto n) { return n > 0; });
  if (!known) return {};
  std::string out;
  for (const Words& one : words) {
    const std::uint64_t count = counts[static_cast<std::size_t>(one.mail_class)];
    if (count == 0) continue;
    const bool german = language == config::Language::de;
    const char* word =
        german ? (count == 1 ? one.one_de : one.many_de) : (count == 1 ? one.one_en : one.many_en);
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, word);
  }
  return out;
}

}  // namespace leumund::action
