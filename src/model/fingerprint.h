// What is left of a message once its body is forgotten: enough to see that two mails are one text.
//
// Flow:    milter or event -> fingerprint::PrintMaker -> Fingerprint -> evidence -> verdict.
// Limits:  600 bytes; `facets_max` facets, of which the links of a mail full of them are left out.
// Threads: a plain value.
//
// All hashes are keyed by the installation: they compare within one installation and its cluster
// only, and nobody outside can tell from one what was written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace leumund::model {

// What the text is; only `full` has a sketch.
enum class TextKind : std::uint8_t {
  unseen,      // no body came: policy request or log
  empty,       // a body without visible text, image or link
  image_only,  // an image or attachment and hardly a word: facets attachment, mime_shape
  link_only,   // links and hardly a word: facets url_*
  brief,       // too few words for a sketch: facet brief_text is the whole of them
  full,
};

// What the mail is for, by the operator's rules (fingerprint::ClassRules) and its headers.
enum class MailClass : std::uint8_t {
  unknown,
  personal,
  booking,
  invoice,
  ticket,
  bulk,
  automatic,  // automatic answers and other machine mail of no better class
  forward,    // redirected by a rule: counts against the rule, never against the account
};

inline constexpr std::size_t mail_classes = 8;
using ClassCounts = std::array<std::uint64_t, mail_classes>;  // by MailClass
// Those that were counted, by their names.
[[nodiscard]] std::map<std::string, std::uint64_t> counted_classes(const ClassCounts& counts);

enum class FacetKind : std::uint8_t {
  none,
  url_domain,       // registrable domain of a link (public suffix and one label)
  url_template,     // host and shape of path and query, digits and tokens as wildcards
  url_page,         // host and path, exact: forms and buckets of hosts that many use
  redirector,       // a link shortener: host and code, the target is not known
  quoted_domain,    // registrable domain of a link, or a contact, below the writer's own text
  contact,          // mail address, telephone number or wallet in the text, or Reply-To
  brief_text,       // the words of a short text
  attachment,       // decoded content of an attachment
  attachment_name,  // its name without digits, and its type
  archive_member,   // name, size and checksum of a file in an archive's listing
  subject,          // words of the subject without Re:, digits, names, and the recipient's own
  mailer,           // X-Mailer or User-Agent without version numbers
  message_id,       // shape of the Message-ID: which program made it
  header_order,     // names of the headers the sender's program wrote, in their order
  mime_shape,       // tree of part types
  helo,             // HELO of the client, digits as wildcards
  subject_part,     // a run of three words of the subject: what a changing last word leaves
};
inline constexpr std::size_t facet_kinds = 18;

// Signs of a mail, most of them of an honest kind; one bit each in Fingerprint::signs.
enum class MailSign : std::uint8_t {
  auto_submitted,        // Auto-Submitted other than "no", or its older relatives
  list,                  // List-Id, List-Post or Mailing-List
  unsubscribe,           // List-Unsubscribe
  bulk_precedence,       // Precedence: bulk, list, junk
  calendar,              // a text/calendar part
  reply,                 // In-Reply-To or References
  quotes,                // has quoted text
  forwarded_by_hand,     // "Fwd:" with the forwarded text
  redirected,            // Resent-*, SRS sender, or envelope that no header names
  identity_header,       // X-PHP-Originating-Script or a configured one
  html,                  //
  signed_or_encrypted,   // multipart/signed, multipart/encrypted, S/MIME, PGP
  report,                // multipart/report
  text_is_quoted,        // own words are few: the sketch is that of the quoted text
  hidden_text,           // HTML text that nobody sees: style, size, colour, display
  invisible_characters,  // zero-width characters, soft hyphens or bidi controls within words
  lookalikes,            // letters of another alphabet within Latin words
  encrypted_archive,     // an archive with encrypted members
  broken_mime,           // boundaries missing or not closed
  truncated,             // over a limit: the rest was not read
};

struct Fingerprint {
  static constexpr std::size_t sketch_size = 64;
  static constexpr std::size_t bands = 16;
  static constexpr std::size_t band_rows = sketch_size / bands;
  static constexpr std::size_t phrases_max = 16;
  static constexpr std::size_t facets_max = 42;

  // The lowest hashes of the text's shingles, one per bucket (MinHash); all 0 without a sketch.
  std::array<std::uint16_t, sketch_size> sketch{};
  std::array<std::uint64_t, facets_max> facet_hashes{};
  // Of all runs of four words those with the lowest hashes, sorted; also of short texts. Rewriting
  // that leaves few shingles alone leaves some of these, and strangers hardly share two. A third at
  // most are of what stands below the writer's text, and are no others' own words.
  std::array<std::uint32_t, phrases_max> phrases{};
  std::uint32_t signs = 0;  // 1 << MailSign
  std::uint16_t words = 0;  // of the text that sketch and phrases cover; saturates
  std::array<FacetKind, facets_max> facet_kinds{};
  std::uint8_t facet_count = 0;
  std::uint8_t phrase_count = 0;
  TextKind text = TextKind::unseen;
  MailClass mail_class = MailClass::unknown;

  [[nodiscard]] bool has(MailSign sign) const {
    return (signs >> static_cast<unsigned>(sign) & 1U) != 0;
  }
  void set(MailSign sign) { signs |= 1U << static_cast<unsigned>(sign); }
  [[nodiscard]] bool has_sketch() const { return text == TextKind::full; }

  // Adds a facet unless it is there; false when there is no room.
  bool add_facet(FacetKind kind, std::uint64_t hash);
  [[nodiscard]] bool has_facet(FacetKind kind, std::uint64_t hash) const;

  bool operator==(const Fingerprint&) const = default;
};
static_assert(sizeof(Fingerprint) <= 600);

// The keys of an index of sketches: two texts of similarity .8 share one with probability .9998,
// of .5 with .64, of .3 with .12. Meaningless without a sketch.
[[nodiscard]] std::array<std::uint64_t, Fingerprint::bands> band_keys(const Fingerprint& print);

// Estimated Jaccard similarity of the two texts, 0 to 1 with a standard error of at most .0625;
// 0 when one of them has no sketch.
[[nodiscard]] double similarity(const Fingerprint& a, const Fingerprint& b);

// How many phrases both have. Of heavily rewritten mails of one campaign 77 % of the pairs share
// two or more, where only 10 % share a band; of honest mails of different people one pair in 4,000,
// mostly by phrases that many use: weigh each by how rare it is (docs/fingerprints.md).
[[nodiscard]] std::size_t shared_phrases(const Fingerprint& a, const Fingerprint& b);

[[nodiscard]] std::string_view facet_kind_name(FacetKind kind);
[[nodiscard]] std::string_view text_kind_name(TextKind kind);
[[nodiscard]] std::string_view mail_class_name(MailClass mail_class);
[[nodiscard]] std::string_view mail_sign_name(MailSign sign);

// Appends it as bytes, little-endian, with the version of the format first; facets in use only.
void append_fingerprint(const Fingerprint& print, std::string& out);
// Errors: malformed for a record that is cut, too long, of another version or out of range.
[[nodiscard]] base::Result<Fingerprint> read_fingerprint(std::string_view record);

}  // namespace leumund::model
