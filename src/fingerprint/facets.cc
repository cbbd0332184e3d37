#include "fingerprint/facets.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "wire/lookalikes.h"
#include "wire/mime_header.h"
#include "wire/url.h"

namespace leumund::fingerprint {
namespace {

using model::FacetKind;
using model::Fingerprint;

constexpr std::size_t links_viewed = 256;

// How many facets of a kind one message has at most.
constexpr std::size_t share_of(FacetKind kind) {
  switch (kind) {
    case FacetKind::url_domain: return 12;
    case FacetKind::url_template:
    case FacetKind::url_page:
    case FacetKind::contact:
    case FacetKind::quoted_domain: return 4;
    case FacetKind::redirector:
    case FacetKind::attachment:
    case FacetKind::archive_member:
    case FacetKind::subject_part: return 2;
    default: return 1;
  }
}

// Named by the HTML of every mail program, not by the writer.
constexpr std::array<std::string_view, 4> format_domains = {"w3.org", "openxmlformats.org",
                                                            "schemas.microsoft.com", "purl.org"};

// What honest mail of all kinds links to. It goes last, not away: forms and shared files of theirs
// are used for spam, too.
constexpr std::array<std::string_view, 45> common_domains = {
    "adobe.com",     "amazon.com",     "amazon.de",     "apple.com",      "bahn.de",
    "bing.com",      "cloudflare.com", "dhl.de",        "dropbox.com",    "ebay.com",
    "ebay.de",       "facebook.com",   "github.com",    "gmx.de",         "gmx.net",
    "google.com",    "google.de",      "gstatic.com",   "googleapis.com", "instagram.com",
    "linkedin.com",  "live.com",       "microsoft.com", "mozilla.org",    "netflix.com",
    "office.com",    "outlook.com",    "paypal.com",    "pinterest.com",  "reddit.com",
    "spiegel.de",    "t-online.de",    "tagesschau.de", "telekom.de",     "tiktok.com",
    "twitter.com",   "vimeo.com",      "web.de",        "whatsapp.com",   "wikipedia.org",
    "wordpress.com", "x.com",          "yahoo.com",     "yahoo.de",       "youtube.com"};

bool is_common_domain(std::string_view domain) {
  return std::ranges::find(common_domains, domain) != common_domains.end();
}

void add(Fingerprint& print, FacetKind kind, std::uint64_t hash) {
  const auto used = static_cast<std::size_t>(
      std::count(print.facet_kinds.begin(), print.facet_kinds.begin() + print.facet_count, kind));
  if (used < share_of(kind)) (void)print.add_facet(kind, hash);
}

// Runs of digits as "#".
std::string without_digits(std::string_view text) {
  std::string folded;
  wire::append_folded(text, folded);
  std::string out;
  for (const char c : folded) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) {
      out.push_back(c);
    } else if (!out.ends_with('#')) {
      out.push_back('#');
    }
  }
  return out;
}

// Runs of digits, hexadecimal or letters as one sign each with the length of short ones.
std::string shape_of(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const auto is_word = [](char x) {
      return (x >= '0' && x <= '9') || ((x | 0x20) >= 'a' && (x | 0x20) <= 'z');
    };
    if (!is_word(c)) {
      out.push_back(c);
      ++i;
      continue;
    }
    const std::size_t begin = i;
    bool digits = false;
    bool upper = false;
    bool lower = false;
    bool beyond_hex = false;
    for (; i < text.size() && is_word(text[i]); ++i) {
      const char x = text[i];
      digits = digits || (x >= '0' && x <= '9');
      upper = upper || (x >= 'A' && x <= 'Z');
      lower = lower || (x >= 'a' && x <= 'z');
      beyond_hex = beyond_hex || (x | 0x20) > 'f';
    }
    const char kind = !upper && !lower ? '#' : digits && !beyond_hex ? 'x' : digits ? 'm' : 'w';
    out.push_back(kind);
    if (upper && lower) out.push_back('c');
    const std::size_t size = i - begin;
    if (kind != 'w') out += size >= 16 ? "+" : std::to_string(size / 4);
  }
  return out;
}

constexpr std::array<std::string_view, 22> program_headers = {"from",
                                                              "to",
                                                              "subject",
                                                              "date",
                                                              "message-id",
                                                              "mime-version",
                                                              "content-type",
                                                              "x-mailer",
                                                              "user-agent",
                                                              "content-transfer-encoding",
                                                              "reply-to",
                                                              "x-priority",
                                                              "importance",
                                                              "priority",
                                                              "content-language",
                                                              "thread-index",
                                                              "x-mimeole",
                                                              "x-msmail-priority",
                                                              "organization",
                                                              "sender",
                                                              "content-disposition",
                                                              "accept-language"};

}  // namespace

bool is_program_header(std::string_view lower_name) {
  return std::ranges::find(program_headers, lower_name) != program_headers.end();
}

FacetMaker::FacetMaker(const base::HashKey& key, std::vector<std::string> shorteners)
    : key_(key), shorteners_(std::move(shorteners)) {}

void FacetMaker::add_text(FacetKind kind, std::string_view text, Fingerprint& print) const {
  if (text.empty()) return;
  std::string named(model::facet_kind_name(kind));
  named.push_back('\0');
  named += text;
  add(print, kind, base::keyed_hash(key_, named));
}

void FacetMaker::add_words(FacetKind kind, std::span<const std::uint64_t> words,
                           Fingerprint& print) const {
  if (words.empty()) return;
  const std::string_view bytes(reinterpret_cast<const char*>(words.data()), words.size_bytes());
  add_text(kind, bytes, print);
}

