#include "config/case_options.h"

#include <algorithm>

#include "base/time.h"
#include "config/option_kinds.h"
#include "config/own_contact.h"
#include "config/text_checks.h"

namespace leumund::config {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

constexpr seconds review_most = days(3650);

std::string check_review(std::string& text) {
  const auto span = base::parse_span(text);
  if (!span) return span.error().message;
  return span->count() > 0 && *span <= review_most ? "" : "want a span of up to ten years, like 7d";
}

// One line that may stand below a letter.
std::string check_signature(std::string& text) {
  constexpr std::size_t bytes_max = 200;
  const bool plain =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
  return plain && text.size() <= bytes_max ? "" : "want one line of at most 200 bytes";
}

void add_letter_options(std::vector<Option>& table) {
  using Run = RunSettings;
  table.push_back(list_option(
      "cases.contacts", &Run::cases_contacts, "list of contacts", {}, check_own_contact,
      "What you have found out about lists and providers, over the registry: list:ID or "
      "provider:ID, then email=, postmaster=, upstream=, legal=, form=, language= and note=, as in "
      "'provider:t-online postmaster=desk@example.org note=\"ask for Ms X\"'."));
  table.push_back(text_option("letters.organisation", &Run::letters_organisation, "text", "",
                              check_signature,
                              "Who we are, below letters to lists and providers."));
  table.push_back(text_option("letters.name", &Run::letters_name, "text", "", check_signature,
                              "The person who signs letters."));
  table.push_back(text_option("letters.email", &Run::letters_email, "address", "",
                              check_mail_address_or_empty,
                              "Where letters are answered to; choose an address whose mail server "
                              "is not the one that is refused."));
  table.push_back(text_option("letters.phone", &Run::letters_phone, "text", "", check_signature,
                              "Telephone number below letters."));
  table.push_back(text_option("letters.imprint", &Run::letters_imprint, "web address", "",
                              check_web_address_or_empty,
                              "Page that says who runs the mail servers; some providers ask for "
                              "it."));
  table.push_back(text_option("letters.upstream", &Run::letters_upstream, "address", "",
                              check_mail_address_or_empty,
                              "Who asks for us where a list takes requests of the network's "
                              "operator only."));
}

std::string check_customer_domain(std::string& text) {
  const auto pair = parse_customer_domain(text);
  return pair ? "" : pair.error().message;
}

}  // namespace

base::Result<std::pair<std::string, std::string>> parse_customer_domain(std::string_view text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  std::string domain(text.substr(0, equals));
  std::string address(text.substr(std::min(equals + 1, text.size())));
  const bool fine = check_domain(domain).empty() && check_mail_address(address).empty();
  if (fine) return std::pair(std::move(domain), std::move(address));
  return base::Error{
      base::ErrorCode::malformed,
      "want a domain and who is told, like \"verein.example=vorstand@verein.example\""};
}

std::vector<seconds> case_reviews(const RunSettings& settings) {
  std::vector<seconds> out;
  for (const std::string& text : settings.cases_reviews) {
    if (const auto span = base::parse_span(text)) out.push_back(*span);
  }
  std::sort(out.begin(), out.end());
  return out;
}

void add_case_options(std::vector<Option>& table) {
  table.push_back(span_option("cases.ask_after", &RunSettings::cases_ask_after, hours(4),
                              seconds(10), days(30),
                              "You are reminded of a case when nobody was asked for so long."));
  table.push_back(span_option(
      "cases.remind_after", &RunSettings::cases_remind_after, hours(48), seconds(10), days(365),
      "You are reminded when a request has no answer, or has not helped, for so long."));
  table.push_back(span_option(
      "cases.close_after", &RunSettings::cases_close_after, hours(72), seconds(1), days(365),
      "A case closes by itself when nobody was against us for so long; what comes back before "
      "belongs to it."));
  table.push_back(list_option("cases.reviews", &RunSettings::cases_reviews, "list of spans",
                              {"7d", "30d"}, check_review,
                              "When you are asked to look again, counted from the end of the "
                              "trouble."));
  table.push_back(span_option("cases.keep", &RunSettings::cases_keep, days(1095), days(1),
                              days(36'500), "How long a closed case is kept."));
  add_letter_options(table);
}

void add_outage_options(std::vector<Option>& table) {
  using Run = RunSettings;
  table.push_back(flag_option("public.status", &Run::public_status, false,
                              "Whether /status tells anybody which providers refuse our mail; "
                              "needs public.listen."));
  table.push_back(span_option("public.status_every", &Run::public_status_every, hours(2),
                              seconds(60), days(7),
                              "In what time /status promises the next update."));
  table.push_back(flag_option("customers.told", &Run::customers_told, false,
                              "Whether an account is told, with its own mails, that a provider "
                              "refuses them; needs notices.smtp."));
  table.push_back(list_option(
      "customers.domains", &Run::customers_domains, "list of domains", {}, check_customer_domain,
      "Domains whose accounts are not told one by one, but all in one notice to the address behind "
      "the \"=\", like \"verein.example=vorstand@verein.example\"."));
  table.push_back(span_option("customers.after", &Run::customers_after, hours(1), seconds(1),
                              days(5), "Only mail that has waited so long is told of."));
  table.push_back(span_option("customers.every", &Run::customers_every, hours(24), seconds(1),
                              days(30), "An account gets at most one such notice in this time."));
  table.push_back(span_option("customers.keep", &Run::customers_keep, hours(72), seconds(10),
                              days(30),
                              "How long it is kept who has not got whose mail; nothing is kept "
                              "while customers.told is false."));
}

}  // namespace leumund::config