// Of all runs of three words those with the lowest hashes: whichever words of a subject change
// from mail to mail, one that stands still is likely among them. Nothing for a subject of one run,
// which is the facet `subject` itself.
void FacetMaker::add_subject_parts(std::span<const std::uint64_t> words, Fingerprint& print) const {
  constexpr std::size_t run = 3;
  constexpr std::size_t words_most = 64;
  words = words.first(std::min(words.size(), words_most));
  if (words.size() <= run) return;
  std::vector<std::uint64_t> parts;
  for (std::size_t i = 0; i + run <= words.size(); ++i) {
    const auto part = words.subspan(i, run);
    const std::string_view bytes(reinterpret_cast<const char*>(part.data()), part.size_bytes());
    parts.push_back(base::keyed_hash(key_, "subject_part" + std::string(bytes)));
  }
  std::sort(parts.begin(), parts.end());
  for (const std::uint64_t part : parts) add(print, FacetKind::subject_part, part);
}

struct FacetMaker::RankedLink {
  bool common = false;
  std::uint64_t domain = 0;  // keyed hashes
  std::uint64_t page = 0;
  wire::LinkView view;

  bool operator<(const RankedLink& other) const {
    return std::tie(common, domain, page) < std::tie(other.common, other.domain, other.page);
  }
};

std::vector<FacetMaker::RankedLink> FacetMaker::ranked(
    std::initializer_list<std::span<const std::string>> groups) const {
  std::vector<RankedLink> out;
  for (const auto& links : groups) {
    for (const std::string& link : links.first(std::min(links.size(), links_viewed))) {
      auto view = wire::view_link(link, shorteners_);
      if (!view || std::ranges::find(format_domains, view->domain) != format_domains.end())
        continue;
      RankedLink one;
      one.common = !view->redirector && is_common_domain(view->domain);
      one.domain = base::keyed_hash(key_, view->domain);
      one.page = base::keyed_hash(key_, view->page);
      one.view = std::move(*view);
      out.push_back(std::move(one));
    }
  }
  std::stable_sort(out.begin(), out.end());
  return out;
}

void FacetMaker::add_links(std::initializer_list<std::span<const std::string>> groups,
                           Fingerprint& print) const {
  for (const auto& [common, domain, hash, view] : ranked(groups)) {
    if (view.redirector) {
      add_text(FacetKind::redirector, view.page, print);
      continue;
    }
    add_text(FacetKind::url_domain, view.domain, print);
    add_text(FacetKind::url_template, view.pattern, print);
    if (view.page.find('/') != std::string::npos) add_text(FacetKind::url_page, view.page, print);
  }
}

void FacetMaker::add_quoted(std::span<const std::string> links,
                            std::span<const std::string> contacts, Fingerprint& print) const {
  // The half of the places for each, so that neither crowds out the other.
  std::size_t left = share_of(FacetKind::quoted_domain) / 2;
  for (const std::string_view contact : by_chance(contacts)) {
    if (left-- == 0) break;
    add_text(FacetKind::quoted_domain, contact, print);
  }
  for (const auto& [common, domain, hash, view] : ranked({links}))
    add_text(FacetKind::quoted_domain, view.redirector ? view.page : view.domain, print);
}

void FacetMaker::add_attachments(std::span<const wire::Attachment> attachments,
                                 Fingerprint& print) const {
  for (const wire::Attachment& attachment : attachments) {
    add_text(FacetKind::attachment, std::to_string(attachment.digest), print);
    if (!attachment.is_image) {
      add_text(FacetKind::attachment_name, attachment.type + ' ' + without_digits(attachment.name),
               print);
    }
    for (const wire::ArchiveMember& member : attachment.members) {
      if (member.encrypted) print.set(model::MailSign::encrypted_archive);
      // Of an encrypted member the checksum is that of the plain content, where it is given.
      add_text(FacetKind::archive_member,
               without_digits(member.name) + ' ' + std::to_string(member.size) + ' ' +
                   std::to_string(member.checksum),
               print);
    }
  }
}

std::vector<std::string_view> FacetMaker::by_chance(std::span<const std::string> contacts) const {
  std::vector<std::pair<std::uint64_t, std::string_view>> order;
  for (const std::string& contact : contacts)
    order.emplace_back(base::keyed_hash(key_, contact), contact);
  std::sort(order.begin(), order.end());
  std::vector<std::string_view> out;
  for (const auto& [hash, contact] : order) out.push_back(contact);
  return out;
}

void FacetMaker::add_contacts(std::span<const std::string> contacts, Fingerprint& print) const {
  for (const std::string_view contact : by_chance(contacts))
    add_text(FacetKind::contact, contact, print);
}

void FacetMaker::add_mailer(std::string_view value, Fingerprint& print) const {
  std::string name;
  for (const char c : without_digits(value)) {
    if (c != '#' && c != '.' && c != '(' && c != ')') name.push_back(c);
  }
  add_text(FacetKind::mailer, wire::trim_blanks(name), print);
}

void FacetMaker::add_message_id(std::string_view value, Fingerprint& print) const {
  const std::string_view id = wire::trim_blanks(value);
  // The domain is the sender's; what the program chose stands before it.
  add_text(FacetKind::message_id, shape_of(id.substr(0, std::min(id.find('@'), std::size_t{200}))),
           print);
}

void FacetMaker::add_helo(std::string_view helo, Fingerprint& print) const {
  add_text(FacetKind::helo, without_digits(helo.substr(0, 255)), print);
}

}  // namespace leumund::fingerprint
